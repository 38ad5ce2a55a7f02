"""Class labels: from files that users bring, and the checks that every format shares."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

import numpy as np

from trainers.data.catalog import data_error, one_line

_JSON_FORM = 'write {"file name": class} or {"classes": [...], "labels": {"file name": class}}'


def check_labels(
    labels: np.ndarray, count: int, where: str, class_names: Sequence[str] | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Integers (N,) or (N, 1) -> int32 (N,) and the class names ("0", "1", ... if none given).

    Raises:
      DataError: not integers, not one for each of the `count` images, negative, or beyond the
        class names.
    """
    labels = np.asarray(labels)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if not np.issubdtype(labels.dtype, np.integer):
        raise data_error(where, f"labels have type {labels.dtype}", "store them as integers")
    if labels.shape != (count,):
        raise data_error(
            where, f"labels have shape {labels.shape} for {count} images", "give one for each image"
        )
    top = len(class_names) if class_names else np.iinfo(np.int32).max
    wrong = np.flatnonzero((labels < 0) | (labels >= top))
    if wrong.size:
        raise data_error(
            where,
            f"label {labels[wrong[0]]} of image {wrong[0]} is out of range",
            f"labels go from 0 to {top - 1}" if class_names else "labels start at 0",
        )
    names = class_names or [str(index) for index in range(int(labels.max()) + 1)]
    return labels.astype(np.int32), tuple(str(name) for name in names)


def load_npy(path: str) -> np.ndarray:
    """Reads a .npy file; raises `DataError` when it is missing, damaged or holds objects."""
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise data_error(path, f"cannot be read ({one_line(error)})", "give a .npy file") from None
    if not isinstance(array, np.ndarray):
        raise data_error(path, "is an archive, not one array", "save the labels with numpy.save")
    return array


def file_labels(path: str, files: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Labels of image files from a .npy (in the order of `files`) or a JSON file.

    Args:
      path: .npy of integers, or JSON: {file name: class index or class name}, or
        {"classes": [names], "labels": {file name: index or name}}. A file name is the path
        relative to the data folder with "/", or the last part alone.
      files: relative names of all images, sorted.

    Returns:
      int32 (N,), and the class names: those listed, else the sorted names in use.

    Raises:
      DataError: unreadable, a file without a label, or a label out of range.
    """
    if str(path).endswith(".npy"):
        return check_labels(load_npy(path), len(files), path)
    table, classes = _read_json(path)
    values = []
    for name in files:
        value = table.get(name, table.get(os.path.basename(name)))
        if value is None:
            raise data_error(path, f"has no label for {name}", "add it, or remove the file")
        values.append(value)
    return _number(values, files, classes, path)


def _read_json(path: str) -> tuple[dict, list[str] | None]:
    try:
        with open(path, encoding="utf-8") as file:
            table = json.load(file)
    except (OSError, ValueError) as error:
        raise data_error(path, f"cannot be read ({one_line(error)})", _JSON_FORM) from None
    classes = None
    if isinstance(table, dict) and isinstance(table.get("labels"), dict):
        classes, table = table.get("classes"), table["labels"]
    if not isinstance(table, dict) or not isinstance(classes, (list, type(None))):
        raise data_error(path, "is not a table of labels", _JSON_FORM)
    return table, classes


def _number(
    values: Sequence[object], files: Sequence[str], classes: list[str] | None, path: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Class indices or class names, not mixed -> int32 (N,) and the class names."""
    named = isinstance(values[0], str)
    if named and classes is None:
        classes = sorted({value for value in values if isinstance(value, str)})
    top = len(classes) if classes is not None else np.iinfo(np.int32).max
    indices = []
    for name, value in zip(files, values, strict=True):
        index = value
        if named and isinstance(value, str):
            index = classes.index(value) if value in classes else None
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < top:
            advice = f"the {top} classes are listed there" if classes else "use 0, 1, 2, ..."
            raise data_error(path, f"label {value!r} of {name} is out of range", advice)
        indices.append(index)
    return check_labels(np.asarray(indices), len(files), path, classes)
