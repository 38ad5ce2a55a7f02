"""What the README and the examples tell a user to type works as pasted."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

import pytest
from PIL import Image

from tfgan_models import presets
from trainers.commands import evaluate, export, report, sample, train

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def run(directory, *arguments):
    """Runs Python in a fresh process; returns what it printed."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_first_example_and_the_use_of_its_export(tmp_path):
    block = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    assert "(10, 28, 28, 1)" in run(tmp_path, "-c", block)
    assert (tmp_path / "digits_export" / "README.md").is_file()
    printed = run(tmp_path, ROOT / "examples" / "use_an_export.py", "digits_export")
    distances = [float(x) for x in re.findall(r"distance ([\d.]+)", printed)]
    assert distances[-1] < 0.5 * distances[0]


@pytest.mark.slow
def test_training_example(tmp_path):
    run(tmp_path, ROOT / "examples" / "train_on_arrays.py", "--epochs=1")
    assert Image.open(tmp_path / "digits.png").size == (280, 280)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_exist(page):
    prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#]+)\)", prose)
    for target in targets:
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_on_the_pages_have_flags_and_presets_that_exist(page):
    commands = {
        "train": train,
        "sample": sample,
        "export": export,
        "evaluate": evaluate,
        "report": report,
    }
    pattern = rf"tfgan-({'|'.join(commands)})([^\n`|]*)"
    for name, rest in re.findall(pattern, page.read_text()):
        known = set(commands[name].command().flags)
        for flag in re.findall(r"--(\w+)", rest):
            flags = {flag, flag.removeprefix("no")}  # --noreports is reports=false
            assert flags & known, f"tfgan-{name} --{flag}"
        for preset in re.findall(r"--preset=(\w+)", rest):
            assert preset == "NAME" or preset in presets.PRESETS, preset


def test_presets_named_on_the_pages_exist():
    pattern = r"`((?:gan|cgan|dcgan)_\w+|quickstart)`"
    names = {name for page in PAGES for name in re.findall(pattern, page.read_text())}
    assert names and names <= set(presets.PRESETS)
