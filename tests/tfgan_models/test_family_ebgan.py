"""EBGAN: weights, energies, the margin's two sides, the pulling-away variant, a toy landscape."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models import networks, presets

DIGITS, FACES = (28, 28, 1), (64, 64, 3)


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def test_weights_of_the_mnist_pair():
    dense = [(100, 1600), (1600, 1600), (1600, 1600), (1600, 1600)]
    hidden = sum(a * b + 2 * b for a, b in dense)  # batch norm brings gain and bias
    assert count(networks.ebgan_generator("mlp", DIGITS)) == hidden + 1601 * 784 == 9_107_984
    auto_encoder = networks.ebgan_discriminator("mlp", DIGITS)
    assert count(auto_encoder) == 785 * 1024 + 1025 * 784 == 1_607_440


def test_weights_and_stages_of_the_convolutional_pair():
    generator = networks.ebgan_generator("conv", FACES)
    discriminator = networks.ebgan_discriminator("conv", FACES)
    assert (count(generator), count(discriminator)) == (12_658_432, 1_318_083)
    kinds = (keras.layers.Conv2D, keras.layers.Conv2DTranspose)
    maps = [x.output.shape[1:] for x in discriminator.layers if isinstance(x, kinds)]
    assert [m[0] for m in maps] == [32, 16, 8, 16, 32, 64]
    assert [m[2] for m in maps] == [64, 128, 256, 128, 64, 3]
    assert discriminator.output["code"].shape == (None, 8 * 8 * 256)


@pytest.mark.parametrize(("architecture", "shape"), [("mlp", DIGITS), ("conv", (16, 16, 3))])
def test_energy_is_the_error_of_the_reconstruction(architecture, shape):
    network = networks.ebgan_discriminator(architecture, shape, width=4)
    image, rebuilt = network.get_layer("energy").input
    x = np.random.default_rng(0).uniform(0, 1, (3, *shape)).astype("float32")
    error = keras.Model(network.input, rebuilt)(x).numpy() - x
    energy = network(x)["logits"].numpy()[:, 0]
    squares = np.sum(error.reshape(3, -1) ** 2, axis=1)
    expected = squares / error[0].size if architecture == "mlp" else np.sqrt(squares)
    np.testing.assert_allclose(energy, expected, rtol=1e-5)
    assert image.shape == (None, *shape)
    assert np.all(energy >= 0)


@pytest.mark.parametrize(("margin", "pushed"), [(0.0, False), (50.0, True)])
def test_only_fakes_under_the_margin_teach_the_discriminator(margin, pushed):
    model = tfgan.EBGAN((8, 8, 1), latent_dim=4, width=8)
    model.compile(loss={"name": "energy_margin", "margin": margin})
    fake = tf.constant(np.random.default_rng(0).uniform(-1, 1, (6, 8, 8, 1)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(fake)
        energies = model.discriminate(fake)
        loss = model.adversarial_loss.discriminator(tf.zeros((6, 1)), energies)
    gradient = tape.gradient(loss, fake)
    assert bool(np.any(gradient.numpy() != 0)) == pushed


def test_pulling_away_is_the_generators_alone():
    model = tfgan.from_preset("ebgan_tiny", compile__discriminator_optimizer__learning_rate=0.0)
    images = np.random.default_rng(0).uniform(-1, 1, (32, 8, 8, 1)).astype("float32")
    logs = {k: v[-1] for k, v in model.fit(images, batch_size=8, verbose=0).history.items()}
    assert 0.0 <= logs["g_pulling_away"] <= 1.0
    assert "d_pulling_away" not in logs


def test_energy_is_low_on_two_clusters_and_at_the_margin_elsewhere():
    """Fakes here cover the unit square and do not learn: the landscape is the discriminator's."""
    keras.utils.set_random_seed(0)
    z = keras.Input((2,))
    square = keras.layers.Rescaling(0.5, 0.5)(keras.layers.Reshape((1, 1, 2))(z))
    generator = keras.Model(z, keras.layers.Dense(2, kernel_initializer="identity")(square))
    discriminator = networks.ebgan_discriminator("mlp", (1, 1, 2), width=128)
    model = tfgan.EBGAN((1, 1, 2), latent_dim=2, generator=generator, discriminator=discriminator)
    margin = 0.5
    model.compile(
        generator_optimizer={"name": "sgd", "learning_rate": 0.0},
        discriminator_optimizer={"name": "adam", "learning_rate": 3e-3},
        loss={"name": "energy_margin", "margin": margin},
        steps_per_execution=50,
    )
    rng = np.random.default_rng(0)
    centres = np.array([[-0.6, -0.6], [0.6, 0.6]])
    points = centres[rng.integers(2, size=6_400)] + 0.03 * rng.normal(size=(6_400, 2))
    points = points.astype("float32").reshape(-1, 1, 1, 2)
    model.fit(points, batch_size=64, epochs=15, verbose=0)
    away = np.array([[-0.6, 0.6], [0.6, -0.6], [0.9, 0.0], [-0.9, 0.0], [0.0, 0.9], [0.0, -0.9]])
    inside = model.discriminate(points[:500]).numpy()
    outside = model.discriminate(away.astype("float32").reshape(-1, 1, 1, 2)).numpy()
    assert inside.mean() < 0.2 * margin
    assert outside.min() > 0.7 * margin


def test_defaults_and_presets():
    model = tfgan.EBGAN(width=16)
    model.compile()
    assert model.adversarial_loss.margin == 10.0
    assert float(model.generator_optimizer.learning_rate) == pytest.approx(1e-3)
    faces = tfgan.from_preset("ebgan_pt_faces_64", model__width=2)
    assert [x.NAME for x in faces._chosen_losses()] == ["energy_margin", "pulling_away"]
    assert faces.adversarial_loss.margin == 20.0 and faces.loss_1.weight == 0.1
    assert presets.get("ebgan_bedrooms_64").compile["loss"]["margin"] == 80.0
    sample = faces.sample(2)
    assert sample.shape == (2, *FACES) and float(tf.reduce_max(tf.abs(sample))) <= 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"architecture": "cnn"}, "architecture must be one of mlp, conv"),
        ({"architecture": "conv", "image_shape": (28, 28, 1)}, "square sides 16, 32"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        tfgan.EBGAN(**arguments)


def test_penalties_that_take_high_for_real_are_refused():
    model = tfgan.EBGAN(width=16)
    with pytest.raises(ValueError, match="makes logits energies, low for real"):
        model.compile(penalties=["lecam"])
