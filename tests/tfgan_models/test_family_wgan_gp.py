"""WGAN-GP: the paper's weights, the penalty in the network's own units, classes, points, text."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models import networks, presets
from tfgan_models.core import random
from tfgan_models.core.checks import mixes_batch

COUNTS = {
    "points": ((1, 1, 2), (527_874, 527_361)),
    "mnist": ((28, 28, 1), (1_554_177, 1_030_145)),
    "dcgan": ((32, 32, 3), (5_179_907, 4_114_689)),
    "resnet": ((32, 32, 3), (1_204_483, 1_053_825)),
}
SMALL = {
    "points": {"image_shape": (1, 1, 2), "width": 8},
    "mnist": {"image_shape": (12, 12, 1), "width": 2},
    "dcgan": {"image_shape": (12, 12, 3), "width": 2},
    "resnet": {"image_shape": (8, 8, 3), "width": 4},
    "language": {"image_shape": (6, 5, 1), "width": 4},
}
# What the critic sees of an image x in [-1, 1]: slope of its input in x.
SLOPES = {"points": 2.5 / math.sqrt(2.0), "mnist": 0.5, "dcgan": 1.0, "resnet": 1.0}


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def small(architecture, **options):
    keras.utils.set_random_seed(0)
    model = tfgan.WGANGP(architecture=architecture, **{**SMALL[architecture], **options})
    model.compile()
    return model


def one_update(model, n=6):
    """Images, fakes and the draws of a critic update."""
    rng = np.random.default_rng(0)
    real, fake = rng.uniform(-1, 1, (2, n, *model.image_shape)).astype("float32")
    labels = None if model.num_classes is None else tf.constant(np.arange(n) % model.num_classes)
    batch = {"image": tf.constant(real), "draws": random.Draws(0, 0, n)}
    return ({**batch, "label": labels} if labels is not None else batch), tf.constant(fake)


@pytest.mark.parametrize("architecture", COUNTS)
def test_weights_are_the_papers(architecture):
    shape, expected = COUNTS[architecture]
    model = tfgan.WGANGP(shape, architecture=architecture)
    assert (count(model.generator), count(model.discriminator)) == expected
    assert model.sample(2).shape == (2, *shape)


def test_weights_of_the_language_pair():
    """Dense L x 512, ten convolutions of width 5, one of width 1 to or from the alphabet."""
    model = tfgan.WGANGP((32, 33, 1), architecture="language")
    trunk = 10 * (5 * 512 * 512 + 512)
    assert count(model.generator) == 129 * 32 * 512 + trunk + 513 * 33
    assert count(model.discriminator) == 34 * 512 + trunk + 32 * 512 + 1


@pytest.mark.parametrize("architecture", SMALL)
def test_the_critic_has_no_layer_that_mixes_images(architecture):
    model = small(architecture)
    assert not any(mixes_batch(layer) for layer in model.discriminator._flatten_layers())
    mixing = any(mixes_batch(layer) for layer in model.generator._flatten_layers())
    assert mixing == (architecture in ("dcgan", "resnet"))


@pytest.mark.parametrize("architecture", SLOPES)
def test_slopes_are_of_the_networks_own_input(architecture):
    """lambda E[(||dD/dp|| - 1)^2], p what the network takes: [0, 1] for digits."""
    model = small(architecture)
    batch, fake = one_update(model)
    loss, logs = model.discriminator_objective(batch, fake)
    u = tf.reshape(batch["draws"].uniform("gradient_penalty"), (-1, 1, 1, 1))
    between = batch["image"] + u * (fake - batch["image"])
    images = between if architecture != "mnist" else (between + 1.0) / 2.0
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = model.discriminator(images)
    slopes = tf.norm(tf.reshape(tape.gradient(logits, images), (6, -1)), axis=1)
    if architecture == "points":
        slopes /= SLOPES["points"]  # of the points, which are the images times this
    penalty = np.mean((slopes.numpy() - 1.0) ** 2)
    np.testing.assert_allclose(logs["gradient_penalty"][0], penalty, rtol=1e-4)
    weight = 0.1 if architecture == "points" else 10.0
    critic = float(logs["d_fake"] - logs["d_real"])
    np.testing.assert_allclose(loss, critic + weight * penalty, rtol=1e-4, atol=1e-6)


def test_slopes_of_text_are_of_the_distributions():
    model = small("language")
    model.discriminator.trainable_weights[-1].assign([0.0])
    (penalty,) = model._penalties()
    assert penalty.target == 0.5 and penalty.weight == 10.0
    assert model.d_steps == 10


def test_class_terms_weigh_one_and_a_tenth():
    model = small("resnet", num_classes=3, latent_dim=4)
    batch, fake = one_update(model)
    labels = batch["label"].numpy()

    def entropy(images):
        logits = model.discriminator(images)["class_logits"].numpy().astype("float64")
        z = np.log(np.sum(np.exp(logits), axis=1)) - logits[np.arange(6), labels]
        return np.mean(z)

    loss, logs = model.discriminator_objective(batch, fake)
    expected = logs["d_fake"] - logs["d_real"] + entropy(batch["image"])
    np.testing.assert_allclose(loss, expected + 10.0 * logs["gradient_penalty"][0], rtol=1e-4)
    loss, logs = model.generator_objective(batch, fake)
    score = np.mean(model.discriminator(fake)["logits"])
    np.testing.assert_allclose(loss, -score + 0.1 * entropy(fake), rtol=1e-4)


def test_defaults_are_the_papers():
    model = tfgan.WGANGP()
    model.compile()
    assert model.d_steps == 5 and model.latent_dim == 128
    for player, updates in (("generator", 1), ("discriminator", 5)):
        optimizer = getattr(model, f"{player}_optimizer")
        assert (optimizer.beta_1, optimizer.beta_2) == (0.0, 0.9)
        rate = optimizer._learning_rate
        halfway = [float(rate(n * updates)) for n in (0, 50_000, 100_000, 200_000)]
        np.testing.assert_allclose(halfway, [2e-4, 1e-4, 0.0, 0.0], atol=1e-9)


def test_sides_that_do_not_halve_are_cropped():
    for shape in ((28, 20, 1), (30, 31, 3), (9, 9, 1)):
        generator = networks.wgan_gp_generator(shape, 4, width=2)
        assert generator.output_shape == (None, *shape)
        assert networks.wgan_gp_discriminator(shape, width=2).output_shape == (None, 1)
    maps = [x.output.shape[1] for x in networks.wgan_gp_generator((28, 28, 1)).layers]
    assert [n for n in (4, 8, 7, 14, 28) if n not in maps] == []


def test_sixty_four_pixels():
    model = tfgan.WGANGP((64, 64, 3), width=8, latent_dim=4)
    assert model.sample(2).shape == (2, 64, 64, 3)
    maps = [x.output.shape[1:] for x in model.discriminator.layers if "add" in x.name]
    assert maps == [(32, 32, 8), (16, 16, 16), (8, 8, 32), (4, 4, 32)]


def test_text_is_made_of_distributions():
    model = small("language")
    text = (model.sample(4, seed=1).numpy() + 1.0) / 2.0
    assert text.shape == (4, 6, 5, 1) and text.min() >= 0.0
    np.testing.assert_allclose(text.sum(axis=2), 1.0, atol=1e-5)


def test_residual_text_block_is_scaled():
    """x + 0.3 f(x): with a zero last convolution the block is the identity."""
    network = networks.language_discriminator((6, 5, 1), width=4, blocks=1)
    first, _, last = [x for x in network.layers if isinstance(x, keras.layers.Conv1D)]
    x = np.random.default_rng(0).uniform(size=(2, 6, 5, 1)).astype("float32")
    trunk = keras.Model(network.input, [first.output, network.get_layer("logit").input])
    last.kernel.assign(tf.zeros_like(last.kernel.value))
    for bias in (0.0, 1.0):
        last.bias.assign(bias * np.ones(4))
        before, after = trunk(x)
        moved = np.reshape(after, before.shape) - before
        np.testing.assert_allclose(moved, 0.3 * bias, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"architecture": "cnn"}, "architecture must be one of 'resnet', 'dcgan'"),
        ({"architecture": "mnist", "num_classes": 10}, "has no classes: leave num_classes out"),
        ({"architecture": "points", "image_shape": (8, 8, 1)}, r"images of shape \(1, 1, d\)"),
        ({"architecture": "language", "image_shape": (8, 8, 3)}, r"image_shape \(L, V, 1\)"),
        ({"image_shape": (28, 28, 1)}, "multiples of 8"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        tfgan.WGANGP(**arguments)


def test_a_critic_with_batch_norm_is_refused():
    critic = networks.dcgan_discriminator((32, 32, 3), width=2)
    generator = networks.wgan_gp_generator((32, 32, 3), 4, width=2, output="tanh")
    model = tfgan.WGANGP(generator=generator, discriminator=critic, latent_dim=4)
    with pytest.raises(ValueError, match="needs each image's own gradient"):
        model.compile()


def test_every_setting_of_the_paper_is_a_preset():
    found = {
        p.model.get("architecture", "resnet")
        for p in presets.PRESETS.values()
        if p.family == "wgan_gp"
    }
    assert found == set(SMALL)
    conditional = presets.get("wgan_gp_cifar10_conditional")
    assert conditional.model["num_classes"] == 10


@pytest.mark.slow
def test_the_critic_measures_the_distance():
    """Two points at distance W: the best slope is s = 1 + W / (2 lambda), the gap s W."""
    scale, distance, weight = 2.0, 1.2, 10.0
    keras.utils.set_random_seed(0)
    model = tfgan.WGANGP((1, 1, 1), architecture="points", width=32, scale=scale)
    for w in model.generator.trainable_weights:
        w.assign(tf.zeros_like(w.value))
    penalty = {"name": "gradient_penalty", "weight": weight, "target": scale}
    still = {"name": "sgd", "learning_rate": 0.0}
    adam = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.0, "beta_2": 0.9}
    model.compile(penalties=[penalty], generator_optimizer=still, discriminator_optimizer=adam)
    points = np.full((16 * 5 * 100, 1, 1, 1), distance / scale, "float32")
    model.fit(points, batch_size=16, verbose=0)
    gap = model.discriminate(points[:1]) - model.discriminate(0.0 * points[:1])
    slope = 1.0 + distance / (2.0 * weight)
    np.testing.assert_allclose(gap, slope * distance, rtol=0.05)
