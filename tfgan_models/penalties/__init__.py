"""Penalties added to the players' losses: pure functions and named objects.

penalties.r1(discriminate, real_images, gamma=10.0)   -> scalar
model.compile(penalties=[penalties.R1(gamma=10.0, every=16), "lecam"])
"""

from tfgan_models.core.lookup import resolve
from tfgan_models.penalties.base import Game, Penalty
from tfgan_models.penalties.consistency import (
    BalancedConsistency,
    Consistency,
    LatentConsistency,
    consistency_loss,
    flip_and_shift,
    latent_diversity,
)
from tfgan_models.penalties.gradient import (
    R1,
    R2,
    Dragan,
    GradientPenalty,
    MaxGradient,
    ZeroCenteredGradientPenalty,
    dragan,
    gradient_penalty,
    max_gradient,
    r1,
    r2,
    zero_centered_gradient_penalty,
)
from tfgan_models.penalties.latent import (
    JacobianClamping,
    LatentOptimization,
    PathLength,
    jacobian_clamping,
    latent_step,
    path_lengths,
)
from tfgan_models.penalties.lazy import lazy_optimizer
from tfgan_models.penalties.lecam import Drift, LeCam, drift, lecam
from tfgan_models.penalties.orthogonal import Orthogonal, kernel_matrix, orthogonality
from tfgan_models.penalties.players import (
    Consensus,
    GeneratorGradientNorm,
    both_gradient_norms,
    discriminator_gradient_norm,
)
from tfgan_models.penalties.rotation import (
    Rotation,
    masked_class_loss,
    rotate,
    rotated_batch,
    rotation_loss,
)
from tfgan_models.penalties.weight import (
    HistoricalAveraging,
    WeightClipping,
    WeightDecay,
    clip_weights,
    weight_decay,
)
from tfgan_models.registry import PENALTIES


def get(spec) -> Penalty:
    """Returns a penalty from a name, a config dict or an object.

    Raises:
        ValueError: Unknown name or argument; near matches are listed.
    """
    return resolve("penalty", spec, PENALTIES)


__all__ = [
    "BalancedConsistency",
    "Consensus",
    "Consistency",
    "Dragan",
    "Drift",
    "Game",
    "GeneratorGradientNorm",
    "GradientPenalty",
    "HistoricalAveraging",
    "JacobianClamping",
    "LatentConsistency",
    "LatentOptimization",
    "LeCam",
    "MaxGradient",
    "Orthogonal",
    "PathLength",
    "Penalty",
    "R1",
    "R2",
    "Rotation",
    "WeightClipping",
    "WeightDecay",
    "ZeroCenteredGradientPenalty",
    "both_gradient_norms",
    "clip_weights",
    "consistency_loss",
    "discriminator_gradient_norm",
    "dragan",
    "drift",
    "flip_and_shift",
    "get",
    "gradient_penalty",
    "jacobian_clamping",
    "kernel_matrix",
    "latent_diversity",
    "latent_step",
    "lazy_optimizer",
    "lecam",
    "masked_class_loss",
    "max_gradient",
    "orthogonality",
    "path_lengths",
    "r1",
    "r2",
    "rotate",
    "rotated_batch",
    "rotation_loss",
    "weight_decay",
    "zero_centered_gradient_penalty",
]
