"""Parzen-window log-likelihood: Goodfellow et al. 2014, arXiv:1406.2661, section 5.

A coarse measure with high variance in many dimensions (Theis et al. 2016,
arXiv:1511.01844 shows it can rank models wrongly); here because the early papers
report it.
"""

from __future__ import annotations

import math

import numpy as np


def parzen_log_likelihood(real, fake, sigma: float, batch_size: int = 100):
    """Mean log density, in nats, of real data under Gaussian kernels on samples.

    mean_x [ logmeanexp_i(-|x - s_i|^2 / (2 sigma^2)) - d log(sigma sqrt(2 pi)) ]

    Args:
        real: Float (n, ...), in the papers test images in [0, 1].
        fake: Float (m, ...), samples in the same range.
        sigma: Width of the kernels; see `select_parzen_width`.
        batch_size: Real rows at a time.

    Returns:
        (mean, standard error), floats.

    Raises:
        ValueError: Dimensions differ, an input is empty, or sigma is not positive.
    """
    real, fake = np.asarray(real, "float64"), np.asarray(fake, "float64")
    if not real.size or not fake.size or real.size // len(real) != fake.size // len(fake):
        raise ValueError(f"real {real.shape} and fake {fake.shape} must be rows of one length.")
    real, fake = real.reshape(len(real), -1), fake.reshape(len(fake), -1)
    if not sigma > 0:
        raise ValueError(f"sigma must be positive; got {sigma}.")
    constant = real.shape[1] * math.log(sigma * math.sqrt(2.0 * math.pi))
    squares = np.sum(fake**2, axis=1)
    values = []
    for start in range(0, len(real), batch_size):
        x = real[start : start + batch_size]
        distance = np.sum(x**2, axis=1)[:, None] + squares - 2.0 * x @ fake.T
        exponent = -np.maximum(distance, 0.0) / (2.0 * sigma**2)
        top = exponent.max(axis=1, keepdims=True)
        values.append(top[:, 0] + np.log(np.mean(np.exp(exponent - top), axis=1)) - constant)
    values = np.concatenate(values)
    return float(values.mean()), float(values.std() / math.sqrt(len(values)))


def select_parzen_width(real, fake, candidates=None) -> float:
    """Returns the kernel width with the highest likelihood of validation data.

    Args:
        real: Validation rows (1,000 images in the paper).
        fake: Samples (10,000 in the paper).
        candidates: Widths to try; None: ten from 0.1 to 1, evenly in the logarithm.
    """
    candidates = np.logspace(-1, 0, 10) if candidates is None else candidates
    return float(max(candidates, key=lambda s: parzen_log_likelihood(real, fake, s)[0]))
