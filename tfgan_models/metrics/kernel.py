"""Kernel distance of features, KID with Inception's: Binkowski et al. 2018, arXiv:1801.01401."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tfgan_models.metrics import checks
from tfgan_models.metrics.draws import generator
from tfgan_models.metrics.rows import TwoSets

_TILE = 2048  # rows of one kernel matrix
_FORMS = ("subsets", "blocks", "full")


class KernelDistanceValue(NamedTuple):
    """Mean and population standard deviation over subsets or blocks (0 for one)."""

    mean: float
    std: float


def kernel_distance(
    real,
    fake,
    subsets: int = 100,
    subset_size: int = 1000,
    form: str = "subsets",
    degree: int = 3,
    gamma: float | None = None,
    coef0: float = 1.0,
    seed: int = 0,
) -> KernelDistanceValue:
    """Unbiased squared maximum mean discrepancy under k(x, y) = (gamma x.y + coef0)^degree.

    sum_{i != j} k(x_i, x_j) / (m (m - 1)) + the same of y - 2 mean_ij k(x_i, y_j)

    Without bias at any number of samples, so it may be below 0 for good fakes. Often quoted
    times 1000.

    Args:
        real: Float (N, d).
        fake: Float (M, d).
        subsets: Repeats of the form "subsets": 50 in the authors' code, 100 in NVIDIA's and
            clean-fid's.
        subset_size: Samples of each set in a subset or block, at most what there is.
        form: "subsets" (every library's KID): mean over subsets drawn without repeats inside
            each. "blocks": mean over disjoint blocks of shuffled sets, which uses a sample at most
            once and whose parts are independent: std / sqrt(blocks) is its standard error.
            "full": one value of all samples; N M kernels, in tiles.
        degree, gamma, coef0: Of the kernel; gamma None is 1 / d.
        seed: Of the subsets, or of the shuffle.

    Returns:
        (mean, std) over subsets or blocks.

    Raises:
        ValueError: Fewer than two samples, NaN, different dimensions, an unknown form.
    """
    options = (subsets, subset_size, form, degree, gamma, coef0, seed)
    return KernelDistance(*options)._value(*checks.pair(real, fake))


class KernelDistance(TwoSets):
    """Streaming `kernel_distance`; keeps all features of both sets (see `rows.TwoSets`)."""

    def __init__(
        self,
        subsets: int = 100,
        subset_size: int = 1000,
        form: str = "subsets",
        degree: int = 3,
        gamma: float | None = None,
        coef0: float = 1.0,
        seed: int = 0,
    ):
        super().__init__()
        if form not in _FORMS:
            raise ValueError(f"form is one of {', '.join(_FORMS)}; got {form!r}.")
        self.subsets = checks.whole("subsets", subsets, 1)
        self.subset_size = checks.whole("subset_size", subset_size, 2)
        self.form, self.seed = form, seed
        self.degree = checks.whole("degree", degree, 1)
        self.gamma, self.coef0 = gamma, coef0

    def options(self):
        names = ("subsets", "subset_size", "form", "degree", "gamma", "coef0", "seed")
        return {name: getattr(self, name) for name in names}

    def result(self) -> KernelDistanceValue:
        """(mean, std) of the samples so far."""
        return self._value(*checks.pair(self.real.array(), self.fake.array()))

    def _value(self, real, fake):
        if self.form == "full":
            return KernelDistanceValue(self._unbiased(real, fake), 0.0)
        random = generator(self.seed)
        size = min(self.subset_size, len(real), len(fake))
        values = []
        if self.form == "subsets":
            for _ in range(self.subsets):
                x = random.permutation(len(real))[:size]
                y = random.permutation(len(fake))[:size]
                values.append(self._unbiased(real[x], fake[y]))
        else:
            x, y = random.permutation(len(real)), random.permutation(len(fake))
            for start in range(0, min(len(real), len(fake)) - size + 1, size):
                part = slice(start, start + size)
                values.append(self._unbiased(real[x[part]], fake[y[part]]))
        return KernelDistanceValue(float(np.mean(values)), float(np.std(values)))

    def _unbiased(self, x, y):
        m, n = len(x), len(y)
        return float(
            self._sum(x) / (m * (m - 1))
            + self._sum(y) / (n * (n - 1))
            - 2.0 * self._sum(x, y) / (m * n)
        )

    def _sum(self, x, y=None):
        """Sum of the kernel over all pairs of x and y, or over the unequal pairs of x."""
        gamma = 1.0 / x.shape[1] if self.gamma is None else self.gamma
        within, total = y is None, 0.0
        y = x if within else y
        for i in range(0, len(x), _TILE):
            a = x[i : i + _TILE].astype(np.float64)
            for j in range(i if within else 0, len(y), _TILE):
                base = a @ y[j : j + _TILE].astype(np.float64).T
                base *= gamma
                base += self.coef0
                kernel = base.copy()
                for _ in range(self.degree - 1):  # several times as fast as a power
                    kernel *= base
                if within and i == j:
                    np.fill_diagonal(kernel, 0.0)
                total += kernel.sum() * (2.0 if within and i != j else 1.0)
        return total
