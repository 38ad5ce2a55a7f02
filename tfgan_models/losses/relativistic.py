"""Relativistic losses: Jolicoeur-Martineau 2018, arXiv:1807.00734.

Each function compares logits that its player wants `higher` with those it wants
`lower`: the discriminator calls it with (real, fake), the generator with (fake, real).
Means over every logit, float32; none changes when all logits move by one constant.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core import replicas
from tfgan_models.losses.base import Loss, flat_pair


def relativistic_pairing_loss(higher, lower) -> tf.Tensor:
    """mean sp(-(h_i - l_i)), eqs. 8 and 9, pairs by position in the batch.

    Args:
        higher, lower: Float (B,), (B, 1) or (B, h, w, 1); of two batch sizes the larger is
            cut to the smaller.

    Returns:
        Scalar float32.

    Raises:
        ValueError: The shapes disagree in more than the batch axis.
    """
    higher, lower = flat_pair(higher, lower)
    count = min(higher.shape[0], lower.shape[0])
    return tf.reduce_mean(tf.nn.softplus(lower[:count] - higher[:count]))


def relativistic_average_loss(higher, lower, scale=1.0) -> tf.Tensor:
    """scale (mean sp(-(h - mean l)) + mean sp(l - mean h)), eqs. 10 and 11.

    The inner means are over all replicas, and gradients flow through them.

    Args:
        higher, lower: Float (B,), (B, 1) or (B, h, w, 1).
        scale: 1 as in the paper, 0.5 as in the authors' code.

    Returns:
        Scalar float32.

    Raises:
        ValueError: The shapes disagree in more than the batch axis.
    """
    above, below = _against_means(higher, lower)
    return scale * (tf.reduce_mean(tf.nn.softplus(-above)) + tf.reduce_mean(tf.nn.softplus(below)))


def relativistic_average_least_squares_loss(higher, lower, scale=1.0) -> tf.Tensor:
    """scale (mean (h - mean l - 1)^2 + mean (l - mean h + 1)^2).

    Arguments as in `relativistic_average_loss`.
    """
    above, below = _against_means(higher, lower)
    squares = tf.reduce_mean(tf.square(above - 1.0)) + tf.reduce_mean(tf.square(below + 1.0))
    return scale * squares


def relativistic_average_hinge_loss(higher, lower, scale=1.0) -> tf.Tensor:
    """scale (mean relu(1 - (h - mean l)) + mean relu(1 + (l - mean h))).

    Arguments as in `relativistic_average_loss`.
    """
    above, below = _against_means(higher, lower)
    hinges = tf.reduce_mean(tf.nn.relu(1.0 - above)) + tf.reduce_mean(tf.nn.relu(1.0 + below))
    return scale * hinges


def _against_means(higher, lower):
    """Returns (h - mean l, l - mean h)."""
    higher, lower = flat_pair(higher, lower)
    means = replicas.mean(tf.stack([tf.reduce_mean(higher), tf.reduce_mean(lower)]))
    return higher - means[1], lower - means[0]


@keras.saving.register_keras_serializable(package="tfgan_models")
class RelativisticPairing(Loss):
    """Is this real image more real than that fake? RSGAN; with R1 and R2 it is R3GAN."""

    NAME = "relativistic_pairing"
    NEEDS_REAL = True
    UNBOUNDED = True

    def discriminator(self, real_logits, fake_logits):
        """`relativistic_pairing_loss` of (real, fake)."""
        return relativistic_pairing_loss(real_logits, fake_logits)

    def generator(self, fake_logits, real_logits=None):
        """`relativistic_pairing_loss` of (fake, real)."""
        return relativistic_pairing_loss(fake_logits, real_logits)


class _Average(Loss):
    WHOLE_BATCH = True
    NEEDS_REAL = True
    UNBOUNDED = True

    def __init__(self, scale=1.0):
        self.scale = scale

    def discriminator(self, real_logits, fake_logits):
        """The loss of (real, fake)."""
        return self._compare(real_logits, fake_logits, self.scale)

    def generator(self, fake_logits, real_logits=None):
        """The loss of (fake, real)."""
        return self._compare(fake_logits, real_logits, self.scale)

    def get_config(self):
        return {"scale": self.scale}


@keras.saving.register_keras_serializable(package="tfgan_models")
class RelativisticAverage(_Average):
    """RaSGAN, `relativistic_average_loss`: is an image more real than the others on average?

    Args:
        scale: 1 as in the paper, 0.5 as in the authors' code.
    """

    NAME = "relativistic_average"
    _compare = staticmethod(relativistic_average_loss)


@keras.saving.register_keras_serializable(package="tfgan_models")
class RelativisticAverageLeastSquares(_Average):
    """RaLSGAN, `relativistic_average_least_squares_loss`.

    Args:
        scale: 1 as in the paper, 0.5 as in the authors' code.
    """

    NAME = "relativistic_average_least_squares"
    _compare = staticmethod(relativistic_average_least_squares_loss)


@keras.saving.register_keras_serializable(package="tfgan_models")
class RelativisticAverageHinge(_Average):
    """RaHingeGAN, `relativistic_average_hinge_loss`.

    Args:
        scale: 1 as in the paper, 0.5 as in the authors' code.
    """

    NAME = "relativistic_average_hinge"
    _compare = staticmethod(relativistic_average_hinge_loss)
