"""Where each condition begins: numbers with where they come from and since when.

Ratios are to the same number of real data. "healthy" is the range over the healthy runs
of `benchmarks.doctor_validation`.
"""

from __future__ import annotations

from typing import NamedTuple


class Limit(NamedTuple):
    """A threshold.

    Attributes:
        value: The number.
        source: Paper, measurement or derivation.
        date: When it was last set.
    """

    value: float
    source: str
    date: str


_REAL = "real batches of MNIST, Fashion-MNIST, CIFAR-10, CelebA"
_ADA = "Karras et al. 2020, arXiv:2006.06676, section 3.1"

LIMITS = {
    "value_high": Limit(1.5, "images are in [-1, 1]", "2026-11"),
    "value_gap": Limit(0.5, "a quarter of the range", "2026-11"),
    "blank_share": Limit(0.01, f"{_REAL}: 0", "2026-11"),
    "repeated_share": Limit(0.05, "distinct in the sets above", "2026-11"),
    "run_ratio": Limit(3.0, "longest run of shuffled labels, 200 draws: below 3", "2026-11"),
    "class_ratio": Limit(20.0, "chosen", "2026-11"),
    "law_distance": Limit(0.1, "chosen, above three standard errors of chance", "2026-11"),
    "times_usual_loss": Limit(100.0, "chosen; BigGAN's collapses, arXiv:1809.11096", "2026-11"),
    "largest_logit": Limit(1e3, "chosen", "2026-11"),
    "times_usual_penalty": Limit(10.0, "chosen", "2026-11"),
    "label_effect": Limit(0.1, "ignored labels: 0", "2026-11"),
    "latent_effect": Limit(0.1, "one picture a class: 0", "2026-11"),
    "accuracy": Limit(0.99, "a perfect discriminator: 1", "2026-11"),
    "saturation": Limit(0.1, "slope of the generator's loss at logit 0: 1", "2026-11"),
    "gap_shrink": Limit(0.5, "half of what tells real from fake", "2026-11"),
    "overfitting": Limit(0.5, f"{_ADA}, target of r_v", "2026-11"),
    "overfitting_error": Limit(0.1, "standard error", "2026-11"),
    "copies": Limit(0.5, f"{_REAL}: 0.96 to 1.04, copies: 0", "2026-11"),
    "variance_ratio": Limit(0.3, f"{_REAL}: above 0.84; one picture: 0", "2026-11"),
    "neighbour_ratio": Limit(0.3, f"{_REAL}: above 0.87; 8 pictures: 0.06", "2026-11"),
    "coverage": Limit(
        0.3,
        "1,024 images; healthy: below 0.28 early on, half of the classes: 0.32 to 0.37",
        "2026-11",
    ),
    "contrast": Limit(
        0.3, "samples of 14 averaged generators from half of the run on: above 0.8", "2026-11"
    ),
    "starved_groups": Limit(3.0, f"{_REAL}: 0", "2026-11"),
    "cycle": Limit(0.6, "white noise: never above, random walks: 1 to 3 %", "2026-11"),
    "cycle_size": Limit(0.25, "of the mean difference of logits", "2026-11"),
    "movement": Limit(0.1, "weights at rest, statistics of batch norm: up to 0.04", "2026-11"),
    "relative_step": Limit(1e-6, "of the weights' norm a step", "2026-11"),
    "grid": Limit(0.3, "healthy: below 0.25 early on; a printed grid: above 0.35", "2026-11"),
    "times_data_grid": Limit(3.0, "of the data's own", "2026-11"),
    "corner": Limit(26.0, "healthy: below 16 early on; amplitude 0.02: above 45", "2026-11"),
    "mode_mismatch": Limit(0.25, "chosen", "2026-11"),
    "initial_share": Limit(0.05, "5 % of the initial values", "2026-11"),
    "dead_share": Limit(0.3, "chosen", "2026-11"),
    "augment_p": Limit(0.8, "probabilities that p makes stop at 1", "2026-11"),
}


def limit(name: str) -> float:
    """The value of a limit."""
    return LIMITS[name].value
