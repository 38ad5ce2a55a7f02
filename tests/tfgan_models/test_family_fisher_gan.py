"""Fisher GAN: weights, the augmented Lagrangian with L2 by part, multiplier and its measure."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models.core import random


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def small(**options):
    model = tfgan.FisherGAN((16, 16, 1), width=2, latent_dim=4, extra=1)
    model.compile(**options)
    return model


def one_update(model, n=6):
    rng = np.random.default_rng(0)
    real, fake = rng.uniform(-1, 1, (2, n, *model.image_shape)).astype("float32")
    return {"image": tf.constant(real), "draws": random.Draws(0, 0, n)}, tf.constant(fake)


def test_weights_of_the_cifar_pair():
    """The port at 32 pixels: kernels 4x4 without biases, gain and bias a channel where normed."""
    model = tfgan.FisherGAN()
    extra = 2 * (9 * 64 * 64 + 2 * 64)
    hidden = 16 * (256 * 128 + 128 * 64)
    assert count(model.generator) == (
        16 * 100 * 256 + hidden + 16 * 64 * 3 + 2 * (256 + 128 + 64) + extra
    )
    assert count(model.discriminator) == 16 * 3 * 64 + hidden + 4096 + 2 * (128 + 256) + extra
    assert model.sample(2).shape == (2, 32, 32, 3)
    large = tfgan.FisherGAN((64, 64, 3), extra=0)
    assert (count(large.generator), count(large.discriminator)) == (3_576_704, 2_765_568)


def test_the_objective_is_the_papers():
    model = small(loss={"name": "fisher", "rho": 0.1}, feature_decay=0.02, head_decay=0.5)
    batch, fake = one_update(model)
    head = model.discriminator.get_layer("logit").kernel
    head.assign(20.0 * head)  # so that Omega is not about zero
    model.adversarial_loss.multiplier.assign(0.3)
    r, f = (
        np.array(model.discriminator(x, training=True), "float64") for x in (batch["image"], fake)
    )
    omega = 0.5 * np.mean(r**2) + 0.5 * np.mean(f**2)
    weights = [w.numpy().astype("float64") for w in model.discriminator.trainable_weights]
    *features, v = weights
    assert v.shape == head.shape
    decay = 0.01 * sum(np.sum(w**2) for w in features) + 0.25 * np.sum(v**2)
    gap = np.mean(r) - np.mean(f)
    lagrangian = gap + 0.3 * (1 - omega) - 0.05 * (1 - omega) ** 2
    loss, logs = model.discriminator_objective(batch, fake)
    np.testing.assert_allclose(loss, -lagrangian + decay, rtol=1e-4)
    np.testing.assert_allclose(logs["weight_decay"], decay, rtol=1e-5)
    np.testing.assert_allclose(logs["fisher_omega"], omega, rtol=1e-3)
    np.testing.assert_allclose(logs["fisher_ipm"], gap / np.sqrt(omega), rtol=1e-3)
    np.testing.assert_allclose(logs["fisher_multiplier"], 0.3 - 0.1 * (1 - omega), rtol=1e-4)
    loss, _ = model.generator_objective(batch, fake)
    np.testing.assert_allclose(loss, -np.mean(f), rtol=1e-3)


def test_defaults_are_the_papers():
    model = small()
    assert model.d_steps == 2 and model.adversarial_loss.rho == 1e-6
    assert (model.feature_decay, model.head_decay) == (1e-6, 1e-3)
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        assert float(optimizer.learning_rate) == pytest.approx(2e-4)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.5, 0.999)


def test_decays_survive_a_file(tmp_path):
    model = small(feature_decay=0.02, head_decay=0.5)
    model.save(tmp_path / "model.keras")
    loaded = tfgan.load(tmp_path / "model.keras")
    assert (loaded.feature_decay, loaded.head_decay) == (0.02, 0.5)


@pytest.mark.slow
def test_the_constraint_holds_and_the_multiplier_is_half_the_metric():
    """N(0, 1) against N(1, 1): F = 0.9034 (closed form), lambda F / 2, Omega 1."""
    z, x = keras.Input((1,)), keras.Input((1, 1, 1))
    made = keras.layers.Dense(1, kernel_initializer="ones", bias_initializer="ones")(z)
    generator = keras.Model(z, keras.layers.Reshape((1, 1, 1))(made))
    h = keras.layers.Flatten()(x)
    for _ in range(2):
        h = keras.layers.Dense(32, "tanh")(h)
    model = tfgan.FisherGAN(
        (1, 1, 1),
        generator=generator,
        discriminator=keras.Model(x, keras.layers.Dense(1)(h)),
        latent_dim=1,
        output_range="unbounded",
    )
    model.compile(
        generator_optimizer={"name": "sgd", "learning_rate": 0.0},
        discriminator_optimizer={"name": "adam", "learning_rate": 2e-3, "beta_1": 0.5},
        loss={"name": "fisher", "rho": 0.02},
        feature_decay=0.0,
        head_decay=0.0,
        d_steps=1,
    )
    real = np.random.default_rng(0).normal(0.0, 1.0, (512_000, 1, 1, 1)).astype("float32")
    batches = tf.data.Dataset.from_tensor_slices(real).batch(1024, True)
    logs = [model.fit(batches, verbose=0).history for _ in range(4)][-1]
    assert logs["fisher_omega"][0] == pytest.approx(1.0, abs=0.05)
    assert logs["fisher_ipm"][0] == pytest.approx(0.903447, abs=0.04)
    assert logs["fisher_multiplier"][0] == pytest.approx(0.451724, abs=0.05)


def test_refuses_sides_that_do_not_grow_from_four():
    with pytest.raises(ValueError, match="square sides 16, 32"):
        tfgan.FisherGAN((28, 28, 1))
