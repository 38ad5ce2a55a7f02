"""Flips: exact mirrors, shared draws, gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_models import augment
from tfgan_models.core import random


def pictures(count=16, shape=(3, 5, 2), seed=0):
    values = np.random.default_rng(seed).uniform(-1, 1, (count, *shape))
    return values.astype("float32")


def draws(count=16, step=0, seed=7):
    return random.Draws(seed, step, count)


def flipped(before, after):
    """Which images are mirrored, after checking that the others are as they were."""
    mirrored = np.all(after == before[:, :, ::-1], axis=(1, 2, 3))
    plain = np.all(after == before, axis=(1, 2, 3))
    assert np.all(mirrored ^ plain)
    return mirrored


@pytest.mark.parametrize("shape", [(3, 5, 2), (4, 4, 1), (2, 3, 4)])
def test_p_one_mirrors_the_width_of_every_image(shape):
    x = pictures(shape=shape)
    np.testing.assert_array_equal(augment.Flip(p=1.0)(tf.constant(x), draws()), x[:, :, ::-1, :])


def test_p_zero_is_the_identity():
    x = pictures()
    np.testing.assert_array_equal(augment.Flip(p=0.0)(tf.constant(x), draws()), x)


def test_function_mirrors_where_it_is_told():
    x = pictures(4)
    expected = np.stack([x[0, :, ::-1], x[1], x[2], x[3, :, ::-1]])
    mask = tf.constant([True, False, False, True])
    np.testing.assert_array_equal(augment.flip(tf.constant(x), mask), expected)


@pytest.mark.parametrize("p", [0.25, 0.5])
def test_share_of_mirrored_images(p):
    x = pictures(4000, (1, 2, 1))
    share = flipped(x, augment.Flip(p)(tf.constant(x), draws(4000)).numpy()).mean()
    assert abs(share - p) < 4.0 * np.sqrt(p * (1 - p) / 4000)


def test_real_and_fake_images_get_the_same_flips():
    flip, same = augment.Flip(), draws()
    real, fake = pictures(seed=1), pictures(seed=2)
    of_real = flipped(real, flip(tf.constant(real), same).numpy())
    of_fake = flipped(fake, flip(tf.constant(fake), same).numpy())
    np.testing.assert_array_equal(of_real, of_fake)
    assert 0 < of_real.sum() < 16


def test_steps_and_seeds_flip_differently():
    x = pictures(64)
    masks = {
        flipped(x, augment.Flip()(tf.constant(x), draws(64, step, seed)).numpy()).tobytes()
        for step, seed in ((0, 7), (1, 7), (0, 8))
    }
    assert len(masks) == 3


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0])
def test_gradient_is_the_flip_of_the_gradient(p):
    x, weights = tf.constant(pictures()), pictures(seed=3)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = augment.Flip(p)(x, draws())
        value = tf.reduce_sum(y * weights)
    mirrored = flipped(x.numpy(), y.numpy())[:, None, None, None]
    expected = np.where(mirrored, weights[:, :, ::-1], weights)
    np.testing.assert_array_equal(tape.gradient(value, x), expected)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_shape_and_dtype_are_kept(dtype):
    x = tf.cast(pictures(), dtype)
    y = augment.Flip()(x, draws())
    assert y.dtype == x.dtype and y.shape == x.shape


@pytest.mark.parametrize("p", [-0.1, 1.1])
def test_p_is_a_probability(p):
    with pytest.raises(ValueError, match="p must be in"):
        augment.Flip(p)


def test_config_round_trip():
    flip = augment.Flip(0.3)
    saved = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(flip))
    for copy in (saved, augment.Flip.from_config(flip.get_config()), augment.get(flip)):
        assert type(copy) is augment.Flip and copy is not flip and copy.p == 0.3


def test_get():
    assert augment.get(None) is None
    assert augment.get("flip").p == 0.5
    assert augment.get({"name": "flip", "p": 0.1}).p == 0.1
    with pytest.raises(ValueError, match="Unknown augmentation 'flipp'.*'flip'"):
        augment.get("flipp")
