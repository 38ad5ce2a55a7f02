"""The file format of MNIST: a big-endian header, then bytes; gzip is noticed by its content."""

from __future__ import annotations

import glob
import gzip
import os
import struct
import zlib

import numpy as np

from trainers.data.catalog import data_error, one_line
from trainers.data.images import prepare_arrays
from trainers.data.labels import check_labels, load_npy
from trainers.data.source import ArraySource

_UNSIGNED_BYTE = 0x08
_SPLIT_PREFIXES = {"train": ("train",), "test": ("t10k", "test")}


def read_idx(path: str) -> np.ndarray:
    """Reads one idx file of unsigned bytes, plain or gzipped -> uint8 array.

    Raises:
      DataError: missing, no idx file, another type than bytes, empty, truncated, or too long.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise data_error(path, f"cannot be read ({one_line(error)})", "fetch it again") from None
    if len(data) < 4 or data[:2] != b"\0\0" or not 1 <= data[3] <= 4:
        raise data_error(path, "is not an idx file", "give a file such as train-images-idx3-ubyte")
    if data[2] != _UNSIGNED_BYTE:
        raise data_error(path, f"has values of type {data[2]:#04x}", "store unsigned bytes (0x08)")
    rank = data[3]
    header = 4 + 4 * rank
    if len(data) < header:
        raise data_error(path, "is truncated in its header", "fetch it again")
    shape = struct.unpack(f">{rank}I", data[4:header])
    expected, found = header + int(np.prod(shape, dtype=np.int64)), len(data)
    if found != expected:
        state = "truncated" if found < expected else "longer than its header says"
        raise data_error(path, f"is {state} ({found} bytes, {expected} expected)", "fetch it again")
    if expected == header:
        raise data_error(path, "holds no examples", "fetch it again")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def _find_images(folder: str, split: str) -> str:
    """The images file of a split inside a folder with MNIST's names."""
    prefixes = _SPLIT_PREFIXES.get(split, (split,))
    files = glob.glob(os.path.join(glob.escape(folder), "*images*idx[34]*"))
    found = sorted(path for path in files if any(p in os.path.basename(path) for p in prefixes))
    if not found:
        raise data_error(
            folder,
            f"has no idx images file of the split {split!r}",
            f"name it {prefixes[0]}-images-idx3-ubyte",
        )
    plain = {path.removesuffix(".gz") for path in found}
    if len(plain) > 1:
        raise data_error(folder, f"has {len(plain)} images files", "give the path of one of them")
    return found[0]


def _labels_beside(path: str) -> str | None:
    """The labels file that MNIST's naming puts beside an images file, if it is there."""
    folder, name = os.path.split(path)
    if "images" not in name:
        return None
    name = name.replace("images", "labels").replace("idx3", "idx1").replace("idx4", "idx1")
    for candidate in (name, name.removesuffix(".gz"), f"{name}.gz"):
        if os.path.exists(os.path.join(folder, candidate)):
            return os.path.join(folder, candidate)
    return None


def load(request) -> ArraySource:
    """`idx:PATH`: an images file (N, H, W) or (N, H, W, C), or a folder with MNIST's names."""
    path = request.name
    if os.path.isdir(path):
        path = _find_images(path, request.split)
    elif request.split != "train":
        raise data_error(
            path, f"one file has no split {request.split!r}", "give the folder of the files"
        )
    images = read_idx(path)
    if images.ndim not in (3, 4):
        raise data_error(path, f"has shape {images.shape}", "give the images file, not the labels")
    if images.ndim == 3:
        images = images[..., None]
    labels = class_names = None
    labels_path = request.labels or _labels_beside(path)
    if labels_path:
        read = load_npy if labels_path.endswith(".npy") else read_idx
        labels, class_names = check_labels(read(labels_path), len(images), labels_path)
    return ArraySource(
        request.spec,
        prepare_arrays(images, request.rules, path),
        labels=labels,
        class_names=class_names,
    )
