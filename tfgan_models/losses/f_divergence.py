"""f-GAN: Nowozin, Cseke & Tomioka 2016, arXiv:1606.00709.

For convex f with f(1) = 0 and its conjugate f*, any V bounds the divergence:

    D_f(P || Q) >= E_P[g(V(x))] - E_Q[f*(g(V(x)))]

g keeps g(V) in the domain of f*; the bound is tight at g(V) = f'(p / q). The maps
v -> g(v) and v -> f*(g(v)) below are simplified, so that no logarithm of an
exponential is left; exponentials go on as their tangents (`guarded_exp`).
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.losses.base import Loss, flat, flat_pair, guarded_exp
from tfgan_models.registry import near_matches

_LOG_2 = 0.6931471805599453

# {name: (v, c) -> (g(v), f*(g(v)))}, c the exponent above which the exponential is linear.
DIVERGENCES = {
    "total_variation": lambda v, c: (0.5 * tf.tanh(v), 0.5 * tf.tanh(v)),
    "kl": lambda v, c: (v, guarded_exp(v - 1.0, c)),
    "reverse_kl": lambda v, c: (-guarded_exp(-v, c), v - 1.0),
    "pearson": lambda v, c: (v, 0.25 * tf.square(v) + v),
    "neyman": lambda v, c: (1.0 - guarded_exp(-v, c), 2.0 - 2.0 * guarded_exp(-0.5 * v, 0.5 * c)),
    "squared_hellinger": lambda v, c: (1.0 - guarded_exp(-v, c), guarded_exp(v, c) - 1.0),
    "jensen_shannon": lambda v, c: (_LOG_2 - tf.nn.softplus(-v), tf.nn.softplus(v) - _LOG_2),
    "gan": lambda v, c: (-tf.nn.softplus(-v), tf.nn.softplus(v)),
}


def f_divergence_discriminator_loss(
    real_logits, fake_logits, divergence="kl", linear_from=10.0
) -> tf.Tensor:
    """-(mean g(r) - mean f*(g(f))), whose negative is at most D_f(data || model) (eq. 6).

    Args:
        real_logits: V on real images, float (B,), (B, 1) or (B, h, w, 1).
        fake_logits: V on fakes, the same shape but for the batch axis.
        divergence: A name of `DIVERGENCES`; "jensen_shannon" is twice the Jensen-Shannon
            divergence, "gan" that less 2 log 2.
        linear_from: Exponent above which an exponential goes on as its tangent; the value
            is a bound only where that does not happen.

    Returns:
        Scalar float32.

    Raises:
        ValueError: The shapes disagree, or the divergence is unknown.
    """
    real, fake = flat_pair(real_logits, fake_logits)
    maps = _maps(divergence)
    return tf.reduce_mean(maps(fake, linear_from)[1]) - tf.reduce_mean(maps(real, linear_from)[0])


def f_divergence_generator_loss(
    fake_logits, divergence="kl", generator="saturating", linear_from=10.0
) -> tf.Tensor:
    """-mean f*(g(f)) of eq. 6, or the alternative -mean g(f) of section 3.2; scalar float32.

    Args:
        fake_logits: V on fakes, float (B,), (B, 1) or (B, h, w, 1).
        divergence, linear_from: As in `f_divergence_discriminator_loss`.
        generator: "saturating" or "alternative".
    """
    activation, conjugate = _maps(divergence)(flat("fake_logits", fake_logits), linear_from)
    return -tf.reduce_mean(conjugate if generator == "saturating" else activation)


def _maps(divergence):
    if divergence not in DIVERGENCES:
        raise ValueError(
            f"Unknown divergence {divergence!r}.{near_matches(divergence, DIVERGENCES)}"
        )
    return DIVERGENCES[divergence]


@keras.saving.register_keras_serializable(package="tfgan_models")
class FDivergence(Loss):
    """The variational bound of an f-divergence as a game.

    Args:
        divergence: "total_variation", "kl", "reverse_kl", "pearson", "neyman",
            "squared_hellinger", "jensen_shannon" or "gan", of the data from the model.
        generator: "saturating" as in eq. 6, or "alternative" as in section 3.2.
        linear_from: Exponent above which an exponential goes on as its tangent.
    """

    NAME = "f_divergence"

    def __init__(self, divergence="kl", generator="saturating", linear_from=10.0):
        _maps(divergence)
        if generator not in ("saturating", "alternative"):
            raise ValueError(f"generator must be 'saturating' or 'alternative'; got {generator!r}.")
        self.divergence, self.linear_from = divergence, linear_from
        self.generator_form = generator

    @property
    def CENTERED(self):
        # Where data and model agree the optimum is g(V) = f'(1): V = 1 for KL, 0 for the others.
        return self.divergence != "kl"

    def discriminator(self, real_logits, fake_logits):
        """`f_divergence_discriminator_loss` of this divergence."""
        return f_divergence_discriminator_loss(
            real_logits, fake_logits, self.divergence, self.linear_from
        )

    def generator(self, fake_logits, real_logits=None):
        """`f_divergence_generator_loss`; `real_logits` is not used."""
        return f_divergence_generator_loss(
            fake_logits, self.divergence, self.generator_form, self.linear_from
        )

    def get_config(self):
        return {
            "divergence": self.divergence,
            "generator": self.generator_form,
            "linear_from": self.linear_from,
        }
