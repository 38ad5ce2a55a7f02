"""Relativistic GANs: weights, the four losses of a whole model, no zero of their own."""

import math

import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models import presets
from tfgan_models.core import random

LOSSES = {
    "relativistic_pairing": lambda a, b: np.mean(np.logaddexp(0.0, b - a)),
    "relativistic_average": lambda a, b: (
        np.mean(np.logaddexp(0.0, np.mean(b) - a)) + np.mean(np.logaddexp(0.0, b - np.mean(a)))
    ),
    "relativistic_average_least_squares": lambda a, b: (
        np.mean((a - np.mean(b) - 1.0) ** 2) + np.mean((b - np.mean(a) + 1.0) ** 2)
    ),
    "relativistic_average_hinge": lambda a, b: (
        np.mean(np.maximum(0.0, 1.0 - a + np.mean(b)))
        + np.mean(np.maximum(0.0, 1.0 + b - np.mean(a)))
    ),
}


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def one_update(model, n=6):
    rng = np.random.default_rng(0)
    real, fake = rng.uniform(-1, 1, (2, n, *model.image_shape)).astype("float32")
    return {"image": tf.constant(real), "draws": random.Draws(0, 0, n)}, tf.constant(fake)


def test_weights_are_the_authors():
    """The port at width 64 from 128 latents, and SNGAN's pair."""
    cats = tfgan.RelativisticGAN()
    assert count(cats.generator) == 3_576_704 + 28 * 16 * 512
    assert count(cats.discriminator) == 2_765_568
    cifar = tfgan.RelativisticGAN((32, 32, 3), architecture="cnn")
    assert count(cifar.generator) == 3_813_379
    assert cifar.sample(2).shape == (2, 32, 32, 3)


@pytest.mark.parametrize("loss", LOSSES)
def test_both_players_compare_real_and_fake(loss):
    model = tfgan.RelativisticGAN((16, 16, 1), width=2, latent_dim=4)
    model.compile(loss=loss)
    batch, fake = one_update(model)
    see = [np.array(model.discriminator(x, training=True)) for x in (batch["image"], fake)]
    r, f = (10.0 * x.astype("float64") for x in see)
    head = model.discriminator.get_layer("logit").kernel
    head.assign(10.0 * head)  # far enough from zero for the losses to differ
    for player, a, b in (("discriminator", r, f), ("generator", f, r)):
        value, _ = getattr(model, f"{player}_objective")(batch, fake)
        np.testing.assert_allclose(value, LOSSES[loss](a, b), rtol=1e-3)


def test_the_generator_learns_from_real_images_too():
    """Its gradient changes with the real images, though they pass the discriminator alone."""
    model = tfgan.RelativisticGAN((16, 16, 1), width=2, latent_dim=4)
    model.compile()
    assert model.adversarial_loss.NAME == "relativistic_average"
    batch, fake = one_update(model)
    gradients = []
    for real in (batch["image"], -(batch["image"] ** 3)):
        with tf.GradientTape() as tape:
            tape.watch(fake)
            loss, _ = model.generator_objective({**batch, "image": real}, fake)
        gradients.append(tape.gradient(loss, fake).numpy())
    assert np.abs(gradients[0] - gradients[1]).max() > 1e-4 * np.abs(gradients[0]).max()


def test_defaults_are_the_authors():
    model = tfgan.RelativisticGAN((16, 16, 1), width=2, latent_dim=4)
    model.compile()
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        assert float(optimizer.learning_rate) == pytest.approx(2e-4)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.5, 0.999)


def test_each_loss_has_its_presets():
    chosen = [p for p in presets.PRESETS.values() if p.family == "relativistic_gan"]
    for loss in LOSSES:
        shapes = [p.model["image_shape"] for p in chosen if p.compile.get("loss") == loss]
        assert {(64, 64, 3), (32, 32, 3)} <= set(shapes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"architecture": "resnet"}, "architecture must be one of 'dcgan', 'cnn'"),
        ({"image_shape": (28, 28, 1)}, "square sides 16, 32"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        tfgan.RelativisticGAN(**arguments)
