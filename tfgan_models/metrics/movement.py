"""Equivariance of generators to translation and rotation: EQ-T and EQ-R.

Karras et al. 2021 (StyleGAN3), arXiv:2106.12423, section 2 and appendix E. Does moving the
input of a synthesis network move the picture, or are its details fixed to the pixels?
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tfgan_models.metrics import checks
from tfgan_models.metrics.draws import generator
from tfgan_models.metrics.intervals import Interval, normal_interval
from tfgan_models.metrics.rows import Statistic

_LANCZOS = 3  # lobes
_UP = 4  # pixels are this much finer when an image is rotated
_REACH = 64  # pixels over which the filters of a rotation are convolved
_LARGEST = 10.0  # magnitude of a value no image in about [-1, 1] has


class _Equivariance(Statistic):
    """Squared errors and areas of pairs, pooled: constant memory, and shards merge exactly."""

    def __init__(self):
        self._sums = np.zeros(6)  # pairs, e, m, e^2, e m, m^2; e error, m area of a pair

    def _update(self, original, moved, transforms, width):
        original, moved = _images("original", original), _images("moved", moved)
        if original.shape != moved.shape:
            raise ValueError(
                f"original {original.shape} and moved {moved.shape} must have one shape."
            )
        transforms = np.asarray(transforms, np.float64)
        shape = (len(original), width) if width else (len(original),)
        if transforms.shape not in (shape, shape[1:]) or not np.all(np.isfinite(transforms)):
            raise ValueError(
                f"{len(original)} pairs need finite {self._MOVES} {shape}, or one {shape[1:]} for "
                f"all; got shape {transforms.shape}."
            )
        for a, b, part in _runs(original, moved, np.broadcast_to(transforms, shape)):
            reference, found, mask = self._compare(a, b, part)
            errors = np.sum(mask[:, :, None] * np.square(reference - found), axis=(1, 2, 3))
            area = float(mask.sum() * a.shape[-1])
            for e in errors:
                self._sums += [1.0, e, area, e * e, e * area, area * area]

    def merge(self, other):
        """Adds the sums of another shard; returns self."""
        self._check_merge(other)
        self._sums += other._sums
        return self

    def result(self) -> Interval:
        """PSNR of all pairs so far, in decibels; infinite where nothing differs."""
        count, error, area, ee, em, mm = self._sums.tolist()
        if not area:
            raise ValueError(
                f"{int(count)} pairs have no pixel in common after moving: pass pairs, larger "
                "images or smaller moves."
            )
        mse = error / area
        if mse == 0.0:
            return Interval(math.inf, math.inf, math.inf, 0.0, 0.95)
        variance = max(ee - 2.0 * mse * em + mse**2 * mm, 0.0) / area**2
        variance *= count / max(count - 1.0, 1.0)
        decibels = 20.0 * math.log10(2.0) - 10.0 * math.log10(mse)
        return normal_interval(decibels, 10.0 / math.log(10.0) * math.sqrt(variance) / mse)


class EquivarianceTranslation(_Equivariance):
    """Streaming form of `equivariance_translation`: six sums."""

    _MOVES = "shifts"

    def __init__(self, fractional: bool = False):
        super().__init__()
        self.fractional = bool(fractional)

    def options(self) -> dict:
        return {"fractional": self.fractional}

    def update(self, original, moved, shifts) -> None:
        """Adds pairs, float (n, H, W, C), and their shifts, (n, 2) or (2,)."""
        self._update(original, moved, shifts, 2)

    def _compare(self, original, moved, shift):
        translate = translate_fractional if self.fractional else translate_integer
        reference, mask = translate(original, *shift)
        return reference, moved, mask


class EquivarianceRotation(_Equivariance):
    """Streaming form of `equivariance_rotation`: six sums."""

    _MOVES = "angles"

    def update(self, original, moved, angles) -> None:
        """Adds pairs, float (n, H, H, C), and their angles in radians, (n,) or a number."""
        self._update(original, moved, angles, 0)

    def _compare(self, original, moved, angle):
        reference, inside = rotate(original, float(angle))
        found, whole = pseudo_rotate(moved, float(angle))
        return reference, found, inside * whole


def equivariance_translation(original, moved, shifts, fractional: bool = False) -> Interval:
    """EQ-T (EQ-T_frac): does the picture follow a shift of the network's input?

    PSNR = 20 log10(2) - 10 log10(MSE), MSE = sum mask (T[original] - moved)^2 / sum mask over
    all pairs, T the shift of the pixels, mask where it brings known pixels. The paper draws
    50,000 pairs, shifts U(-1/8, 1/8) of a side; see `equivariance`.

    Args:
        original: Float (N, H, W, C), nominally in [-1, 1], not clipped.
        moved: Float (N, H, W, C), of the same latents and noise, made from moved input.
        shifts: Float (N, 2), or (2,) for all: right and down, in fractions of width and height.
        fractional: False: the shift in pixels is rounded, which is exact for the reference; the
            generator must have had the rounded one. True: Lanczos interpolation.

    Returns:
        Interval: decibels, higher is better; the interval is of independent pairs.

    Raises:
        ValueError: Unlike shapes, whole numbers, NaN, no pixel in common.
    """
    stream = EquivarianceTranslation(fractional)
    stream.update(original, moved, shifts)
    return stream.result()


def equivariance_rotation(original, moved, angles) -> Interval:
    """EQ-R: does the picture follow a rotation of the network's input?

    PSNR as in `equivariance_translation`, between the rotated original and the moved image,
    each band-limited as rotation does it (`rotate`, `pseudo_rotate`). The paper draws 50,000
    pairs, angles U(-pi, pi).

    Args:
        original: Float (N, H, H, C), nominally in [-1, 1], not clipped.
        moved: Float (N, H, H, C), of the same latents and noise, made from turned input.
        angles: Float (N,), or a number for all, radians, counterclockwise as seen. Each angle
            costs about a tenth of a second for its filter: give pairs that share one together.

    Returns:
        Interval: decibels, higher is better; the interval is of independent pairs.

    Raises:
        ValueError: As in `equivariance_translation`; images that are not square or below 32.
    """
    stream = EquivarianceRotation()
    stream.update(original, moved, angles)
    return stream.result()


def equivariance(
    generate: Callable,
    latents,
    kind: str = "translation",
    *,
    samples: int | None = None,
    batch_size: int = 4,
    max_shift: float = 0.125,
    max_angle: float = math.pi,
    seed: int = 0,
) -> Interval:
    """EQ-T or EQ-R of a generator whose input can be moved.

    Each batch has one transform: t ~ U(-max_shift, max_shift)^2, rounded to whole pixels for
    "translation", or an angle ~ U(-max_angle, max_angle).

    Args:
        generate: generate(latents (n, d), matrix) returns images (n, H, W, C). `matrix`, float64
            (3, 3), takes (x, y, 1) of the picture, one unit a side, origin in the middle, y
            down, to the input's coordinates: -t in its last column for a shift by t, the
            rotation by minus the angle. Deterministic, with the same noise for the same rows.
        latents: Size of z, drawn N(0, I) by `seed`, or float (N, d).
        kind: "translation" (EQ-T), "fractional" (EQ-T_frac) or "rotation" (EQ-R).
        samples: Pairs; None: 50,000 as in the paper, or as many as `latents` has.
        batch_size: Images of one transform.
        max_shift: Largest shift, in sides.
        max_angle: Largest angle, radians.
        seed: Of latents and transforms.

    Returns:
        Interval: see `equivariance_translation` and `equivariance_rotation`.
    """
    if kind not in ("translation", "fractional", "rotation"):
        raise ValueError(f'kind is "translation", "fractional" or "rotation"; got {kind!r}.')
    checks.whole("batch_size", batch_size, 1)
    drawn, random = generator(seed, 0), generator(seed, 1)
    if np.ndim(latents):
        latents = checks.features("latents", latents, 1)
        samples = len(latents) if samples is None else samples
        checks.whole("samples", samples, 1, len(latents), "(the rows of latents)")
    else:
        size = checks.whole("latents", latents, 1)
        samples = checks.whole("samples", 50_000 if samples is None else samples, 1)
    turns = kind == "rotation"
    stream = EquivarianceRotation() if turns else EquivarianceTranslation(kind == "fractional")
    for start in range(0, samples, batch_size):
        count = min(batch_size, samples - start)
        z = latents[start : start + count] if np.ndim(latents) else None
        z = drawn.standard_normal((count, size)) if z is None else z
        original = np.asarray(generate(z, np.eye(3)))
        matrix = np.eye(3)
        if turns:
            move = random.uniform(-max_angle, max_angle)
            matrix[:2, :2] = _rotation(-move)
        else:
            move = random.uniform(-max_shift, max_shift, 2)
            if kind == "translation":
                sides = np.array(original.shape[2:0:-1])
                move = np.rint(move * sides) / sides
            matrix[:2, 2] = -move
        stream.update(original, generate(z, matrix), move)
    return stream.result()


def translate_integer(images, right: float, down: float) -> tuple[np.ndarray, np.ndarray]:
    """Shifts images by a whole number of pixels (appendix E.1).

    Args:
        images: Float (n, H, W, C).
        right: Fraction of the width, rounded to pixels.
        down: Fraction of the height, rounded to pixels.

    Returns:
        Shifted images, zero where nothing is known, and where something is, 0 or 1 (H, W).
    """
    height, width = images.shape[1:3]
    x, y = int(np.rint(right * width)), int(np.rint(down * height))
    shifted, mask = np.zeros(images.shape), np.zeros((height, width))
    to = slice(max(y, 0), max(height + min(y, 0), 0)), slice(max(x, 0), max(width + min(x, 0), 0))
    of = slice(max(-y, 0), max(height - max(y, 0), 0)), slice(max(-x, 0), max(width - max(x, 0), 0))
    shifted[:, *to], mask[to] = images[:, *of], 1.0
    return shifted, mask


def translate_fractional(images, right: float, down: float) -> tuple[np.ndarray, np.ndarray]:
    """Shifts images by Lanczos interpolation of three lobes (appendix E.2).

    out(n) = sum_k L(k - f) in(n - i - k), k = -2..3, i + f the shift in pixels, L(t) =
    sinc(t) sinc(t / 3), its six taps normalised to the sum 1; one axis after the other.

    Args:
        images: Float (n, H, W, C).
        right: Fraction of the width.
        down: Fraction of the height.

    Returns:
        Shifted images and where all six taps lie inside, as in `translate_integer`.
    """
    shifted, masks = images.astype(np.float64), []
    taps = np.arange(1 - _LANCZOS, _LANCZOS + 1)
    for axis, fraction in ((1, down), (2, right)):
        size = images.shape[axis]
        whole = math.floor(fraction * size)
        t = taps - (fraction * size - whole)
        weights = np.sinc(t) * np.sinc(t / _LANCZOS)
        weights /= weights.sum()
        places = np.arange(size)[:, None] - whole - taps
        inside = np.all((places >= 0) & (places < size), axis=1)
        matrix = np.zeros((size, size))
        for row in np.flatnonzero(inside):
            matrix[row, places[row]] = weights
        shifted = np.moveaxis(np.tensordot(matrix, shifted, (1, axis)), 0, axis)
        masks.append(inside)
    return shifted, np.outer(*masks).astype(np.float64)


def rotate(images, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Turns square images about their middle, band-limited (operator R, appendix E.3).

    Upsampling by 4 with `rotation_filter`, then bilinear sampling.

    Args:
        images: Float (n, H, H, C).
        angle: Radians, counterclockwise as seen.

    Returns:
        Turned images and where they are known, as in `translate_integer`.
    """
    size = _square(images)
    taps = rotation_filter(angle, _UP)
    pad = len(taps) // 2
    middle = np.arange(size) + 0.5 - 0.5 * size
    y, x = np.meshgrid(middle, middle, indexing="ij")
    # Places in the fine grid whose first point is `pad` points outside of the image's corner.
    place = np.tensordot(_rotation(-angle), np.stack([x, y]), 1) + 0.5 * size
    columns, rows = _UP * place + pad
    nearest = np.rint([rows, columns])
    low, high = 2 * pad + 1, _UP * size - 2
    mask = np.all((nearest >= low) & (nearest <= high), axis=0).astype(np.float64)

    side = _UP * size + 2 * pad
    spectrum = np.fft.rfft2(taps, (side, side))
    corner = np.floor([rows, columns]).astype(np.int64)
    part = np.array([rows, columns]) - corner
    turned = np.zeros(images.shape)
    for image, out in zip(images, turned, strict=True):
        for channel in range(images.shape[3]):
            fine = np.zeros((side, side))
            fine[: _UP * size : _UP, : _UP * size : _UP] = image[:, :, channel]
            fine = np.fft.irfft2(np.fft.rfft2(fine) * spectrum, (side, side)) * _UP**2
            out[:, :, channel] = _bilinear(fine, corner - _UP // 2, part)
    return turned * mask[:, :, None], mask


def pseudo_rotate(images, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Band-limits square images as turning them would, in place (operator R*, appendix E.3).

    Args:
        images: Float (n, H, H, C).
        angle: Of the rotation they are compared with, radians.

    Returns:
        Filtered images and where they are known, as in `translate_integer`.
    """
    size = _square(images)
    taps = rotation_filter(-angle, 1)
    pad = len(taps) // 2
    side = size + 2 * pad
    spectrum = np.fft.rfft2(taps, (side, side))[:, :, None]
    padded = np.pad(images.astype(np.float64), [(0, 0), (0, 2 * pad), (0, 2 * pad), (0, 0)])
    found = np.fft.irfft2(np.fft.rfft2(padded, axes=(1, 2)) * spectrum, (side, side), axes=(1, 2))
    mask = np.zeros((size, size))
    mask[pad:-pad, pad:-pad] = 1.0
    return found[:, pad:-pad, pad:-pad] * mask[:, :, None], mask


def rotation_filter(angle: float, up: int) -> np.ndarray:
    """Low-pass filter of a rotation, float64 (12 up - 1, 12 up - 1), symmetric, of sum 1.

    (sinc(x) * sinc(R x)) (l(x) * l(R x)): convolutions of the two-dimensional sinc with the
    turned one, and of the Lanczos windows l of three lobes, sampled `up` times a pixel; the
    convolutions are circular, over 128 pixels. Each phase of `up` samples has the same sum.

    Args:
        angle: Radians.
        up: Samples a pixel.
    """
    reach, kept = _REACH * up - 1, 2 * _LANCZOS * up - 1
    taps = np.arange(-reach, reach + 1) / up
    y, x = np.meshgrid(taps, taps, indexing="ij")
    turned = np.tensordot(_rotation(angle), np.stack([x, y]), 1)
    filters = _convolved(_sincs(x, y), _sincs(*turned)) * _convolved(
        _window(x, y), _window(*turned)
    )
    filters = filters[reach - kept : reach + kept + 1, reach - kept : reach + kept + 1]
    phases = np.pad(filters, (0, 1)).reshape(4 * _LANCZOS, up, 4 * _LANCZOS, up)
    phases = phases / phases.sum(axis=(0, 2), keepdims=True) / up**2
    return phases.reshape(4 * _LANCZOS * up, -1)[:-1, :-1]


def _rotation(angle):
    """Takes x right, y down to the point turned counterclockwise as seen."""
    return np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])


def _sincs(x, y):
    return np.sinc(x) * np.sinc(y)


def _window(x, y):
    inside = (np.abs(x) < _LANCZOS) & (np.abs(y) < _LANCZOS)
    return np.where(inside, _sincs(x / _LANCZOS, y / _LANCZOS), 0.0)


def _convolved(a, b):
    """Circular convolution of arrays whose origin is the middle."""
    spectrum = np.fft.rfft2(np.fft.ifftshift(a)) * np.fft.rfft2(np.fft.ifftshift(b))
    return np.fft.fftshift(np.fft.irfft2(spectrum, a.shape))


def _bilinear(image, corner, part):
    """Values between pixels; outside of the image is zero."""
    image = np.pad(image, 1)
    rows, columns = (np.clip(c + 1, 0, len(image) - 2) for c in corner)
    top = image[rows, columns] * (1 - part[1]) + image[rows, columns + 1] * part[1]
    below = image[rows + 1, columns] * (1 - part[1]) + image[rows + 1, columns + 1] * part[1]
    return top * (1 - part[0]) + below * part[0]


def _square(images):
    height, width = images.shape[1:3]
    if height != width or height < 32:
        raise ValueError(
            f"images of {height}x{width} cannot be turned: pass square ones of 32 pixels or more."
        )
    return height


def _runs(original, moved, transforms):
    """Yields pairs of images in runs of one transform, at most 16 together."""
    start = 0
    while start < len(original):
        stop = start + 1
        while stop < min(len(original), start + 16) and np.all(
            transforms[stop] == transforms[start]
        ):
            stop += 1
        yield original[start:stop], moved[start:stop], transforms[start]
        start = stop


def _images(name, array):
    """Images as a generator ends, float (n, H, W, C), finite, in about [-1, 1]."""
    array = np.asarray(array)
    if array.dtype.kind in "iub":
        raise ValueError(
            f"{name} has type {array.dtype}, expected floats in [-1, 1]: pass x / 127.5 - 1."
        )
    if array.ndim != 4:
        raise ValueError(
            f"{name} has shape {array.shape}, expected (N, height, width, channels): add an axis."
        )
    array = array.astype(np.float64)
    bad = int(np.sum(~np.isfinite(array).all(axis=(1, 2, 3))))
    if bad:
        raise ValueError(
            f"{name} has NaN or infinity in {bad} of {len(array)} images: look at the generator."
        )
    if array.size and np.abs(array).max() > _LARGEST:
        raise ValueError(
            f"{name} has values up to {np.abs(array).max():g}, expected about [-1, 1]: the "
            "decibels are of that range, so rescale them."
        )
    return array
