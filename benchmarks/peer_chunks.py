"""How `peer` and its workers talk: a word on standard input asks, a line of JSON answers.

Standard library only, so that the parent stays small and takes no CPU.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import sys
from collections.abc import Callable

PRECISIONS = ("float32", "bfloat16")


def parser() -> argparse.ArgumentParser:
    """Returns the flags that every worker has."""
    made = argparse.ArgumentParser()
    made.add_argument("folder", type=pathlib.Path, help="where the twin's files are")
    made.add_argument("--precision", choices=PRECISIONS, default="float32")
    made.add_argument("--threads", type=int, default=0, help="0: the framework's default")
    made.add_argument("--seconds", type=float, default=2.0, help="length of a chunk")
    return made


def say(answer: dict) -> None:
    """Prints an answer of a worker."""
    print(json.dumps(answer), flush=True)


def heard() -> str:
    """Returns the parent's next word, "" when it has ended."""
    return sys.stdin.readline().strip()


def serve(train: Callable[[], dict], peak: Callable[[], dict] | None = None) -> None:
    """Answers "run" with {"steps", "wall" in seconds}, and "peak" with {"flops"} a second."""
    while word := heard():
        say(peak() if word == "peak" else train())
