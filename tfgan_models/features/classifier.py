"""Small convolutional classifiers: those that ship with the library, and a user's own.

A classifier is an .npz archive of convolutions (batch norm folded in), a dense layer and a
description; `python -m trainers.commands.classifier` writes it. Images x in [-1, 1]:

    x <- relu(convolve(x, kernel_i, stride_i) + bias_i)      i = 0, 1, ...
    features = mean of x over rows and columns
    probabilities = softmax(features @ dense_kernel + dense_bias)
"""

from __future__ import annotations

import json
import pathlib
import zipfile

import numpy as np

from tfgan_models.features.base import FeatureNetwork, Features, check_channels, digest
from tfgan_models.features.resizing import Resize

WEIGHTS = pathlib.Path(__file__).parent / "weights"


class Classifier(FeatureNetwork):
    """Penultimate features and class probabilities of a small classifier.

    Images of another size than it was trained on are resized with "bilinear_antialias"
    (`tfgan_models.features.resizing`), which its `resize` then says.

    Args:
        image_shape: (H, W, C) of the images it will read.
        path: .npz archive written by `python -m trainers.commands.classifier`.

    Attributes:
        description: Dict: class_names, accuracy, data, command, licence, ...

    Raises:
        ValueError: No such file, another kind of file, or another number of channels.
    """

    def __init__(self, image_shape, path):
        path = pathlib.Path(path)
        self.name = self._name(path)
        self.description, arrays = _read(path)
        height, width, self.channels = self.description["image_shape"]
        check_channels(image_shape[-1], self.channels, self.name)
        self._resize = Resize(image_shape[:2], (height, width), "bilinear_antialias")
        self.resize = self._resize.name
        self.digest = digest(arrays[name] for name in sorted(arrays))
        self.num_classes = len(self.description["class_names"])
        self.dim = len(arrays["dense_kernel"])
        self._forward = _forward(self.description["strides"], arrays)

    def _name(self, path) -> str:
        return f"classifier:{path.stem}"

    def _run(self, images):
        features, probabilities = self._forward(self._resize(images) / 127.5 - 1.0)
        return Features(features.numpy(), probabilities.numpy())


class _Shipped(Classifier):
    """A classifier whose weights are part of the library.

    Args:
        image_shape: (H, W, C) of the images it will read.
    """

    shipped: str

    def __init__(self, image_shape):
        super().__init__(image_shape, WEIGHTS / f"{self.shipped}.npz")

    def _name(self, path) -> str:
        return self.shipped


class Digits(_Shipped):
    """Grey 28 x 28 classifier of the ten digits, trained on 4,000 images of MNIST."""

    shipped = "digits"


class Garments(_Shipped):
    """Grey 28 x 28 classifier of ten garments, trained on 20,000 images of Fashion-MNIST."""

    shipped = "garments"


class CIFAR10(_Shipped):
    """Colour 32 x 32 classifier of ten classes, trained on 30,000 images of CIFAR-10."""

    shipped = "cifar10"


def write(path, description: dict, arrays: dict[str, np.ndarray]) -> None:
    """Writes a classifier's archive.

    Args:
        path: File or open binary file.
        description: image_shape, strides, class_names, and whatever else is worth keeping.
        arrays: kernel_i (h, w, in, out), bias_i (out,), dense_kernel (dim, K), dense_bias (K,);
            stored as float16.
    """
    halves = {name: array.astype(np.float16) for name, array in arrays.items()}
    np.savez_compressed(path, description=np.array(json.dumps(description)), **halves)


def _read(path):
    if not path.is_file():
        raise ValueError(
            f"No such file: {path}. python -m trainers.commands.classifier writes such a file."
        )
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        description = json.loads(str(arrays.pop("description")))
        layers = range(len(description["strides"]))
        needed = {f"{part}_{i}" for i in layers for part in ("kernel", "bias")}
        if set(arrays) != needed | {"dense_kernel", "dense_bias"}:
            raise KeyError("layers")
    except (KeyError, ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} is no classifier of python -m trainers.commands.classifier ({error})."
        ) from None
    return description, arrays


def _forward(strides, arrays):
    import tensorflow as tf

    constants = {name: tf.constant(array, tf.float32) for name, array in arrays.items()}

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, None], tf.float32)])
    def forward(x):
        for i, stride in enumerate(strides):
            x = tf.nn.conv2d(x, constants[f"kernel_{i}"], stride, "SAME")
            x = tf.nn.relu(x + constants[f"bias_{i}"])
        features = tf.reduce_mean(x, axis=[1, 2])
        logits = features @ constants["dense_kernel"] + constants["dense_bias"]
        return features, tf.nn.softmax(logits)

    return forward
