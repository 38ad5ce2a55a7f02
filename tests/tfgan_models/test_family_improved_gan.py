"""The improved-techniques GAN: weights, what each technique does in it, how to leave it out."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models import layers, networks

CIFAR = (32, 32, 3)
SMALL = {"image_shape": (12, 12, 1), "latent_dim": 4, "width": 8, "references": 8, "kernels": 5}


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def images(n=64):
    return np.random.default_rng(0).uniform(-1, 1, (n, 12, 12, 1)).astype("float32")


def conv(a, b, kernel=3):
    return kernel * kernel * a * b + b


def test_weights_of_the_discriminator():
    """The sheet's 1,406,794 are those of ten classes; here there is one logit."""
    trunk = conv(3, 96) + 2 * conv(96, 96) + conv(96, 192) + 3 * conv(192, 192)
    trunk += 2 * conv(192, 192, kernel=1)
    assert trunk + 193 * 10 == 1_406_794
    plain = networks.improved_discriminator(CIFAR, kernels=0)
    assert count(plain) == trunk + 193 + 1  # and the length of the last layer
    likeness = 192 * 100 * 5 + 100 * 5 + 100
    whole = networks.improved_discriminator(CIFAR)
    assert count(whole) == trunk + likeness + (192 + 100 + 1) + 1


def test_weights_of_the_generator():
    biased = networks.improved_generator(CIFAR, references=0)
    assert count(biased) == 4_933_382 and round(count(biased) / 1e6, 2) == 4.93
    virtual = networks.improved_generator(CIFAR)
    assert count(virtual) == 4_933_382 + 4 * 4 * 512 + 256 + 128  # gains


def test_stages():
    network = networks.improved_discriminator(CIFAR)
    shapes = [x.output.shape[1:3] for x in network.layers if isinstance(x, layers.WeightNorm)]
    assert [s[0] for s in shapes[:-1]] == [32, 32, 16, 16, 16, 8, 6, 6, 6]
    assert network.output["features"].shape == (None, 192)
    assert networks.improved_generator(CIFAR).output_shape == (None, *CIFAR)


def test_only_the_last_length_of_the_discriminator_is_trained():
    network = networks.improved_discriminator(CIFAR)
    trained = [x.train_scale for x in network.layers if isinstance(x, layers.WeightNorm)]
    assert trained == [False] * 9 + [True]


def test_a_fake_does_not_depend_on_the_others_in_training():
    model = tfgan.ImprovedGAN(**SMALL)
    z = tf.random.stateless_uniform((6, 4), seed=(0, 1))
    whole, part = (model.generator(x, training=True) for x in (z, z[:2]))
    np.testing.assert_allclose(whole[:2], part, atol=1e-5)
    plain = tfgan.ImprovedGAN(**{**SMALL, "references": 0})
    whole, part = (plain.generator(x, training=True) for x in (z, z[:2]))
    assert np.abs(whole[:2] - part).max() > 1e-3


def test_references_are_latents_and_stay():
    model = tfgan.ImprovedGAN(**SMALL)
    model.compile()
    kept = model.generator.get_layer("references").reference.numpy()
    assert kept.shape == (8, 4) and 0.0 <= kept.min() and 0.5 < kept.max() <= 1.0
    model.fit(images(), batch_size=32, verbose=0)
    np.testing.assert_array_equal(model.generator.get_layer("references").reference, kept)


def test_the_discriminator_sees_that_fakes_are_alike():
    """Copies of one image get other logits than that image among different ones."""
    for kernels, differs in ((5, True), (0, False)):
        model = tfgan.ImprovedGAN(**{**SMALL, "kernels": kernels})
        different = images(8)
        copies = np.repeat(different[:1], 8, axis=0)
        gap = np.abs(model.discriminate(different)[0] - model.discriminate(copies)[0])
        assert bool(gap > 1e-4) == differs


def test_losses_are_the_equations():
    model = tfgan.ImprovedGAN(**SMALL, noise=0.0)
    model.compile()
    smoothed, matching = model.loss_0, model.loss_1
    r, f = tf.constant([[1.5], [-0.5]]), tf.constant([[0.3], [2.0]])
    softplus = lambda t: np.log1p(np.exp(t))  # noqa: E731
    expected = np.mean(softplus(r) - 0.9 * r) + np.mean(softplus(f))
    np.testing.assert_allclose(smoothed.discriminator(r, f), expected, rtol=1e-6)
    np.testing.assert_allclose(smoothed.generator(f), np.mean(softplus(-f)), rtol=1e-6)
    h = {"features": tf.constant([[1.0, 2.0]])}, {"features": tf.zeros((3, 2))}
    np.testing.assert_allclose(matching.generator(h[1], h[0]), 2.5, rtol=1e-6)
    assert not hasattr(matching, "discriminator")


def test_all_techniques_are_logged_and_can_be_left_out():
    model = tfgan.ImprovedGAN(**SMALL)
    model.compile()
    logs = model.fit(images(), batch_size=32, verbose=0).history
    assert {"g_feature_matching", "historical_averaging"} <= logs.keys()
    plain = tfgan.ImprovedGAN(**{**SMALL, "references": 0, "kernels": 0})
    plain.compile(loss="non_saturating", penalties=())
    assert plain.fit(images(), batch_size=32, verbose=0).history.keys() == set(tfgan.DCGAN.LOGS)
    kinds = {type(x) for x in (*plain.generator.layers, *plain.discriminator.layers)}
    assert not kinds & {layers.VirtualBatchNorm, layers.MinibatchDiscrimination}


def test_normal_latents_have_normal_references():
    model = tfgan.ImprovedGAN(**SMALL, latent_distribution="normal")
    references = model.generator.get_layer("references").reference.numpy()
    assert references.min() < 0.0


def test_rate_is_the_authors():
    model = tfgan.ImprovedGAN(**SMALL)
    model.compile()
    rate = model.generator_optimizer._learning_rate
    epochs = np.array([0, 800, 1_000, 1_200])
    expected = 3e-4 * np.minimum(3 - epochs / 400, 1.0)
    np.testing.assert_allclose([float(rate(500 * e)) for e in epochs], expected, atol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_shape": (8, 8, 1)}, "12x12 pixels or more"),
        ({"image_shape": (30, 30, 1)}, "28x28|32x32"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        tfgan.ImprovedGAN(**arguments)


def test_penalties_on_each_images_gradient_are_refused_with_likenesses():
    model = tfgan.ImprovedGAN(**SMALL)
    with pytest.raises(ValueError, match="build it without MinibatchDiscrimination"):
        model.compile(penalties=["r1"])


def test_saved_model_keeps_references(tmp_path):
    model = tfgan.ImprovedGAN(**SMALL)
    model.compile()
    model.fit(images(), batch_size=32, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = tfgan.load(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.sample(3), model.sample(3))
    assert isinstance(loaded.discriminator, keras.Model)
