"""What the statistics accept. Each error is one line: what, why, what to do."""

from __future__ import annotations

import numpy as np

_BLOCK = 4096  # rows tested for NaN at a time
_TOLERANCE = 1e-3  # of the bounds of an image and of the sums of probabilities


def features(name: str, array, minimum: int = 2) -> np.ndarray:
    """Features: a float32 or float64 matrix with at least `minimum` rows, all of them finite.

    float64 stays float64; float32, float16 and bfloat16 become float32; whole numbers and
    booleans float64. Nothing is copied when the type is right already.

    Args:
        name: What the array is called in the errors.
        array: (N, d).
        minimum: Rows that the statistic needs.

    Raises:
        ValueError: Wrong type or rank, too few rows, NaN or infinity.
    """
    array = np.asarray(array)
    if array.dtype.kind in "iub" or array.dtype == np.longdouble:
        array = array.astype(np.float64)
    elif array.dtype.name in ("float16", "bfloat16"):
        array = array.astype(np.float32)
    elif array.dtype.kind != "f":
        raise ValueError(f"{name} has type {array.dtype}, which holds no numbers: pass floats.")
    if array.ndim != 2 or not array.shape[1]:
        hint = "one number a sample: add an axis" if array.ndim == 1 else "apply a network first"
        raise ValueError(
            f"{name} has shape {array.shape}, expected (samples, dimensions)"
            + (f"; {hint}." if array.ndim != 2 else "; it has no dimensions.")
        )
    if len(array) < minimum:
        raise ValueError(
            f"{name} has {len(array)} samples and this statistic needs {minimum} or more: "
            "pass more."
        )
    bad = sum(
        int(np.sum(~np.isfinite(array[start : start + _BLOCK]).all(axis=1)))
        for start in range(0, len(array), _BLOCK)
    )
    if bad:
        raise ValueError(
            f"{name} has NaN or infinity in {bad} of {len(array)} rows, so no statistic of it "
            "has a meaning: look at the images and the network they came from."
        )
    return array


def same_dimensions(real: np.ndarray, fake: np.ndarray) -> None:
    """Raises ValueError unless both sets come from features of one size."""
    if real.shape[1] != fake.shape[1]:
        raise ValueError(
            f"real has {real.shape[1]} dimensions and fake {fake.shape[1]}: compute both with "
            "the same network and layer."
        )


def pair(real, fake, minimum: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Both sets of features, checked alone and against each other."""
    real, fake = features("real", real, minimum), features("fake", fake, minimum)
    same_dimensions(real, fake)
    return real, fake


def probabilities(name: str, array, from_logits: bool = False, minimum: int = 1) -> np.ndarray:
    """Class probabilities (N, K), or logits, checked; the type is that of `features`.

    Raises:
        ValueError: As in `features`; probabilities that are negative or do not sum to one.
    """
    array = features(name, array, minimum)
    if not from_logits and len(array):
        sums = array.sum(axis=1, dtype=np.float64)
        bad = int(np.sum((np.abs(sums - 1.0) > _TOLERANCE) | (array.min(axis=1) < 0.0)))
        if bad:
            raise ValueError(
                f"{bad} of {len(array)} rows of {name} are negative somewhere or do not sum to 1: "
                "pass the softmax, or logits with from_logits=True."
            )
    return array


def labels(name: str, array, count: int) -> np.ndarray:
    """Class numbers, int64 (count,).

    Raises:
        ValueError: Not whole numbers, not one axis (one-hot rows, say), another length.
    """
    array = np.asarray(array)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(
            f"{name} has shape {array.shape} and type {array.dtype}, expected whole numbers "
            "(samples,): use argmax on one-hot rows."
        )
    if len(array) != count:
        raise ValueError(
            f"{name} has {len(array)} entries for {count} samples: pass one label a sample."
        )
    return array.astype(np.int64)


def images(name: str, array, minimum: int = 1) -> np.ndarray:
    """Images, float32 (N, H, W, C) in [-1, 1].

    Values up to 1e-3 outside, the rounding of a network, are clipped.

    Raises:
        ValueError: Wrong type, rank, number of channels or range; NaN or infinity.
    """
    array = np.asarray(array)
    if array.dtype.kind in "iub":
        raise ValueError(
            f"{name} has type {array.dtype}, expected floats in [-1, 1]: pass x / 127.5 - 1."
        )
    if array.dtype.kind != "f" and array.dtype.name != "bfloat16":
        raise ValueError(f"{name} has type {array.dtype}, which holds no numbers: pass floats.")
    if array.ndim != 4 or not 1 <= array.shape[3] <= 4:
        raise ValueError(
            f"{name} has shape {array.shape}, expected (N, height, width, channels) with 1 to 4 "
            "channels: add or move an axis."
        )
    if len(array) < minimum:
        raise ValueError(
            f"{name} has {len(array)} images and this statistic needs {minimum} or more: pass more."
        )
    array = array.astype(np.float32, copy=False)
    if not array.size:
        return array
    low, high = float(array.min()), float(array.max())
    if not np.isfinite([low, high]).all():
        bad = int(np.sum(~np.isfinite(array).all(axis=(1, 2, 3))))
        raise ValueError(
            f"{name} has NaN or infinity in {bad} of {len(array)} images: look at the generator."
        )
    if low < -1.0 - _TOLERANCE or high > 1.0 + _TOLERANCE:
        hint = "pass x / 127.5 - 1" if low >= 0.0 and high > 2.0 else "clip or rescale them"
        raise ValueError(f"{name} has values in [{low:g}, {high:g}], expected [-1, 1]: {hint}.")
    return np.clip(array, -1.0, 1.0) if low < -1.0 or high > 1.0 else array


def whole(name: str, value, low: int, high: int | None = None, why: str = "") -> int:
    """Returns `value` as an int in [low, high].

    Raises:
        ValueError: Not a whole number, or outside.
    """
    is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_whole or value < low or (high is not None and value > high):
        bounds = f"of at least {low}" if high is None else f"from {low} to {high}"
        raise ValueError(
            f"{name} must be a whole number {bounds}{' ' + why if why else ''}; got {value!r}."
        )
    return int(value)


def neighbours(k, count: int, name: str) -> int:
    """Returns k, which must leave a k-th neighbour besides the point itself."""
    return whole("k", k, 1, count - 1, f"({name} has {count} samples, and none is its own)")
