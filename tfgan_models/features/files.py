"""What the networks that come as files share."""

from __future__ import annotations

import hashlib
import pathlib

import numpy as np

from tfgan_models.features.base import Features, check_channels
from tfgan_models.features.resizing import Resize


def stem(path) -> str:
    """The name of a file or folder without its suffix, for a network's name."""
    return pathlib.Path(path).stem


def file_digest(path) -> str:
    """16 hex digits of the SHA-256 of a file, or of a folder's files and their names."""
    path = pathlib.Path(path)
    total = hashlib.sha256()
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    for file in files:
        if path.is_dir():
            total.update(file.relative_to(path).as_posix().encode())
        with open(file, "rb") as stream:
            while block := stream.read(1 << 20):
                total.update(block)
    return total.hexdigest()[:16]


def load_saved_model(path, name: str):
    """Loads a SavedModel. It is a program: load only what you trust.

    Args:
        path: Its folder.
        name: Of the network, for the message.

    Returns:
        The loaded object, to be kept alive, and a function from a float32 or uint8 tensor of
        images to a dict of outputs.

    Raises:
        ValueError: No SavedModel, or one that cannot be called with images alone.
    """
    import tensorflow as tf

    if not (pathlib.Path(path) / "saved_model.pb").is_file():
        raise ValueError(f"{name}: {path} is no SavedModel (a folder with saved_model.pb).")
    loaded = tf.saved_model.load(str(path))
    signature = getattr(loaded, "signatures", {}).get("serving_default")
    if signature is not None:
        inputs = list(signature.structured_input_signature[1].values())
        if len(inputs) != 1:
            raise ValueError(
                f"{name}: the signature of {path} has {len(inputs)} inputs: it must have one, "
                "the images."
            )
        key = next(iter(signature.structured_input_signature[1]))
        return loaded, inputs[0], lambda images: signature(**{key: images})
    if not callable(loaded):
        raise ValueError(f"{name}: {path} has no serving_default signature and cannot be called.")
    return loaded, None, lambda images: _as_dict(loaded(images))


def _as_dict(outputs) -> dict:
    if isinstance(outputs, dict):
        return outputs
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return {f"output_{i}": output for i, output in enumerate(outputs)}


def input_resize(image_shape, shape, name: str) -> Resize:
    """The resize to the input of a network.

    Args:
        image_shape: (H, W, C) of the images.
        shape: (n, H, W, C) of the input, None where anything goes; None for unknown.
        name: Of the network, for the message.

    Raises:
        ValueError: The input has another rank or number of channels.
    """
    shape = (None,) * 4 if shape is None or getattr(shape, "rank", 4) is None else tuple(shape)
    if len(shape) != 4:
        raise ValueError(f"{name} reads inputs {shape}: a feature network reads (n, H, W, C).")
    check_channels(image_shape[-1], shape[3], name)
    size = tuple(wanted or given for wanted, given in zip(shape[1:3], image_shape, strict=False))
    return Resize(image_shape[:2], size, "bilinear_antialias")


def as_features(outputs, count: int, name: str) -> Features:
    """Features of a network's outputs.

    Args:
        outputs: Tensors (n, ..., dim), averaged over the axes between, and probabilities (n, K)
            or None.
        count: n.
        name: Of the network, for the message.

    Raises:
        ValueError: They have other shapes, or the probabilities do not sum to 1.
    """
    features, probabilities = (
        None if output is None else np.asarray(output, np.float32) for output in outputs
    )
    if features.ndim < 2 or len(features) != count:
        raise ValueError(f"{name} has features of shape {features.shape} for {count} images.")
    features = features.mean(axis=tuple(range(1, features.ndim - 1)))
    if probabilities is None:
        return Features(features, None)
    if probabilities.ndim != 2 or len(probabilities) != count:
        raise ValueError(
            f"{name} has probabilities of shape {probabilities.shape} for {count} images."
        )
    if np.abs(probabilities.sum(axis=1) - 1).max() > 1e-3:
        raise ValueError(f"{name} has probabilities that do not sum to 1: apply a softmax.")
    return Features(features, probabilities)
