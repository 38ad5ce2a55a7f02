"""Hinge loss: Lim & Ye 2017, arXiv:1705.02894; Miyato et al. 2018, arXiv:1802.05957, eq. 16.

r = D(x), f = D(G(z)); means over every logit, float32.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.losses.base import Loss, flat_pair
from tfgan_models.losses.integral import wasserstein_generator_loss


def hinge_discriminator_loss(real_logits, fake_logits) -> tf.Tensor:
    """mean relu(1 - r) + mean relu(1 + f), at least 2 (1 - TV(p, q)).

    Args:
        real_logits: Float (B,), (B, 1) or (B, h, w, 1).
        fake_logits: The same shape but for the batch axis.

    Returns:
        Scalar float32.

    Raises:
        ValueError: The shapes disagree.
    """
    real, fake = flat_pair(real_logits, fake_logits)
    return tf.reduce_mean(tf.nn.relu(1.0 - real)) + tf.reduce_mean(tf.nn.relu(1.0 + fake))


def hinge_generator_loss(fake_logits) -> tf.Tensor:
    """-mean f; scalar float32."""
    return wasserstein_generator_loss(fake_logits)


@keras.saving.register_keras_serializable(package="tfgan_models")
class Hinge(Loss):
    """Margins of one for the discriminator, a linear loss for the generator.

    With every real logit over 1 and every fake one under -1 the discriminator has no gradient.
    """

    NAME = "hinge"
    CENTERED = True

    def discriminator(self, real_logits, fake_logits):
        """`hinge_discriminator_loss`."""
        return hinge_discriminator_loss(real_logits, fake_logits)

    def generator(self, fake_logits, real_logits=None):
        """`hinge_generator_loss`; `real_logits` is not used."""
        return hinge_generator_loss(fake_logits)
