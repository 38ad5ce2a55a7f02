"""Small players and complete games for the tests of penalties."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from tfgan_models import losses, penalties
from tfgan_models.core import random

BATCH, LATENT = 8, 3


def constant(value, dtype="float32"):
    return tf.constant(np.asarray(value, dtype))


def normal(shape, seed=0, dtype="float32"):
    return constant(np.random.default_rng(seed).normal(size=shape), dtype)


def uniform(shape, seed=0, dtype="float32"):
    return constant(np.random.default_rng(seed).uniform(-1, 1, shape), dtype)


def plain_game(real_logits=None, fake_logits=None, real=None, fake=None, see=None, **more):
    """A game of a discriminator that is a function of the images alone."""
    draws = random.Draws(3, 0, 0 if real is None else len(real))

    def discriminate(images, kind="real", after=None, rows=None):
        return see(images if after is None else after(images))

    return penalties.Game(
        **{
            "discriminate": discriminate,
            "real": real,
            "fake": fake,
            "real_logits": real_logits,
            "fake_logits": fake_logits,
            "draws": draws,
            "weights": (),
            "outputs": lambda *args, **kwargs: {"logits": discriminate(*args, **kwargs)},
            **more,
        }
    )


class Players:
    """A smooth generator and discriminator of 4x4 images, and their games."""

    def __init__(self, seed=0):
        keras.utils.set_random_seed(seed)
        wide = keras.initializers.RandomNormal(0.0, 0.5, seed=seed)
        layers = keras.layers
        z = keras.Input((LATENT,))
        h = layers.Dense(8, activation="softplus", kernel_initializer=wide)(z)
        h = layers.Reshape((2, 2, 2))(h)
        h = layers.Conv2DTranspose(1, 4, 2, "same", kernel_initializer=wide, name="output")(h)
        self.generator = keras.Model(z, layers.Activation("tanh")(h))
        x = keras.Input((4, 4, 1))
        h = layers.Conv2D(3, 3, 2, "same", activation="tanh", kernel_initializer=wide)(x)
        h = layers.Dense(5, activation="softplus", kernel_initializer=wide)(layers.Flatten()(h))
        outputs = {
            name: layers.Dense(size, kernel_initializer=wide, name=name)(h)
            for name, size in (("logits", 1), ("class_logits", 3), ("rotation_logits", 4))
        }
        self.discriminator = keras.Model(x, outputs)
        self.loss = losses.get("non_saturating")

    def network(self, player):
        return self.generator if player == "generator" else self.discriminator

    def game(self, player, real, latents, step=0, seed=5):
        """A game as the models make it; the batch is that of `real`."""

        def see(images, kind="real", after=None, rows=None):
            return self.discriminator(images if after is None else after(images), training=True)

        def generate(z):
            return self.generator(z, training=True)

        def play():
            r, f = see(real)["logits"], see(generate(latents))["logits"]
            return self.loss.discriminator(r, f), self.loss.generator(f, r)

        fake = generate(latents)
        fake = tf.stop_gradient(fake) if player == "discriminator" else fake
        real_outputs, fake_outputs = see(real, "real"), see(fake, "fake")
        other = "generator" if player == "discriminator" else "discriminator"
        return penalties.Game(
            discriminate=lambda *args, **kwargs: see(*args, **kwargs)["logits"],
            real=real,
            fake=fake,
            real_logits=real_outputs["logits"],
            fake_logits=fake_outputs["logits"],
            draws=random.Draws(seed, tf.constant(step, tf.int64), real.shape[0]),
            weights=tuple(self.network(player).trainable_variables),
            real_outputs=real_outputs,
            fake_outputs=fake_outputs,
            outputs=see,
            latents=latents,
            generate=generate,
            play=play,
            opponent_weights=tuple(self.network(other).trainable_variables),
            player=player,
            step=tf.constant(step, tf.int64),
            network=self.network(player),
        )

    def build(self, penalty):
        """Makes a penalty's variables, as `compile` does."""
        if hasattr(penalty, "build_for"):
            networks = (self.generator, self.discriminator)
            penalty.build_for(*(tuple(n.trainable_variables) for n in networks))
        return penalty


def terms(penalty):
    """The players whose loss a penalty has a term of."""
    players = ("discriminator", "generator")
    return [player for player in players if getattr(penalty, player, None) is not None]


def term_and_gradients(players, penalty, player, real, latents, step=0):
    """Value of one term and its gradients by the player's weights; None counts as zero."""
    variables = [v.value for v in players.network(player).trainable_variables]
    with tf.GradientTape() as tape:
        value = getattr(penalty, player)(players.game(player, real, latents, step))
        value = tf.convert_to_tensor(value)
    gradients = tape.gradient(value, variables, unconnected_gradients="zero")
    return value, gradients


def data(seed=1):
    return uniform((BATCH, 4, 4, 1), seed), normal((BATCH, LATENT), seed + 1)
