"""Optimizer updates as functions of tensors, which a gradient can pass through."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core.adam import Adam
from tfgan_models.core.numerics import root


def slots(optimizer):
    """Returns what an optimizer remembers, as tensors with a differentiable `step`.

    Raises:
        ValueError: It is neither Adam nor plain SGD.
    """
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # float16's loss scale
    kind, rate = type(optimizer), tf.convert_to_tensor(optimizer.learning_rate)
    if kind is keras.optimizers.SGD and not optimizer.momentum:
        return _SGD(rate)
    if kind in (Adam, keras.optimizers.Adam) and not optimizer.amsgrad:
        first = [v.value for v in optimizer._momentums]
        second = [v.value for v in optimizer._velocities]
        count = tf.cast(optimizer.iterations.value, tf.float32)
        return _Adam(optimizer, rate, count, first, second)
    raise ValueError(
        f"Adam and SGD without momentum can be unrolled; got {kind.__name__} for the discriminator."
    )


class _SGD:
    def __init__(self, rate):
        self.rate = rate

    def step(self, weights, gradients):
        """Returns (the next weights, the next slots)."""
        return [w - self.rate * g for w, g in zip(weights, gradients, strict=True)], self


class _Adam:
    """Adam as Keras computes it: Kingma & Ba 2015, arXiv:1412.6980, end of section 2."""

    def __init__(self, optimizer, rate, count, first, second):
        self.optimizer, self.rate, self.count = optimizer, rate, count
        self.first, self.second = first, second

    def step(self, weights, gradients):
        """Returns (the next weights, the next slots)."""
        beta_1, beta_2 = self.optimizer.beta_1, self.optimizer.beta_2
        count = self.count + 1.0
        rate = self.rate * tf.sqrt(1.0 - beta_2**count) / (1.0 - beta_1**count)
        first = [m + (g - m) * (1.0 - beta_1) for m, g in zip(self.first, gradients, strict=True)]
        second = [
            v + (g * g - v) * (1.0 - beta_2) for v, g in zip(self.second, gradients, strict=True)
        ]
        moved = [
            w - rate * m / (root(v) + self.optimizer.epsilon)
            for w, m, v in zip(weights, first, second, strict=True)
        ]
        return moved, _Adam(self.optimizer, self.rate, count, first, second)
