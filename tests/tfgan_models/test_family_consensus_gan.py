"""Consensus optimisation and the gradient-regularised generator against their updates."""

import keras
import numpy as np
import pytest

import tfgan_models as tfgan

RATE = 0.05
SGD = {"name": "sgd", "learning_rate": RATE}


def line_model(cls):
    """D(x) = w x, G = b, on the constant 0.8: the players are one number each."""
    z = keras.Input((1,))
    made = keras.layers.Dense(1, kernel_initializer="zeros", bias_initializer="zeros")(z)
    generator = keras.Model(z, keras.layers.Reshape((1, 1, 1))(made))
    generator.layers[1].kernel.trainable = False
    x = keras.Input((1, 1, 1))
    logit = keras.layers.Dense(1, use_bias=False)(keras.layers.Flatten()(x))
    model = cls(
        (1, 1, 1),
        generator=generator,
        discriminator=keras.Model(x, logit),
        latent_dim=1,
        output_range="unbounded",
    )
    model.discriminator.trainable_weights[0].assign([[0.4]])
    (bias,) = generator.trainable_weights
    bias.assign([-0.3])
    return model, bias, model.discriminator.trainable_weights[0]


def sigmoid(t):
    return 1.0 / (1.0 + np.exp(-t))


def discriminator_slope(w, b, x=0.8):
    """d/dw of sp(-w x) + sp(w b)."""
    return -x * sigmoid(-w * x) + b * sigmoid(w * b)


def generator_slope(w, b, saturating):
    """d/db of sp(-w b), saturating of -sp(w b)."""
    return -w * sigmoid(w * b) if saturating else -w * sigmoid(-w * b)


def slope(f, at, step=1e-5):
    return (f(at + step) - f(at - step)) / (2 * step)


def train_one_step(model):
    model.fit(np.full((4, 1, 1, 1), 0.8, "float32"), batch_size=4, verbose=0)


def test_consensus_step_is_algorithm_2():
    model, bias, weight = line_model(tfgan.ConsensusGAN)
    model.compile(
        generator_optimizer=SGD,
        discriminator_optimizer=SGD,
        penalties=[{"name": "consensus", "alpha": 2.0}],
    )
    train_one_step(model)

    def r(w, b):
        return 0.5 * (discriminator_slope(w, b) ** 2 + generator_slope(w, b, False) ** 2)

    w, b = 0.4, -0.3
    new_w = w - RATE * (discriminator_slope(w, b) + 2.0 * slope(lambda t: r(t, b), w))
    new_b = b - RATE * (generator_slope(w, b, False) + 2.0 * slope(lambda t: r(w, t), b))
    np.testing.assert_allclose(float(weight.numpy()[0, 0]), new_w, rtol=1e-4)
    np.testing.assert_allclose(float(bias.numpy()[0]), new_b, rtol=1e-4)


def test_regularised_generator_pays_for_the_discriminators_slope():
    model, bias, weight = line_model(tfgan.GradientRegularizedGAN)
    model.compile(generator_optimizer=SGD, discriminator_optimizer=SGD)
    train_one_step(model)
    w, b = 0.4, -0.3
    new_w = w - RATE * discriminator_slope(w, b)
    np.testing.assert_allclose(float(weight.numpy()[0, 0]), new_w, rtol=1e-5)
    price = slope(lambda t: discriminator_slope(new_w, t) ** 2, b)
    new_b = b - RATE * (generator_slope(new_w, b, True) + 0.5 * price)
    np.testing.assert_allclose(float(bias.numpy()[0]), new_b, rtol=1e-4)


def test_defaults_are_the_papers():
    model = tfgan.ConsensusGAN(latent_dim=4)
    model.compile()
    assert model.update_rule.SIMULTANEOUS
    assert isinstance(model.generator_optimizer, keras.optimizers.RMSprop)
    assert float(model.generator_optimizer.learning_rate) == pytest.approx(1e-4)
    assert model.penalty_0.alpha == 10.0
    model = tfgan.GradientRegularizedGAN(latent_dim=4)
    model.compile()
    assert model.adversarial_loss.NAME == "minimax" and model.penalty_0.eta == 0.5
