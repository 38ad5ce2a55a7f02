"""AC-GAN: weights, heads, the two settings' exact sums, where the class gradient goes."""

import math

import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models import networks, presets

DIGITS, CIFAR, LARGE = (28, 28, 1), (32, 32, 3), (128, 128, 3)
SMALL = {"image_shape": (8, 8, 1), "num_classes": 3, "width": 2, "latent_dim": 4}


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def deconvolutions(widths, channels, kernel=25, norm=2):
    """Weights of transposed convolutions with biases, and of the norms between them."""
    pairs = zip(widths, (*widths[1:], channels), strict=True)
    return sum(kernel * a * b + b for a, b in pairs) + norm * sum(widths[1:])


def test_weights_of_the_keras_teams_pair():
    assert count(networks.acgan_generator("digits", DIGITS, 10)) == 2_656_745
    discriminator = networks.acgan_discriminator("digits", DIGITS, 10)
    assert count(discriminator) == 387_840 + 12_545 + 125_450 == 525_835
    assert count(discriminator.get_layer("class_logits")) == 125_450


@pytest.mark.parametrize(
    ("shape", "widths"), [(CIFAR, (384, 192, 96)), (LARGE, (768, 384, 256, 192, 64))]
)
def test_weights_of_the_papers_pairs(shape, widths):
    generator = networks.acgan_generator("paper", shape, 10)
    assert count(generator) == 111 * 16 * widths[0] + deconvolutions(widths, 3)
    trunk = (3, 16, 32, 64, 128, 256, 512)
    convolutions = sum(9 * a * b + b for a, b in zip(trunk, trunk[1:], strict=False))
    flat = (shape[0] // 8) ** 2 * 512
    discriminator = networks.acgan_discriminator("paper", shape, 10)
    assert count(discriminator) == convolutions + 2 * sum(trunk[2:]) + 11 * (flat + 1)
    assert generator.output.shape == (None, *shape)


@pytest.mark.parametrize("pair", ["paper", "digits"])
def test_the_image_depends_on_the_label(pair):
    model = tfgan.ACGAN((24, 24, 1), 3, architecture=pair, width=2, latent_dim=6)
    z = model.sample_latents(4, seed=0)
    made = [model.generate(z, np.full(4, label)).numpy() for label in range(3)]
    assert all(np.abs(a - b).max() > 1e-4 for a, b in ((made[0], made[1]), (made[1], made[2])))
    assert np.abs(made[0]).max() <= 1.0


def test_digits_multiply_z_by_the_labels_embedding():
    generator = networks.acgan_generator("digits", DIGITS, 3, 5, width=2)
    embedding = generator.get_layer("embedding")
    embedding.kernel.assign(tf.ones_like(embedding.kernel) * [[1.0], [2.0], [0.0]])
    z = np.random.default_rng(0).normal(size=(2, 5)).astype("float32")
    y = np.eye(3, dtype="float32")
    twice = generator([z, y[[1, 1]]])
    np.testing.assert_allclose(twice, generator([2 * z, y[[0, 0]]]), atol=1e-6)
    nothing = generator([z, y[[2, 2]]]).numpy()
    np.testing.assert_allclose(nothing[0], nothing[1], atol=1e-7)


def sums(architecture):
    """(L_D, L_G) of one batch's scripted outputs, by the model's own terms."""
    model = tfgan.ACGAN((24, 24, 1), 2, architecture=architecture, width=2, latent_dim=4)
    model.compile()
    label = tf.one_hot([0, 1], 2)
    real = {"logits": tf.constant([[1.0], [-2.0]]), "class_logits": [[2.0, 0.0], [0.0, 1.0]]}
    fake = {"logits": tf.constant([[0.5], [3.0]]), "class_logits": [[1.0, 0.0], [0.0, 3.0]]}
    total = []
    for player in ("discriminator", "generator"):
        value = 0.0
        for loss in model._chosen_losses():
            sides = [{**side, "label": label} for side in (real, fake)]
            factor = 1.0 if loss.ADVERSARIAL else loss.weight_of(player)
            value += factor * model.loss_value(loss, player, *sides, None)
        total.append(float(value))
    return total


def softplus(*values):
    return np.mean(np.logaddexp(0.0, values))


REAL_CLASS = (np.logaddexp(2, 0) - 2 + np.logaddexp(0, 1) - 1) / 2
FAKE_CLASS = (np.logaddexp(1, 0) - 1 + np.logaddexp(0, 3) - 3) / 2


def test_sums_of_the_paper():
    d_loss = softplus(-1, 2) + softplus(0.5, 3) + REAL_CLASS + FAKE_CLASS
    np.testing.assert_allclose(sums("paper"), [d_loss, softplus(-0.5, -3) + FAKE_CLASS], rtol=1e-6)


def test_sums_of_the_keras_teams_example():
    d_real = 0.9 * softplus(-1, 2) + 0.1 * softplus(1, -2)
    d_fake = 0.1 * softplus(-0.5, -3) + 0.9 * softplus(0.5, 3)
    g_loss = 0.9 * softplus(-0.5, -3) + 0.1 * softplus(0.5, 3)
    expected = [d_real + d_fake + 2 * REAL_CLASS, g_loss + FAKE_CLASS]
    np.testing.assert_allclose(sums("digits"), expected, rtol=1e-6)


def test_the_class_loss_teaches_the_generator():
    model = tfgan.ACGAN(**SMALL)
    model.compile()
    label = model.condition(np.array([0, 1, 2, 0]))
    weights = model.generator.trainable_variables
    head = model.discriminator.get_layer("logits").kernel
    with tf.GradientTape() as tape:
        fake = model.synthesize(model.generator, model.sample_latents(4), label, True)
        outputs = model.discriminator_outputs(fake, training=True)
        loss = model.loss_1.generator({**outputs, "label": label})
    *gradients, at_the_other_head = tape.gradient(loss, [*weights, head])
    assert all(g is not None for g in gradients) and np.abs(gradients[0]).max() > 0
    assert at_the_other_head is None


def test_defaults_and_presets():
    model = tfgan.ACGAN(**SMALL)
    model.compile()
    assert [loss.NAME for loss in model._chosen_losses()] == [
        "non_saturating",
        "auxiliary_classifier",
    ]
    assert model.loss_1.fakes and model.loss_1.weight_of("generator") == 1.0
    assert float(model.generator_optimizer.learning_rate) == pytest.approx(2e-4)
    assert presets.get("acgan_cifar10").batch_size == 100
    large = tfgan.from_preset("acgan_imagenet_128", model__width=1)
    assert large.sample(1).shape == (1, 128, 128, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"architecture": "cifar"}, "architecture must be one of 'paper', 'digits'"),
        ({"image_shape": (28, 28, 1)}, "multiples of 8; got 28x28"),
        ({"image_shape": (16, 16, 1), "architecture": "digits"}, "sides of 20 or more"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        tfgan.ACGAN(**arguments)
