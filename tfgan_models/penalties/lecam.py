"""LeCam regularisation: Tseng et al. 2021, arXiv:2104.03310, eq. 4."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.penalties.base import Penalty


def lecam(real_logits, fake_logits, real_anchor, fake_anchor) -> tf.Tensor:
    """mean relu(r - a_F)^2 + mean relu(a_R - f)^2; scalar float32, before weighting.

    The rectified form of the authors' code; eq. 4 has the plain squares.

    Args:
        real_logits, fake_logits: Float (B,) or (B, 1).
        real_anchor, fake_anchor: Scalars a_R, a_F: moving averages of the mean logits.
    """
    real = tf.reshape(tf.cast(real_logits, tf.float32), [-1])
    fake = tf.reshape(tf.cast(fake_logits, tf.float32), [-1])
    return tf.reduce_mean(tf.square(tf.nn.relu(real - fake_anchor))) + tf.reduce_mean(
        tf.square(tf.nn.relu(real_anchor - fake))
    )


@keras.saving.register_keras_serializable(package="tfgan_models")
class LeCam(keras.layers.Layer, Penalty):
    """LeCam penalty with its two moving averages, corrected for their start at zero.

    Args:
        weight: 0.3 with the hinge loss (BigGAN, CIFAR), 3e-7 to 1e-6 with logistic losses.
        decay: Of the averages: 0.9 in the authors' BigGAN code, 0.99 in their StyleGAN2 code.
    """

    NAME = "lecam"

    def __init__(self, weight=0.3, decay=0.99, name=None, dtype="float32"):
        keras.layers.Layer.__init__(self, name=name, dtype=dtype, trainable=False)
        Penalty.__init__(self, every=1)
        self.weight, self.decay = weight, decay
        self.real_average = self.add_weight(name="real_average", shape=(), initializer="zeros")
        self.fake_average = self.add_weight(name="fake_average", shape=(), initializer="zeros")
        self.mass = self.add_weight(name="mass", shape=(), initializer="zeros")
        self.built = True

    def discriminator(self, game):
        """Folds in this batch (mean over all replicas), then returns the penalty."""
        means = tf.stack(
            [
                tf.reduce_mean(tf.cast(game.real_logits, tf.float32)),
                tf.reduce_mean(tf.cast(game.fake_logits, tf.float32)),
            ]
        )
        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            means = context.all_reduce(tf.distribute.ReduceOp.MEAN, means)
        means = tf.stop_gradient(means)
        keep = self.decay
        self.mass.assign(keep * self.mass + (1.0 - keep))
        self.real_average.assign(keep * self.real_average + (1.0 - keep) * means[0])
        self.fake_average.assign(keep * self.fake_average + (1.0 - keep) * means[1])
        real_anchor = tf.convert_to_tensor(self.real_average) / tf.convert_to_tensor(self.mass)
        fake_anchor = tf.convert_to_tensor(self.fake_average) / tf.convert_to_tensor(self.mass)
        return lecam(game.real_logits, game.fake_logits, real_anchor, fake_anchor)

    def get_config(self):
        return {"weight": self.weight, "decay": self.decay, "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
