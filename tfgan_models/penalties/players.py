"""Penalties on the gradient of one player's loss with respect to a player's weights.

Nagarajan & Kolter 2017, arXiv:1706.04156; Mescheder et al. 2017,
arXiv:1705.10461, algorithm 2. Gradients are those of the global batch: their mean over
replicas is taken before they are squared. Batch norm is left out in both papers.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core import replicas
from tfgan_models.penalties.base import Penalty
from tfgan_models.penalties.tensors import as_float


def squared_norm(tensors) -> tf.Tensor:
    """Sum of squares over all tensors, scalar float32; `None` counts as zero."""
    present = [tensor for tensor in tensors if tensor is not None]
    if not present:
        return tf.constant(0.0)
    return tf.add_n([tf.reduce_sum(tf.square(as_float(tensor))) for tensor in present])


def weight_gradients(tape, loss, weights) -> list[tf.Tensor]:
    """Gradients of the global loss with respect to `weights`; those it does not reach left out."""
    gradients = tape.gradient(loss, [getattr(w, "value", w) for w in weights])
    return replicas.mean([g for g in gradients if g is not None])


def discriminator_gradient_norm(play, discriminator_weights) -> tf.Tensor:
    """||dL_D/dw_D||^2 over all weights of the discriminator; scalar float32.

    Args:
        play: () -> (L_D, L_G).
        discriminator_weights: Variables.
    """
    with tf.GradientTape() as tape:
        loss, _ = play()
    return squared_norm(weight_gradients(tape, loss, discriminator_weights))


def both_gradient_norms(play, discriminator_weights, generator_weights) -> tf.Tensor:
    """R = (||dL_D/dw_D||^2 + ||dL_G/dw_G||^2)/2; scalar float32; arguments as above."""
    with tf.GradientTape(persistent=True) as tape:
        discriminator_loss, generator_loss = play()
    return 0.5 * (
        squared_norm(weight_gradients(tape, discriminator_loss, discriminator_weights))
        + squared_norm(weight_gradients(tape, generator_loss, generator_weights))
    )


@keras.saving.register_keras_serializable(package="tfgan_models")
class GeneratorGradientNorm(Penalty):
    """eta ||dV/dw_D||^2 in the generator's loss alone, V the value that D maximises.

    The paper's generator minimises V itself: loss "minimax" or "wasserstein".

    Args:
        eta: Weight; 0.5 in the paper's toy.
        every: Interval.
    """

    NAME = "generator_gradient_norm"
    NEEDS_REAL = True
    REPLAYS = True
    GLOBAL = True

    def __init__(self, eta=0.5, every=1):
        super().__init__(every)
        self.eta = eta

    @property
    def weight(self):
        return self.eta

    def generator(self, game):
        """||dL_D/dw_D||^2, scalar."""
        return discriminator_gradient_norm(game.play, game.opponent_weights)

    def get_config(self):
        return {"eta": self.eta, **super().get_config()}


@keras.saving.register_keras_serializable(package="tfgan_models")
class Consensus(Penalty):
    """alpha R in both players' losses, each differentiated by its own weights.

    The paper's updates are simultaneous: updates="simultaneous". R of a minibatch is a
    biased estimate of R of the data.

    Args:
        alpha: Weight; 10 with RMSProp(1e-4) in the paper's image experiments.
        every: Interval.
    """

    NAME = "consensus"
    NEEDS_REAL = True
    REPLAYS = True
    GLOBAL = True

    def __init__(self, alpha=10.0, every=1):
        super().__init__(every)
        self.alpha = alpha

    @property
    def weight(self):
        return self.alpha

    def discriminator(self, game):
        """R, scalar."""
        return both_gradient_norms(game.play, game.weights, game.opponent_weights)

    def generator(self, game):
        """R, scalar."""
        return both_gradient_norms(game.play, game.opponent_weights, game.weights)

    def get_config(self):
        return {"alpha": self.alpha, **super().get_config()}
