"""The strength of an augmentation, led by the discriminator's overfitting."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.augment.base import Augmentation
from tfgan_models.core import replicas
from tfgan_models.core.arguments import positive_int


class Controlled(keras.layers.Layer, Augmentation):
    """An augmentation whose probability p follows r_t = mean sign(D(real)).

    After every `every` updates of the discriminator, with r_t averaged over them,

        p <- max(0, p + sign(r_t - target) * images seen in them / (1000 kimg)).

    Source: Karras et al. 2020, arXiv:2006.06676, section 3.1.

    Args:
        initial_p: p at the start.
        target: Of r_t; None keeps p where it is.
        kimg: Thousands of real images in which p can go from 0 to 1: 500, or 100 when
            fine-tuning.
        every: Updates of the discriminator between two changes of p.
        cap: Largest p, None for no bound: the probabilities that p makes stop at 1.
        name, dtype: Keras's.

    Raises:
        ValueError: An argument is out of its range.
    """

    CONTROLLED = True
    ACCUMULATES = True

    def __init__(self, initial_p, target, kimg, every, cap, name, dtype):
        if initial_p < 0.0 or (cap is not None and initial_p > cap):
            bound = "at least 0" if cap is None else f"in [0, cap = {cap}]"
            raise ValueError(f"initial_p must be {bound}; got {initial_p}.")
        if target is not None and not -1.0 <= target <= 1.0:
            raise ValueError(
                f"target is a mean of signs, in [-1, 1], or None to keep p; got {target}."
            )
        if kimg <= 0:
            raise ValueError(f"kimg must be positive; got {kimg}.")
        keras.layers.Layer.__init__(self, name=name, dtype=dtype, trainable=False)
        self.initial_p, self.target, self.cap = initial_p, target, cap
        self.kimg, self.every = kimg, positive_int("every", every)
        constant = keras.initializers.Constant(initial_p)
        self.p = self.add_weight(name="p", shape=(), initializer=constant)
        self.sign_sum = self.add_weight(name="sign_sum", shape=(), initializer="zeros")
        self.observed = self.add_weight(name="observed", shape=(), initializer="zeros")
        self.built = True

    def __call__(self, images, draws):
        return images

    def observe(self, game):
        """Counts the signs of `game.real_logits` over all replicas; moves p when it is due.

        Where the update's batch comes in n parts, each counts as 1 / n of an update.
        """
        if self.target is None:
            return
        parts = game.draws.parts
        batch = game.draws.local_batch * game.draws.replicas * parts
        signs = tf.reduce_mean(tf.sign(tf.cast(game.real_logits, tf.float32)))
        total = tf.convert_to_tensor(self.sign_sum) + replicas.mean(signs) / parts
        count = tf.convert_to_tensor(self.observed) + 1.0 / parts
        # Thirds may add up to a little less than one.
        due = count >= (float(self.every) if parts == 1 else self.every - 0.5 / parts)
        change = tf.sign(total / count - self.target) * (batch * self.every / (self.kimg * 1000.0))
        p = tf.maximum(tf.convert_to_tensor(self.p) + tf.where(due, change, 0.0), 0.0)
        self.p.assign(p if self.cap is None else tf.minimum(p, self.cap))
        self.sign_sum.assign(tf.where(due, 0.0, total))
        self.observed.assign(tf.where(due, 0.0, count))

    def get_config(self):
        return {
            "initial_p": self.initial_p,
            "target": self.target,
            "kimg": self.kimg,
            "every": self.every,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)
