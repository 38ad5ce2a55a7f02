"""kill -9 in a training, in the writing of a checkpoint and in an export loses nothing."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.slow
def test_killed_runs_end_with_the_bits_of_the_uninterrupted_one():
    command = [sys.executable, "-m", "benchmarks.kill_campaign", "--kills=4", "--steps=40"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "4 kills, 1 runs, all bit-equal"
    assert sum("inside checkpoint" in line for line in lines) >= 1
    assert sum("inside export" in line for line in lines) == 1
