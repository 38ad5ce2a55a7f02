"""Adversarial losses: pure functions of raw discriminator outputs, and named objects.

losses.get("non_saturating").discriminator(real_logits, fake_logits)  -> scalar
losses.get("non_saturating").generator(fake_logits)                   -> scalar
"""

from tfgan_models.core.lookup import resolve
from tfgan_models.losses.adversarial import (
    MaximumLikelihood,
    Minimax,
    NonSaturating,
    cross_entropy_discriminator_loss,
    maximum_likelihood_generator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
)
from tfgan_models.losses.base import Loss
from tfgan_models.registry import LOSSES


def get(spec) -> Loss:
    """Returns a loss from a name, a config dict or an object.

    Raises:
        ValueError: Unknown name or argument; near matches are listed.
    """
    return resolve("loss", spec, LOSSES)


__all__ = [
    "Loss",
    "MaximumLikelihood",
    "Minimax",
    "NonSaturating",
    "cross_entropy_discriminator_loss",
    "get",
    "maximum_likelihood_generator_loss",
    "minimax_generator_loss",
    "non_saturating_generator_loss",
]
