"""The lecture's networks: published counts, the odd paddings, its order of updates."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models import networks, presets

DIGITS, COLOUR = (28, 28, 1), (64, 64, 3)
COUNTS = {
    "mlp": (114_064, 100_609),
    "failing_cnn": (349_381, 18_841),
    "half_cnn": (114_064, 18_585),
    "plain_cnn": (81_637, 18_585),
    "good_cnn": (344_208, 4_025),
    "dcgan": (3_576_704, 2_765_633),
}
# Sides after each layer that changes them.
SIDES = {
    "failing_cnn": [7, 14, 16, 15, 30, 32, 31, 29, 28],
    "plain_cnn": [7, 14, 16, 15, 31, 29, 28],
    "good_cnn": [7, 15, 13, 27, 25, 27, 28],
}


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def shape_of(architecture):
    return COLOUR if architecture == "dcgan" else DIGITS


@pytest.mark.parametrize("architecture", COUNTS)
def test_weights_are_the_lectures(architecture):
    shape = shape_of(architecture)
    generator = networks.lecture_generator(architecture, shape)
    discriminator = networks.lecture_discriminator(architecture, shape)
    assert (count(generator), count(discriminator)) == COUNTS[architecture]
    assert generator.output_shape == (None, *shape)
    assert discriminator.output_shape == (None, 1)


@pytest.mark.parametrize("architecture", SIDES)
def test_sides_at_every_stage(architecture):
    generator = networks.lecture_generator(architecture)
    sides = [layer.output.shape[1] for layer in generator.layers if len(layer.output.shape) == 4]
    changes = [n for i, n in enumerate(sides) if i == 0 or n != sides[i - 1]]
    assert changes == SIDES[architecture]


def test_padded_stride_two_convolution_is_the_notebooks():
    """PyTorch's padding 1 centres the first window on pixel 0; Keras's "same" does not."""
    discriminator = networks.lecture_discriminator("good_cnn")
    convolution = next(x for x in discriminator.layers if isinstance(x, keras.layers.Conv2D))
    convolution.kernel.assign(np.eye(9, dtype="float32")[4].reshape(3, 3, 1, 1).repeat(8, 3))
    image = np.random.default_rng(0).normal(size=(1, *DIGITS)).astype("float32")
    seen = keras.Model(discriminator.input, convolution.output)(image)
    np.testing.assert_array_equal(seen[0, :, :, 0], image[0, ::2, ::2, 0])


def test_both_gradients_are_taken_at_one_point():
    """The notebooks' generator step sees the discriminator before its own update."""
    images = np.random.default_rng(0).uniform(-1, 1, (8, 8, 8, 1)).astype("float32")

    def generator_after_one_step(discriminator_rate):
        keras.utils.set_random_seed(0)
        model = tfgan.LectureGAN((8, 8, 1), latent_dim=4, width=8)
        before = [w.numpy() for w in model.generator.trainable_weights]
        model.compile(
            generator_optimizer={"name": "sgd", "learning_rate": 0.5},
            discriminator_optimizer={"name": "sgd", "learning_rate": discriminator_rate},
        )
        model.fit(images, batch_size=8, verbose=0)
        after = [w.numpy() for w in model.generator.trainable_weights]
        assert all(np.any(a != b) for a, b in zip(after, before, strict=True))
        return after

    for a, b in zip(generator_after_one_step(5.0), generator_after_one_step(0.0), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_defaults_and_presets():
    model = tfgan.from_preset("lecture_label_smoothing")
    assert model.adversarial_loss.real_target == 0.9
    assert model.adversarial_loss.generator_target == 0.9
    assert float(model.generator_optimizer.learning_rate) == pytest.approx(1e-4)
    photographs = tfgan.LectureGAN(COLOUR, architecture="dcgan", width=4)
    photographs.compile()
    assert photographs.latent_distribution == "normal"
    assert not photographs.update_rule.SIMULTANEOUS
    assert photographs.generator_optimizer.beta_1 == 0.5
    named = [n for n, p in presets.PRESETS.items() if p.family == "lecture_gan"]
    assert len(named) == 8 + 1  # and the tiny one


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"architecture": "cnn"}, "architecture must be one of mlp, failing_cnn"),
        ({"architecture": "good_cnn", "image_shape": (32, 32, 3)}, "use 'mlp' or 'dcgan'"),
        ({"architecture": "plain_cnn", "width": 8}, "has no width"),
        ({"architecture": "dcgan"}, "square sides 16, 32"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        tfgan.LectureGAN(**arguments)


def test_samples_are_in_range():
    model = tfgan.LectureGAN(architecture="good_cnn")
    sample = model.sample(3, seed=0)
    assert sample.shape == (3, *DIGITS)
    assert float(tf.reduce_max(tf.abs(sample))) <= 1.0
