"""Sample grids and plots of a run, as PNG bytes."""

from __future__ import annotations

import io
import math

import numpy as np

_SMALLEST_TILE = 56  # pixels; smaller images are enlarged by a whole factor


def to_uint8(images) -> np.ndarray:
    """Converts images in [-1, 1] to uint8, rounding to nearest."""
    return np.clip(np.rint((np.asarray(images) + 1.0) * 127.5), 0, 255).astype(np.uint8)


def is_points(image_shape) -> bool:
    """Whether an "image" is a point of a toy density: one pixel."""
    return tuple(image_shape[:2]) == (1, 1)


def grid(images, columns: int) -> bytes:
    """Draws images in rows; returns a PNG.

    Args:
        images: Float (n, H, W, C) in [-1, 1]; one-pixel images become a scatter plot or
            a histogram.
        columns: Images in a row.
    """
    images = np.asarray(images)
    if is_points(images.shape[1:3]):
        return _points(images.reshape(len(images), -1))
    tiles = to_uint8(images)
    n, height, width, channels = tiles.shape
    rows = math.ceil(n / columns)
    gap = 1
    sheet = np.full(
        (rows * (height + gap) + gap, columns * (width + gap) + gap, channels), 255, np.uint8
    )
    for i, tile in enumerate(tiles):
        top = gap + i // columns * (height + gap)
        left = gap + i % columns * (width + gap)
        sheet[top : top + height, left : left + width] = tile
    factor = max(1, _SMALLEST_TILE // max(height, width))
    return encode_png(sheet.repeat(factor, axis=0).repeat(factor, axis=1))


def encode_png(pixels: np.ndarray) -> bytes:
    """Encodes uint8 (H, W, C), C from 1 to 4, as PNG."""
    from PIL import Image

    pixels = pixels[..., 0] if pixels.shape[-1] == 1 else pixels
    modes = {2: "LA", 3: "RGB", 4: "RGBA"}
    mode = "L" if pixels.ndim == 2 else modes[pixels.shape[-1]]
    buffer = io.BytesIO()
    Image.frombytes(mode, pixels.shape[1::-1], np.ascontiguousarray(pixels).tobytes()).save(
        buffer, "PNG", optimize=True
    )
    return buffer.getvalue()


def gif(images, milliseconds: int = 80) -> bytes:
    """Encodes images as a GIF that plays for ever.

    Args:
        images: Float (n, H, W, C) in [-1, 1]; small ones are enlarged by a whole factor.
        milliseconds: How long each is shown.

    Raises:
        ValueError: The images are points of a toy density.
    """
    from PIL import Image

    if is_points(images.shape[1:3]):
        raise ValueError("points cannot be shown as a walk; use --mode=grid.")
    factor = max(1, _SMALLEST_TILE // max(images.shape[1:3]))
    tiles = to_uint8(images).repeat(factor, axis=1).repeat(factor, axis=2)
    frames = [Image.open(io.BytesIO(encode_png(tile))) for tile in tiles]
    buffer = io.BytesIO()
    frames[0].save(
        buffer, "GIF", save_all=True, append_images=frames[1:], duration=milliseconds, loop=0
    )
    return buffer.getvalue()


def _figure(width=8.0, height=4.0):
    from matplotlib.figure import Figure  # without pyplot: no display, no global state

    return Figure(figsize=(width, height), dpi=100, layout="constrained")


def _png(figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _points(points: np.ndarray) -> bytes:
    figure = _figure(5.0, 5.0)
    axes = figure.subplots()
    if points.shape[1] == 1:
        axes.hist(points[:, 0], bins=60)
        axes.set(xlabel="sample (scaled to [-1, 1])", ylabel="count")
    else:
        axes.scatter(points[:, 0], points[:, 1], s=4, alpha=0.5)
        axes.set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), aspect="equal")
    return _png(figure)


def curves(rows: list[dict], names: list[str], title: str) -> bytes:
    """Plots columns of metrics.jsonl over steps; returns a PNG.

    Args:
        rows: Rows with "step" and named values.
        names: Columns to draw; rows without one are skipped.
        title: Above the plot.
    """
    figure = _figure()
    axes = figure.subplots()
    for name in names:
        points = [(row["step"], row[name]) for row in rows if name in row]
        if points:
            axes.plot(*zip(*points, strict=True), label=name, linewidth=1.2)
    axes.set(xlabel="step (generator updates)", title=title)
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend()
    return _png(figure)
