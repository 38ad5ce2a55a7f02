"""Label targets: smoothed, drawn, flipped."""

import numpy as np
import pytest
import tensorflow as tf

from tests.tfgan_models.test_losses_games import adam, gradients
from tfgan_models import losses
from tfgan_models.core import random

REAL, FAKE = [2.0, -1.0], [0.5, -3.0]
NAMES = ("minimax", "non_saturating", "maximum_likelihood")


def draws(count, step=0):
    return random.Draws(11, step, count)


def targets(loss, count=20_000, step=0):
    """What each image's target was, from the slope: dL_D/dr = (sg(r) - target) / N."""
    zeros = np.zeros(count)
    _, slopes = gradients(
        lambda r, f: loss.discriminator(r, f, draws=draws(count, step)), zeros, zeros
    )
    return [0.5 - count * slope for slope in slopes]


@pytest.mark.parametrize("shape", [(2,), (2, 1), (2, 3, 1, 1)])
def test_targets_of_each_image(shape):
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, *shape))
    a, b = np.array([0.9, 0.4]), np.array([0.2, 0.7])
    columns = [v.reshape(2, -1) for v in (real, fake)]
    entropy = [
        np.mean(np.log1p(np.exp(t)) - y[:, None] * t) for t, y in zip(columns, (a, b), strict=True)
    ]
    value = losses.cross_entropy_discriminator_loss(real, fake, a, b)
    np.testing.assert_allclose(value, sum(entropy), rtol=1e-5)


def test_targets_of_another_number_raise():
    with pytest.raises(ValueError, match="one number an image"):
        losses.cross_entropy_discriminator_loss(REAL, FAKE, real_target=np.ones(3))
    with pytest.raises(ValueError, match="one number an image"):
        losses.cross_entropy_discriminator_loss(REAL, FAKE, fake_target=np.ones((2, 1)))


def test_two_sided_smoothing_moves_the_optimum_towards_the_model():
    """D* = (a p + b q) / (p + q): at p = 3 q, (3 a + b) / 4."""
    a, b = 0.9, 0.2
    logit = np.log(((3 * a + b) / 4) / (1 - (3 * a + b) / 4))
    loss = losses.NonSaturating(real_target=a, fake_target=b)
    _, (by_real, by_fake) = gradients(loss.discriminator, [logit], [logit])
    np.testing.assert_allclose(3.0 * by_real + by_fake, 0.0, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.9, 0.7])
def test_optimal_logit_of_real_images_alone(alpha):
    logit = np.log(alpha / (1.0 - alpha))
    value, (slope, _) = gradients(
        losses.NonSaturating(real_target=alpha).discriminator, [logit], [-1e4]
    )
    entropy = -alpha * np.log(alpha) - (1 - alpha) * np.log(1 - alpha)
    np.testing.assert_allclose([value, slope[0]], [entropy, 0.0], atol=1e-6)


def test_soft_targets_are_drawn_for_each_image_and_step():
    loss = losses.NonSaturating(real_target=(0.7, 1.0), fake_target=(0.0, 0.3))
    real, fake = targets(loss)
    for got, low, high in ((real, 0.7, 1.0), (fake, 0.0, 0.3)):
        assert got.min() > low - 1e-3 and got.max() < high + 1e-3
        np.testing.assert_allclose(got.mean(), 0.5 * (low + high), atol=0.003)
        np.testing.assert_allclose(got.std(), 0.3 / np.sqrt(12.0), atol=0.002)
    assert abs(np.corrcoef(real, fake)[0, 1]) < 0.03
    np.testing.assert_array_equal(targets(loss)[0], real)
    assert abs(np.corrcoef(targets(loss, step=1)[0], real)[0, 1]) < 0.03


def test_flips_swap_the_targets_at_their_rate():
    real, fake = targets(losses.Minimax(real_target=0.9, fake_target=0.1, flip=0.2))
    for got, other in ((real, 0.1), (fake, 0.9)):
        flipped = np.isclose(got, other, atol=1e-3)
        assert np.all(flipped | np.isclose(got, 1.0 - other, atol=1e-3))
        np.testing.assert_allclose(flipped.mean(), 0.2, atol=0.01)
    assert np.any(np.isclose(real, 0.1, atol=1e-3) != np.isclose(fake, 0.9, atol=1e-3))


def test_without_strength_nothing_is_drawn():
    loss = losses.NonSaturating(flip=0.0)
    assert not loss.NEEDS_DRAWS
    np.testing.assert_allclose(loss.discriminator(REAL, FAKE), 1.231427, atol=1e-5)


def test_random_targets_need_draws():
    with pytest.raises(ValueError, match="targets of loss 'minimax' are random"):
        losses.Minimax(flip=0.1).discriminator(REAL, FAKE)


def test_flips_bound_the_logits():
    """An affine D on two clusters that do not overlap ends at +-log(0.95 / 0.05)."""
    loss = losses.NonSaturating(flip=0.05)

    def value(line, step):
        noise = random.Draws(0, step, 2048).normal("x", (2,)) * 0.01
        real, fake = 1.0 + noise[:, 0], -1.0 + noise[:, 1]
        logits = line[0] * real + line[1], line[0] * fake + line[1]
        return loss.discriminator(*logits, draws=random.Draws(1, step, 2048))

    slope, offset = adam(value, [0.0, 0.0], 1200, 0.01)
    np.testing.assert_allclose([slope + offset, offset - slope], [2.944, -2.944], atol=0.15)


@pytest.mark.parametrize("name", NAMES)
def test_targets_leave_the_generator_alone(name):
    loss = losses.get({"name": name, "real_target": (0.7, 1.0), "fake_target": 0.1, "flip": 0.1})
    np.testing.assert_array_equal(loss.generator(FAKE), losses.get(name).generator(FAKE))


def test_generator_target_of_the_imagenet_code():
    """sp(f) - 0.375 f, whose optimum is the middle of the discriminator's 0.75 and 0."""
    loss = losses.NonSaturating(real_target=0.75, generator_target=0.375)
    fake = np.array(FAKE)
    np.testing.assert_allclose(
        loss.generator(FAKE), np.mean(np.log1p(np.exp(fake)) - 0.375 * fake), rtol=1e-5
    )
    _, (slope,) = gradients(loss.generator, [np.log(0.375 / 0.625)])
    np.testing.assert_allclose(slope, 0.0, atol=1e-6)


def test_tf_gans_defaults():
    """label_smoothing 0.25 is target 0.875; its minimax generator has log sigmoid(1) in it."""
    smooth = tf.keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.25)
    plain = tf.keras.losses.BinaryCrossentropy(from_logits=True)
    logits = [np.reshape(v, (2, 1)) for v in (REAL, FAKE)]
    ones, zeros = np.ones((2, 1)), np.zeros((2, 1))
    expected = smooth(ones, logits[0]) + plain(zeros, logits[1])
    loss = losses.Minimax(real_target=0.875, offset=-0.313262)
    np.testing.assert_allclose(loss.discriminator(*logits), expected, rtol=1e-5)
    generator = -(plain(ones, ones) + plain(zeros, logits[1]))
    np.testing.assert_allclose(loss.generator(logits[1]), generator, rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"real_target": (0.7, 1.2)}, "no minimum"),
        ({"fake_target": (-0.1, 0.3)}, "no minimum"),
        ({"real_target": (1.0, 0.7)}, "a pair .low, high."),
        ({"real_target": (0.7, 0.8, 0.9)}, "a pair .low, high."),
        ({"real_target": (0.0, 0.5)}, "real_target must be over 0"),
        ({"fake_target": 1.0}, "fake_target must be under 1"),
        ({"flip": 0.5}, "flip must be in"),
        ({"flip": -0.1}, "flip must be in"),
    ],
)
def test_wrong_targets_say_so(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        losses.get({"name": name, **arguments})


def test_ganhacks_targets_by_asking_for_them():
    loss = losses.NonSaturating(real_target=(0.7, 1.2), unbounded_targets=True)
    real, _ = targets(loss)
    assert 1.1 < real.max() < 1.2
    with pytest.raises(ValueError, match="generator_target must be in"):
        losses.NonSaturating(generator_target=0.0)
