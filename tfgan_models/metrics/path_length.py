"""Perceptual path length: Karras et al. 2019 (StyleGAN), arXiv:1812.04948, section 4.1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfgan_models.metrics import checks
from tfgan_models.metrics.draws import generator
from tfgan_models.metrics.intervals import Interval
from tfgan_models.metrics.means import RunningMean
from tfgan_models.metrics.rows import Statistic

_LARGEST = 256  # side of the images that are compared
_SIDEWAYS = 1e-12  # length of b's part across a below which a slerp has no direction


class PerceptualPathLength(Statistic):
    """Mean of distances / epsilon^2 between two percentiles; see `perceptual_path_length`.

    Keeps one float64 a pair, 0.8 MB at 100,000 pairs, since the percentiles need them all.
    Shards merge exactly.
    """

    def __init__(self, epsilon: float = 1e-4, percentiles: tuple[float, float] = (1.0, 99.0)):
        if not epsilon > 0.0:
            raise ValueError(f"epsilon must be positive; got {epsilon}.")
        low, high = map(float, percentiles)
        if not 0.0 <= low < high <= 100.0:
            raise ValueError(f"percentiles must rise within [0, 100]; got {percentiles}.")
        self.epsilon, self.percentiles = float(epsilon), (low, high)
        self._distances: list[np.ndarray] = []

    def options(self) -> dict:
        return {"epsilon": self.epsilon, "percentiles": self.percentiles}

    def update(self, distances) -> None:
        """Adds squared perceptual distances between the ends of short steps, (n,)."""
        distances = np.array(distances, np.float64)
        if distances.ndim != 1:
            raise ValueError(
                f"distances has shape {distances.shape}, expected one number a pair: average the "
                "other axes."
            )
        bad = int(np.sum(~np.isfinite(distances)))
        if bad:
            raise ValueError(
                f"distances has NaN or infinity in {bad} of {len(distances)} pairs: look at the "
                "generator and the distance."
            )
        if np.any(distances < 0.0):
            raise ValueError("distances has negative values: pass squared distances.")
        self._distances.append(distances)

    def merge(self, other):
        """Adds the distances of another shard; returns self."""
        self._check_merge(other)
        self._distances.extend(other._distances)
        return self

    def result(self) -> Interval:
        """Mean of the kept distances / epsilon^2; its interval takes the bounds as given."""
        values = np.concatenate([np.empty(0), *self._distances])
        if not len(values):
            raise ValueError("there are no distances yet: call update(distances).")
        low = np.percentile(values, self.percentiles[0], method="lower")
        high = np.percentile(values, self.percentiles[1], method="higher")
        kept = np.sort(values[(values >= low) & (values <= high)])
        mean = RunningMean()
        mean.update(kept / self.epsilon**2)
        return mean.interval()


def perceptual_path_length(
    generate: Callable,
    distance: Callable,
    latents,
    *,
    space: str = "z",
    sampling: str = "full",
    mapping: Callable | None = None,
    labels=None,
    samples: int | None = None,
    epsilon: float = 1e-4,
    percentiles: tuple[float, float] = (1.0, 99.0),
    radius: float = 1.0,
    crop: bool = False,
    batch_size: int = 64,
    seed: int = 0,
) -> Interval:
    """How far images move, in a perceptual distance, for a small step in the latent space.

    PPL = E[ d(G(path(t)), G(path(t + epsilon)))^2 / epsilon^2 ], over the values from the 1st
    percentile to the 99th.

    The paper's distance is LPIPS on VGG16 of images in [0, 255], with 100,000 pairs and no
    truncation. As in the authors' code, images over 256 are averaged down to it by blocks, both
    ends have the same random label, and must have the same noise (one call an end, same rows).

    Args:
        generate: generate(z or w) returns images (n, H, W, C) or rows (n, d); with labels
            generate(z or w, labels). Deterministic, in inference.
        distance: distance(first, second) returns SQUARED distances (n,) of what `generate`
            made, in its range.
        latents: Size of z, drawn N(0, I) by `seed`; or ends of the paths, (2 n, d), rows 2 i
            and 2 i + 1 being those of path i.
        space: The path; "z": slerp on the sphere, times `radius`; "w": a line between
            mapping(z_0) and mapping(z_1), for a uniform prior without a mapping.
        sampling: t; "full": U(0, 1), "end": 0.
        mapping: mapping(z) returns w, with labels mapping(z, labels); None: w is z.
        labels: Whole numbers (m,) to draw from, those of the data for its frequencies,
            np.arange(K) for equal ones; None: unconditional.
        samples: Pairs; None: 100,000, or as many as `latents` has.
        epsilon: Step in t.
        percentiles: Kept, from the value below the first to the value above the second.
        radius: Length of z on the path. 1, as in StyleGAN, suits a generator that normalises
            z; one that does not expects sqrt(d).
        crop: Keeps rows 3/8 to 7/8 and columns 2/8 to 6/8, the paper's for FFHQ, before the
            averaging; the authors' later PyTorch code averages as if nothing were cropped.
        batch_size: Pairs at a time; the draws do not depend on it.
        seed: Of latents, t and labels.

    Returns:
        Interval: mean, 95 % interval, standard error, over the kept pairs.

    Raises:
        ValueError: An unknown option, odd numbers of ends, NaN or negative distances, whole
            numbers from `generate`, images that cannot be averaged down to 256.
    """
    _check_options(space, sampling, mapping)
    checks.whole("batch_size", batch_size, 1)
    ends, samples = _ends(latents, samples, seed)
    times, choices = generator(seed, 1), generator(seed, 2)
    labels = None if labels is None else checks.labels("labels", labels, len(labels))
    stream = PerceptualPathLength(epsilon, percentiles)
    for start in range(0, samples, batch_size):
        count = min(batch_size, samples - start)
        z = ends(start, count)
        t = times.random(count)[:, None] * (sampling == "full")
        extra = () if labels is None else (labels[choices.integers(len(labels), size=count)],)
        steps = (t, t + epsilon)
        if space == "z":
            points = [radius * slerp_on_sphere(z[:, 0], z[:, 1], u) for u in steps]
        else:
            points = _on_lines(z, steps, mapping, extra)
        images = [_prepared(np.asarray(generate(x, *extra)), crop) for x in points]
        stream.update(distance(*images))
    return stream.result()


def _check_options(space, sampling, mapping):
    for name, value, known in (
        ("space", space, ("z", "w")),
        ("sampling", sampling, ("full", "end")),
    ):
        if value not in known:
            raise ValueError(f'{name} is "{known[0]}" or "{known[1]}"; got {value!r}.')
    if space == "z" and mapping is not None:
        raise ValueError(
            'space="z" interpolates before the mapping: give a `generate` that contains it, or '
            'space="w".'
        )


def _on_lines(z, times, mapping, extra):
    """Points at each of `times` between the mapped ends of z (n, 2, d)."""
    w = [z[:, i] if mapping is None else mapping(z[:, i], *extra) for i in (0, 1)]
    w = [np.asarray(x, np.float64) for x in w]
    times = [t.reshape(len(z), *[1] * (w[0].ndim - 1)) for t in times]
    return [w[0] + (w[1] - w[0]) * t for t in times]


def slerp_on_sphere(a, b, t) -> np.ndarray:
    """Points at t on the great arc from a / |a| to b / |b|; unit rows (n, d), float64.

    a cos(t w) + u sin(t w), w the angle between them, u the unit part of b across a. Equal
    directions stay where they are; between opposite ones there is no one arc, and rounding
    chooses.

    Args:
        a: Float (n, d), not zero.
        b: Float (n, d), not zero.
        t: (n, 1) or a number.
    """
    a, b = (np.asarray(x, np.float64) for x in (a, b))
    a, b = (x / np.linalg.norm(x, axis=-1, keepdims=True) for x in (a, b))
    cosine = np.clip(np.sum(a * b, axis=-1, keepdims=True), -1.0, 1.0)
    across = b - cosine * a
    length = np.linalg.norm(across, axis=-1, keepdims=True)
    across /= np.where(length > _SIDEWAYS, length, 1.0)
    angle = t * np.arccos(cosine)
    points = np.cos(angle) * a + np.sin(angle) * across
    return points / np.linalg.norm(points, axis=-1, keepdims=True)


def _ends(latents, samples, seed):
    """A function of (start, count) that returns ends (count, 2, d), and the number of pairs."""
    if np.ndim(latents) == 0:
        size = checks.whole("latents", latents, 1)
        random = generator(seed, 0)
        samples = 100_000 if samples is None else checks.whole("samples", samples, 1)
        return lambda start, count: random.standard_normal((count, 2, size)), samples
    latents = checks.features("latents", latents, 2)
    if len(latents) % 2:
        raise ValueError(f"latents has {len(latents)} rows: pass two for each path.")
    pairs = latents.astype(np.float64).reshape(-1, 2, latents.shape[1])
    if samples is None:
        samples = len(pairs)
    samples = checks.whole("samples", samples, 1, len(pairs), "(latents has two rows a path)")
    return lambda start, count: pairs[start : start + count], samples


def _prepared(images, crop):
    """Images as they are compared: cropped to the face, averaged down to 256."""
    if images.dtype.kind in "iub":
        raise ValueError(
            f"`generate` made whole numbers of type {images.dtype}, which hide so small a step: "
            "return floats, before any rounding."
        )
    if images.ndim != 4:
        if crop:
            raise ValueError(f"crop=True needs images, but `generate` made {images.shape}.")
        return images
    height, width = images.shape[1:3]
    if crop:
        images = images[:, height // 8 * 3 : height // 8 * 7, width // 8 * 2 : width // 8 * 6]
        height, width = images.shape[1:3]
    factor = height // _LARGEST
    if factor > 1:
        if height % factor or width % factor:
            raise ValueError(
                f"images of {height}x{width} do not average over {factor}x{factor} blocks: pass "
                "sides divisible by that."
            )
        blocks = (len(images), height // factor, factor, width // factor, factor, -1)
        images = images.reshape(blocks).mean(axis=(2, 4))
    return images
