"""Any Keras classifier or encoder in a .keras file as a feature network."""

from __future__ import annotations

import pathlib
import zipfile

import numpy as np

from tfgan_models.features import files
from tfgan_models.features.base import FeatureNetwork, digest

_RESCALES = ("Rescaling", "Normalization")


class KerasFile(FeatureNetwork):
    """Features of a layer of a Keras model, and its softmax output where it has one.

    The model gets images in [-1, 1], as the models of this library do, or in [0, 255] where it
    holds a Rescaling or Normalization layer, as those of keras.applications that rescale
    themselves. Images are resized by "bilinear_antialias" to its input's size where that is
    fixed.

    Args:
        image_shape: (H, W, C) of the images it will read.
        argument: "PATH" or "PATH#LAYER": the output of that layer, by default what its last
            layer with weights reads. Features of more than two axes are averaged over those
            between.

    Raises:
        ValueError: No .keras file, not one image in, or no such layer.
    """

    batch_size = 64

    def __init__(self, image_shape, argument):
        path, _, layer = argument.partition("#")
        self.name = f"keras:{files.stem(path)}" + (f"#{layer}" if layer else "")
        model = _load(path, self.name)
        self._resize = files.input_resize(image_shape, model.input_shape, self.name)
        self.resize = self._resize.name
        self.channels = image_shape[-1]
        self.digest = digest(model.get_weights())
        self._bytes = any(type(each).__name__ in _RESCALES for each in _layers(model))
        self._forward = _function(model, _tensor(model, layer, self.name))
        probe = self._run(np.zeros((2, *image_shape), np.uint8))
        self.dim = probe.features.shape[1]
        self.num_classes = None if probe.probabilities is None else probe.probabilities.shape[1]

    def _run(self, images):
        images = self._resize(images)
        images = images if self._bytes else images / 127.5 - 1.0
        return files.as_features(self._forward(images), len(images), self.name)


def _load(path, name):
    import keras

    if not pathlib.Path(path).is_file() or not zipfile.is_zipfile(path):
        raise ValueError(f"{name}: {path} is no .keras file (written by model.save('x.keras')).")
    try:
        model = keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras raises many types for classes that it does not know
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"{name}: {path} cannot be loaded ({reason}).") from None
    if not getattr(model, "inputs", None) or not getattr(model, "outputs", None):
        raise ValueError(
            f"{name}: {path} holds {type(model).__name__}: a functional or sequential model is "
            "needed, whose layers can be read."
        )
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(
            f"{name}: {path} has {len(model.inputs)} inputs and {len(model.outputs)} outputs: "
            "one of each is needed."
        )
    return model


def _layers(model):
    """All layers, those of models within too."""
    for layer in model.layers:
        yield from _layers(layer) if hasattr(layer, "layers") else [layer]


def _tensor(model, layer: str, name: str):
    """The symbolic tensor of the features."""
    if layer:
        if layer not in [each.name for each in model.layers]:
            known = ", ".join(each.name for each in model.layers)
            raise ValueError(f"{name}: no layer {layer!r}. Its layers: {known}.")
        return model.get_layer(layer).output
    weighted = [each for each in model.layers if each.weights]
    if not weighted or isinstance(weighted[-1].input, (list, tuple, dict)):
        raise ValueError(f"{name} has no last layer with weights: name a layer, {name}#LAYER.")
    return weighted[-1].input


def _is_softmax(model) -> bool:
    import keras

    last = model.layers[-1]
    softmax = getattr(last, "activation", None) is keras.activations.softmax
    return softmax or isinstance(last, keras.layers.Softmax)


def _function(model, tensor):
    import keras
    import tensorflow as tf

    outputs = [tensor, model.outputs[0]] if _is_softmax(model) else [tensor]
    network = keras.Model(model.inputs, outputs)

    @tf.function(reduce_retracing=True)
    def forward(images):
        found = network(images, training=False)
        found = found if isinstance(found, (list, tuple)) else [found]
        return found[0], (found[1] if len(outputs) == 2 else None)

    return lambda images: forward(tf.constant(images))
