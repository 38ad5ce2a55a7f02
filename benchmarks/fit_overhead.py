"""`model.fit` of this library against a hand-written `tf.function` loop.

    python -m benchmarks.fit_overhead [--rounds=9] [--seconds=2] [--cases=mlp_toy,dcgan_28]
        [--determinism_cases=dcgan_28] [--determinism_rounds=3]

Both sides run in one process, in chunks of `--seconds` that alternate (A B A B ...), with
equal networks, optimizers, losses, penalties, averages, batches and pipelines, both with
deterministic operations. Prints a row a case: milliseconds a step of `fit`, the median of
the paired ratios hand time / fit time (1.00: equal, below: `fit` is slower) with minimum
and maximum, the median of the same ratio of CPU time, which other processes disturb less,
and the fixed cost of one more call of `fit`, which is inside the ratios.

The second table is the cost of deterministic operations: the ratio, with / without, of
the speed of the library's own step. They cannot be switched off again in a process, so fresh
processes alternate, fewer rounds in all.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from typing import NamedTuple

from benchmarks import cases

_LONG_STEP_MS = 50.0
_TARGETS = {True: 0.97, False: 0.93}  # by whether the step is long
_DEFAULT = ("mlp_toy", "dcgan_28", "dcgan_28_narrow", "dcgan_32", "quickstart")
_HEADER = f"{'case':<17}{'ms/step':>9}{'median':>8}{'min':>7}{'max':>7}{'rounds':>8}"


def main(argv: list[str] | None = None) -> None:
    """Prints both tables."""
    flags = _parse(argv)
    if flags.worker:
        print(_library_seconds(cases.CASES[flags.worker], flags.seconds, flags.deterministic))
        return
    cases.start()
    print(f"{_HEADER}{'CPU ratio':>11}{'fit call ms':>13}{'target':>8}")
    for name in flags.cases:
        print(_row(name, flags.rounds, flags.seconds), flush=True)
    if flags.determinism_rounds and flags.determinism_cases:
        print(f"\ndeterminism cost\n{_HEADER}")
        for name in flags.determinism_cases:
            print(_determinism_row(name, flags.determinism_rounds, flags.seconds), flush=True)


def _parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ", ".join(cases.CASES)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a chunk")
    parser.add_argument("--cases", type=cases.names, default=list(_DEFAULT), help=f"of {names}")
    parser.add_argument("--determinism_cases", type=cases.names, default=["dcgan_28"])
    parser.add_argument("--determinism_rounds", type=int, default=3, help="0 leaves it out")
    parser.add_argument("--worker", default="", help=argparse.SUPPRESS)
    parser.add_argument("--deterministic", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


# === fit against the hand-written loop ===


def _row(name: str, rounds: int, seconds: float) -> str:
    fit, hand = _sides(cases.CASES[name])
    fit(fit.together), hand(fit.together)  # traces both
    steps = _steps_in(fit, seconds)
    pairs = [(fit(steps), hand(steps)) for _ in range(rounds)]
    ratios = [h.wall / f.wall for f, h in pairs]
    cpu = statistics.median(h.cpu / f.cpu for f, h in pairs)
    step = statistics.median(f.wall for f, _ in pairs) / steps
    target = _TARGETS[1e3 * step >= _LONG_STEP_MS]
    verdict = "pass" if statistics.median(ratios) >= target else "below"
    call = 1e3 * _call_cost(fit, step)
    return f"{_numbers(name, step, ratios)}{cpu:>11.3f}{call:>13.1f}{target:>8.2f} {verdict}"


def _numbers(name, step, ratios) -> str:
    middle = statistics.median(ratios)
    return (
        f"{name:<17}{1e3 * step:>9.2f}{middle:>8.3f}{min(ratios):>7.3f}{max(ratios):>7.3f}"
        f"{len(ratios):>8}"
    )


def _sides(case):
    """Returns two functions: steps -> Seconds."""
    from benchmarks.hand_loop import HandLoop

    model = cases.make_model(case)
    loop = HandLoop(model, case)
    iterator = iter(cases.make_dataset(case))
    return (
        _timed_fit(model, cases.make_dataset(case)),
        lambda steps: _time(lambda: loop.run(iterator, steps)),
    )


def _timed_fit(model, dataset):
    def fit(steps):
        return _time(lambda: model.fit(dataset, steps_per_epoch=steps, verbose=0))

    fit.together = model.steps_per_execution
    return fit


class _Seconds(NamedTuple):
    wall: float
    cpu: float


def _time(work) -> _Seconds:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return _Seconds(time.perf_counter() - wall, time.process_time() - cpu)


def _steps_in(fit, seconds: float) -> int:
    """Steps that take about `seconds`, a multiple of those in one execution."""
    probe = 4 * fit.together
    return max(1, round(seconds / fit(probe).wall * 4)) * fit.together


def _call_cost(fit, step: float) -> float:
    """Seconds of the shortest `fit` beyond its steps, `step` seconds each: median of five."""
    shortest = statistics.median(fit(fit.together).wall for _ in range(5))
    return max(0.0, shortest - fit.together * step)


# === Deterministic operations ===


def _determinism_row(name: str, rounds: int, seconds: float) -> str:
    times = {0: [], 1: []}
    for _ in range(rounds):
        for deterministic in times:
            times[deterministic].append(_fresh(name, seconds, deterministic))
    ratios = [plain / fixed for plain, fixed in zip(times[0], times[1], strict=True)]
    return _numbers(name, statistics.median(times[1]), ratios)


def _fresh(name: str, seconds: float, deterministic: int) -> float:
    """Seconds a step in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.fit_overhead", f"--worker={name}"]
    command += [f"--seconds={seconds}", f"--deterministic={deterministic}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def _library_seconds(case, seconds: float, deterministic: int) -> float:
    """Seconds a step of the library in this process, from one warm chunk."""
    cases.start(deterministic=bool(deterministic))
    fit = _timed_fit(cases.make_model(case), cases.make_dataset(case))
    fit(fit.together)  # traces
    steps = _steps_in(fit, seconds)
    return fit(steps).wall / steps


if __name__ == "__main__":
    main()
