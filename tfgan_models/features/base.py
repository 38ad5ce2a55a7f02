"""What every feature network offers to the metrics."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np


class Features(NamedTuple):
    """What a network says of n images.

    Attributes:
        features: float32 (n, dim).
        probabilities: float32 (n, num_classes), rows sum to 1; None without classes.
    """

    features: np.ndarray
    probabilities: np.ndarray | None


class FeatureNetwork:
    """Turns uint8 images into features; the same for real and generated ones.

    Subclasses set the attributes and define `_run(images)`.

    Attributes:
        name: As in a metric's name: "pixels", "digits", "inception_2015".
        digest: 16 hex digits of the weights, "none" where there are none.
        resize: What is done to the size, in a word: "none", "tf1_bilinear_299".
        dim: Width of the features.
        num_classes: Number of classes of its probabilities, None without.
        channels: Channels that it reads, None for any.
        reference: Whether it is the 2015 Inception network, with which alone a Frechet
            distance is an FID.
        batch_size: Images in one pass.
    """

    name: str
    digest: str = "none"
    resize: str = "none"
    dim: int
    num_classes: int | None = None
    channels: int | None = None
    reference: bool = False
    batch_size: int = 256

    def __call__(self, images) -> Features:
        """Runs the network in batches.

        Args:
            images: uint8 (n, H, W, C) in [0, 255].

        Raises:
            ValueError: Another type, rank or number of channels, or no images.
        """
        images = check_images(images, self.channels, self.name)
        parts = [
            self._run(images[start : start + self.batch_size])
            for start in range(0, len(images), self.batch_size)
        ]
        features = np.concatenate([part.features for part in parts])
        if parts[0].probabilities is None:
            return Features(features, None)
        return Features(features, np.concatenate([part.probabilities for part in parts]))

    def _run(self, images: np.ndarray) -> Features:
        raise NotImplementedError


def check_images(images, channels: int | None, name: str) -> np.ndarray:
    """Returns uint8 images (n, H, W, C).

    Raises:
        ValueError: They are not that, or have another number of channels than `channels`.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise ValueError(
            f"{name} reads uint8 images in [0, 255]; got {images.dtype}. Convert images in "
            "[-1, 1] with clip(round((x + 1) * 127.5), 0, 255)."
        )
    if images.ndim != 4 or not len(images):
        raise ValueError(f"{name} reads images of shape (n, H, W, C), n > 0; got {images.shape}.")
    check_channels(images.shape[-1], channels, name)
    return images


def check_channels(found: int, channels: int | None, name: str) -> None:
    """Refuses images that a network cannot read.

    Args:
        found: Channels of the images.
        channels: Channels that the network reads, None for any.
        name: Of the network, for the message.

    Raises:
        ValueError: The two differ.
    """
    if channels is not None and found != channels:
        kind = {1: "grey", 3: "colour"}.get(channels, f"{channels}-channel")
        raise ValueError(
            f"{name} reads {kind} images (channels: {channels}); got {found}: "
            "use a network for such images, or 'pixels'."
        )


def digest(arrays) -> str:
    """16 hex digits of the SHA-256 of arrays: shapes, types and bytes, in order."""
    total = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array)
        total.update(f"{array.shape}{array.dtype.str}".encode())
        total.update(array.data)
    return total.hexdigest()[:16]
