"""Real images as an evaluation reads them, and statistics of them that are kept on disk.

A kept entry is named by the hash of everything that decides it: the data's content, the
split, how many images, the network with its weights and resize, the form, the versions.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import sys

import numpy as np

import tfgan_models
from tfgan_models.metrics import Gaussian, Moments
from tfgan_models.metrics.draws import generator
from trainers import files, pictures
from trainers.errors import UserError

PIECE = 256  # images at a time; part of the protocol only in the last bits
_FORMAT = 1  # of the files
_DRAW = 0  # seed of the subset of the reals: one subset for every seed of the fakes


@dataclasses.dataclass
class Reference:
    """What is known of the real images.

    Attributes:
        moments: `Gaussian` of the features.
        features: float32 (n, d), None in the form "moments".
        labels: int32 (n,), None without or in the form "moments".
        predictions: int64 (n,), the network's most probable classes, as `labels`.
    """

    moments: Gaussian
    features: np.ndarray | None = None
    labels: np.ndarray | None = None
    predictions: np.ndarray | None = None


def pieces(source, count: int):
    """Yields (uint8 images (n, H, W, C), labels or None) of `count` images, in one fixed order.

    Fewer than all are a subset drawn without repeats, always the same one; of a set that can
    only be streamed, the first of a seeded shuffle.

    Args:
        source: A `trainers.data` source.
        count: At most its number of examples.
    """
    if not source.random_access:
        yield from _streamed(source, count)
        return
    rows = np.arange(source.num_examples)
    if count < len(rows):
        rows = np.sort(generator(_DRAW).permutation(len(rows))[:count])
    for start in range(0, count, PIECE):
        batch = source.gather(rows[start : start + PIECE])
        yield _quantised(batch)


def _streamed(source, count):
    stream = source.stream(seed=_DRAW, shuffle=count < source.num_examples)
    for batch in stream.take(count).batch(PIECE).prefetch(2):
        yield _quantised(batch)


def _quantised(batch):
    labels = batch.get("label")
    return pictures.to_uint8(batch["image"]), None if labels is None else np.asarray(labels)


def reference(source, split, network, count, form, cache, progress=iter) -> Reference:
    """Returns statistics of the reals, from the cache where it has them.

    Args:
        source: A `trainers.data` source.
        split: Of the source, for the key.
        network: A `features.FeatureNetwork`.
        count: Real images.
        form: "moments", in constant memory, or "features": all of them besides.
        cache: Directory, or None.
        progress: Wraps the pieces while they are computed.
    """
    key = _key(source, split, network, count, form)
    path = None if cache is None else os.path.join(cache, "references", f"{_name(key)}.npz")
    arrays = None if path is None else _read(path, key)
    if arrays is None:
        arrays = _compute(source, network, count, form, progress)
        if path is not None:
            _write(path, key, arrays)
    gaussian = Gaussian(int(arrays["count"]), arrays["mean"], arrays["covariance"])
    others = (arrays.get(name) for name in ("features", "labels", "predictions"))
    return Reference(gaussian, *others)


def default_cache() -> str:
    """The directory of kept statistics: the environment's TFGAN_CACHE, else in the user's."""
    home = os.path.join(os.path.expanduser("~"), ".cache", "tfgan_models")
    return os.environ.get("TFGAN_CACHE") or home


def _compute(source, network, count, form, progress):
    moments, kept = Moments("real"), {"features": [], "labels": [], "predictions": []}
    for images, labels in progress(pieces(source, count)):
        found = network(images)
        moments.update(found.features)
        if form == "features":
            kept["features"].append(found.features)
            if labels is not None:
                kept["labels"].append(labels)
            if found.probabilities is not None:
                kept["predictions"].append(found.probabilities.argmax(axis=1))
    result = moments.result()
    arrays = {"count": result.count, "mean": result.mean, "covariance": result.covariance}
    return arrays | {name: np.concatenate(parts) for name, parts in kept.items() if parts}


def _key(source, split, network, count, form) -> dict:
    return {
        "format": _FORMAT,
        "version": tfgan_models.__version__,
        "data": source.fingerprint,
        "split": split,
        "image_shape": list(source.image_shape),
        "count": count,
        "network": network.name,
        "network_digest": network.digest,
        "resize": network.resize,
        "dimensions": network.dim,
        "form": form,
    }


def _name(key) -> str:
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:32]


def _read(path, key):
    """Returns the arrays of an entry; None where there is none, or a damaged one."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        return None
    except Exception as error:  # a damaged archive raises whatever its first bad byte hits
        print(f"{path} is damaged ({type(error).__name__}): computed again.", file=sys.stderr)
        return None
    stored = arrays.pop("key", None)
    if stored is None or json.loads(str(stored)) != key:
        print(f"{path} belongs to something else: computed again.", file=sys.stderr)
        return None
    return arrays


def _write(path, key, arrays):
    """Keeps an entry; a cache that cannot be written costs time, not the result."""
    buffer = io.BytesIO()
    np.savez(buffer, key=np.array(json.dumps(key)), **arrays)
    own = f"{path}.{os.getpid()}"  # two processes may compute one entry
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        files.write_atomically(own, buffer.getvalue())
        os.replace(own, path)
    except (OSError, UserError) as error:
        print(f"The cache was not written: {error}", file=sys.stderr)
