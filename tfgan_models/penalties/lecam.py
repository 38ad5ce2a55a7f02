"""Penalties on the size of the logits.

LeCam: Tseng et al. 2021, arXiv:2104.03310, eq. 4. Drift: Karras et al. 2018,
arXiv:1710.10196, appendix A.1.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core import replicas
from tfgan_models.core.arguments import one_of
from tfgan_models.penalties.base import Penalty
from tfgan_models.penalties.tensors import as_float

LECAM_FORMS = ("relu", "square")


def lecam(real_logits, fake_logits, real_anchor, fake_anchor, form="relu") -> tf.Tensor:
    """mean h(r - a_F)^2 + mean h(a_R - f)^2; scalar float32, before weighting.

    Args:
        real_logits, fake_logits: Float (B,), (B, 1) or (B, h, w, 1).
        real_anchor, fake_anchor: Scalars a_R, a_F: moving averages of the mean logits.
        form: "relu" (h = relu, the authors' code) or "square" (h the identity, eq. 4).
    """
    one_of("form", form, LECAM_FORMS)
    real, fake = as_float(real_logits), as_float(fake_logits)
    over, under = real - tf.cast(fake_anchor, real.dtype), tf.cast(real_anchor, fake.dtype) - fake
    if form == "relu":
        over, under = tf.nn.relu(over), tf.nn.relu(under)
    return tf.reduce_mean(tf.square(over)) + tf.reduce_mean(tf.square(under))


def drift(real_logits) -> tf.Tensor:
    """mean r^2; scalar float32."""
    return tf.reduce_mean(tf.square(as_float(real_logits)))


@keras.saving.register_keras_serializable(package="tfgan_models")
class LeCam(keras.layers.Layer, Penalty):
    """LeCam penalty with its two moving averages, corrected for their start at zero.

    Args:
        weight: 0.3 with the hinge loss (BigGAN, CIFAR), 3e-7 to 1e-6 with logistic losses.
        decay: Of the averages: 0.99 in the authors' StyleGAN2 code, which corrects for the
            start too; 0.9 in their BigGAN code, with `start` 1000.
        form: See `lecam`.
        start: Before this step the averages are copies of each batch's means, and nothing
            is added.
    """

    NAME = "lecam"
    BOUNDED = True
    HIGH_IS_REAL = True
    GLOBAL = True

    def __init__(self, weight=0.3, decay=0.99, form="relu", start=0, name=None, dtype="float32"):
        keras.layers.Layer.__init__(self, name=name, dtype=dtype, trainable=False)
        Penalty.__init__(self, every=1)
        self.weight, self.decay, self.start = weight, decay, int(start)
        self.form = one_of("form", form, LECAM_FORMS)
        self.real_average = self.add_weight(name="real_average", shape=(), initializer="zeros")
        self.fake_average = self.add_weight(name="fake_average", shape=(), initializer="zeros")
        self.mass = self.add_weight(name="mass", shape=(), initializer="zeros")
        self.built = True

    def discriminator(self, game):
        """Folds in this batch (mean over all replicas), then returns the penalty."""
        means = [tf.reduce_mean(as_float(x)) for x in (game.real_logits, game.fake_logits)]
        means = tf.stop_gradient(replicas.mean(tf.cast(tf.stack(means), tf.float32)))
        warm = tf.cast(game.step, tf.int64) >= self.start
        keep = tf.where(warm, self.decay, 0.0)
        self.mass.assign(keep * self.mass + (1.0 - keep))
        self.real_average.assign(keep * self.real_average + (1.0 - keep) * means[0])
        self.fake_average.assign(keep * self.fake_average + (1.0 - keep) * means[1])
        real_anchor = tf.convert_to_tensor(self.real_average) / tf.convert_to_tensor(self.mass)
        fake_anchor = tf.convert_to_tensor(self.fake_average) / tf.convert_to_tensor(self.mass)
        value = lecam(game.real_logits, game.fake_logits, real_anchor, fake_anchor, self.form)
        return tf.where(warm, value, tf.zeros_like(value))

    def get_config(self):
        return {
            "weight": self.weight,
            "decay": self.decay,
            "form": self.form,
            "start": self.start,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable(package="tfgan_models")
class Drift(Penalty):
    """weight * mean r^2, against the critic's free offset in the Wasserstein loss.

    Args:
        weight: epsilon_drift.
    """

    NAME = "drift"

    def __init__(self, weight=1e-3):
        super().__init__()
        self.weight = weight

    def discriminator(self, game):
        """mean r^2, scalar."""
        return drift(game.real_logits)

    def get_config(self):
        return {"weight": self.weight}
