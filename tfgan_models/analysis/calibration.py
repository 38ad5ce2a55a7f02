"""Logits made true on held-out images: Turner et al. 2019, arXiv:1811.11357, section 3.2."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfgan_models.analysis.drawn import checked_logits, sigmoid


def calibration_z(labels, probabilities) -> float:
    """Z = sum(y - p) / sqrt(sum p (1 - p)); within +-3 for calibrated probabilities.

    Args:
        labels: y, 1 for real and 0 for fake, (n,).
        probabilities: p of being real, (n,) in [0, 1].

    Raises:
        ValueError: The shapes differ, a value is out of range, or every p is 0 or 1.
    """
    y, p = np.asarray(labels, "float64").ravel(), np.asarray(probabilities, "float64").ravel()
    if y.shape != p.shape or not y.size:
        raise ValueError(f"labels {y.shape} and probabilities {p.shape} must have one shape.")
    if np.any((y != 0) & (y != 1)) or not (np.all(p >= 0) and np.all(p <= 1)):
        raise ValueError("labels must be 0 or 1 and probabilities in [0, 1].")
    variance = np.sum(p * (1.0 - p))
    if variance == 0:
        raise ValueError("Every probability is 0 or 1: nothing to test.")
    return float(np.sum(y - p) / np.sqrt(variance))


def isotonic_regression(x, y) -> tuple[np.ndarray, np.ndarray]:
    """Non-decreasing least-squares fit by pooling adjacent violators.

    Args:
        x, y: Float (n,).

    Returns:
        (x sorted and without repeats, fitted values), float64; equal x are averaged first.

    Raises:
        ValueError: The shapes differ or are empty.
    """
    x, y = np.asarray(x, "float64").ravel(), np.asarray(y, "float64").ravel()
    if x.shape != y.shape or not x.size:
        raise ValueError(f"x {x.shape} and y {y.shape} must have one shape.")
    knots, group, counts = np.unique(x, return_inverse=True, return_counts=True)
    blocks: list[list[float]] = []  # [mean, weight, number of knots]
    for mean, weight in zip(np.bincount(group, y) / counts, counts, strict=True):
        blocks.append([mean, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            mean, weight, size = blocks.pop()
            last = blocks[-1]
            last[0] = (last[0] * last[1] + mean * weight) / (last[1] + weight)
            last[1], last[2] = last[1] + weight, last[2] + size
    return knots, np.repeat([b[0] for b in blocks], [b[2] for b in blocks])


def calibrate(real_logits, fake_logits, method="isotonic") -> Callable:
    """Fits held-out logits to the truth; returns logits -> calibrated logits, float64.

    score = lambda x: calibrated(raw_score(x)); not for `langevin_sample`, which needs
    TensorFlow.

    Args:
        real_logits, fake_logits: Scores of as many held-out real as fake images, (n,).
        method: "isotonic" fits any non-decreasing curve, linear between the fitted points and
            cut to probabilities within 1e-14 of 0 and 1 (the authors' choice); "logistic" fits
            a D + c ("beta1"); "beta" fits a log p - b log(1 - p) + c, p = sigmoid(D)
            ("beta2").

    Raises:
        ValueError: An unknown method, numbers that differ, logits not finite, or sides that
            a logistic fit separates perfectly.
    """
    real, fake = checked_logits(real_logits), checked_logits(fake_logits)
    if real.size != fake.size:
        raise ValueError(f"Give as many real as fake logits; got {real.size} and {fake.size}.")
    logits = np.concatenate([real, fake])
    labels = np.repeat([1.0, 0.0], real.size)
    if method == "isotonic":
        knots, fitted = isotonic_regression(logits, labels)

        def calibrated(values):
            p = np.clip(np.interp(values, knots, fitted), 1e-14, 1.0 - 1e-14)
            return np.log(p) - np.log1p(-p)

        return calibrated
    if method not in _FEATURES:
        known = ", ".join(sorted(["isotonic", *_FEATURES]))
        raise ValueError(f"Unknown calibration method {method!r}; there are {known}.")
    features = _FEATURES[method]
    weights = _logistic_fit(features(logits), labels)
    return lambda values: features(np.asarray(values, "float64")) @ weights


_FEATURES = {
    "logistic": lambda f: np.stack([f, np.ones_like(f)], axis=-1),
    # log p and -log(1 - p) of p = sigmoid(f).
    "beta": lambda f: np.stack(
        [-np.logaddexp(0.0, -f), np.logaddexp(0.0, f), np.ones_like(f)], axis=-1
    ),
}


def _logistic_fit(features, labels, most=100) -> np.ndarray:
    """Maximum likelihood by Newton's method with halved steps."""

    def cost(weights):
        return np.sum(np.logaddexp(0.0, features @ weights) - labels * (features @ weights))

    weights = np.zeros(features.shape[1])
    for _ in range(most):
        p = sigmoid(features @ weights)
        gradient = features.T @ (labels - p)
        hessian = (features * (p * (1.0 - p))[:, None]).T @ features
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        while cost(weights + step) > cost(weights) and np.max(np.abs(step)) > 1e-12:
            step *= 0.5
        weights = weights + step
        # Perfectly separated sides have no best fit: the likelihood goes on growing.
        if cost(weights) < 1e-6 * len(labels):
            break
        if np.max(np.abs(gradient)) < 1e-9 * len(labels):
            return weights
    raise ValueError(
        "The logistic fit does not settle, as when the logits separate real from fake perfectly: "
        "give more held-out logits or use method='isotonic'."
    )
