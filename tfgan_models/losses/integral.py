"""Integral probability metrics: the critic's mean score on real minus that on fake images.

Wasserstein: Arjovsky et al. 2017, arXiv:1701.07875, eq. 2. Fisher: Mroueh & Sercu
2017, arXiv:1705.09675, section 3. r = D(x), f = D(G(z)); means over every logit, float32.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core import replicas
from tfgan_models.losses.base import Loss, flat, flat_pair


def wasserstein_discriminator_loss(real_logits, fake_logits) -> tf.Tensor:
    """mean f - mean r; its negative estimates W1 times the critic's Lipschitz constant.

    The authors' code trains the negated critic, so their curves are mirrored.

    Args:
        real_logits: Float (B,), (B, 1) or (B, h, w, 1).
        fake_logits: The same shape but for the batch axis.

    Returns:
        Scalar float32.

    Raises:
        ValueError: The shapes disagree.
    """
    real, fake = flat_pair(real_logits, fake_logits)
    return tf.reduce_mean(fake) - tf.reduce_mean(real)


def wasserstein_generator_loss(fake_logits) -> tf.Tensor:
    """-mean f; scalar float32."""
    return -tf.reduce_mean(flat("fake_logits", fake_logits))


@keras.saving.register_keras_serializable(package="tfgan_models")
class Wasserstein(Loss):
    """Difference of mean scores; the critic needs clipping, a penalty or spectral norm."""

    NAME = "wasserstein"
    UNBOUNDED = True

    def discriminator(self, real_logits, fake_logits):
        """`wasserstein_discriminator_loss`."""
        return wasserstein_discriminator_loss(real_logits, fake_logits)

    def generator(self, fake_logits, real_logits=None):
        """`wasserstein_generator_loss`; `real_logits` is not used."""
        return wasserstein_generator_loss(fake_logits)


def fisher_statistics(real_logits, fake_logits) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns (mean r - mean f, Omega = 1/2 mean r^2 + 1/2 mean f^2) over all replicas.

    Args:
        real_logits: Float (B,), (B, 1) or (B, h, w, 1).
        fake_logits: The same shape but for the batch axis.

    Raises:
        ValueError: The shapes disagree.
    """
    real, fake = flat_pair(real_logits, fake_logits)
    difference = tf.reduce_mean(real) - tf.reduce_mean(fake)
    omega = 0.5 * (tf.reduce_mean(tf.square(real)) + tf.reduce_mean(tf.square(fake)))
    difference, omega = tf.unstack(replicas.mean(tf.stack([difference, omega])))
    return difference, omega


def fisher_discriminator_loss(real_logits, fake_logits, multiplier, rho=1e-6) -> tf.Tensor:
    """-(mean r - mean f + lambda (1 - Omega) - rho/2 (1 - Omega)^2), minus the Lagrangian.

    Args:
        real_logits: Float (B,), (B, 1) or (B, h, w, 1).
        fake_logits: The same shape but for the batch axis.
        multiplier: lambda, scalar.
        rho: Weight of the quadratic term.

    Returns:
        Scalar float32.

    Raises:
        ValueError: The shapes disagree.
    """
    difference, omega = fisher_statistics(real_logits, fake_logits)
    return _negative_lagrangian(difference, 1.0 - omega, multiplier, rho)


def _negative_lagrangian(difference, slack, multiplier, rho):
    return 0.5 * rho * tf.square(slack) - multiplier * slack - difference


@keras.saving.register_keras_serializable(package="tfgan_models")
class Fisher(keras.layers.Layer, Loss):
    """Difference of means of a critic whose second moment Omega is held at one.

    The multiplier starts at 0 and moves after each of the critic's updates by Algorithm 1,
    lambda <- lambda - rho (1 - Omega), with the Omega of the batch that the update used.
    At the optimum lambda is half of the metric. No other Lipschitz device is needed.

    Args:
        rho: Weight of the quadratic term and step of the multiplier; 1e-6 for images, which
            takes some 1e5 updates to act, 1e-2 to 1e-1 for toys.

    Logs:
        fisher_ipm: (mean r - mean f) / sqrt(Omega), free of the critic's scale.
        fisher_omega: Omega; it drifts until the multiplier has caught up.
        fisher_multiplier: lambda after the update.
    """

    NAME = "fisher"
    WHOLE_BATCH = True
    MEASURES = ("fisher_ipm", "fisher_omega", "fisher_multiplier")

    def __init__(self, rho=1e-6, name=None, dtype="float32"):
        keras.layers.Layer.__init__(self, name=name, dtype=dtype, trainable=False)
        self.rho = rho
        self.multiplier = self.add_weight(name="multiplier", shape=(), initializer="zeros")
        self.built = True

    def discriminator(self, real_logits, fake_logits):
        """`fisher_discriminator_loss` with the multiplier, which then moves."""
        difference, omega = fisher_statistics(real_logits, fake_logits)
        multiplier = tf.convert_to_tensor(self.multiplier)
        loss = _negative_lagrangian(difference, 1.0 - omega, multiplier, self.rho)
        self.multiplier.assign(multiplier - self.rho * (1.0 - tf.stop_gradient(omega)))
        return loss

    def generator(self, fake_logits, real_logits=None):
        """`wasserstein_generator_loss`: the constraint is the critic's alone."""
        return wasserstein_generator_loss(fake_logits)

    def measures(self, real_logits, fake_logits):
        """{"fisher_ipm", "fisher_omega", "fisher_multiplier"}; see the class."""
        difference, omega = fisher_statistics(real_logits, fake_logits)
        scale = tf.math.rsqrt(tf.where(omega > 0.0, omega, 1.0))
        return {
            "fisher_ipm": difference * scale,
            "fisher_omega": omega,
            "fisher_multiplier": tf.convert_to_tensor(self.multiplier),
        }

    def get_config(self):
        return {"rho": self.rho, "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
