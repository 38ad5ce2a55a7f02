"""Pictures of a run as data URIs of bounded size."""

from __future__ import annotations

import base64
import io
from typing import NamedTuple

from trainers.report import storage
from trainers.report.reading import Run

MAX_GRIDS = 40  # in one page
_MAX_BYTES = 100_000  # of one grid, so that a page stays under 6 MB in base64
_SMALLER = ((960, 85), (720, 75), (480, 60), (320, 40))  # (longest side, WebP quality)
_THUMBNAIL = 112  # pixels
_TILES = 4  # of a grid's upper left corner, each way, in a thumbnail


class Picture(NamedTuple):
    """An encoded picture: its data URI and its size in pixels."""

    uri: str
    width: int
    height: int


class Grids:
    """Encodes each grid of a run once, however often its report is written."""

    def __init__(self):
        self._known: dict[str, Picture] = {}

    def encode(self, run: Run) -> dict[int, Picture]:
        """Returns {step: picture} of at most `MAX_GRIDS` grids; damaged files are left out."""
        found = {}
        for step in choose(list(run.grids)):
            path = run.grids[step]
            if path not in self._known:
                picture = _encode(storage.read(path))
                if picture is None:
                    continue
                self._known[path] = picture
            found[step] = self._known[path]
        return found


def choose(steps: list[int], limit: int = MAX_GRIDS) -> list[int]:
    """Returns at most `limit` of the steps: every k-th from the first, and the last.

    k is a power of two, so that what is chosen later was, but for the newest, chosen before.
    """
    k = 1
    while len(steps[::k]) >= max(limit, 2) and len(steps) > limit:
        k *= 2
    chosen = steps[::k]
    return chosen if not steps or chosen[-1] == steps[-1] else [*chosen, steps[-1]]


def thumbnail(run: Run) -> Picture | None:
    """Returns a corner of the newest grid, reduced; None where there is no picture."""
    for step in reversed(run.grids):
        image = _open(storage.read(run.grids[step]))
        if image is not None:
            corner = image.crop((0, 0, *_corner(image.size, run.config)))
            corner.thumbnail((_THUMBNAIL, _THUMBNAIL))
            return _picture(corner, "WEBP", quality=75)
    return None


def _corner(size, config: dict) -> tuple[int, int]:
    """(width, height) of the first tiles of a grid as `trainers.pictures.grid` draws it."""
    height, width = (config.get("model", {}).get("image_shape") or (1, 1))[:2]
    columns = config.get("run", {}).get("sample_columns", _TILES)
    if (height, width) == (1, 1) or columns <= _TILES:  # a plot of points, or few tiles
        return size
    across = size[0] * _TILES / columns
    return round(across), min(size[1], round(across * (height + 1) / (width + 1)))


def _encode(data: bytes | None) -> Picture | None:
    image = _open(data)
    if image is None:
        return None
    if len(data) <= _MAX_BYTES:
        return Picture(_uri("png", data), *image.size)
    for side, quality in _SMALLER:
        smaller = image.copy()
        smaller.thumbnail((side, side))
        picture = _picture(smaller, "WEBP", quality=quality)
        if len(picture.uri) <= _MAX_BYTES * 4 // 3:
            break
    return picture


def _open(data: bytes | None):
    """The decoded image, None where the file is gone or damaged."""
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(data or b""))
        image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):  # what PIL raises
        return None
    return image if image.mode in ("L", "RGB", "RGBA") else image.convert("RGBA")


def _picture(image, kind: str, **options) -> Picture:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return Picture(_uri(kind.lower(), buffer.getvalue()), *image.size)


def _uri(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
