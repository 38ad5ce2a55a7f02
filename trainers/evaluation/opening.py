"""From the flags of the command to what is measured: a generator, its step, its data."""

from __future__ import annotations

import dataclasses
import os

from trainers import run
from trainers.errors import UserError


@dataclasses.dataclass
class Subject:
    """A generator to measure.

    Attributes:
        model: A GAN or an exported generator.
        step: Generator updates it had.
        data: {"source": spec, ...}, options of `trainers.data.load`; None if unknown.
        fingerprint: Of the data it was trained on; None if unknown.
        directory: Where its scores are kept; None: nowhere.
        skip_bad_files: Whether it was trained on what is left without bad files.
    """

    model: object
    step: int
    data: dict | None
    fingerprint: str | None
    directory: str | None
    skip_bad_files: bool = False


def open_run(workdir: str, step: int | None) -> Subject:
    """Loads a checkpoint of a run; None: the newest.

    Raises:
        UserError: No run, no checkpoint.
    """
    model, stored, step = run.load_run(workdir, step)
    facts = stored["data"], stored["data_fingerprint"], workdir, stored["skip_bad_files"]
    return Subject(model, step, *facts)


def open_module(directory: str, output: str | None) -> Subject:
    """Loads an exported generator; its scores are kept beside `output`.

    Raises:
        UserError: No export, a damaged one, or a discriminator.
    """
    import export

    try:
        model = export.load(directory)
    except ValueError as error:
        raise UserError(str(error)) from error
    facts = model.metadata
    if facts["kind"] != "generator":
        raise UserError(f"{directory} is an exported {facts['kind']}: give a generator's.")
    data = {"source": facts["data"]} if facts.get("data") else None
    where = None if output is None else os.path.dirname(output) or "."
    return Subject(model, facts["steps"], data, facts.get("data_fingerprint"), where)


def open_data(subject: Subject, spec: str | None, split: str | None):
    """Returns (source, split) to compare with: those asked for, else the generator's own.

    Args:
        subject: Of `open_run` or `open_module`.
        spec: Data instead of its own; images are brought to the generator's shape.
        split: Instead of the one it was trained on.

    Raises:
        UserError: Data that is not known, cannot be read or has another shape.
    """
    if spec is not None:
        data = {"source": spec}
    elif subject.data is not None:
        data = dict(subject.data)
    else:
        raise UserError("--data=SPEC is missing: the module does not say what it was trained on.")
    if split is not None:
        data["split"] = split
    source = run.load_data(data, subject.model.image_shape, subject.skip_bad_files)
    return source.whole, data.get("split", "train")
