"""Generators of BigGAN from PyTorch weights that others published.

| file | keys such as | networks |
|---|---|---|
| the author's PyTorch code (ajbrock/BigGAN-PyTorch), `G.pth`, `G_ema.pth` | `shared.weight`, `blocks.0.0.conv1.weight` | BigGAN |
| the port of the TF-Hub modules (huggingface/pytorch-pretrained-BigGAN) | `embeddings.weight`, `generator.gen_z.weight_orig` | BigGAN-deep, with tables of batch norm's statistics for 51 truncations |

Kernels are imported as they act, divided by their largest singular value, into networks without
spectral norm; of the port's last convolution the three outputs that are used. The files are state
dicts; `features.torch_weights.read` reads those of the format before PyTorch 1.6 without running
what is in them. The weights keep the licence that they were published with.
"""  # noqa: E501

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np

from tfgan_models.networks.biggan_deep import biggan_deep_generator
from tfgan_models.networks.resnet import resnet_generator


class Imported(NamedTuple):
    """A generator and its statistics.

    Attributes:
        generator: Network [z, y] -> image in [-1, 1].
        tables: {name of the batch norm: (means, variances)}, each float32 (51, C) for the
            truncations 0, 0.02 .. 1; empty where the file has one set, which is in the network.
    """

    generator: keras.Model
    tables: dict[str, tuple[np.ndarray, np.ndarray]]


def biggan_from_torch(tensors: dict[str, np.ndarray]) -> Imported:
    """Makes the generator that a PyTorch state dict describes.

    Args:
        tensors: {name: array}, as `features.torch_weights.read` gives them.

    Raises:
        ValueError: The names are neither file's, one is missing, or a shape does not fit.
    """
    if "generator.gen_z.weight_orig" in tensors:
        source = _Port(tensors)
    elif "shared.weight" in tensors and "linear.weight" in tensors:
        source = _Authors(tensors)
    else:
        names = ", ".join(list(tensors)[:3]) or "nothing"
        raise ValueError(
            "These are no weights of a BigGAN generator with a shared class embedding: the names "
            f"begin with {names}."
        )
    generator = source.network()
    layers = {layer.name: layer for layer in generator._flatten_layers()}
    source.fill(layers)
    return Imported(generator, source.tables)


class _Source:
    """Reads one file's names. A convolution becomes (height, width, in, out), a dense (in, out)."""

    def __init__(self, tensors):
        self._tensors, self.tables = tensors, {}

    def get(self, name) -> np.ndarray:
        if name not in self._tensors:
            raise ValueError(f"The weights lack {name!r}.")
        return np.asarray(self._tensors[name], np.float32)

    def count(self, prefix, suffix) -> int:
        """The number n of entries prefix0suffix .. prefix(n-1)suffix that follow each other."""
        n = 0
        while f"{prefix}{n}{suffix}" in self._tensors:
            n += 1
        return n

    def kernel(self, name) -> np.ndarray:
        kernel = self.normalised(name)
        return kernel.transpose(2, 3, 1, 0) if kernel.ndim == 4 else kernel.T

    def normalised(self, name) -> np.ndarray:
        raise NotImplementedError

    def put(self, layer, *arrays):
        """Sets a layer's weights, in Keras's order."""
        shapes = [tuple(w.shape) for w in layer.weights]
        given = [a.shape for a in arrays]
        if shapes != given:
            raise ValueError(f"Weights of {layer.name} have the shapes {given}, not {shapes}.")
        layer.set_weights(arrays)

    def put_vector(self, weight, name):
        vector = self.get(name)
        if vector.shape != tuple(weight.shape):
            raise ValueError(f"{name} has the shape {vector.shape}, not {tuple(weight.shape)}.")
        weight.assign(vector)

    def put_conv(self, layer, name):
        self.put(layer, self.kernel(name), self.get(f"{name}.bias"))

    def put_attention(self, layer, names):
        kernels = [self.kernel(name) for name in names]
        targets = (layer.query, layer.key, layer.value, layer.output_map)
        for target, kernel in zip(targets, kernels, strict=True):
            self.put(target, kernel)


class _Authors(_Source):
    def network(self):
        blocks = self.count("blocks.", ".0.conv1.weight")
        classes, shared = self.get("shared.weight").shape
        first, width = self.get("linear.weight").shape
        part = self.get("blocks.0.0.bn1.gain.weight").shape[1] - shared
        attention = [i for i in range(blocks) if f"blocks.{i}.1.gamma" in self._tensors]
        size = 4 << blocks
        return resnet_generator(
            (size, size, self.get("output_layer.2.weight").shape[0]),
            width * (blocks + 1) if part else width,
            [self.get(f"blocks.{i}.0.conv1.weight").shape[0] for i in range(blocks)],
            first_width=first // 16,
            num_classes=classes,
            attention_size=8 << attention[0] if attention else None,
            batch_norm=(0.9, 1e-5),
            shared_dim=shared,
            hierarchical=bool(part),
            initializer="orthogonal",
        )

    def normalised(self, name):
        """One power iteration from the stored vector, as that code's inference."""
        kernel = self.get(f"{name}.weight")
        matrix = kernel.reshape(len(kernel), -1)
        v = _unit(self.get(f"{name}.u0") @ matrix)
        u = _unit(v @ matrix.T)
        return kernel / float((v @ matrix.T @ u.T).squeeze())

    def fill(self, layers):
        self.put(layers["embedding"], self.get("shared.weight"))
        kernel, bias = self.kernel("linear"), self.get("linear.bias")
        self.put(layers["first"], _channels_last(kernel), _channels_last(bias))
        for i in range(self.count("blocks.", ".0.conv1.weight")):
            block = f"blocks.{i}.0"
            for ours, theirs in (("conv_1", "conv1"), ("conv_2", "conv2"), ("shortcut", "conv_sc")):
                self.put_conv(layers[f"block_{i}_{ours}"], f"{block}.{theirs}")
            for k in (1, 2):
                norm, name = layers[f"block_{i}_norm_{k}"], f"{block}.bn{k}"
                self.put(norm.gain, self.kernel(f"{name}.gain"))
                self.put(norm.bias, self.kernel(f"{name}.bias"))
                self._put_statistics(norm.norm, name)
            if f"blocks.{i}.1.gamma" in self._tensors:
                names = [f"blocks.{i}.1.{part}" for part in ("theta", "phi", "g", "o")]
                self.put_attention(layers["attention"], names)
                layers["attention"].gamma.assign(self.get(f"blocks.{i}.1.gamma"))
        norm = layers["output_norm"]
        self.put_vector(norm.gamma, "output_layer.0.gain")
        self.put_vector(norm.beta, "output_layer.0.bias")
        self._put_statistics(norm, "output_layer.0")
        self.put_conv(layers["output"], "output_layer.2")

    def _put_statistics(self, norm, name):
        self.put_vector(norm.moving_mean, f"{name}.stored_mean")
        self.put_vector(norm.moving_variance, f"{name}.stored_var")


class _Port(_Source):
    def _layers(self):
        """Returns (indices of the blocks, index of the attention or None)."""
        prefix = "generator.layers."
        indices = {
            int(name[len(prefix) :].split(".")[0])
            for name in self._tensors
            if name.startswith(prefix)
        }
        attention = [i for i in indices if f"{prefix}{i}.gamma" in self._tensors]
        return sorted(indices - set(attention)), attention[0] if attention else None

    def network(self):
        blocks, attention = self._layers()
        size = 4 << (len(blocks) // 2)
        shared, classes = self.get("embeddings.weight").shape
        rows = None if attention is None else 4 << (attention // 2)
        return biggan_deep_generator(
            (size, size, 3),
            classes,
            self.get("generator.gen_z.weight_orig").shape[1] - shared,
            width=len(self.get("generator.gen_z.bias")) // 256,
            shared_dim=shared,
            attention_size=rows,
            spectral_norm=False,
        )

    def normalised(self, name):
        """Divided by the product with the stored vectors, as PyTorch's inference."""
        kernel = self.get(f"{name}.weight_orig")
        matrix = kernel.reshape(len(kernel), -1)
        u, v = self.get(f"{name}.weight_u"), self.get(f"{name}.weight_v")
        return kernel / float(u @ matrix @ v)

    def fill(self, layers):
        blocks, attention = self._layers()
        self.put(layers["embedding"], self.get("embeddings.weight").T)
        self.put_conv(layers["first"], "generator.gen_z")
        for i, index in enumerate(blocks):
            name = f"generator.layers.{index}"
            for k in range(4):
                self.put_conv(layers[f"block_{i}_conv_{k + 1}"], f"{name}.conv_{k}")
                norm = layers[f"block_{i}_norm_{k + 1}"]
                self.put(norm.gain, self.kernel(f"{name}.bn_{k}.scale"))
                self.put(norm.bias, self.kernel(f"{name}.bn_{k}.offset"))
                self._put_tables(norm.norm, norm.name, f"{name}.bn_{k}")
        if attention is not None:
            parts = ("theta", "phi", "g", "o_conv")
            name = f"generator.layers.{attention}"
            self.put_attention(layers["attention"], [f"{name}.snconv1x1_{p}" for p in parts])
            layers["attention"].gamma.assign(self.get(f"{name}.gamma").reshape(()))
        norm = layers["output_norm"]
        self.put_vector(norm.gamma, "generator.bn.weight")
        self.put_vector(norm.beta, "generator.bn.bias")
        self._put_tables(norm, norm.name, "generator.bn")
        kernel, bias = self.kernel("generator.conv_to_rgb"), self.get("generator.conv_to_rgb.bias")
        self.put(layers["output"], kernel[..., :3], bias[:3])

    def _put_tables(self, norm, ours, name):
        """Keeps the tables; the network has the statistics of truncation 1."""
        means, variances = self.get(f"{name}.running_means"), self.get(f"{name}.running_vars")
        self.tables[ours] = means, variances
        norm.moving_mean.assign(means[-1])
        norm.moving_variance.assign(variances[-1])


def _channels_last(array):
    """Columns of a dense layer whose map is (C, 4, 4) in the order of (4, 4, C)."""
    cells = array.reshape(*array.shape[:-1], -1, 16)
    return np.ascontiguousarray(np.swapaxes(cells, -1, -2)).reshape(array.shape)


def _unit(vector):
    return vector / max(float(np.linalg.norm(vector)), 1e-12)
