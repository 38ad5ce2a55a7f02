"""DRAGAN: the authors' weights, and a penalty around real images in the network's own units."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models.core import random
from tfgan_models.core.checks import mixes_batch

SMALL = {"mlp": (6, 6, 1), "conv": (8, 8, 3)}


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def test_weights_are_the_papers():
    model = tfgan.DRAGAN()
    assert (count(model.generator), count(model.discriminator)) == (114_064, 100_609)
    colour = tfgan.DRAGAN((32, 32, 3), architecture="conv", latent_dim=128)
    assert (count(colour.generator), count(colour.discriminator)) == (5_179_907, 4_114_689)


@pytest.mark.parametrize("architecture", SMALL)
def test_the_objective_is_the_papers(architecture):
    """Cross entropy plus 10 E[(||dD/dp|| - 1)^2] at noisy real images, p what D takes."""
    shape = SMALL[architecture]
    model = tfgan.DRAGAN(shape, architecture=architecture, width=4, latent_dim=4)
    model.compile()
    rng = np.random.default_rng(0)
    real, fake = (tf.constant(x) for x in rng.uniform(-1, 1, (2, 6, *shape)).astype("float32"))
    batch = {"image": real, "draws": random.Draws(0, 0, 6)}
    loss, logs = model.discriminator_objective(batch, fake)

    noise = batch["draws"].normal("dragan", shape).numpy()
    noisy = real.numpy() + 0.5 * real.numpy().std() * noise
    seen = [tf.constant(x, tf.float32) for x in (noisy, real, fake)]
    if architecture == "mlp":
        seen = [(x + 1.0) / 2.0 for x in seen]
    with tf.GradientTape() as tape:
        tape.watch(seen[0])
        logits = model.discriminator(seen[0])
    slopes = np.linalg.norm(np.reshape(tape.gradient(logits, seen[0]), (6, -1)), axis=1)
    penalty = np.mean((slopes - 1.0) ** 2)
    np.testing.assert_allclose(logs["dragan"][0], penalty, rtol=1e-4)
    r, f = (np.array(model.discriminator(x), "float64") for x in seen[1:])
    entropy = np.mean(np.logaddexp(0.0, -r)) + np.mean(np.logaddexp(0.0, f))
    np.testing.assert_allclose(loss, entropy + 10.0 * penalty, rtol=1e-4)
    assert not any(mixes_batch(layer) for layer in model.discriminator._flatten_layers())


def test_defaults_are_the_papers():
    model = tfgan.DRAGAN((6, 6, 1), width=4, latent_dim=4)
    model.compile()
    assert model.d_steps == 1 and model.output_range == "unit"
    assert model.latent_distribution == "uniform(-1,1)"
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        assert float(optimizer.learning_rate) == pytest.approx(1e-4)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.5, 0.9)
    model.compile(penalties=[{"name": "dragan", "mode": "legacy"}])
    assert model._penalties()[0].mode == "legacy"
    model.compile(penalties=[])
    assert not model._penalties()


def test_refuses_an_unknown_architecture():
    with pytest.raises(ValueError, match="architecture must be one of 'mlp', 'conv'"):
        tfgan.DRAGAN(architecture="dcgan")


def test_slopes_at_the_data_come_to_one():
    """A critic trained on well separated images keeps its slope there near the target."""
    images = np.full((64 * 60, 6, 6, 1), 0.6, "float32")
    images += np.random.default_rng(0).normal(0, 0.05, images.shape).astype("float32")
    keras.utils.set_random_seed(0)
    model = tfgan.DRAGAN((6, 6, 1), width=32, latent_dim=4)
    fast = {"name": "adam", "learning_rate": 3e-3, "beta_1": 0.5, "beta_2": 0.9}
    still = {"name": "sgd", "learning_rate": 0.0}
    model.compile(discriminator_optimizer=fast, generator_optimizer=still)
    model.fit(images, batch_size=64, epochs=3, verbose=0)
    inside = tf.constant((images[:64] + 1.0) / 2.0)
    with tf.GradientTape() as tape:
        tape.watch(inside)
        logits = model.discriminator(inside)
    slopes = np.linalg.norm(np.reshape(tape.gradient(logits, inside), (64, -1)), axis=1)
    assert abs(slopes.mean() - 1.0) < 0.1
