"""Seconds from the start of a process to its first result.

    python -m benchmarks.start_time [--rounds=5] [--help_rounds=9]

Every measurement is a fresh process; the rows of a group alternate. Prints minimum,
median and maximum, and the median CPU seconds (less disturbed by other processes), of: the
floor (`import tensorflow`), a script that trains DCGAN-28 (width 64, batch 64) up to the
end of its first step, `tfgan-train --preset=dcgan_digits` up to its first row of metrics,
and `--help` of every command.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

_SCRIPT = """
import tfgan_models as tfgan
from trainers import data
model = tfgan.DCGAN(image_shape=(28, 28, 1))
model.compile()
source = data.load("embedded:digits")
model.fit(data.pipeline(source, batch_size=64, seed=0), steps_per_epoch=1, verbose=0)
print("done", flush=True)
"""
_FIRST_STEP_TARGET, _HELP_TARGET = 6.0, 0.3
_COMMANDS = ("train", "sample", "export", "list")
_LIMIT = 120.0  # seconds; a command that takes longer has failed


def main(argv: list[str] | None = None) -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--help_rounds", type=int, default=9)
    flags = parser.parse_args(argv)
    print(f"{'seconds':<32}{'min':>7}{'median':>8}{'max':>7}{'CPU':>7}{'rounds':>8}{'target':>8}")
    first_step = {
        "import tensorflow": (lambda: _until_exit("-c", "import tensorflow"), None),
        "script, DCGAN-28, first step": (_script, _FIRST_STEP_TARGET),
        "tfgan-train, first row": (_train, _FIRST_STEP_TARGET),
    }
    _group(first_step, flags.rounds)
    helps = {"import absl.flags": (lambda: _until_exit("-c", "import absl.flags"), None)}
    for name in _COMMANDS:
        module = f"trainers.commands.{name}"
        helps[f"tfgan-{name} --help"] = (
            lambda module=module: _until_exit("-m", module, "--help"),
            _HELP_TARGET,
        )
    _group(helps, flags.help_rounds)


def _group(rows: dict, rounds: int) -> None:
    """Measures {name: (function, target)} in turns and prints a row each."""
    times = {name: [] for name in rows}
    for _ in range(rounds):
        for name, (measure, _) in rows.items():
            before = _cpu_of_children()
            wall = measure()
            times[name].append((wall, _cpu_of_children() - before))
    for name, (_, target) in rows.items():
        seconds, cpu = zip(*times[name], strict=True)
        middle = statistics.median(seconds)
        verdict = ""
        if target is not None:
            verdict = f"{target:>8.1f} {'pass' if middle <= target else 'above'}"
        numbers = f"{min(seconds):>7.2f}{middle:>8.2f}{max(seconds):>7.2f}"
        print(f"{name:<32}{numbers}{statistics.median(cpu):>7.2f}{rounds:>8}{verdict}", flush=True)


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _start(*arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def _until_exit(*arguments: str) -> float:
    begin = time.perf_counter()
    process = _start(*arguments)
    process.communicate(timeout=_LIMIT)
    seconds = time.perf_counter() - begin
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with code {process.returncode}.")
    return seconds


def _script() -> float:
    begin = time.perf_counter()
    process = _start("-c", _SCRIPT)
    line = process.stdout.readline()
    seconds = time.perf_counter() - begin
    process.communicate(timeout=_LIMIT)
    if line != "done\n":
        raise RuntimeError(f"The script ended with code {process.returncode}.")
    return seconds


def _train() -> float:
    """Starts tfgan-train, waits for its first row, and stops it."""
    with tempfile.TemporaryDirectory() as directory:
        workdir = os.path.join(directory, "run")
        rows = os.path.join(workdir, "metrics.jsonl")
        arguments = ["--preset=dcgan_digits", f"--workdir={workdir}", "--set=run.log_every=1"]
        begin = time.perf_counter()
        process = _start("-m", "trainers.commands.train", *arguments)
        try:
            while not (os.path.exists(rows) and os.path.getsize(rows)):
                if process.poll() is not None or time.perf_counter() - begin > _LIMIT:
                    raise RuntimeError(f"tfgan-train wrote no row (code {process.returncode}).")
                time.sleep(0.005)
            return time.perf_counter() - begin
        finally:
            process.kill()
            process.communicate()


if __name__ == "__main__":
    main()
