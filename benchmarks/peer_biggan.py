"""PyTorch twin of a small BigGAN: class embedding, parts of z, attention, spectral norm.

Modules are registered in the order of the Keras networks' weights, as `peer_networks.load` needs.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.peer_networks import ToMaps, converted


def build(settings: dict) -> tuple[nn.Module, nn.Module]:
    """Returns (generator, discriminator), not yet normalised.

    Args:
        settings: `image_shape` (H, W, C), `latent_dim`, `classes`, `shared_dim`, and in `biggan`
            what `networks.biggan_widths` gives for both networks.
    """
    up, down = settings["biggan"]
    return (
        _Generator(
            settings["image_shape"],
            settings["latent_dim"],
            settings["classes"],
            settings["shared_dim"],
            **up,
        ),
        _Discriminator(settings["image_shape"], settings["classes"], **down),
    )


def normalise(network: nn.Module, vectors: list[np.ndarray]) -> None:
    """Spectral norm on every kernel but the generator's class embedding.

    Args:
        network: One of `build`, with its weights.
        vectors: The u of the Keras network, (1, out) each, in its order.

    Raises:
        ValueError: Another number of vectors than kernels.
    """
    kernels = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    kernels = [m for m in kernels if not getattr(m, "plain", False)]
    if len(kernels) != len(vectors):
        raise ValueError(f"{len(vectors)} vectors for {len(kernels)} kernels.")
    for module, u in zip(kernels, vectors, strict=True):
        # Its successor in `parametrizations` begins with the other half step.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            nn.utils.spectral_norm(module)
        module.weight_u.copy_(torch.from_numpy(converted(module, u.reshape(-1)).copy()))


class _Generator(nn.Module):
    def __init__(
        self, image_shape, latent_dim, classes, shared_dim, first_width, widths, attention_size
    ):
        super().__init__()
        height, side, channels = image_shape
        self.part = latent_dim // (len(widths) + 1)
        maps = (first_width, height >> len(widths), side >> len(widths))
        self.first = ToMaps(self.part, maps, True)
        self.grid = maps
        self.embedding = nn.Linear(classes, shared_dim, bias=False)
        self.embedding.plain = True
        blocks, inputs, size = [], first_width, maps[1]
        for width in widths:
            blocks.append(_UpBlock(inputs, width, shared_dim + self.part))
            size *= 2
            if size == attention_size:
                blocks.append(_Attention(width))
            inputs = width
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.BatchNorm2d(inputs, eps=1e-4)
        self.last = nn.Conv2d(inputs, channels, 3, padding=1)

    def forward(self, z, y):
        first, *parts = z.split(self.part, dim=1)
        h, shared = self.first(first).unflatten(1, self.grid), self.embedding(y)
        parts = iter(parts)
        for block in self.blocks:
            if isinstance(block, _UpBlock):
                h = block(h, torch.cat([shared, next(parts)], dim=1))
            else:
                h = block(h)
        return torch.tanh(self.last(F.relu(self.norm(h))))


class _Norm(nn.Module):
    """Batch norm with gain and bias from a condition."""

    def __init__(self, channels, condition):
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, eps=1e-4, affine=False)
        self.gain = nn.Linear(condition, channels, bias=False)
        self.shift = nn.Linear(condition, channels, bias=False)

    def forward(self, x, condition):
        gain, shift = 1.0 + self.gain(condition), self.shift(condition)
        return self.norm(x) * gain[:, :, None, None] + shift[:, :, None, None]


class _UpBlock(nn.Module):
    def __init__(self, inputs, outputs, condition):
        super().__init__()
        self.norm_1 = _Norm(inputs, condition)
        self.conv_1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm_2 = _Norm(outputs, condition)
        self.shortcut = nn.Conv2d(inputs, outputs, 1)
        self.conv_2 = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, x, condition):
        h = F.interpolate(F.relu(self.norm_1(x, condition)), scale_factor=2)
        h = self.conv_2(F.relu(self.norm_2(self.conv_1(h), condition)))
        return h + F.interpolate(self.shortcut(x), scale_factor=2)


class _Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(()))
        self.query = nn.Conv2d(channels, channels // 8, 1, bias=False)
        self.key = nn.Conv2d(channels, channels // 8, 1, bias=False)
        self.value = nn.Conv2d(channels, channels // 2, 1, bias=False)
        self.output = nn.Conv2d(channels // 2, channels, 1, bias=False)

    def forward(self, x):
        query = self.query(x).flatten(2)
        key, value = (F.max_pool2d(m(x), 2).flatten(2) for m in (self.key, self.value))
        weights = torch.bmm(query.transpose(1, 2), key).softmax(-1)
        mixed = torch.bmm(value, weights.transpose(1, 2)).unflatten(2, x.shape[2:])
        return x + self.gamma * self.output(mixed)


class _Discriminator(nn.Module):
    def __init__(self, image_shape, classes, widths, plain, narrow, attention_size):
        super().__init__()
        size, _, inputs = image_shape
        blocks = []
        for width in widths:
            blocks.append(_DownBlock(inputs, width, first=not blocks, down=True))
            size, inputs = size // 2, width
            if size == attention_size:
                blocks.append(_Attention(width))
        for width in plain:
            blocks.append(_DownBlock(inputs, width, first=False, down=False))
            inputs = width
        self.blocks = nn.Sequential(*blocks)
        self.embedding = nn.Linear(classes, inputs, bias=False)
        self.logit = nn.Linear(inputs, 1)

    def forward(self, x, y):
        h = F.relu(self.blocks(x)).float().sum((2, 3))
        with torch.autocast("cpu", enabled=False):  # the head is float32, as in the library
            return self.logit(h) + (h * self.embedding(y)).sum(1, keepdim=True)


class _DownBlock(nn.Module):
    def __init__(self, inputs, outputs, first, down):
        super().__init__()
        self.first, self.down = first, down
        self.conv_1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv_2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        learned = down or inputs != outputs
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if learned else nn.Identity()

    def forward(self, x):
        h = self.conv_2(F.relu(self.conv_1(x if self.first else F.relu(x))))
        if self.down:
            h, x = F.avg_pool2d(h, 2), F.avg_pool2d(x, 2)
        return h + self.shortcut(x)
