"""NumPy archives."""

from __future__ import annotations

import zipfile
import zlib

import numpy as np

from trainers.data.catalog import data_error, near_match, one_line
from trainers.data.images import prepare_arrays
from trainers.data.labels import check_labels, load_npy
from trainers.data.source import ArraySource

_CLASS_KEYS = ("class_names", "classes")


def _keys(split: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names under which images and labels of a split are looked for, in this order."""
    images, labels = (f"x_{split}", f"images_{split}"), (f"y_{split}", f"labels_{split}")
    if split == "train":
        return (*images, "images", "image", "arr_0"), (*labels, "labels", "label", "arr_1")
    return images, labels


def _read(archive, key: str, path: str) -> np.ndarray:
    try:
        return archive[key]
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise data_error(
            path, f"array {key!r} cannot be read ({one_line(error)})", "save plain numeric arrays"
        ) from None


def to_pixels(images: np.ndarray, where: str) -> np.ndarray:
    """Checks an image array (N, H, W) or (N, H, W, C), C from 1 to 4, and gives it four axes.

    uint8 passes as it is. Floats must be finite: with all values in [0, 1] they are mapped to
    [-1, 1] by 2 x - 1; with a negative value, and all in [-1, 1], they are kept. float32 out.

    Raises:
      DataError: another type, shape or range, or NaN.
    """
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or 0 in images.shape or images.shape[3] > 4:
        raise data_error(
            where, f"images have shape {images.shape}", "store (N, H, W) or (N, H, W, 1 to 4)"
        )
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.floating):
        raise data_error(where, f"images have type {images.dtype}", "store uint8 or float32")
    low, high = float(images.min()), float(images.max())
    if not np.isfinite([low, high]).all():
        raise data_error(where, "images hold NaN or infinity", "store finite numbers")
    if low < -1.0 or high > 1.0:
        raise data_error(
            where,
            f"float images go from {low:g} to {high:g}",
            "store uint8, or floats in [0, 1] or [-1, 1]",
        )
    images = images.astype(np.float32)
    return images if low < 0.0 else 2.0 * images - 1.0


def load(request) -> ArraySource:
    """`npz:PATH` with images under x_train, images, image or arr_0 and labels, if there are any,
    under y_train, labels, label or arr_1 (for another split x_SPLIT and y_SPLIT), and perhaps
    the names of the classes under class_names or classes."""
    path = request.name
    try:
        archive = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise data_error(path, f"cannot be read ({one_line(error)})", "give an .npz file") from None
    if isinstance(archive, np.ndarray):
        raise data_error(path, "is one array, not an archive", "save it with numpy.savez")
    with archive:
        image_keys, label_keys = _keys(request.split)
        key = next((key for key in image_keys if key in archive), None)
        if key is None:
            raise data_error(
                path,
                f"has no images of the split {request.split!r}, only {archive.files}",
                f"name them {image_keys[0]!r}",
            )
        images = to_pixels(_read(archive, key, path), f"{path}[{key}]")
        labels, class_names = _labels(archive, request, label_keys, len(images))
    return ArraySource(
        request.spec,
        prepare_arrays(images, request.rules, path),
        labels=labels,
        class_names=class_names,
    )


def _labels(archive, request, label_keys: tuple[str, ...], count: int):
    """(int32 labels, class names), or (None, None) when the archive has no labels."""
    if request.labels:
        return check_labels(load_npy(request.labels), count, request.labels)
    key = request.label_key or next((key for key in label_keys if key in archive), None)
    if key is None:
        return None, None
    if key not in archive:
        raise data_error(request.name, f"has no array {key!r}", near_match(key, archive.files))
    labels = _read(archive, key, request.name)
    names = None
    if key in label_keys:
        class_key = next((name for name in _CLASS_KEYS if name in archive), None)
        if class_key and (found := _read(archive, class_key, request.name)).ndim == 1:
            names = [str(name) for name in found]
    return check_labels(labels, count, f"{request.name}[{key}]", names)
