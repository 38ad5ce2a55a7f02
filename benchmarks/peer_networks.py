"""PyTorch twins of the networks of `cases`, and how they take over Keras weights.

TensorFlow's "same" padding of a stride-2 convolution with a 5x5 kernel is one before and two
after; PyTorch pads both sides alike. For even sizes the two agree when one of them sees
everything rotated by 180 degrees, so the twins work on rotated images with rotated kernels,
and pay for no extra padding.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn


class ToMaps(nn.Linear):
    """Dense layer whose units are maps (C, H, W): (B, in) -> (B, C * H * W)."""

    def __init__(self, inputs: int, maps: tuple[int, int, int], bias: bool):
        super().__init__(inputs, maps[0] * maps[1] * maps[2], bias)
        self.maps = maps


class FromMaps(nn.Linear):
    """Flattens maps (C, H, W) and applies a dense layer: (B, C, H, W) -> (B, units)."""

    def __init__(self, maps: tuple[int, int, int], units: int, bias: bool):
        super().__init__(maps[0] * maps[1] * maps[2], units, bias)
        self.maps = maps

    def forward(self, x):
        return super().forward(x.flatten(1))


def build(settings: dict) -> tuple[nn.Module, nn.Module]:
    """Returns (generator, discriminator).

    Args:
        settings: `networks` ("dcgan", "mlp", "resnet" or "biggan"), `image_shape` (H, W, C),
            `latent_dim`, `width`, `port`; for "biggan" see `peer_biggan`.
    """
    if settings["networks"] == "biggan":
        from benchmarks import peer_biggan

        return peer_biggan.build(settings)
    make = {"dcgan": _dcgan, "mlp": _mlp, "resnet": _resnet}[settings["networks"]]
    return make(settings["image_shape"], settings["latent_dim"], settings)


def load(network: nn.Module, weights: list[np.ndarray]) -> None:
    """Copies the trainable weights of the Keras network, in its order, rotated.

    Raises:
        ValueError: Another number of weights, or shapes that disagree.
    """
    left = list(weights)
    with torch.no_grad():
        for module in network.modules():
            for name in ("gamma", "weight", "bias"):
                parameter = getattr(module, name, None)
                if isinstance(parameter, nn.Parameter):
                    _copy(module, parameter, left)
    if left:
        raise ValueError(f"{len(left)} of {len(weights)} weights have no place in the twin.")


def _copy(module, parameter, left) -> None:
    value = torch.from_numpy(converted(module, left.pop(0)).copy())
    if value.shape != parameter.shape:
        raise ValueError(f"{type(module).__name__}: {tuple(value.shape)}, {parameter.shape}.")
    parameter.copy_(value)


def converted(module: nn.Module, value: np.ndarray) -> np.ndarray:
    """A Keras kernel, bias or vector of as many entries, as the module has it."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)) and value.ndim == 4:
        return value.transpose(3, 2, 0, 1)[:, :, ::-1, ::-1]
    if isinstance(module, ToMaps):
        channels, height, width = module.maps
        maps = value.reshape(-1, height, width, channels)[:, ::-1, ::-1]
        flat = maps.transpose(0, 3, 1, 2).reshape(value.shape)
        return flat.T
    if isinstance(module, FromMaps) and value.ndim == 2:
        channels, height, width = module.maps
        maps = value.reshape(height, width, channels, -1)[::-1, ::-1]
        return maps.transpose(2, 0, 1, 3).reshape(value.shape).T
    return value.T if isinstance(module, nn.Linear) else value


# === Dense ===


def _mlp(image_shape, latent_dim, settings):
    height, side, channels = image_shape
    maps, width = (channels, height, side), settings["width"]

    def hidden():
        return [layer for _ in range(2) for layer in (nn.Linear(width, width), nn.ReLU())]

    generator = nn.Sequential(
        nn.Linear(latent_dim, width),
        nn.ReLU(),
        *hidden(),
        ToMaps(width, maps, True),
        nn.Unflatten(1, maps),
        nn.Sigmoid(),
    )
    first = FromMaps(maps, width, True)
    return generator, nn.Sequential(first, nn.ReLU(), *hidden(), nn.Linear(width, 1))


# === DCGAN ===


def _dcgan(image_shape, latent_dim, settings):
    height, side, channels = image_shape
    width, port = settings["width"], settings["port"]
    count = 0
    while (height >> count) > 7 or (port and (height >> count) > 4):
        count += 1
    maps = (width << (count - 1), height >> count, side >> count)
    kernel = 4 if port else 5
    body = []
    for i in reversed(range(count - 1)):
        body += [_deconv(width << (i + 1), width << i, kernel), _norm(width << i, port), nn.ReLU()]
    last = nn.Tanh() if port else nn.Sigmoid()
    generator = nn.Sequential(
        *_project(latent_dim, maps, width, port), *body, _deconv(width, channels, kernel), last
    )
    critic = [_conv(channels, width, kernel), nn.LeakyReLU(0.2)]
    for i in range(1, count):
        critic += [_conv(width << (i - 1), width << i, kernel), _norm(width << i, port)]
        critic += [nn.LeakyReLU(0.2)]
    if port:
        critic += [FromMaps(maps, 1, False)]
    else:
        critic += [FromMaps(maps, 16 * width, False), nn.BatchNorm1d(16 * width, affine=False)]
        critic += [nn.LeakyReLU(0.2), nn.Linear(16 * width, 1, bias=False)]
    return generator, nn.Sequential(*critic)


def _project(latent_dim, maps, width, port):
    if port:
        first = nn.ConvTranspose2d(latent_dim, maps[0], 4, bias=False)
        return [nn.Unflatten(1, (latent_dim, 1, 1)), first, _norm(maps[0], True), nn.ReLU()]
    size = maps[0] * maps[1] * maps[2]
    first = nn.Linear(latent_dim, 16 * width, bias=False)
    return [
        *(first, nn.BatchNorm1d(16 * width, affine=False), nn.ReLU()),
        *(ToMaps(16 * width, maps, False), nn.BatchNorm1d(size, affine=False)),
        *(nn.Unflatten(1, maps), nn.ReLU()),
    ]


def _norm(channels, affine=True):
    return nn.BatchNorm2d(channels, affine=affine)


def _conv(inputs, outputs, kernel):
    return nn.Conv2d(inputs, outputs, kernel, 2, (kernel - 1) // 2, bias=False)


def _deconv(inputs, outputs, kernel):
    more = kernel % 2
    return nn.ConvTranspose2d(inputs, outputs, kernel, 2, (kernel - 1) // 2, more, bias=False)


# === Residual networks of WGAN-GP ===


def _resnet(image_shape, latent_dim, settings):
    height, side, channels = image_shape
    width = settings["width"]
    maps = (width, height >> 3, side >> 3)
    generator = nn.Sequential(
        ToMaps(latent_dim, maps, True),
        nn.Unflatten(1, maps),
        *(_UpBlock(width) for _ in range(3)),
        *(_norm(width), nn.ReLU(), nn.Conv2d(width, channels, 3, padding=1), nn.Tanh()),
    )
    critic = nn.Sequential(
        _FirstBlock(channels, width),
        *(_Block(width, down) for down in (True, False, False)),
        *(nn.ReLU(), _SpatialMean(), nn.Linear(width, 1)),
    )
    return generator, critic


class _UpBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        up = nn.Upsample(scale_factor=2)
        self.first = nn.Sequential(_norm(width), nn.ReLU(), up, _conv3(width, width))
        self.norm = nn.Sequential(_norm(width), nn.ReLU())
        self.shortcut = nn.Sequential(nn.Conv2d(width, width, 1), up)
        self.last = _conv3(width, width)

    def forward(self, x):
        return self.last(self.norm(self.first(x))) + self.shortcut(x)


class _FirstBlock(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        convs = _conv3(inputs, width), nn.ReLU(), _conv3(width, width)
        self.body = nn.Sequential(*convs, nn.AvgPool2d(2))
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(inputs, width, 1))

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class _Block(nn.Module):
    def __init__(self, width, down):
        super().__init__()
        pool = [nn.AvgPool2d(2)] if down else []
        convs = nn.ReLU(), _conv3(width, width), nn.ReLU(), _conv3(width, width)
        self.body = nn.Sequential(*convs, *pool)
        self.shortcut = nn.Sequential(*pool, nn.Conv2d(width, width, 1)) if down else nn.Identity()

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class _SpatialMean(nn.Module):
    def forward(self, x):
        return x.float().mean((2, 3))


def _conv3(inputs, outputs):
    return nn.Conv2d(inputs, outputs, 3, padding=1)
