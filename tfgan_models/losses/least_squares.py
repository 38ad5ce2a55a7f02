"""Least squares GAN: Mao et al. 2017, arXiv:1611.04076, eq. 9.

Raw linear outputs r = D(x), f = D(G(z)), no sigmoid; means over every logit, float32.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.losses.base import Loss, flat, flat_pair


def least_squares_discriminator_loss(real_logits, fake_logits, a=0.0, b=1.0) -> tf.Tensor:
    """1/2 mean (r - b)^2 + 1/2 mean (f - a)^2; the optimal D is (b p + a q) / (p + q).

    The authors' code has sums over the batch where eq. 9 has means.

    Args:
        real_logits: Float (B,), (B, 1) or (B, h, w, 1).
        fake_logits: The same shape but for the batch axis.
        a, b: Targets of fake and of real images.

    Returns:
        Scalar float32.

    Raises:
        ValueError: The shapes disagree.
    """
    real, fake = flat_pair(real_logits, fake_logits)
    return 0.5 * (tf.reduce_mean(tf.square(real - b)) + tf.reduce_mean(tf.square(fake - a)))


def least_squares_generator_loss(fake_logits, c=1.0) -> tf.Tensor:
    """1/2 mean (f - c)^2; scalar float32."""
    return 0.5 * tf.reduce_mean(tf.square(flat("fake_logits", fake_logits) - c))


@keras.saving.register_keras_serializable(package="tfgan_models")
class LeastSquares(Loss):
    """Squared distances of raw outputs to three targets.

    Args:
        a, b, c: What D wants for fakes, what it wants for real images, what G wants for
            fakes. (0, 1, 1) is the authors' code; (-1, 1, 0) makes the generator minimise
            Pearson's chi-square between p + q and 2q (section 3.2).
    """

    NAME = "least_squares"

    def __init__(self, a=0.0, b=1.0, c=1.0):
        if not a < b:
            raise ValueError(f"a must be under b; got a={a}, b={b}.")
        self.a, self.b, self.c = a, b, c

    @property
    def CENTERED(self):
        return self.a + self.b == 0.0

    def discriminator(self, real_logits, fake_logits):
        """`least_squares_discriminator_loss` with this object's targets."""
        return least_squares_discriminator_loss(real_logits, fake_logits, self.a, self.b)

    def generator(self, fake_logits, real_logits=None):
        """`least_squares_generator_loss`; `real_logits` is not used."""
        return least_squares_generator_loss(fake_logits, self.c)

    def get_config(self):
        return {"a": self.a, "b": self.b, "c": self.c}
