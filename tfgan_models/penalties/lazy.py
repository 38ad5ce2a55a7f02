"""The optimizer's side of lazy regularisation: Karras et al. 2020, arXiv:1912.04958, appendix B."""

from __future__ import annotations

from tfgan_models.core.arguments import positive_int


def lazy_optimizer(optimizer: dict, every: int) -> dict:
    """Returns Adam re-tuned for a penalty in separate steps: with c = k/(k + 1),
    learning rate * c, beta_1 ^ c, beta_2 ^ c.

    Needed only where the penalty every k steps is an optimizer step of its own, as in the
    official code: k + 1 steps take the place of k. A `Penalty` here joins the loss of the
    same step, times k: then the optimizer stays as it is. Presets that quote the official
    constants keep them with the learning rate unchanged, or use this to match them.

    Args:
        optimizer: {"name": "adam", ...} as plain data; what is absent has Keras's default.
        every: k.

    Raises:
        ValueError: Another optimizer, a scheduled learning rate, or k under 1.
    """
    if not isinstance(optimizer, dict) or optimizer.get("name") not in ("adam", "adamw"):
        raise ValueError(f"lazy_optimizer re-tunes a dict that names 'adam'; got {optimizer!r}.")
    every = positive_int("every", every)
    rate = optimizer.get("learning_rate", 1e-3)
    if not isinstance(rate, (int, float)):
        raise ValueError(f"lazy_optimizer needs a constant learning_rate; got {rate!r}.")
    c = every / (every + 1)
    return {
        **optimizer,
        "learning_rate": rate * c,
        "beta_1": optimizer.get("beta_1", 0.9) ** c,
        "beta_2": optimizer.get("beta_2", 0.999) ** c,
    }
