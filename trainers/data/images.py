"""Decoding image files with Pillow, and the rules for size and channels.

Size: with `image_size` (one number, or height and width) and
  - `resize="cover"`: centre-crop to the target aspect ratio, then resize (the default);
  - `resize="stretch"`: resize each side on its own;
  - `resize="none"`: images must already have that size.
Enlarging and reducing both use Pillow's LANCZOS filter, which is antialiased. Without
`image_size` nothing is resized and all images must have the same size.

Channels: `channels` 1 (grey), 3 (RGB) or 4 (RGBA) converts with Pillow's `convert`; going to RGB
drops alpha, it is not blended. Without `channels` a file keeps what it has: bilevel counts as
grey, palette as RGB (RGBA with transparency), grey with alpha as RGBA, CMYK and the like as RGB;
all images must then agree. The EXIF orientation is applied first; of an animation the first
frame is taken. 16-bit and float files are refused, since Pillow would clip them.
"""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from trainers.data.catalog import RESIZE_RULES, data_error, near_match, one_line

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_CHUNK = 256  # files decoded ahead of the consumer


class ImageRules(NamedTuple):
    """Target size (height, width) or None, channels or None, and the resize rule."""

    size: tuple[int, int] | None = None
    channels: int | None = None
    resize: str = "cover"

    @classmethod
    def create(cls, image_size=None, channels=None, resize="cover") -> ImageRules:
        """Checks what the user gave; `image_size` is one number or (height, width).

        Raises:
          DataError: a size below 1, channels not 1, 3 or 4, or an unknown resize rule.
        """
        if image_size is not None:
            size = image_size if isinstance(image_size, (tuple, list)) else (image_size,) * 2
            if len(size) != 2 or not all(isinstance(n, (int, np.integer)) and n > 0 for n in size):
                raise data_error(
                    "image_size", f"{image_size!r} is no size", "give 64 or (height, width)"
                )
            image_size = (int(size[0]), int(size[1]))
        if channels is not None and channels not in _MODES:
            raise data_error(
                "channels", f"{channels!r} is not possible", "use 1 (grey), 3 (RGB) or 4 (RGBA)"
            )
        if resize not in RESIZE_RULES:
            raise data_error("resize", f"unknown rule {resize!r}", near_match(resize, RESIZE_RULES))
        return cls(image_size, channels, resize)


class BadImage(Exception):
    """One image that cannot be used; the message is the reason, without the file's name."""


def _natural_mode(image: Image.Image) -> str:
    """The Pillow mode in which a file is kept when no channel count is asked for."""
    if image.mode.startswith(("I", "F")):
        raise BadImage(f"pixels of mode {image.mode!r} are not 8 bits, save it as 8-bit PNG")
    if image.mode in ("1", "L"):
        return "L"
    transparent = image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info
    return "RGBA" if transparent else "RGB"


def prepare(image: Image.Image, rules: ImageRules) -> np.ndarray:
    """Pillow image -> uint8 (H, W, C) by the rules of this module; raises `BadImage`."""
    natural = _natural_mode(image)
    image = ImageOps.exif_transpose(image)
    image = image.convert(_MODES[rules.channels] if rules.channels else natural)
    if rules.size and image.size != rules.size[::-1]:
        height, width = rules.size
        if rules.resize == "none":
            raise BadImage(
                f"its size is {image.height}x{image.width}, not {height}x{width}, "
                "and resize is 'none'"
            )
        if rules.resize == "cover":
            image = ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
        else:
            image = image.resize((width, height), Image.Resampling.LANCZOS)
    pixels = np.asarray(image)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def decode(data: bytes | str | os.PathLike, rules: ImageRules) -> np.ndarray:
    """Encoded bytes or a file -> uint8 (H, W, C); raises `BadImage` with the reason."""
    try:
        with Image.open(io.BytesIO(data) if isinstance(data, bytes) else data) as image:
            image.load()
            return prepare(image, rules)
    except BadImage:
        raise
    except Image.UnidentifiedImageError:
        raise BadImage("it is not an image in a known format") from None
    except Exception as error:  # Pillow's decoders raise many types on damaged files
        raise BadImage(f"it cannot be read ({one_line(error)})") from None


def decode_files(
    paths: Sequence[str], rules: ImageRules
) -> Iterator[tuple[int, np.ndarray | BadImage]]:
    """Decodes on several threads; yields (position, pixels or the `BadImage`) in order."""

    def attempt(path: str) -> np.ndarray | BadImage:
        try:
            return decode(path, rules)
        except BadImage as bad:
            return bad

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(paths), _CHUNK):
            for offset, result in enumerate(pool.map(attempt, paths[start : start + _CHUNK])):
                yield start + offset, result


def odd_shapes(shapes: dict[int, tuple[int, ...]]) -> dict[int, BadImage]:
    """Positions whose (H, W, C) differs from the most common shape, with the reason."""
    if not shapes:
        return {}
    common = Counter(shapes.values()).most_common(1)[0][0]
    bad = {}
    for position, shape in shapes.items():
        if shape[:2] != common[:2]:
            bad[position] = BadImage(
                f"its size is {shape[0]}x{shape[1]} but most are {common[0]}x{common[1]}, "
                "pass image_size to resize all"
            )
        elif shape[2] != common[2]:
            bad[position] = BadImage(
                f"it has {shape[2]} channels but most have {common[2]}, "
                "pass channels to convert all"
            )
    return bad


def prepare_arrays(images: np.ndarray, rules: ImageRules, where: str) -> np.ndarray:
    """Applies the rules to uint8 (N, H, W, C); float images may only have the shape already.

    Raises:
      DataError: a float image, or one of 2 channels, would have to be converted.
    """
    size = rules.size or images.shape[1:3]
    channels = rules.channels or images.shape[3]
    if (*size, channels) == images.shape[1:]:
        return images
    if images.dtype != np.uint8 or images.shape[3] not in _MODES:
        raise data_error(
            where,
            f"images {images.shape[1:]} of type {images.dtype} cannot be made {(*size, channels)}",
            "store uint8 images of 1, 3 or 4 channels, or leave image_size and channels out",
        )
    squeezed = images[..., 0] if images.shape[3] == 1 else images
    try:
        return np.stack([prepare(Image.fromarray(pixels), rules) for pixels in squeezed])
    except BadImage as bad:
        raise data_error(where, str(bad), "use resize='cover' or 'stretch'") from None
