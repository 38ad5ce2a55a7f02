"""LSGAN: the paper's weights and sizes, its three targets, its stability test."""

import math

import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models import metrics, networks
from tfgan_models.core import random
from trainers import data

PAPER = (112, 112, 3)


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def test_weights_are_the_papers():
    """Sheet: 15.6 and 4.33 million, from the layers with biases and batch norm."""
    model = tfgan.LSGAN(PAPER)
    convolutions = 4 * (9 * 256 * 256) + 9 * 256 * 128 + 9 * 128 * 64 + 9 * 64 * 3
    hidden = 7 * 7 * 256 + 4 * 256 + 128 + 64  # each has a bias, a gain and another bias
    assert count(model.generator) == 1024 * 7 * 7 * 256 + convolutions + 3 * hidden + 3
    assert count(model.generator) == pytest.approx(15.6e6, rel=5e-3)
    kernels = 25 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512) + 7 * 7 * 512
    assert count(model.discriminator) == kernels + 64 + 3 * (128 + 256 + 512) + 1
    assert count(model.discriminator) == pytest.approx(4.33e6, rel=2e-3)
    assert model.sample(2).shape == (2, *PAPER)


@pytest.mark.parametrize(
    ("side", "sizes"),
    [(112, [7, 14, 28, 56, 112]), (28, [7, 14, 28]), (64, [4, 8, 16, 32, 64])],
)
def test_sizes_of_the_generator(side, sizes):
    generator = networks.lsgan_generator((side, side, 1), 4, width=2)
    found = [x.output.shape[1] for x in generator.layers if len(x.output.shape) == 4]
    assert sorted(set(found)) == sizes
    flat = networks.lsgan_discriminator((side, side, 1), width=2).get_layer("logit").input
    assert flat.shape[1] == sizes[0] ** 2 * (2 << (len(sizes) - 2))


def test_losses_are_half_squares_to_zero_and_one():
    model = tfgan.LSGAN((8, 8, 1), width=2, latent_dim=4)
    model.compile()
    rng = np.random.default_rng(0)
    real, fake = (tf.constant(x) for x in rng.uniform(-1, 1, (2, 6, 8, 8, 1)).astype("float32"))
    batch = {"image": real, "draws": random.Draws(0, 0, 6)}
    r, f = (np.array(model.discriminator(x, training=True)) for x in (real, fake))
    loss, _ = model.discriminator_objective(batch, fake)
    np.testing.assert_allclose(loss, 0.5 * np.mean((r - 1) ** 2) + 0.5 * np.mean(f**2), rtol=1e-4)
    loss, _ = model.generator_objective(batch, fake)
    np.testing.assert_allclose(loss, 0.5 * np.mean((f - 1) ** 2), rtol=1e-4)


def test_defaults_are_the_papers():
    for architecture, shape, rates in (
        ("conv", (8, 8, 1), (1e-3, 1e-3)),
        ("points", (1, 1, 2), (1e-3, 1e-4)),
    ):
        model = tfgan.LSGAN(shape, architecture=architecture, width=2, latent_dim=4)
        model.compile()
        optimizers = model.generator_optimizer, model.discriminator_optimizer
        assert [float(o.learning_rate) for o in optimizers] == pytest.approx(rates)
        assert {o.beta_1 for o in optimizers} == {0.5}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"architecture": "mlp"}, "architecture must be one of 'conv', 'points'"),
        ({"image_shape": (30, 30, 1)}, "multiples of 4"),
        ({"image_shape": (8, 8, 1), "architecture": "points"}, "makes points"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        tfgan.LSGAN(**arguments)


@pytest.mark.slow
def test_points_come_to_the_ring_and_stay_on_all_modes():
    """Short stability test with equal rates: from a disc to the circle, no mode lost."""
    source = data.load("toy:ring8")
    adam = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5}
    model = tfgan.from_preset("lsgan_ring8", model__width=64, compile__discriminator_optimizer=adam)

    def sampled():
        points = np.reshape(model.sample(2_500, seed=7), (-1, 2)) * source.scale
        return points, np.abs(np.linalg.norm(points, axis=1) - 2.0).mean()

    _, before = sampled()
    model.fit(data.pipeline(source, batch_size=256, seed=0), steps_per_epoch=2_000, verbose=0)
    points, after = sampled()
    assert before > 0.5 and after < 0.2
    assert metrics.mode_coverage(points, source.centres, source.std).loose == 8
