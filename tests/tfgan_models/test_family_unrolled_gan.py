"""Unrolled GAN: the look ahead is the optimizer's own, its gradient exact, modes are kept."""

import json
import math
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models.core import unrolling
from tfgan_models.core.adam import Adam
from tfgan_models.core.gan import GAN

POINTS = np.random.default_rng(0).normal(0, 0.4, (64, 1, 1, 2)).astype("float32")


def weights(network):
    return [w.numpy() for w in network.trainable_weights]


def test_weights_are_the_papers():
    model = tfgan.UnrolledGAN()
    counts = [
        sum(math.prod(w.shape) for w in n.trainable_weights)
        for n in (model.generator, model.discriminator)
    ]
    assert counts == [49_666, 513]


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: Adam(0.01, beta_1=0.5, epsilon=1e-8),
        lambda: keras.optimizers.Adam(0.01, beta_1=0.5, epsilon=1e-8),
        lambda: keras.optimizers.SGD(0.1),
    ],
)
def test_a_step_is_the_optimizers_own(optimizer):
    optimizer, rng = optimizer(), np.random.default_rng(0)
    variables = [keras.Variable(rng.normal(size=s).astype("float32")) for s in ((3, 2), (4,))]
    optimizer.build(variables)
    for _ in range(3):  # the slots have a history
        gradients = [tf.constant(rng.normal(size=v.shape), tf.float32) for v in variables]
        moved, slots = unrolling.slots(optimizer).step([v.value for v in variables], gradients)
        again, _ = slots.step(moved, gradients)
        optimizer.apply(gradients, variables)
        for a, b in zip(moved, variables, strict=True):
            np.testing.assert_allclose(a, b.numpy(), rtol=1e-5, atol=1e-7)
    optimizer.apply(gradients, variables)
    for a, b in zip(again, variables, strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=1e-5, atol=1e-7)


def test_units_without_gradient_leave_the_others_finite():
    """The root of Adam's second moment has no slope at zero."""
    optimizer = keras.optimizers.Adam(0.01)
    variable = keras.Variable(np.ones(2, "float32"))
    optimizer.build([variable])
    x = tf.constant([0.0, 1.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        moved, _ = unrolling.slots(optimizer).step([variable.value], [x * x])
        total = tf.reduce_sum(moved[0])
    assert np.all(np.isfinite(tape.gradient(total, x)))


def one_step(cls, **compile_options):
    keras.utils.set_random_seed(0)
    model = tfgan.UnrolledGAN(latent_dim=8)
    if cls is GAN:
        model = GAN(
            (1, 1, 2),
            generator=model.generator,
            discriminator=model.discriminator,
            latent_dim=8,
            output_range="unbounded",
        )
    adam = {"name": "adam", "learning_rate": 1e-2, "beta_1": 0.5, "epsilon": 1e-8}
    options = {"generator_optimizer": adam, "discriminator_optimizer": adam}
    model.compile(loss="minimax", **options, **compile_options)
    model.fit(POINTS, batch_size=64, verbose=0)
    return weights(model.generator) + weights(model.discriminator)


def test_without_a_look_ahead_it_is_the_saturating_game():
    for a, b in zip(one_step(None, unrolled_steps=0), one_step(GAN), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_the_discriminators_own_update_does_not_look_ahead():
    plain, ahead = (one_step(None, unrolled_steps=k)[6:] for k in (0, 5))
    for a, b in zip(plain, ahead, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("steps", [1, 3])
def test_gradient_passes_through_the_updates(steps):
    """D(x) = w x on the line, G = b: against finite differences of the recursion in float64."""
    rate, w0, b0 = 0.5, 0.3, -0.7
    real = np.array([0.2, 0.9, -0.1, 0.4])

    def sigmoid(t):
        return 1.0 / (1.0 + np.exp(-t))

    def ahead(b):
        w = w0
        for _ in range(steps):
            slope = np.mean(-real * sigmoid(-w * real)) + b * sigmoid(w * b)
            w -= rate * slope
        return np.mean(np.log1p(np.exp(-w * real))) + np.log1p(np.exp(w * b))

    inputs = keras.Input((1,))
    made = keras.layers.Dense(1, kernel_initializer="zeros")(inputs)
    generator = keras.Model(inputs, keras.layers.Reshape((1, 1, 1))(made))
    images = keras.Input((1, 1, 1))
    logit = keras.layers.Dense(1, use_bias=False)(keras.layers.Flatten()(images))
    discriminator = keras.Model(images, logit)
    model = tfgan.UnrolledGAN(
        (1, 1, 1), generator=generator, discriminator=discriminator, latent_dim=1
    )
    sgd = {"name": "sgd", "learning_rate": rate}
    model.compile(generator_optimizer=sgd, discriminator_optimizer=sgd, unrolled_steps=steps)
    bias = generator.trainable_weights[1]
    bias.assign([b0])
    discriminator.trainable_weights[0].assign([[w0]])
    batch = {"image": tf.constant(real.reshape(-1, 1, 1, 1), tf.float32), "draws": None}
    with tf.GradientTape() as tape:
        fake = generator(tf.zeros((4, 1)))
        loss, logs = model.generator_objective(batch, fake)
    got = float(tape.gradient(loss, bias.value)[0])
    expected = -(ahead(b0 + 1e-5) - ahead(b0 - 1e-5)) / 2e-5
    np.testing.assert_allclose(float(logs["unrolled_d_loss"]), ahead(b0), rtol=1e-5)
    np.testing.assert_allclose(got, expected, rtol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "hinge"}, "needs a zero-sum game"),
        ({"unrolled_steps": -1}, "unrolled_steps must be 0 or more"),
        ({"penalties": ["r1"]}, "leave penalties out"),
        ({"discriminator_optimizer": "rmsprop"}, "can be unrolled; got RMSprop"),
    ],
)
def test_refusals(options, message):
    model = tfgan.UnrolledGAN(latent_dim=4)
    with pytest.raises(ValueError, match=message):
        model.compile(**options)
    assert not model.compiled


def test_images_need_networks_of_their_own():
    with pytest.raises(ValueError, match=r"makes points, images of shape \(1, 1, d\)"):
        tfgan.UnrolledGAN((8, 8, 1))


@pytest.mark.slow
def test_modes_of_the_ring():
    """Ten updates ahead keep most of eight modes, the plain game few (appendix A): medians of
    three seeds."""
    environment = {name: v for name, v in os.environ.items() if name != "XLA_FLAGS"}
    command = [sys.executable, "-m", "tests.tfgan_models.ring_modes", "0", "1", "2"]
    root = pathlib.Path(__file__).parents[2]
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    modes = json.loads(done.stdout.splitlines()[-1])
    assert np.median(modes["10"]) >= 6 and np.median(modes["0"]) <= 3, modes
