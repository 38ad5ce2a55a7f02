"""`model.fit` of this library, a hand-written TensorFlow loop and PyTorch, side by side.

    python -m benchmarks.peer [--cases=dcgan_28,mlp_128] [--rounds=9] [--restarts=3]
        [--seconds=2] [--precision=float32,bfloat16] [--threads=2] [--patience=0]

Every contender is a warm process of its own, started anew `--restarts` times in the rounds: the
same program is up to 15 % faster or slower from one start to the next. They take turns, a chunk of
`--seconds` each (A B C B C A C A B ...), with equal networks, weights at the start, batches,
losses, penalties, optimizers and use of fakes. Equality is tested first: the losses of two steps,
all but the first of them after an update, must agree. PyTorch runs eagerly in both memory layouts;
the better median is the peer.

Prints a row a contender: images a second, the median of the paired ratios to the best PyTorch
layout with minimum and maximum, the median of the same ratio of CPU time a step, the rounds that
count, the cores that others took at most, the share of the machine's rate of large matrix
products (measured in every round, same precision), and the target. A round in which others took
more than 0.05 core during any chunk is left out if enough remain. For `--patience` seconds a
case waits for others to rest and repeats the chunks they disturbed.

On a busy machine two threads of OpenMP wait for each other, and PyTorch looks many times slower
than it is: use `--threads=1` there, and read the ratio of CPU time.

Without PyTorch the other rows still run, against the hand-written loop; `pip install torch`
installs it.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from benchmarks import cases, peer_chunks
from benchmarks.peer_table import OTHERS, Round, header, rows

_INSTALL = "pip install torch"
_DEFAULT = ("mlp_128", "dcgan_28", "dcgan_64", "resnet_wgan_gp")
# Of the losses before any update, and after one by Adam, which makes signs of small gradients.
_TOLERANCES = {"float32": (1e-5, 1e-3), "bfloat16": (1e-2, 5e-2)}
_TICKS = os.sysconf("SC_CLK_TCK")
_PAUSE = 0.3  # seconds, in which the last contender's threads fall asleep


def main(argv: list[str] | None = None) -> None:
    """Prints a table for each precision."""
    flags = _parse(argv)
    torch = importlib.util.find_spec("torch") is not None
    if not torch:
        print(f"PyTorch is not installed, so it has no rows. To compare with it: {_INSTALL}")
    for precision in flags.precision:
        print(f"{precision}, {flags.threads} threads\n{header()}", flush=True)
        for name in flags.cases:
            for line in _measure(name, precision, torch, flags):
                print(line, flush=True)


def _parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ", ".join(cases.CASES)
    parser.add_argument("--cases", type=cases.names, default=list(_DEFAULT), help=f"of {names}")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--restarts", type=int, default=3, help="of every contender")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a chunk")
    parser.add_argument("--precision", type=_precisions, default=list(peer_chunks.PRECISIONS))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--patience", type=float, default=0.0, help="seconds, see above")
    return parser.parse_args(argv)


def _precisions(text: str) -> list[str]:
    chosen = text.split(",")
    for name in chosen:
        if name not in peer_chunks.PRECISIONS:
            raise argparse.ArgumentTypeError(
                f"{name!r} is none of {', '.join(peer_chunks.PRECISIONS)}"
            )
    return chosen


def _measure(name: str, precision: str, torch: bool, flags) -> list[str]:
    rounds, patience, starts = [], _Patience(flags.patience), max(1, flags.restarts)
    for start in range(starts):
        count = flags.rounds * (start + 1) // starts - len(rounds)
        if count:
            facts, more = _rounds(name, precision, torch, flags, count, patience)
            rounds += more
    return rows(name, precision, rounds, facts["batch"], facts["flops"])


def _rounds(name, precision, torch, flags, count, patience) -> tuple[dict, list[Round]]:
    """Some rounds of contenders that are started for them, and what the first says of the case."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        common = [folder, f"--precision={precision}"]
        common += [f"--seconds={flags.seconds}", f"--threads={flags.threads}"]

        def worker(module, *arguments):
            return stack.enter_context(_Worker(module, [*common, *arguments]))

        workers = {"fit": worker("peer_library", name, "--side=fit")}
        facts = workers["fit"].answer()
        workers["hand"] = worker("peer_library", name, "--side=hand")
        workers["hand"].answer()
        for layout in ("channels_last", "channels_first") if torch else ():
            side = workers[f"torch {layout}"] = worker("peer_torch", f"--layout={layout}")
            check_losses(name, facts["losses"], side.answer()["losses"], precision)
        _round(workers, _Patience(0.0))  # the last of warming up
        return facts, [_round(workers, patience, turn) for turn in range(count)]


def check_losses(name: str, ours: dict, theirs: dict, precision: str) -> None:
    """Refuses to compare networks that do not compute the same.

    Args:
        name: Of the case.
        ours, theirs: Losses of the first steps by name.
        precision: "float32" or "bfloat16".

    Raises:
        ValueError: They differ.
    """
    for key, values in ours.items():
        for step, (a, b) in enumerate(zip(values, theirs[key], strict=True)):
            tolerance = _TOLERANCES[precision][step > 0 or key == "g_loss"]
            if not abs(a - b) <= tolerance * max(1.0, abs(a)):
                raise ValueError(
                    f"{name}: {key} of step {step} is {a:.5f} here and {b:.5f} in PyTorch, so "
                    "the mathematics is not equal and a comparison of speed means nothing."
                )


def _round(workers: dict, patience: _Patience, turn: int = 0) -> Round:
    """A chunk of each, another one first in every turn: what runs before leaves its traces."""
    rates, efforts, others = {}, {}, {}
    sides = list(workers)
    for i in range(len(sides)):
        side = sides[(turn + i) % len(sides)]
        worker = workers[side]
        answer, effort, others[side] = _chunk(worker, workers.values(), patience)
        rates[side] = answer["steps"] / answer["wall"]
        efforts[side] = effort / answer["steps"]
    time.sleep(_PAUSE)
    return Round(rates, efforts, others, workers["hand"].ask("peak")["flops"])


def _chunk(worker, workers, patience):
    """Returns (answer, seconds of CPU time, cores that others took) of a chunk, a quiet one
    while patience lasts."""
    while True:
        patience.wait(workers)
        before, own = _Cpu.now(workers), _cpu_seconds(worker.pid)
        answer = worker.ask("run")
        own, others = _cpu_seconds(worker.pid) - own, before.others(workers)
        if others <= OTHERS or patience.ended:
            return answer, own, others


class _Patience:
    """How long one may wait for other processes to rest.

    Args:
        seconds: In all, from now.
    """

    def __init__(self, seconds: float):
        self._end = time.monotonic() + seconds

    @property
    def ended(self) -> bool:
        return time.monotonic() >= self._end

    def wait(self, workers) -> None:
        """Sleeps until others take at most `OTHERS`, at least for `_PAUSE`."""
        while True:
            before = _Cpu.now(workers)
            time.sleep(_PAUSE)
            if self.ended or before.others(workers) <= OTHERS:
                return


class _Worker:
    """A contender's process."""

    def __init__(self, module: str, arguments: list[str]):
        command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(command, text=True, **pipes)
        self.pid = self._process.pid

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def ask(self, word: str) -> dict:
        """Sends a word; returns the answer."""
        print(word, file=self._process.stdin, flush=True)
        return self.answer()

    def answer(self) -> dict:
        """Reads a line of JSON, the worker's next.

        Raises:
            RuntimeError: The worker has ended.
        """
        for line in self._process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise RuntimeError(f"A contender has ended: {' '.join(map(str, self._process.args))}")


class _Cpu:
    """Seconds of CPU time that the machine and our own processes have used so far."""

    def __init__(self, machine: float, own: float):
        self._machine, self._own, self._wall = machine, own, time.perf_counter()

    @classmethod
    def now(cls, workers) -> _Cpu:
        fields = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:]
        user, nice, system, _, _, *rest = map(int, fields[:8])
        own = sum(_cpu_seconds(pid) for pid in [os.getpid(), *(w.pid for w in workers)])
        return cls((user + nice + system + sum(rest)) / _TICKS, own)

    def others(self, workers) -> float:
        """Cores that other processes (and, on a virtual machine, other guests) have taken."""
        now = _Cpu.now(workers)
        busy = (now._machine - self._machine) - (now._own - self._own)
        return max(0.0, busy / (now._wall - self._wall))


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


if __name__ == "__main__":
    main()
