"""Penalties on how the generator depends on its latents, and latents moved by the game.

Path length: Karras et al. 2020, arXiv:1912.04958, eq. 4. Jacobian clamping: Odena et
al. 2018, arXiv:1802.08768, algorithm 1. LOGAN: Wu et al. 2019, arXiv:1912.00953.
"""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tfgan_models.core import replicas
from tfgan_models.core.numerics import root
from tfgan_models.penalties.base import Penalty
from tfgan_models.penalties.tensors import as_float, squared_norms


def path_lengths(generate, latents, noise) -> tf.Tensor:
    """||J^T y|| of each image, y the noise over sqrt(H W); float32 (B,).

    Args:
        generate: Latents -> images (B, H, W, C).
        latents: Float (B, D), or (B, L, D) with one latent a layer: squares are summed
            over D and averaged over L.
        noise: Standard normal, (B, H, W, C).
    """
    latents = tf.convert_to_tensor(latents)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(latents)
        images = as_float(generate(latents))
        scale = 1.0 / math.sqrt(images.shape[1] * images.shape[2])
        total = tf.reduce_sum(images * tf.cast(noise, images.dtype) * scale)
    jacobian = as_float(tape.gradient(total, latents))
    squared = tf.reduce_sum(tf.square(jacobian), axis=-1)
    return root(squared if squared.shape.rank == 1 else tf.reduce_mean(squared, axis=1))


def jacobian_clamping(images, other_images, distances, low=1.0, high=20.0) -> tf.Tensor:
    """mean (max(Q, high) - high)^2 + (min(Q, low) - low)^2, Q = ||G(z) - G(z')|| / ||z - z'||.

    Args:
        images, other_images: G(z), G(z'), Float (B, ...).
        distances: ||z - z'||, (B,) or a number.
        low, high: lambda_min, lambda_max.

    Returns:
        Scalar float32.
    """
    images, other = as_float(images), as_float(other_images)
    if images.shape != other.shape:
        raise ValueError(
            f"Both batches must have one shape; got {tuple(images.shape)} and {tuple(other.shape)}."
        )
    return clamp_distance(root(squared_norms(images - other)) / distances, low, high)


def clamp_distance(ratios, low=1.0, high=20.0) -> tf.Tensor:
    """mean (max(Q, high) - high)^2 + (min(Q, low) - low)^2 over the ratios Q; scalar float32."""
    ratios = as_float(ratios)
    over, under = tf.nn.relu(ratios - high), tf.nn.relu(low - ratios)
    return tf.reduce_mean(tf.square(over) + tf.square(under))


def latent_step(latents, logits_of, alpha=0.9, beta=5.0) -> tf.Tensor:
    """dz = alpha g / (beta + ||g||^2), g the gradient of each latent's own logit.

    A damped natural-gradient step; ||dz|| is at most alpha / (2 sqrt(beta)).

    Args:
        latents: Float (B, D).
        logits_of: Latents -> logits D(G(z)).
        alpha, beta: Step size and damping.

    Returns:
        (B, D) in float32, differentiable in the networks' weights.
    """
    latents = tf.convert_to_tensor(latents)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(latents)
        total = tf.reduce_sum(as_float(logits_of(latents)))
    gradient = as_float(tape.gradient(total, latents))
    return alpha * gradient / (beta + tf.reduce_sum(tf.square(gradient), -1, keepdims=True))


def step_cost(steps) -> tf.Tensor:
    """mean ||dz||^2; scalar float32."""
    return tf.reduce_mean(squared_norms(as_float(steps)))


@keras.saving.register_keras_serializable(package="tfgan_models")
class PathLength(keras.layers.Layer, Penalty):
    """weight * mean (length - a)^2, a the moving average of the mean length.

    The square takes the updated a, with the gradient of this batch's part, as both
    official versions do. They look at half of the batch (pl_batch_shrink 2); this looks at
    all of it.

    Args:
        weight: Weight.
        decay: Step of the moving average towards each mean.
        every: Interval.
    """

    NAME = "path_length"
    PER_LATENT_GRADIENT = True
    GLOBAL = True

    def __init__(self, weight=2.0, decay=0.01, every=4, name=None, dtype="float32"):
        keras.layers.Layer.__init__(self, name=name, dtype=dtype, trainable=False)
        Penalty.__init__(self, every)
        self.weight, self.decay = weight, decay
        self.average = self.add_weight(name="average", shape=(), initializer="zeros")
        self.built = True

    def generator(self, game):
        """Folds in this batch's mean length, then returns the penalty, scalar."""
        noise = game.draws.normal(self.NAME, tuple(game.fake.shape[1:]))
        lengths = path_lengths(game.generate, game.latents, noise)
        before = tf.convert_to_tensor(self.average)
        after = before + self.decay * (replicas.mean(tf.reduce_mean(lengths)) - before)
        self.average.assign(tf.stop_gradient(after))
        return tf.reduce_mean(tf.square(lengths - after))

    def get_config(self):
        return {
            "weight": self.weight,
            "decay": self.decay,
            "every": self.every,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable(package="tfgan_models")
class JacobianClamping(Penalty):
    """`jacobian_clamping` between each latent and one at distance `epsilon`.

    The fakes must come from z as drawn, so not together with latent_optimization.

    Args:
        weight: Weight in the generator's loss.
        epsilon: Length of z' - z, in a random direction.
        low, high: lambda_min, lambda_max.
        every: Interval.
    """

    NAME = "jacobian_clamping"

    def __init__(self, weight=1.0, epsilon=1.0, low=1.0, high=20.0, every=1):
        super().__init__(every)
        if not (epsilon > 0 and low <= high):
            raise ValueError(
                f"epsilon must be positive and low <= high; got {epsilon!r}, {low!r}, {high!r}."
            )
        self.weight, self.epsilon, self.low, self.high = weight, epsilon, low, high

    def generator(self, game):
        """How far the ratios are outside [low, high], scalar."""
        direction = game.draws.normal(self.NAME, tuple(game.latents.shape[1:]))
        lengths = tf.reshape(
            root(squared_norms(direction)), [-1] + [1] * (direction.shape.rank - 1)
        )
        moved = game.latents + tf.cast(self.epsilon * direction / lengths, game.latents.dtype)
        return jacobian_clamping(game.fake, game.generate(moved), self.epsilon, self.low, self.high)

    def get_config(self):
        return {
            "weight": self.weight,
            "epsilon": self.epsilon,
            "low": self.low,
            "high": self.high,
            **super().get_config(),
        }


@keras.saving.register_keras_serializable(package="tfgan_models")
class LatentOptimization(Penalty):
    """LOGAN: z' = clip(z + m dz), m 1 for a share `rate` of the latents, before each update.

    Both losses get weight * mean ||dz||^2 (of all latents, before the clip), with dz
    recomputed from the latents as drawn. The discriminator's loss sees z' as a constant,
    because its fakes carry no gradient; its share of the second-order terms is the cost's.
    Needs smooth activations. With batch norm in the generator the gradient of the sum mixes
    latents, as in the paper's own BigGAN-deep. The paper's constants (ImageNet) are quoted
    from memory, with StudioGAN's for CIFAR beside them.

    Args:
        weight: w_r; 0.1 in StudioGAN.
        alpha: Step size.
        beta: Damping; 0.1 in StudioGAN.
        rate: Probability of moving a latent; 0.8 in StudioGAN.
        clip: Bound of the moved latents, which the paper draws from U(-1, 1); None: none.
        first_order: Treat dz as a constant: half the cost; the penalty is then only logged.
    """

    NAME = "latent_optimization"
    HIGH_IS_REAL = True

    def __init__(self, weight=300.0, alpha=0.9, beta=5.0, rate=0.5, clip=1.0, first_order=False):
        super().__init__()
        if not 0.0 <= rate <= 1.0:
            raise ValueError(f"rate must be in [0, 1]; got {rate!r}.")
        if not beta > 0:
            raise ValueError(f"beta must be positive; got {beta!r}.")
        self.weight, self.alpha, self.beta = weight, alpha, beta
        self.rate, self.clip, self.first_order = rate, clip, bool(first_order)

    def _step(self, latents, logits_of):
        step = latent_step(latents, logits_of, self.alpha, self.beta)
        return tf.stop_gradient(step) if self.first_order else step

    def move_latents(self, latents, logits_of, draws):
        """Returns the moved latents, (B, D)."""
        moves = draws.uniform(self.NAME) < self.rate
        step = tf.cast(self._step(latents, logits_of), latents.dtype)
        moved = latents + step
        if self.clip is not None:
            moved = tf.clip_by_value(moved, -self.clip, self.clip)
        return tf.where(moves[:, None], moved, latents)

    def discriminator(self, game):
        """mean ||dz||^2, scalar."""
        return step_cost(
            self._step(game.latents, lambda z: game.discriminate(game.generate(z), kind="fake"))
        )

    generator = discriminator

    def get_config(self):
        return {
            "weight": self.weight,
            "alpha": self.alpha,
            "beta": self.beta,
            "rate": self.rate,
            "clip": self.clip,
            "first_order": self.first_order,
        }
