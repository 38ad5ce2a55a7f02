"""Commands in forked children of this process, which has imported all they need.

A start costs no import of TensorFlow that way. It works as long as this process only
imports: no operation, no list of devices, nothing that starts TensorFlow's runtime.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

_IMPORTS = (
    "matplotlib.pyplot",
    "mlxtend.data",
    "tqdm",
    "export.loader",
    "export.writer",
    "trainers.callbacks",
    "trainers.checkpoints",
    "trainers.commands.export",
    "trainers.commands.train",
    "trainers.data.embedded",
    "trainers.data.ordering",
    "trainers.run",
    "trainers.strategies",
)
_POLL = 0.0005  # seconds


def warm_up(preset: str) -> None:
    """Imports what the commands need for a preset."""
    from tfgan_models import presets, registry

    with _quiet():
        registry.family_class(presets.get(preset).family)
        for name in _IMPORTS:
            importlib.import_module(name)


@contextlib.contextmanager
def _quiet():
    """Drops what TensorFlow's C++ says while it is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    kept = os.dup(2)
    with open(os.devnull, "wb") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def after(awaited: Callable[[], bool], delay: float) -> Callable[[float], bool]:
    """Returns a moment for `kill_when`: `delay` seconds after `awaited` is first true."""
    seen = []

    def moment(seconds: float) -> bool:
        if not seen and awaited():
            seen.append(seconds)
        return bool(seen) and seconds >= seen[0] + delay

    return moment


def start(module: str, arguments: list[str], log: Path) -> Child:
    """Runs `module` as a command in a forked child, in a session of its own.

    Args:
        module: A module with `command()` and `main(flags)`, or with `check(arguments)` that
            returns an exit code.
        arguments: Of the command.
        log: File that gets its output.
    """
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return Child(pid)
    code = 1
    try:
        os.setsid()
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        tempfile.tempdir = str(log.parent)
        it = importlib.import_module(module)
        code = it.check(arguments) if hasattr(it, "check") else _run(it, arguments)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(module, arguments: list[str]) -> int:
    return module.command().run(module.main, arguments)


class Child:
    """A forked child.

    Attributes:
        code: Its exit code once it has ended, negative for a signal.
    """

    def __init__(self, pid: int):
        self.pid, self.code, self._begin = pid, None, time.monotonic()

    def wait(self) -> int:
        """Waits for its end; returns the exit code."""
        self._ended(os.waitpid(self.pid, 0))
        return self.code

    def kill_when(self, moment: Callable[[float], bool]) -> bool:
        """Sends SIGKILL when `moment(seconds since the start)` is true.

        Returns:
            Whether it was killed; False where it ended before.
        """
        while not moment(time.monotonic() - self._begin):
            if self._ended(os.waitpid(self.pid, os.WNOHANG)):
                return False
            time.sleep(_POLL)
        os.kill(self.pid, signal.SIGKILL)
        return self.wait() == -signal.SIGKILL

    def _ended(self, result) -> bool:
        pid, status = result
        if pid == 0:
            return False
        self.code = os.waitstatus_to_exitcode(status)
        try:
            os.killpg(self.pid, signal.SIGKILL)  # what it had started itself
        except ProcessLookupError:
            pass
        return True
