"""Checkpoints of a run: whole or absent, checksummed, the newest N and the best K kept.

    checkpoints/step-00000500/state.index, state.data-*    the model's variables
                              run.json                      step, score
                              doctor.json, ...              what `extras` give
                              manifest.sha256               written last

A directory without a manifest is not a checkpoint; it is never loaded, and removed
when the run goes on.
"""

from __future__ import annotations

import json
import os
import sys

import tensorflow as tf

from trainers import files
from trainers.errors import NonFiniteError, UserError

_PREFIX = "step-"
MANIFEST = "manifest.sha256"


class Checkpoints:
    """The checkpoints of one model in one directory.

    Args:
        directory: Where they are.
        model: A built and compiled model; all its variables are saved: both networks,
            the average, both optimizers, the step, penalties' state, logged means.
        keep: Newest ones kept.
        keep_best: Best ones kept besides, by score.
        mode: "min" or "max", which score is best.
        writer: Whether this process writes (the chief).

    Attributes:
        extras: {file name: () -> text}, written into every checkpoint before its manifest.
    """

    def __init__(self, directory, model, *, keep=3, keep_best=0, mode="min", writer=True):
        self.directory, self.model = str(directory), model
        self.keep, self.keep_best, self.mode, self.writer = keep, keep_best, mode, writer
        self._checkpoint = tf.train.Checkpoint(model=model)
        self.extras: dict = {}

    def path(self, step: int) -> str:
        """Directory of the checkpoint of one step."""
        return os.path.join(self.directory, f"{_PREFIX}{step:08d}")

    def steps(self) -> list[int]:
        """Steps that have a directory with a manifest, ascending."""
        if not tf.io.gfile.isdir(self.directory):
            return []
        names = [n.rstrip("/") for n in tf.io.gfile.listdir(self.directory)]
        numbers = [n[len(_PREFIX) :] for n in names if n.startswith(_PREFIX)]
        found = sorted(int(n) for n in numbers if n.isdigit())
        return [s for s in found if tf.io.gfile.exists(os.path.join(self.path(s), MANIFEST))]

    def save(self, step: int, score: float | None = None) -> None:
        """Writes the checkpoint of `step`, then removes what is no longer kept.

        Args:
            step: Steps done.
            score: For `keep_best`; None: never among the best.

        Raises:
            NonFiniteError: A variable is not finite; nothing is written.
            DiskError: The disk is full; nothing half-written stays.
        """
        check_finite(self.model)
        if not self.writer or step in self.steps():
            return
        self._sweep()
        path = self.path(step)
        try:
            with files.disk_errors(path):
                tf.io.gfile.makedirs(path)
                self._checkpoint.write(os.path.join(path, "state"))
                files.write_atomically(
                    os.path.join(path, "run.json"), json.dumps({"step": step, "score": score})
                )
                for name, text in self.extras.items():
                    files.write_atomically(os.path.join(path, name), text())
                files.write_atomically(os.path.join(path, MANIFEST), _manifest(path))
        except UserError:
            _remove(path)
            raise
        self._rotate()

    def restore_newest(self) -> int | None:
        """Loads the newest undamaged checkpoint; returns its step, None if there is none.

        Prints a warning for each damaged one that it passes over.

        Raises:
            UserError: There are checkpoints, and all are damaged.
        """
        if self.writer:
            self._sweep()
        steps = self.steps()
        for step in reversed(steps):
            reason = damage(self.path(step))
            if reason is None:
                self.restore(step)
                return step
            print(
                f"warning: checkpoint {self.path(step)} is damaged ({reason}); "
                "using the one before it.",
                file=sys.stderr,
            )
        if steps:
            raise UserError(
                f"Every checkpoint in {self.directory} is damaged; restore one from a backup, or "
                "start again in another --workdir."
            )
        return None

    def restore(self, step: int) -> None:
        """Loads one checkpoint into the model.

        Raises:
            UserError: It does not fit the model.
        """
        status = self._checkpoint.read(os.path.join(self.path(step), "state"))
        try:
            status.assert_existing_objects_matched()
        except AssertionError as error:
            raise UserError(
                f"{self.path(step)} does not fit this model: {str(error).splitlines()[0]}"
            ) from error

    def read_extra(self, step: int, name: str) -> str | None:
        """Returns what `extras` wrote into the checkpoint of a step, None without it."""
        path = os.path.join(self.path(step), name)
        if not tf.io.gfile.exists(path):
            return None
        with tf.io.gfile.GFile(path) as file:
            return file.read()

    def remove_from(self, step: int) -> list[int]:
        """Removes the checkpoints of `step` and later, where an earlier one is left.

        Returns:
            The steps removed.
        """
        known = self.steps()
        removed = [s for s in known if s >= step]
        if not self.writer or len(removed) == len(known):
            return []
        for each in removed:
            self._discard(each)
        return removed

    def _discard(self, step: int) -> None:
        # Without its manifest it is no checkpoint, so a kill in between is harmless.
        tf.io.gfile.remove(os.path.join(self.path(step), MANIFEST))
        _remove(self.path(step))

    def _sweep(self) -> None:
        if not tf.io.gfile.isdir(self.directory):
            return
        whole = {os.path.basename(self.path(s)) for s in self.steps()}
        for name in tf.io.gfile.listdir(self.directory):
            name = name.rstrip("/")
            if name.startswith(_PREFIX) and name not in whole:
                _remove(os.path.join(self.directory, name))

    def _rotate(self) -> None:
        steps = self.steps()
        scores = {s: self._score(s) for s in steps}
        scored = [s for s in steps if scores[s] is not None]
        scored.sort(key=lambda s: scores[s], reverse=self.mode == "max")
        kept = {*steps[-self.keep :], *scored[: self.keep_best]}
        for step in steps:
            if step not in kept:
                self._discard(step)

    def _score(self, step: int) -> float | None:
        with tf.io.gfile.GFile(os.path.join(self.path(step), "run.json")) as file:
            return json.loads(file.read())["score"]


def _remove(path: str) -> None:
    if tf.io.gfile.isdir(path):
        tf.io.gfile.rmtree(path)


def _manifest(path: str) -> str:
    names = sorted(n for n in tf.io.gfile.listdir(path) if n != MANIFEST)
    return "".join(f"{files.sha256(os.path.join(path, n))}  {n}\n" for n in names)


def damage(path: str) -> str | None:
    """Returns why a checkpoint directory is damaged, None if it is whole."""
    with tf.io.gfile.GFile(os.path.join(path, MANIFEST)) as file:
        lines = [line.split("  ", 1) for line in file.read().splitlines()]
    if not lines or any(len(line) != 2 for line in lines):
        return f"{MANIFEST} is unreadable"
    for digest, name in lines:
        full = os.path.join(path, name)
        if not tf.io.gfile.exists(full):
            return f"{name} is missing"
        if files.sha256(full) != digest:
            return f"{name} has another checksum"
    return None


def check_finite(model) -> None:
    """Raises NonFiniteError when a variable of the model is not finite; names it."""
    for variable in model.weights:
        if "float" in variable.dtype and not bool(
            tf.reduce_all(tf.math.is_finite(tf.convert_to_tensor(variable)))
        ):
            raise NonFiniteError(
                f"The weight {variable.path} is not finite at step {int(model.step.numpy())}; "
                "nothing was saved, the last checkpoint is whole. Lower the learning rate, or add "
                "a penalty such as r1."
            )
