"""Gradient penalties on the discriminator.

R1: Mescheder et al. 2018, arXiv:1801.04406, eq. 9. WGAN-GP: Gulrajani et al.
2017, arXiv:1704.00028, eq. 3. Both take the gradient of the logit, not of the
loss, with the sum over an image's pixels and the mean over the batch.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.penalties.base import Penalty


def image_gradients(discriminate, images) -> tf.Tensor:
    """Returns dD(x_i)/dx_i, float32, with the shape of `images`.

    Args:
        discriminate: Images -> logits; patch logits are summed for each image.
        images: Float (B, ...).
    """
    images = tf.convert_to_tensor(images)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        total = tf.reduce_sum(tf.cast(discriminate(images), tf.float32))
    gradients = tape.gradient(total, images)
    if gradients is None:
        raise ValueError("The discriminator's output does not depend on the image: no gradient.")
    return tf.cast(gradients, tf.float32)


def _squared_norms(gradients) -> tf.Tensor:
    return tf.reduce_sum(tf.square(gradients), axis=list(range(1, gradients.shape.rank)))


def r1(discriminate, real_images, gamma=10.0) -> tf.Tensor:
    """gamma/2 * mean ||dD(x)/dx||^2 over real images (eq. 9); scalar float32.

    The released code of the paper leaves out the 1/2: its reg_param 10 is gamma 20 here.

    Args:
        discriminate: Images -> logits.
        real_images: Float (B, ...).
        gamma: Weight; it grows with the number of pixels (10 at 1024 px, 0.01 to 1 at 32 px).
    """
    return 0.5 * gamma * squared_gradient_norm(discriminate, real_images)


def squared_gradient_norm(discriminate, images) -> tf.Tensor:
    """mean ||dD(x)/dx||^2, summed over an image's pixels; scalar float32."""
    return tf.reduce_mean(_squared_norms(image_gradients(discriminate, images)))


def gradient_penalty(discriminate, real_images, fake_images, u, weight=10.0) -> tf.Tensor:
    """weight * mean (||dD(x_t)/dx_t||_2 - 1)^2, x_t = x + u (x_fake - x); scalar float32.

    Args:
        discriminate: Images -> logits.
        real_images, fake_images: Float (B, ...), no gradient flows into the fakes.
        u: Float (B,) in [0, 1], one number an image (Algorithm 1).
        weight: lambda of eq. 3.

    Raises:
        ValueError: The shapes disagree, or `u` is not one number an image.
    """
    if real_images.shape != fake_images.shape:
        raise ValueError(
            f"real_images {tuple(real_images.shape)} and fake_images {tuple(fake_images.shape)} "
            "must have one shape."
        )
    u = tf.convert_to_tensor(u)
    if u.shape.rank != 1 or not u.shape.is_compatible_with(real_images.shape[:1]):
        raise ValueError(
            f"u must be one number an image, shape ({real_images.shape[0]},); got {tuple(u.shape)}."
        )
    u = tf.reshape(u, [-1] + [1] * (real_images.shape.rank - 1))
    between = real_images + u * (tf.stop_gradient(fake_images) - real_images)
    squared = _squared_norms(image_gradients(discriminate, between))
    # sqrt has an infinite derivative at 0; the where keeps dead inputs from making NaN.
    slope = tf.where(squared > 0, tf.sqrt(tf.where(squared > 0, squared, 1.0)), 0.0)
    return weight * tf.reduce_mean(tf.square(slope - 1.0))


@keras.saving.register_keras_serializable(package="tfgan_models")
class R1(Penalty):
    """`r1` on the real images of every `every`-th discriminator update.

    Args:
        gamma: Weight; see `r1`.
        every: Interval (16 in StyleGAN2).
    """

    NAME = "r1"
    PER_IMAGE_GRADIENT = True

    def __init__(self, gamma=10.0, every=1):
        super().__init__(every)
        self.gamma = gamma

    @property
    def weight(self):
        return 0.5 * self.gamma

    def discriminator(self, game):
        """mean ||dD(x)/dx||^2 over the real images, scalar."""
        return squared_gradient_norm(game.discriminate, game.real)

    def get_config(self):
        return {"gamma": self.gamma, **super().get_config()}


@keras.saving.register_keras_serializable(package="tfgan_models")
class GradientPenalty(Penalty):
    """`gradient_penalty` between each real image and a fake.

    Args:
        weight: lambda of eq. 3.
        every: Interval; the papers use 1.
    """

    NAME = "gradient_penalty"
    PER_IMAGE_GRADIENT = True

    def __init__(self, weight=10.0, every=1):
        super().__init__(every)
        self.weight = weight

    def discriminator(self, game):
        """mean (||dD(x_t)/dx_t|| - 1)^2, scalar."""
        u = game.draws.uniform("gradient_penalty")
        return gradient_penalty(game.discriminate, game.real, game.fake, u, weight=1.0)

    def get_config(self):
        return {"weight": self.weight, **super().get_config()}
