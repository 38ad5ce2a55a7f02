"""WGAN: the paper's weights, clipping, bursts, and what a clipped critic can say."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models import networks

PAPER = (64, 64, 3)


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def images(shape, n, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, *shape)).astype("float32")


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("dcgan", (3_576_704, 2_765_568)),
        ("mlp", (6_880_768, 6_817_793)),
        ("mlp_generator", (6_880_768, 2_765_568)),
    ],
)
def test_weights_are_the_papers(architecture, expected):
    model = tfgan.WGAN(PAPER, architecture=architecture)
    assert (count(model.generator), count(model.discriminator)) == expected
    sample = model.sample(2)
    assert sample.shape == (2, *PAPER) and float(tf.reduce_max(tf.abs(sample))) <= 1.0


def test_extra_layers_have_the_outermost_width():
    """One 3x3 convolution without bias and its batch norm, in each network."""
    for build in (networks.dcgan_generator, networks.dcgan_discriminator):
        plain, wider = (build((16, 16, 1), width=6, port=True, extra=n) for n in (0, 1))
        assert count(wider) - count(plain) == 9 * 6 * 6 + 2 * 6


def test_defaults_are_the_papers():
    model = tfgan.WGAN((16, 16, 1), width=2)
    model.compile()
    assert model.d_steps == 5 and model.adversarial_loss.NAME == "wasserstein"
    rule = model.update_rule
    assert (rule.normal, rule.burst, rule.first, rule.every) == (5, 100, 25, 500)
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        assert isinstance(optimizer, keras.optimizers.RMSprop)
        assert float(optimizer.learning_rate) == pytest.approx(5e-5)
        assert (optimizer.rho, optimizer.momentum) == (0.99, 0.0)
    model.compile(d_steps=3, updates=None)
    assert not hasattr(model.update_rule, "burst") and model.d_steps == 3
    model.compile(d_steps=2)
    assert model.update_rule.normal == 2


def test_all_weights_of_the_critic_are_clipped():
    model = tfgan.WGAN((16, 16, 1), width=2, latent_dim=4)
    model.compile(updates=None, d_steps=1)
    model.fit(images((16, 16, 1), 8), batch_size=8, verbose=0)
    largest = [float(np.abs(w).max()) for w in model.discriminator.trainable_weights]
    assert max(largest) <= np.float32(0.01) and max(largest) > 0.009
    assert max(float(np.abs(w).max()) for w in model.generator.trainable_weights) > 0.02


def test_the_generator_rests_during_a_burst():
    """Bursts of 6 for the first two updates, then 2: steps 3, 6, 7, 8 with two critic updates."""
    model = tfgan.WGAN((16, 16, 1), width=2, latent_dim=4)
    rule = {"name": "bursts", "normal": 2, "burst": 6, "first": 2}
    model.compile(updates=rule, d_steps=2)
    updates = []
    for i in range(8):
        model.fit(images((16, 16, 1), 8, seed=i), batch_size=4, verbose=0)
        updates.append(int(model.generator_optimizer.iterations.numpy()))
    assert updates == [0, 0, 1, 1, 1, 2, 3, 4]
    assert int(model.discriminator_optimizer.iterations.numpy()) == 16


def test_a_clipped_line_estimates_a_hundredth_of_the_distance():
    """D(x) = w x, |w| <= 0.01, N(0, 1) against N(2, 1): the gap goes to 0.02 in absolute value."""
    z, x = keras.Input((1,)), keras.Input((1, 1, 1))
    made = keras.layers.Dense(1, kernel_initializer="ones", bias_initializer="zeros")(z)
    generator = keras.Model(z, keras.layers.Reshape((1, 1, 1))(made))
    line = keras.layers.Dense(1, use_bias=False)(keras.layers.Flatten()(x))
    model = tfgan.WGAN(
        (1, 1, 1),
        generator=generator,
        discriminator=keras.Model(x, line),
        latent_dim=1,
        output_range="unbounded",
    )
    still = {"name": "sgd", "learning_rate": 0.0}
    model.compile(generator_optimizer=still, updates=None)
    real = np.random.default_rng(0).normal(2.0, 1.0, (2_000 * 5, 1, 1, 1)).astype("float32")
    model.fit(tf.data.Dataset.from_tensor_slices(real).batch(500, True), epochs=15, verbose=0)
    assert float(model.discriminator.trainable_weights[0][0, 0]) == pytest.approx(0.01)
    fake = np.random.default_rng(1).normal(0.0, 1.0, (10_000, 1, 1, 1)).astype("float32")
    gap = np.mean(model.discriminate(real)) - np.mean(model.discriminate(fake))
    assert gap == pytest.approx(0.02, abs=5e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"architecture": "cnn"}, "architecture must be one of 'dcgan', 'mlp'"),
        ({"image_shape": (28, 28, 1)}, "square sides 16, 32, 64"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        tfgan.WGAN(**arguments)
