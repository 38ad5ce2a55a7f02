"""Peak memory of a training process: `fit` of this library against a hand-written loop.

    python -m benchmarks.memory [--rounds=3] [--steps=30] [--cases=dcgan_28,dcgan_64_narrow]

Every measurement is a fresh process (imports included) that trains `--steps` steps and
reports `ru_maxrss`; the two sides alternate. Prints a row a case: median megabytes of
both, the median of the paired ratios fit / hand with minimum and maximum, and whether it
stays within the target of 1.10.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys

from benchmarks import cases

_TARGET = 1.10
_SIDES = ("fit", "hand")


def main(argv: list[str] | None = None) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--cases", type=cases.names, default=["dcgan_28", "dcgan_64_narrow"])
    parser.add_argument("--worker", choices=_SIDES, help=argparse.SUPPRESS)
    flags = parser.parse_args(argv)
    if flags.worker:
        print(_megabytes(flags.worker, cases.CASES[flags.cases[0]], flags.steps))
        return
    print(f"{'case':<17}{'fit MB':>8}{'hand MB':>9}{'median':>8}{'min':>7}{'max':>7}{'rounds':>8}")
    for name in flags.cases:
        print(_row(name, flags.rounds, flags.steps), flush=True)


def _row(name: str, rounds: int, steps: int) -> str:
    pairs = [[_fresh(side, name, steps) for side in _SIDES] for _ in range(rounds)]
    ratios = [fit / hand for fit, hand in pairs]
    fit, hand = (statistics.median(column) for column in zip(*pairs, strict=True))
    middle = statistics.median(ratios)
    verdict = "pass" if middle <= _TARGET else "above"
    return (
        f"{name:<17}{fit:>8.0f}{hand:>9.0f}{middle:>8.3f}{min(ratios):>7.3f}{max(ratios):>7.3f}"
        f"{rounds:>8}  target {_TARGET:.2f} {verdict}"
    )


def _fresh(side: str, name: str, steps: int) -> float:
    # Linux counts the parent's peak into a child's ru_maxrss: this process must stay small.
    command = [sys.executable, "-m", "benchmarks.memory", f"--worker={side}"]
    command += [f"--cases={name}", f"--steps={steps}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def _megabytes(side: str, case: cases.Case, steps: int) -> float:
    """Trains in this process; returns its peak."""
    cases.start()
    model, dataset = cases.make_model(case), cases.make_dataset(case)
    if side == "fit":
        model.fit(dataset, steps_per_epoch=steps, verbose=0)
    else:
        from benchmarks.hand_loop import HandLoop

        loop = HandLoop(model, case)
        del model  # the loop has copies
        loop.run(iter(dataset), steps)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


if __name__ == "__main__":
    main()
