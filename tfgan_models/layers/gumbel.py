"""Discrete outputs with gradients: Jang et al. 2017, arXiv:1611.01144; Maddison et al. 2017,
arXiv:1611.00712."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core import random


def straight_through(probabilities) -> tf.Tensor:
    """One-hot of the largest entry; the gradient is that of the identity.

    Args:
        probabilities: Float (..., K).
    """
    probabilities = tf.convert_to_tensor(probabilities)
    classes = probabilities.shape[-1]
    hard = tf.one_hot(tf.argmax(probabilities, axis=-1), classes, dtype=probabilities.dtype)
    # The difference is exactly 0, so the result is exactly one-hot.
    return hard + (probabilities - tf.stop_gradient(probabilities))


def gumbel_softmax(logits, uniform, temperature=1.0, hard=False) -> tf.Tensor:
    """softmax((logits + g) / temperature), g = -log(-log(u)); its argmax has softmax(logits).

    Args:
        logits: Float (..., K).
        uniform: Float of the same shape in (0, 1), such as `core.random.Draws.uniform`.
        temperature: Number or scalar tensor above 0; near 0 the result is one-hot.
        hard: Whether the result is one-hot, with the gradient of the soft one.

    Returns:
        Float32 of the same shape.

    Raises:
        ValueError: The shapes disagree.
    """
    logits = tf.cast(tf.convert_to_tensor(logits), tf.float32)
    uniform = tf.cast(tf.convert_to_tensor(uniform), tf.float32)
    if not logits.shape.is_compatible_with(uniform.shape):
        raise ValueError(
            f"uniform {tuple(uniform.shape)} must be one number for each of the logits "
            f"{tuple(logits.shape)}."
        )
    gumbel = -tf.math.log(-tf.math.log(uniform))
    soft = tf.nn.softmax((logits + gumbel) / temperature, axis=-1)
    return straight_through(soft) if hard else soft


@keras.saving.register_keras_serializable(package="tfgan_models")
class GumbelSoftmax(keras.layers.Layer):
    """Draws relaxed one-hot vectors from logits (..., K); the same shape, in the compute dtype.

    Input: logits, or [logits, uniform] with noise from outside, in (0, 1), which is then used in
    training and inference. Otherwise it draws in training only, as Keras's Dropout does, and
    inference returns softmax(logits / temperature), or its one-hot.

    Args:
        temperature: Initial value of `layer.temperature`, a weight that is not trained, for
            annealing by `assign`. Jang et al.: max(0.5, exp(-3e-5 t)); for GANs 5 to 1.
        hard: Whether the outputs are one-hot, with the gradients of the soft ones.
        seed: Int, of the layer's own stream; the model sets it anew at each step.
    """

    def __init__(self, temperature=1.0, hard=False, seed=None, **kwargs):
        super().__init__(autocast=False, **kwargs)  # 16 bits would round the inputs
        if not temperature > 0:
            raise ValueError(f"temperature must be above 0; got {temperature!r}.")
        self.initial_temperature, self.hard, self.seed = temperature, hard, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.temperature = self.add_weight(
            name="temperature",
            shape=(),
            initializer=keras.initializers.Constant(temperature),
            trainable=False,
            dtype="float32",
            autocast=False,
        )
        self.built = True

    def call(self, inputs, training=False):
        """Returns the relaxed draws."""
        given = isinstance(inputs, (list, tuple))
        logits = inputs[0] if given else inputs
        temperature = tf.convert_to_tensor(self.temperature)
        if given or training:
            uniform = inputs[1] if given else random.layer_uniform(self.seed_generator, logits)
            y = gumbel_softmax(logits, uniform, temperature, self.hard)
        else:
            y = tf.nn.softmax(tf.cast(logits, tf.float32) / temperature, axis=-1)
            y = straight_through(y) if self.hard else y
        return tf.cast(y, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        """Returns the shape of the logits."""
        first = input_shape[0]
        return tuple(first) if isinstance(first, (list, tuple)) else input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "temperature": self.initial_temperature,
            "hard": self.hard,
            "seed": self.seed,
        }
