"""The three losses of Goodfellow et al. 2014 on logits.

r = D(x) and f = D(G(z)) are raw outputs, sp(t) = log(1 + exp(t)). All means are
over every logit, so patch-shaped outputs are allowed; computed in float32.
Sources: arXiv:1406.2661, eq. 1 and section 3; maximum likelihood: Goodfellow
2014, arXiv:1412.6515; one-sided smoothing: Salimans et al. 2016, arXiv:1606.03498.
"""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tfgan_models.losses.base import Loss, flat, flat_pair


def cross_entropy_discriminator_loss(real_logits, fake_logits, real_target=1.0) -> tf.Tensor:
    """mean(sp(r) - a r) + mean(sp(f)), with a the target of real images.

    Args:
        real_logits: Float (B,), (B, 1) or (B, h, w, 1).
        fake_logits: The same shape but for the batch axis.
        real_target: a; 1 is the loss of eq. 1, 0.9 one-sided label smoothing.

    Returns:
        Scalar float32.

    Raises:
        ValueError: The shapes disagree.
    """
    real, fake = flat_pair(real_logits, fake_logits)
    # sp(r) - a r = sp(-r) + (1 - a) r, which keeps its digits for large r.
    real_term = tf.reduce_mean(tf.nn.softplus(-real) + (1.0 - real_target) * real)
    return real_term + tf.reduce_mean(tf.nn.softplus(fake))


def minimax_generator_loss(fake_logits) -> tf.Tensor:
    """-mean(sp(f)) = mean(log(1 - D(G(z)))), the saturating loss of eq. 1; scalar float32."""
    return -tf.reduce_mean(tf.nn.softplus(flat("fake_logits", fake_logits)))


def non_saturating_generator_loss(fake_logits) -> tf.Tensor:
    """mean(sp(-f)) = -mean(log D(G(z))), section 3 of the paper; scalar float32."""
    return tf.reduce_mean(tf.nn.softplus(-flat("fake_logits", fake_logits)))


def maximum_likelihood_generator_loss(fake_logits, linear_from=10.0) -> tf.Tensor:
    """-mean(exp(f)), whose gradient is that of the likelihood when D is optimal.

    Above c = `linear_from` the exponential goes on as its tangent exp(c)(1 + f - c),
    so that one confident fake gives a large but finite gradient.

    Args:
        fake_logits: Float (B,), (B, 1) or (B, h, w, 1).
        linear_from: c.

    Returns:
        Scalar float32.
    """
    fake = flat("fake_logits", fake_logits)
    inside = tf.exp(tf.minimum(fake, float(linear_from)))
    beyond = math.exp(linear_from) * tf.nn.relu(fake - float(linear_from))
    return -tf.reduce_mean(inside + beyond)


class _CrossEntropy(Loss):
    CENTERED = True

    def __init__(self, real_target: float = 1.0):
        if not 0.0 < real_target <= 1.0:
            raise ValueError(f"real_target must be in (0, 1]; got {real_target}.")
        self.real_target = real_target

    def discriminator(self, real_logits, fake_logits):
        """`cross_entropy_discriminator_loss` with this object's `real_target`."""
        return cross_entropy_discriminator_loss(real_logits, fake_logits, self.real_target)

    def get_config(self):
        return {"real_target": self.real_target}


@keras.saving.register_keras_serializable(package="tfgan_models")
class Minimax(_CrossEntropy):
    """The game as written in eq. 1; its generator gradient vanishes when D wins.

    Args:
        real_target: Target of real images; 0.9 is one-sided label smoothing.
    """

    NAME = "minimax"

    def generator(self, fake_logits, real_logits=None):
        """`minimax_generator_loss`; `real_logits` is not used."""
        return minimax_generator_loss(fake_logits)


@keras.saving.register_keras_serializable(package="tfgan_models")
class NonSaturating(_CrossEntropy):
    """Cross entropy for both players: G maximises log D(G(z)).

    Args:
        real_target: Target of real images; 0.9 is one-sided label smoothing.
    """

    NAME = "non_saturating"

    def generator(self, fake_logits, real_logits=None):
        """`non_saturating_generator_loss`; `real_logits` is not used."""
        return non_saturating_generator_loss(fake_logits)


@keras.saving.register_keras_serializable(package="tfgan_models")
class MaximumLikelihood(_CrossEntropy):
    """Generator cost whose expected gradient is that of KL(data || model).

    Args:
        real_target: Target of real images; 0.9 is one-sided label smoothing.
        linear_from: Logit above which the exponential goes on as its tangent.
    """

    NAME = "maximum_likelihood"

    def __init__(self, real_target=1.0, linear_from=10.0):
        super().__init__(real_target)
        self.linear_from = linear_from

    def generator(self, fake_logits, real_logits=None):
        """`maximum_likelihood_generator_loss`; `real_logits` is not used."""
        return maximum_likelihood_generator_loss(fake_logits, self.linear_from)

    def get_config(self):
        return {**super().get_config(), "linear_from": self.linear_from}
