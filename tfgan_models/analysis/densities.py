"""Densities on the line: fits, distances, and what an optimal discriminator says of them.

NumPy, float64, nats. A density is an array of values on a grid `x` of increasing points
that covers it; integrals are trapezoids. Sources: Goodfellow et al. 2014, arXiv:1406.2661;
divergences, Nowozin et al. 2016, arXiv:1606.00709, table 1; noise-contrastive estimation,
Gutmann & Hyvarinen 2010 (AISTATS), beside GANs in Goodfellow 2014, arXiv:1412.6515; guided
cost learning as a GAN, Finn et al. 2016, arXiv:1611.03852; expectation maximisation,
Dempster et al. 1977.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np


class Normal(NamedTuple):
    """A fitted normal; `log_partition` is what the estimator says log int exp(log phi) is."""

    mean: float
    std: float
    log_partition: float | None = None


class Mixture(NamedTuple):
    """A fitted mixture of normals, by rising mean; arrays (k,) and the mean log-likelihood."""

    weights: np.ndarray
    means: np.ndarray
    stds: np.ndarray
    log_likelihood: float


class Cost(NamedTuple):
    """c(x) = sum_k coefficients[k - 1] x^k, with c(0) = 0, and log Z."""

    coefficients: np.ndarray
    log_partition: float

    def value(self, x) -> np.ndarray:
        """c(x)."""
        return np.polynomial.polynomial.polyval(x, np.concatenate([[0.0], self.coefficients]))

    def slope(self, x) -> np.ndarray:
        """dc/dx."""
        degrees = np.arange(1, len(self.coefficients) + 1)
        return np.polynomial.polynomial.polyval(x, degrees * self.coefficients)


def log_normal_density(x, mean=0.0, std=1.0) -> np.ndarray:
    """-(x - mean)^2 / (2 std^2) - log(std sqrt(2 pi))."""
    z = (np.asarray(x, "float64") - mean) / std
    return -0.5 * z * z - np.log(std) - 0.5 * math.log(2.0 * math.pi)


def normal_density(x, mean=0.0, std=1.0) -> np.ndarray:
    """Density of N(mean, std^2) at x."""
    return np.exp(log_normal_density(x, mean, std))


def mixture_density(x, weights, means, stds) -> np.ndarray:
    """sum_k weights_k N(x; means_k, stds_k^2), of the shape of x."""
    x = np.asarray(x, "float64")[..., None]
    return normal_density(x, np.asarray(means), np.asarray(stds)) @ np.asarray(weights, "float64")


def _samples(name, samples, least=1):
    samples = np.asarray(samples, "float64").ravel()
    if len(samples) < least or not np.isfinite(samples).all():
        raise ValueError(f"{name} must be at least {least} finite numbers; got {samples.shape}.")
    return samples


def kernel_density(samples, points, width: float | None = None) -> np.ndarray:
    """Mean of normal kernels of one width centred on the samples.

    Args:
        samples: (n,).
        points: Where, any shape.
        width: Standard deviation of a kernel; None: Scott's rule, std (n - 1) n^(-1/5).

    Returns:
        The density, of the shape of `points`.

    Raises:
        ValueError: The width is not positive, or samples are missing or not finite.
    """
    samples = _samples("samples", samples, 1 if width is not None else 2)
    if width is None:
        width = samples.std(ddof=1) * len(samples) ** -0.2
    if not width > 0:
        raise ValueError(f"The kernels' width must be positive; got {width}.")
    points = np.asarray(points, "float64")
    return np.mean(normal_density(points[..., None], samples, width), axis=-1)


def normal_mle(samples) -> Normal:
    """The likeliest normal: the mean and the 1/n standard deviation."""
    samples = _samples("samples", samples)
    return Normal(float(samples.mean()), float(samples.std()))


def mixture_mle(samples, components: int, steps: int = 200, smallest_std=1e-3) -> Mixture:
    """Expectation maximisation of a mixture of normals, from equal parts of the sorted data.

    Args:
        samples: (n,).
        components: k.
        steps: Of the algorithm; the likelihood never falls.
        smallest_std: Floor of the deviations, in deviations of the data: the likelihood of a
            component on one sample has no bound.
    """
    samples = _samples("samples", samples, components)
    floor = smallest_std * samples.std()
    parts = np.array_split(np.sort(samples), components)
    weights = np.array([len(part) for part in parts]) / len(samples)
    means = np.array([part.mean() for part in parts])
    stds = np.maximum([part.std() for part in parts], floor)
    for _ in range(steps):
        shares, _ = _responsibilities(samples, weights, means, stds)
        mass = shares.sum(axis=0)
        weights, means = mass / len(samples), samples @ shares / mass
        squares = (samples[:, None] - means) ** 2
        stds = np.maximum(np.sqrt(np.sum(shares * squares, axis=0) / mass), floor)
    order = np.argsort(means)
    _, likelihood = _responsibilities(samples, weights, means, stds)
    return Mixture(weights[order], means[order], stds[order], likelihood)


def _responsibilities(samples, weights, means, stds):
    logs = np.log(weights) + log_normal_density(samples[:, None], means, stds)
    top = logs.max(axis=1, keepdims=True)
    totals = top + np.log(np.exp(logs - top).sum(axis=1, keepdims=True))
    return np.exp(logs - totals), float(totals.mean())


def _on_grid(p, q, x):
    p, q, x = (np.asarray(a, "float64") for a in (p, q, x))
    if x.ndim != 1 or p.shape[-1:] != x.shape or q.shape[-1:] != x.shape:
        raise ValueError(
            f"Densities {p.shape} and {q.shape} must be given at the {x.shape} points of the grid."
        )
    if (p < 0).any() or (q < 0).any() or not (np.diff(x) > 0).all():
        raise ValueError("Densities are not negative, and the points of the grid increase.")
    return p, q, x


def _times_log(a, b):
    """a log(a / b), with 0 log(0 / b) = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(a > 0, a * (np.log(a) - np.log(b)), 0.0)


def _ratio(a, b):
    """a^2 / b, with 0 / 0 = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(a == 0, 0.0, a * a / b)


# q f(p / q), written so that neither density needs to be divided by a zero of the other.
_INTEGRANDS = {
    "total_variation": lambda p, q: 0.5 * np.abs(p - q),
    "kl": _times_log,
    "reverse_kl": lambda p, q: _times_log(q, p),
    "pearson": lambda p, q: _ratio(p - q, q),
    "neyman": lambda p, q: _ratio(p - q, p),
    "squared_hellinger": lambda p, q: (np.sqrt(p) - np.sqrt(q)) ** 2,
    "jensen_shannon": lambda p, q: _times_log(p, 0.5 * (p + q)) + _times_log(q, 0.5 * (p + q)),
    "gan": lambda p, q: _times_log(p, p + q) + _times_log(q, p + q),
    "half_chi2": lambda p, q: _ratio(p - q, p + q),
}
DIVERGENCES = tuple(_INTEGRANDS)


def f_divergence(p, q, x, name: str) -> float:
    """int q f(p / q) dx, for the f of Nowozin et al. 2016, table 1.

    Args:
        p, q: Densities (..., n) on the grid; several at once broadcast.
        x: Grid (n,), increasing.
        name: "total_variation", "kl" (P || Q), "reverse_kl", "pearson" (p - q)^2 / q,
            "neyman" (p - q)^2 / p, "squared_hellinger", "jensen_shannon" (twice JS, as in
            the table), "gan" (that minus log 4), or "half_chi2", (p - q)^2 / (p + q): what
            least squares with targets -1, 1, 0 minimises.

    Returns:
        Nats; infinite where one density has no mass and the divergence asks for it.

    Raises:
        ValueError: Unknown name, or the arrays do not fit the grid.
    """
    if name not in _INTEGRANDS:
        raise ValueError(f"Unknown divergence {name!r}. Known: {', '.join(_INTEGRANDS)}.")
    p, q, x = _on_grid(p, q, x)
    value = np.trapezoid(_INTEGRANDS[name](p, q), x, axis=-1)
    return float(value) if value.ndim == 0 else value


def kl(p, q, x) -> float:
    """KL(P || Q) = int p log(p / q) dx."""
    return f_divergence(p, q, x, "kl")


def js(p, q, x) -> float:
    """Jensen-Shannon divergence, in [0, log 2]."""
    return 0.5 * f_divergence(p, q, x, "jensen_shannon")


def total_variation(p, q, x) -> float:
    """int |p - q| / 2 dx, in [0, 1]."""
    return f_divergence(p, q, x, "total_variation")


def fisher_ipm(p, q, x) -> float:
    """sqrt(int (p - q)^2 / ((p + q) / 2) dx), the best difference of means of a critic with
    unit second moment (Mroueh & Sercu 2017, arXiv:1705.09675)."""
    return np.sqrt(2.0 * f_divergence(p, q, x, "half_chi2"))


def wasserstein1(a, b) -> float:
    """Mean distance that sorted samples move: int |F^-1 - G^-1| du.

    Args:
        a, b: Samples, (n,) and (m,); the numbers may differ.
    """
    a, b = np.sort(_samples("a", a)), np.sort(_samples("b", b))
    levels = np.union1d(np.arange(1, len(a) + 1) / len(a), np.arange(1, len(b) + 1) / len(b))
    widths = np.diff(levels, prepend=0.0)
    # Of each piece between two levels the middle is inside one step of both quantile functions.
    middle = levels - 0.5 * widths
    return float(
        widths @ np.abs(a[(middle * len(a)).astype(int)] - b[(middle * len(b)).astype(int)])
    )


def wasserstein1_densities(p, q, x) -> float:
    """int |F - G| dx, F and G the distribution functions of densities on a grid."""
    p, q, x = _on_grid(p, q, x)
    gap = np.concatenate([[0.0], np.cumsum(0.5 * ((p - q)[1:] + (p - q)[:-1]) * np.diff(x))])
    return float(np.trapezoid(np.abs(gap), x))


def optimal_discriminator(log_p, log_q) -> tuple[np.ndarray, np.ndarray]:
    """D* = p / (p + q) of Goodfellow et al. 2014, proposition 1.

    Args:
        log_p, log_q: Logarithms of the data's and the model's density; logarithms because
            far out a density is zero in floating point and its logit is not.

    Returns:
        (logit log p - log q, probability).
    """
    logit = np.asarray(log_p, "float64") - np.asarray(log_q, "float64")
    return logit, 0.5 * (1.0 + np.tanh(0.5 * logit))


def nearest_normal(p, x, divergence: str = "kl", grid: int = 25, rounds: int = 12) -> Normal:
    """The normal q with the least D(p, q): "kl" covers p, "reverse_kl" seeks one of its modes.

    The least of a grid of means and deviations, then of ever smaller grids around it.

    Args:
        p: Density (n,) on the grid `x`.
        x: Grid (n,).
        divergence: A name of `f_divergence`; p is its first argument.
        grid: Means and deviations tried a round.
        rounds: How often the grid shrinks, by 4 each time.
    """
    p, _, x = _on_grid(p, p, x)
    mean = np.trapezoid(p * x, x)
    middle = np.array([mean, 0.5 * np.log(np.trapezoid(p * (x - mean) ** 2, x))])
    reach = np.array([2.0 * np.exp(middle[1]), 2.5])
    steps = np.linspace(-1.0, 1.0, grid)
    # Where a density is zero in floating point a quotient would be infinite, which it is not.
    p = np.maximum(p, 1e-300)
    for _ in range(rounds):
        means, logs = middle[0] + reach[0] * steps, middle[1] + reach[1] * steps
        q = normal_density(x, means[:, None, None], np.exp(logs)[:, None])
        values = f_divergence(p, np.maximum(q, 1e-300), x, divergence)
        i, j = np.unravel_index(np.argmin(values), values.shape)
        middle, reach = np.array([means[i], logs[j]]), reach / 4.0
    return Normal(float(middle[0]), float(np.exp(middle[1])))


def fit_log_ratio(real, fake, degree: int = 1, real_offset=0.0, fake_offset=0.0) -> np.ndarray:
    """The polynomial logit with the least cross entropy, a discriminator trained to the end.

    Minimises mean sp(-l(x)) over real + mean sp(l(x)) over fake, sp(t) = log(1 + exp(t)),
    l(x) = offset + sum_k c_k x^k, by Newton's method; l estimates log p - log q.

    Args:
        real, fake: Samples (n,) and (m,); each set weighs one.
        degree: Of the polynomial.
        real_offset, fake_offset: The known part of the logit at the samples.

    Returns:
        c, float64 (degree + 1,).

    Raises:
        ValueError: No least value: the polynomial separates the sets.
    """
    real, fake = _samples("real", real), _samples("fake", fake)
    features = np.vander(np.concatenate([real, fake]), degree + 1, increasing=True)
    # Columns of one size keep the equations well conditioned.
    size = np.sqrt(np.mean(features**2, axis=0))
    features = features / size
    offset = np.concatenate(
        [np.broadcast_to(real_offset, real.shape), np.broadcast_to(fake_offset, fake.shape)]
    )
    sign = np.repeat([1.0, -1.0], [len(real), len(fake)])
    weight = np.repeat([1.0 / len(real), 1.0 / len(fake)], [len(real), len(fake)])

    def cost(c):
        return weight @ np.logaddexp(0.0, -sign * (offset + features @ c))

    c = np.zeros(degree + 1)
    for _ in range(100):
        wrong = 0.5 * (1.0 - np.tanh(0.5 * sign * (offset + features @ c)))
        gradient = -features.T @ (weight * sign * wrong)
        if np.abs(gradient).max() < 1e-12 or wrong.max() < 1e-6:
            break
        curvature = (features.T * (weight * wrong * (1.0 - wrong))) @ features
        move = np.linalg.lstsq(curvature, gradient, rcond=1e-13)[0]
        step, before = 1.0, cost(c)
        while cost(c - step * move) > before and step > 1e-9:
            step *= 0.5
        c = c - step * move
    if wrong.max() < 1e-6 or np.abs(gradient).max() > 1e-8:
        raise ValueError("The logit grows without bound: a polynomial separates the two sets.")
    return c / size


def noise_contrastive_estimate(samples, noise, noise_log_density) -> Normal:
    """Fits an unnormalised normal, log phi(x) = a + b x + c x^2, by telling data from noise.

    A discriminator whose logit is log phi(x) - log q(x), q the known density of the noise,
    is trained to the end; phi normalises itself. The GAN's game with a fixed generator and
    the model inside the discriminator (Goodfellow 2014). The paper's objective weighs each
    sample alike; here data and noise weigh alike, which is the same for sets of one size.

    Args:
        samples: Data (n,).
        noise: Samples (m,) of the noise.
        noise_log_density: Function of points, log q.

    Returns:
        `Normal`, whose `log_partition` is the learned log Z of exp(-(x - mean)^2 / (2 std^2)),
        log(std sqrt(2 pi)) at best.

    Raises:
        ValueError: The fit is not a density (too little data, or noise far from it).
    """
    samples, noise = _samples("samples", samples, 3), _samples("noise", noise, 3)
    offsets = -noise_log_density(samples), -noise_log_density(noise)
    a, b, c = fit_log_ratio(samples, noise, 2, *offsets)
    if c >= 0:
        raise ValueError("The fitted log phi opens upwards: more data, or noise closer to it.")
    return Normal(float(-b / (2 * c)), float(np.sqrt(-0.5 / c)), float(b * b / (4 * c) - a))


def guided_cost(samples, fakes, sampler_log_density, degree: int = 2) -> Cost:
    """Learns what the data's makers minimise: p(x) = exp(-c(x)) / Z (Finn et al. 2016).

    The discriminator is D = exp(-c) / (exp(-c) + Z q), so its logit -c(x) - log Z - log q(x)
    is trained like any GAN's; q is the sampler's known density.

    Args:
        samples: Demonstrations (n,).
        fakes: Samples (m,) of the sampler.
        sampler_log_density: Function of points, log q.
        degree: Of the polynomial c.

    Returns:
        `Cost`.
    """
    samples, fakes = _samples("samples", samples, 2), _samples("fakes", fakes, 2)
    offsets = -sampler_log_density(samples), -sampler_log_density(fakes)
    coefficients = fit_log_ratio(samples, fakes, degree, *offsets)
    return Cost(-coefficients[1:], float(-coefficients[0]))
