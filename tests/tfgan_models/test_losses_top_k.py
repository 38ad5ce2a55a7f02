"""Top-k: which fakes count, how k shrinks, and which losses it wraps."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_models import losses

FAKE = [0.1, 0.9, -0.3, 0.4]
WRAPPED = [
    "minimax",
    "non_saturating",
    "maximum_likelihood",
    "least_squares",
    "hinge",
    "wasserstein",
    "f_divergence",
    {"name": "f_divergence", "divergence": "neyman"},
    {"name": "minimax", "offset": -0.313262},
]


def half(loss="non_saturating"):
    """k is N at first and N/2 from the second update on."""
    return losses.TopK(loss, gamma=0.5, nu=0.5, every=1)


def value_and_slope(loss, fake):
    fake = tf.constant(fake, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(fake)
        value = loss.generator(fake)
    return value, tape.gradient(value, fake).numpy()


@pytest.mark.parametrize("shape", [(4,), (4, 1)])
@pytest.mark.parametrize("inner", WRAPPED)
def test_the_k_largest_logits_alone_count(inner, shape):
    loss, plain = half(inner), losses.get(inner)
    fake = np.reshape(FAKE, shape)
    value, slope = value_and_slope(loss, fake)
    np.testing.assert_allclose(value, plain.generator(fake), rtol=1e-5)
    assert np.all(slope != 0.0)
    value, slope = value_and_slope(loss, fake)
    np.testing.assert_allclose(value, plain.generator([0.9, 0.4]), rtol=1e-5, atol=1e-6)
    assert np.ravel(slope != 0.0).tolist() == [False, True, False, True]
    expected = value_and_slope(plain, [0.9, 0.4])[1]
    np.testing.assert_allclose(np.ravel(slope)[[1, 3]], expected, rtol=1e-5)


@pytest.mark.parametrize("inner", WRAPPED)
def test_the_discriminator_is_unchanged(inner):
    sides = [2.0, -1.0, 0.3, 0.2], FAKE
    np.testing.assert_array_equal(
        half(inner).discriminator(*sides), losses.get(inner).discriminator(*sides)
    )


def test_equal_logits_count_in_order():
    loss = half()
    loss.generator(FAKE)
    _, slope = value_and_slope(loss, [0.5, 0.5, 0.5, 0.5])
    assert (slope != 0.0).tolist() == [True, True, False, False]


def test_the_best_energies_are_the_lowest():
    loss = half("energy_margin")
    loss.generator(FAKE)
    value, slope = value_and_slope(loss, [0.1, 0.9, 0.3, 0.4])
    np.testing.assert_allclose(value, 0.2, rtol=1e-5)
    assert (slope != 0.0).tolist() == [True, False, True, False]


def test_an_image_counts_by_the_mean_of_its_patches():
    patches = np.zeros((3, 1, 2, 1))
    patches[:, 0, :, 0] = [[5.0, -4.0], [1.0, 1.0], [-1.0, 0.0]]  # means 0.5, 1, -0.5
    loss = losses.TopK(gamma=0.4, nu=0.4, every=1)
    loss.generator(patches)
    value, slope = value_and_slope(loss, patches)  # k = floor(0.4 * 3) = 1
    np.testing.assert_allclose(value, losses.NonSaturating().generator([1.0, 1.0]), rtol=1e-5)
    assert np.all(slope[1] != 0.0) and not np.any(slope[[0, 2]])


def test_k_shrinks_geometrically_to_its_floor():
    loss = losses.TopK(gamma=0.9, nu=0.6, every=3)
    got = []
    for _ in range(24):
        got.append(int(loss.kept(50)))
        loss.generator(FAKE)
    k, expected = 50.0, []
    for _ in range(8):
        expected += [int(np.floor(k + 1e-6))] * 3
        k = max(0.9 * k, 0.6 * 50)
    assert got == expected
    assert got[0] == 50 and got[-1] == 30


@pytest.mark.parametrize("share, count, k", [(0.29, 100, 29), (0.7, 10, 7), (0.75, 4, 3)])
def test_k_is_rounded_down_from_the_exact_product(share, count, k):
    loss = losses.TopK(gamma=share, nu=share, every=1)
    loss.generator([0.0])
    assert int(loss.kept(count)) == k


def test_at_least_one_fake_is_kept():
    loss = losses.TopK(gamma=0.1, nu=0.1, every=1)
    loss.generator(FAKE)
    np.testing.assert_allclose(
        loss.generator(FAKE), losses.NonSaturating().generator([0.9]), rtol=1e-5
    )


@pytest.mark.parametrize(
    "inner",
    [
        "relativistic_pairing",
        "dual_contrastive",
        "fisher",
        "boundary_equilibrium",
        "feature_matching",
        "semi_supervised",
        "multi_hinge",
        "auxiliary_classifier",
        "top_k",
    ],
)
def test_losses_without_one_term_a_fake_are_refused(inner):
    with pytest.raises(ValueError, match=f"top_k keeps single fakes, and loss '{inner}'"):
        losses.TopK(inner)


def test_it_says_of_the_logits_what_its_loss_says():
    assert losses.TopK("hinge").CENTERED and not losses.TopK("wasserstein").CENTERED
    assert losses.TopK("wasserstein").UNBOUNDED and losses.TopK("energy_margin").ENERGY
    assert losses.TopK({"name": "minimax", "flip": 0.1}).NEEDS_DRAWS


@pytest.mark.parametrize(
    "arguments, message",
    [({"gamma": 0.0}, "gamma and nu"), ({"nu": 1.1}, "gamma and nu"), ({"every": 0}, "every must")],
)
def test_wrong_arguments_say_so(arguments, message):
    with pytest.raises(ValueError, match=message):
        losses.TopK(**arguments)


@keras.saving.register_keras_serializable(package="test")
class Cubic(losses.Loss):
    """A loss that is no row of the registry."""

    NAME = "cubic"

    def discriminator(self, real_logits, fake_logits):
        return tf.reduce_mean(fake_logits**3) - tf.reduce_mean(real_logits**3)

    def generator(self, fake_logits, real_logits=None):
        return -tf.reduce_mean(fake_logits**3)


def test_a_loss_of_ones_own_is_wrapped_and_saved():
    loss = losses.TopK(Cubic(), gamma=0.5, nu=0.5, every=1)
    copy = losses.get(keras.saving.serialize_keras_object(loss))
    assert type(copy.inner) is Cubic and copy.get_config() == loss.get_config()
    copy.generator(FAKE)
    np.testing.assert_allclose(copy.generator(FAKE), -np.mean([0.9**3, 0.4**3]), rtol=1e-5)
