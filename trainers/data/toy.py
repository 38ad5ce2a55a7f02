"""Small densities as images of one pixel: what a GAN learns can be checked exactly.

Points of 1 or 2 coordinates become images (1, 1, 1) or (1, 1, 2), divided by a fixed `scale`
so that they lie in [-1, 1]: `point = image * source.scale`. Example i is a pure function of
the set's name and i, from a counter-based generator; mixtures take their modes in turn
(i mod modes), and the mode is the label.
"""

from __future__ import annotations

import zlib

import numpy as np

from trainers.data.catalog import TOYS, data_error, near_match
from trainers.data.source import ArraySource

NUM_EXAMPLES = 100_000
_RING = 2.0 * np.stack([np.cos(np.arange(8) * np.pi / 4), np.sin(np.arange(8) * np.pi / 4)], 1)
_GRID = np.array([(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)], np.float64)
# name: (centres (modes, dimensions), standard deviation, scale)
_MIXTURES = {
    "ring8": (_RING, 0.02, 2.5),
    "grid25": (_GRID, 0.05, 5.0),
    "normal": (np.array([[4.0]]), 0.5, 8.0),
}
_SWISSROLL_STD, _SWISSROLL_SCALE = 0.25, 16.0


class ToySource(ArraySource):
    """Points as images.

    Attributes:
      scale: `point = image * scale`.
      centres: float64 (modes, dimensions) in the points' own units, None without modes.
      std: standard deviation around each centre (swissroll: of the noise).
    """

    def __init__(self, spec, images, *, scale, centres, std, **kwargs):
        super().__init__(spec, images, licence="none needed: generated numbers", **kwargs)
        self.scale = scale
        self.centres = centres
        self.std = std


def _uniforms(name: str, columns: int) -> np.ndarray:
    """float64 (NUM_EXAMPLES, columns) in (0, 1); rows do not depend on how many there are."""
    bits = np.random.Philox(key=zlib.crc32(name.encode())).random_raw(NUM_EXAMPLES * columns)
    return ((bits >> np.uint64(11)) + 0.5).reshape(NUM_EXAMPLES, columns) * 2.0**-53


def _normals(uniforms: np.ndarray) -> np.ndarray:
    """Box-Muller: (N, 2) uniforms -> (N, 2) standard normals."""
    radius, angle = np.sqrt(-2.0 * np.log(uniforms[:, 0])), 2.0 * np.pi * uniforms[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


def load(request) -> ToySource:
    """`toy:NAME` -> 100,000 points; names in `trainers.data.catalog.TOYS`."""
    name, rules = request.name, request.rules
    if name not in TOYS:
        raise data_error(request.spec, f"no toy set {name!r}", near_match(name, TOYS))
    if rules.size not in (None, (1, 1)) or rules.channels is not None:
        raise data_error(
            request.spec, "points cannot be resized", "leave image_size and channels out"
        )
    labels = class_names = centres = None
    if name in _MIXTURES:
        centres, std, scale = _MIXTURES[name]
        mode = np.arange(NUM_EXAMPLES) % len(centres)
        noise = _normals(_uniforms(name, 2))[:, : centres.shape[1]]
        points = centres[mode] + std * noise
        if len(centres) > 1:
            labels, class_names = mode.astype(np.int32), [str(i) for i in range(len(centres))]
    else:
        std, scale = _SWISSROLL_STD, _SWISSROLL_SCALE
        uniforms = _uniforms(name, 3)
        angle = 1.5 * np.pi * (1.0 + 2.0 * uniforms[:, 2])
        spiral = angle[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
        points = spiral + std * _normals(uniforms)
    images = (points / scale).astype(np.float32).reshape(NUM_EXAMPLES, 1, 1, -1)
    return ToySource(
        request.spec,
        images,
        scale=scale,
        centres=centres,
        std=std,
        labels=labels,
        class_names=class_names,
    )
