"""Reading and writing files of run directories; TensorFlow only for those in buckets."""

from __future__ import annotations

import contextlib
import errno
import os

from trainers import files
from trainers.errors import DiskError

_NOT_RUNS = ("checkpoints", "samples", "tensorboard")


def read(path: str) -> bytes | None:
    """Returns what a file holds, None where there is none."""
    if files.is_local(path):
        try:
            with open(path, "rb") as file:
                return file.read()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
    import tensorflow as tf

    if not tf.io.gfile.exists(path):
        return None
    with tf.io.gfile.GFile(path, "rb") as file:
        return file.read()


def names(directory: str) -> list[str]:
    """Returns the sorted names in a directory, none where it is missing."""
    if files.is_local(directory):
        return sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    import tensorflow as tf

    if not tf.io.gfile.isdir(directory):
        return []
    return sorted(name.rstrip("/") for name in tf.io.gfile.listdir(directory))


def directories(root: str, depth: int, marker: str) -> list[str]:
    """Returns the directories that hold the file `marker`, sorted; none inside another.

    Args:
        root: Where to look.
        depth: How many levels below `root`.
        marker: Name of a file.
    """
    inside = names(root)
    if marker in inside:
        return [root]
    if depth == 0:
        return []
    below = [os.path.join(root, name) for name in inside if name not in _NOT_RUNS]
    found = [directories(path, depth - 1, marker) for path in below]
    return [path for paths in found for path in paths]


def write(path: str, text: str) -> None:
    """Writes a file beside `path` and renames it over it.

    Raises:
        DiskError: The disk is full or the directory cannot be written; nothing half-written
            stays.
    """
    if not files.is_local(path):
        files.write_atomically(path, text)
        return
    temporary = f"{path}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.remove(temporary)
        raise DiskError(_reason(path, error)) from error


def _reason(path: str, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return (
            f"The disk is full at {path} ({error.strerror}); free some space and run the same "
            "command again."
        )
    return f"Cannot write {path}: {error.strerror or error}."
