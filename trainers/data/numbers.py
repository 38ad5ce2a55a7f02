"""A plain list of numbers as images of one pixel.

A number x becomes the pixel (x - offset) / scale, with `offset` the mean of the list and `scale`
eight of its standard deviations, so that draws well outside the list are not clipped.
"""

from __future__ import annotations

import os
import re

import numpy as np

from trainers.data.catalog import data_error, one_line
from trainers.data.source import ArraySource

_DEVIATIONS = 8.0
# The list of Raschka 2021, STAT 453, last lecture; drawn there as N(16, 5).
_LECTURE = """
26.784374 16.221426 23.969908 18.128964 13.310599 16.169977 10.518126 19.088016 11.662497 12.075612
18.459770 16.673500 18.325148  9.600440 22.215492 18.303797 16.037155 20.368163 16.665176 13.573404
15.139798 16.515108  5.441134 13.283509 16.787477 18.294751 25.165056 16.328220 12.926385 20.027098
14.360396 15.171232 13.447607 20.654171 20.809167 22.041561  8.681153  8.919257 21.681817 14.043993
20.389758 11.593847 15.781812 25.418625 21.020760 12.751493  5.676766 16.448069 17.550310 18.291067
"""


class NumbersSource(ArraySource):
    """Numbers as images: `number = image * scale + offset`.

    Attributes:
      numbers: float64 (N,), the list.
      scale, offset: see above.
    """

    def __init__(self, spec: str, numbers: np.ndarray):
        self.numbers = numbers
        self.offset = float(np.mean(numbers))
        self.scale = _DEVIATIONS * float(np.std(numbers, ddof=1))
        images = ((numbers - self.offset) / self.scale).astype(np.float32)
        super().__init__(spec, images.reshape(-1, 1, 1, 1), licence="the user's own")


def load(request) -> NumbersSource:
    """`numbers:lecture`, `numbers:3.1,4.1,5.9` or `numbers:FILE` of numbers in plain text."""
    rules, name = request.rules, request.name
    if rules.size not in (None, (1, 1)) or rules.channels not in (None, 1):
        raise data_error(
            request.spec, "numbers cannot be resized", "leave image_size and channels out"
        )
    return NumbersSource(request.spec, read(name, request.spec))


def read(name: str, spec: str) -> np.ndarray:
    """Reads "lecture", a list separated by commas or spaces, or a text file; float64 (N,).

    Raises:
      DataError: no such file, something that is no finite number, fewer than five numbers, or
        all of them equal.
    """
    text = _LECTURE if name == "lecture" else name
    if name != "lecture" and not _is_number(re.split(r"[\s,;]+", name.strip())[0]):
        if not os.path.isfile(name):
            raise data_error(
                spec, "neither a list of numbers nor a file", "write numbers:3.1,4.1,5.9,2.6,5.3"
            )
        try:
            with open(name, encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise data_error(name, one_line(error), "give a text file of numbers") from error
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    for word in words:
        if not _is_number(word):
            raise data_error(
                spec, f"{word[:40]!r} is no finite number", "separate numbers by commas or spaces"
            )
    numbers = np.array([float(word) for word in words])
    if len(numbers) < 5:
        raise data_error(spec, f"only {len(numbers)} numbers", "give five or more")
    if np.ptp(numbers) == 0:
        raise data_error(spec, "all numbers are equal", "give numbers that differ")
    return numbers


def _is_number(word: str) -> bool:
    try:
        return bool(np.isfinite(float(word)))
    except ValueError:
        return False
