"""Writes the report while a run goes on, and notes what each start ran with."""

from __future__ import annotations

import datetime
import json
import os
import platform
import time

import keras
import tensorflow as tf

import tfgan_models
from trainers.callbacks import RunCallback
from trainers.report import storage
from trainers.report.images import Grids
from trainers.report.page import write_report
from trainers.report.reading import STARTS

_SHARE = 0.01  # of the run's time that reports may take
_PAUSE = 1.0  # seconds between two looks at the least


class ReportCallback(RunCallback):
    """Writes report.html when there is a new grid, and at the end.

    After a look that took t seconds the next comes t / 0.01 seconds later at the earliest,
    so that a report costs less than 1 % of the run however often it draws. Pictures are
    encoded once.

    Args:
        total: Last step.
        workdir: The run directory.
    """

    def __init__(self, total: int, workdir: str):
        super().__init__(total)
        self.workdir = str(workdir)
        self._grids = Grids()
        self._written: list[str] = []
        self._next = 0.0

    def on_train_begin(self, logs=None):
        """Adds this start to starts.jsonl."""
        super().on_train_begin(logs)
        path = os.path.join(self.workdir, STARTS)
        earlier = (storage.read(path) or b"").decode(errors="replace")
        storage.write(path, f"{earlier}{json.dumps(_start(self.first))}\n")

    def after_step(self, step, logs):
        """Writes the report where it is due."""
        begun = time.monotonic()
        if step < self.total and begun < self._next:
            return
        there = storage.names(os.path.join(self.workdir, "samples"))
        if step == self.total or there != self._written:
            self._written = there
            status = "finished" if step >= self.total else "running"
            write_report(self.workdir, status=status, grids=self._grids)
        now = time.monotonic()
        self._next = now + max(_PAUSE, (now - begun) / _SHARE)

    def close(self):
        """Writes the report of a run that was stopped before its last step."""
        if 0 < getattr(self, "done", 0) < self.total:
            write_report(self.workdir, status="stopped", grids=self._grids)


def _start(step: int) -> dict:
    """What a start runs with."""
    accelerators = [device.name for device in tf.config.list_physical_devices("GPU")]
    return {
        "step": step,
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "tfgan_models": tfgan_models.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "accelerators": accelerators,
    }
