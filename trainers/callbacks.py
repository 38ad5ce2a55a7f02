"""What a run does between steps: rows, samples, checkpoints, signals, progress."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import time

import keras
import numpy as np
import tensorflow as tf

from trainers import files, pictures
from trainers.errors import NonFiniteError, RunInterrupted

ROWS = "metrics.jsonl"
TIMINGS = "timings.jsonl"


class RunCallback(keras.callbacks.Callback):
    """A callback that knows the step: it counts from where the run was resumed.

    Subclasses define `after_step(step, logs)`, called every `steps_per_execution` steps.

    Args:
        total: Last step of the run.
    """

    def __init__(self, total: int):
        super().__init__()
        self.total = total

    def on_train_begin(self, logs=None):
        """Reads the step the run begins at."""
        self.first = int(self.model.step.numpy())
        self.done = self.first

    def on_train_batch_end(self, batch, logs=None):
        """Counts the steps of one execution."""
        self.done += self.model.steps_per_execution
        self.after_step(self.done, logs or {})

    def after_step(self, step: int, logs: dict) -> None:
        """Does the callback's work after `step` steps."""

    def due(self, step: int, every: int) -> bool:
        """Whether `step` is a multiple of `every`, or the last."""
        return step % every == 0 or step == self.total


class StopOnNonFinite(RunCallback):
    """Stops when a logged mean is not finite, before anything is saved."""

    def after_step(self, step, logs):
        """Raises NonFiniteError naming the values."""
        bad = [name for name, value in logs.items() if not math.isfinite(float(value))]
        if bad:
            raise NonFiniteError(
                f"{', '.join(bad)} not finite at step {step}: stopped. The last checkpoint is "
                "whole. Lower the learning rate, or add a penalty such as r1."
            )


class Rows(RunCallback):
    """Writes a row of means to metrics.jsonl every `every` steps.

    The accumulator is the model's `log_means`, which checkpoints carry; a resumed run
    therefore writes the rows of an uninterrupted one. Speeds go to timings.jsonl.

    Args:
        total: Last step.
        directory: The run directory.
        every: Steps in a row.
        images_per_step: B.
        writer: Whether this process writes.
    """

    def __init__(self, total, directory, every, images_per_step, writer=True):
        super().__init__(total)
        self.every, self.images, self.writer = every, images_per_step, writer
        self.paths = [os.path.join(directory, name) for name in (ROWS, TIMINGS)]
        self.newest: dict = {}
        self.closed = None  # the accumulator as it was when the newest row was made

    def on_train_begin(self, logs=None):
        """Drops rows after the restored step and keeps the restored accumulator."""
        super().on_train_begin(logs)
        self._restored = self.model.log_means.totals.numpy()
        self._clock, self._clock_step = time.monotonic(), self.first
        if self.writer:
            for path in self.paths:
                truncate_rows(path, self.first)

    def on_epoch_begin(self, epoch, logs=None):
        """Keras has just reset the means: puts the restored ones back."""
        self.model.log_means.totals.assign(self._restored)

    def after_step(self, step, logs):
        """Writes a row where one is due."""
        if not self.due(step, self.every):
            return
        row = {"step": step, "images": step * self.images, **self.model.log_means.result()}
        self.closed = self.model.log_means.totals.numpy()
        self.model.log_means.reset()
        self.newest = row
        seconds = time.monotonic() - self._clock
        rate = (step - self._clock_step) * self.images / max(seconds, 1e-9)
        self._clock, self._clock_step = time.monotonic(), step
        if self.writer:
            timing = {"step": step, "seconds": round(seconds, 3), "images_per_second": round(rate)}
            for path, values in zip(self.paths, (row, timing), strict=True):
                append_row(path, values)


def append_row(path: str, values: dict) -> None:
    """Appends one row of JSON to a log of the run."""
    with files.disk_errors(path), tf.io.gfile.GFile(path, "a") as file:
        file.write(json.dumps(values) + "\n")


def read_rows(path: str) -> list[dict]:
    """Reads metrics.jsonl; a half-written last line is left out."""
    if not tf.io.gfile.exists(path):
        return []
    rows = []
    with tf.io.gfile.GFile(path) as file:
        for line in file.read().splitlines():
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                break
    return rows


def truncate_rows(path: str, step: int) -> None:
    """Keeps the rows up to `step`; the file is replaced whole."""
    if tf.io.gfile.exists(path):
        kept = [row for row in read_rows(path) if row["step"] <= step]
        files.write_atomically(path, "".join(json.dumps(row) + "\n" for row in kept))


class SaveCheckpoints(RunCallback):
    """Saves every `every` steps and at the end, with a score for the best ones.

    Args:
        total: Last step.
        checkpoints: Where to.
        every: Steps between checkpoints.
        measured: Callbacks with `newest`, {name: value} of the newest row or measurement;
            they must come before this one.
        metric: Name of the value used as score.
    """

    def __init__(self, total, checkpoints, every, measured, metric):
        super().__init__(total)
        self.checkpoints, self.every, self.metric = checkpoints, every, metric
        self.measured = measured

    def after_step(self, step, logs):
        """Saves where it is due."""
        if self.due(step, self.every):
            self.save(step)

    def save(self, step):
        """Saves the state after `step` steps."""
        values = {name: v for source in self.measured for name, v in source.newest.items()}
        self.checkpoints.save(step, values.get(self.metric))


class StopOnSignal(RunCallback):
    """On SIGTERM or Ctrl-C saves after the current step and stops; a second Ctrl-C is Python's.

    Args:
        total: Last step.
        saver: The `SaveCheckpoints` callback.
    """

    def __init__(self, total, saver):
        super().__init__(total)
        self.saver, self.received = saver, None

    def on_train_begin(self, logs=None):
        """Installs the handlers, in the main thread only."""
        super().on_train_begin(logs)
        self._previous = {}
        for number in (signal.SIGTERM, signal.SIGINT):
            try:
                self._previous[number] = signal.signal(number, self._receive)
            except ValueError:  # not the main thread: its owner handles signals
                return

    def _receive(self, number, frame):
        if self.received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = number

    def restore_handlers(self):
        """Puts the previous handlers back."""
        for number, handler in getattr(self, "_previous", {}).items():
            signal.signal(number, handler)
        self._previous = {}

    def after_step(self, step, logs):
        """Raises RunInterrupted once the state is saved."""
        if self.received is not None and step < self.total:
            self.saver.save(step)
            name = signal.Signals(self.received).name
            raise RunInterrupted(
                f"Stopped by {name} after step {step}; saved. Run the same command to go on."
            )


class SampleGrids(RunCallback):
    """Writes samples/step-*.png from fixed latents at log-spaced steps, and the curves.

    Args:
        total: Last step.
        directory: The run directory.
        every: Steps between grids; None: 1, 2, 5, 10, 20, 50, ...
        columns: Samples a class, or columns of the square grid.
        extra: Names of further columns for a plot of their own (penalties).
    """

    def __init__(self, total, directory, every, columns, extra=()):
        super().__init__(total)
        self.directory, self.every, self.columns, self.extra = directory, every, columns, extra

    def on_train_begin(self, logs=None):
        """Draws the fixed latents."""
        super().on_train_begin(logs)
        self.latents, self.labels, self.columns_used = fixed_latents(self.model, self.columns)
        tf.io.gfile.makedirs(os.path.join(self.directory, "samples"))

    def after_step(self, step, logs):
        """Draws a grid where one is due."""
        together = self.model.steps_per_execution
        if step == self.total or grid_due(step, self.every, together):
            self._write(step)
            write_curves(self.directory, self.extra)

    def _write(self, step):
        images = self.model.generate(self.latents, self.labels)
        path = os.path.join(self.directory, "samples", f"step-{step:08d}.png")
        files.write_atomically(path, pictures.grid(images, self.columns_used))


def fixed_latents(model, columns: int, seed: int = 0):
    """Returns (latents, labels, columns) of the run's grid: a row a class, or a square."""
    if pictures.is_points(model.image_shape):
        count, labels = 1_000, None
        if model.num_classes:
            labels = np.arange(count) % model.num_classes
    elif model.num_classes:
        labels = np.repeat(np.arange(model.num_classes), columns)
        count = len(labels)
    else:
        count, labels = columns * columns, None
    return model.sample_latents(count, seed), labels, columns


def grid_due(step: int, every: int | None, together: int = 1) -> bool:
    """Whether one of the steps of this execution draws a grid."""
    if every is not None:
        return step % every == 0
    window = range(step - together + 1, step + 1)
    return any(_round_number(n) for n in window)


def _round_number(n: int) -> bool:
    """Whether n is 1, 2 or 5 times a power of ten."""
    return (
        n > 0
        and n // 10 ** (len(str(n)) - 1) * 10 ** (len(str(n)) - 1) == n
        and (str(n)[0] in "125")
    )


def write_curves(directory: str, extra=()) -> None:
    """Draws losses.png and logits.png, and penalties.png where there are any."""
    rows = read_rows(os.path.join(directory, ROWS))
    plots = {
        "losses.png": (["d_loss", "g_loss"], "Losses (means over each row)"),
        "logits.png": (["d_real", "d_fake"], "Mean discriminator output"),
    }
    if extra:
        plots["penalties.png"] = (list(extra), "Penalties before weighting, terms and measures")
    for name, (columns, title) in plots.items():
        path = os.path.join(directory, name)
        files.write_atomically(path, pictures.curves(rows, columns, title))


class TensorBoardScalars(RunCallback):
    """Writes each row to TensorBoard, where TensorBoard is installed.

    Args:
        total: Last step.
        directory: The run directory.
        rows: The `Rows` callback, which must come before this one.
    """

    def __init__(self, total, directory, rows):
        super().__init__(total)
        self.directory, self.rows = os.path.join(directory, "tensorboard"), rows

    def on_train_begin(self, logs=None):
        """Opens the event file."""
        super().on_train_begin(logs)
        self._writer = tf.summary.create_file_writer(self.directory)
        self._written = None

    def after_step(self, step, logs):
        """Writes the row of this step, if there is one."""
        row = self.rows.newest
        if row.get("step") != step or self._written == step:
            return
        self._written = step
        with self._writer.as_default(step=step):
            for name, value in row.items():
                if name not in ("step", "images"):
                    tf.summary.scalar(name, value)
        self._writer.flush()


class Progress(RunCallback):
    """A progress bar with images per second, time left and the losses.

    Args:
        total: Last step.
        images_per_step: B.
        stream: Where to; the default is the standard error.
    """

    def __init__(self, total, images_per_step, stream=None):
        super().__init__(total)
        self.images, self.stream = images_per_step, stream or sys.stderr

    def on_train_begin(self, logs=None):
        """Opens the bar at the resumed step."""
        super().on_train_begin(logs)
        from tqdm import tqdm

        terminal = self.stream.isatty()
        self._bar = tqdm(
            total=self.total * self.images,
            initial=self.first * self.images,
            unit=" images",
            unit_scale=True,
            dynamic_ncols=terminal,
            ncols=None if terminal else 110,
            mininterval=0.2 if terminal else 10.0,
            file=self.stream,
        )

    def after_step(self, step, logs):
        """Advances the bar."""
        losses = {k: f"{float(logs[k]):.3g}" for k in ("d_loss", "g_loss") if k in logs}
        self._bar.set_postfix(step=step, **losses, refresh=False)
        self._bar.update(step * self.images - self._bar.n)

    def close(self):
        """Closes the bar, however the run ended."""
        if hasattr(self, "_bar"):
            self._bar.close()
