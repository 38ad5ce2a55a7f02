"""DiffAugment and instance noise: closed forms, NumPy twins, laws."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgan_models import analysis, augment
from tfgan_models.augment import diff_augment
from tfgan_models.augment.instance_noise import noise_level
from tfgan_models.core import random

FULL = "color,translation,cutout"


def pictures(count=8, shape=(8, 8, 3), seed=0):
    values = np.random.default_rng(seed).uniform(-1, 1, (count, *shape))
    return values.astype("float32")


def draws(count=8, step=0, seed=7):
    return random.Draws(seed, tf.constant(step, tf.int64), count)


# === DiffAugment ===


def test_colour_functions():
    x, s = pictures(3), np.array([0.0, 1.0, 1.7], "float32")
    of = s[:, None, None, None]
    np.testing.assert_allclose(diff_augment.brightness(x, s), x + of, atol=1e-6)
    pixel = x.mean(-1, keepdims=True)
    got = diff_augment.saturation(x, s)
    np.testing.assert_allclose(got, (x - pixel) * of + pixel, atol=1e-6)
    np.testing.assert_allclose(tf.reduce_mean(got, -1), pixel[..., 0], atol=1e-6)
    image = x.mean((1, 2, 3), keepdims=True)
    got = diff_augment.contrast(x, s)
    np.testing.assert_allclose(got, (x - image) * of + image, atol=1e-6)
    np.testing.assert_allclose(tf.reduce_mean(got, (1, 2, 3)), image.ravel(), atol=1e-6)


@pytest.mark.parametrize("mode", ["zeros", "reflect"])
@pytest.mark.parametrize("shape", [(5, 7, 2), (4, 4, 1)])
def test_translate(shape, mode):
    x = pictures(5, shape)
    shifts = np.array([[0, 0], [1, -2], [-3, 0], [2, 3], [0, -1]])
    pads = ((0, 0), (3, 3), (3, 3), (0, 0))
    padded = np.pad(x, pads, **({"mode": "reflect"} if mode == "reflect" else {}))
    got = augment.translate(x, shifts, mode)
    for b, (down, right) in enumerate(shifts):
        rows, columns = slice(3 - down, 3 - down + shape[0]), slice(3 - right, 3 - right + shape[1])
        np.testing.assert_array_equal(got[b], padded[b, rows, columns])


def test_translate_refuses_another_mode():
    with pytest.raises(ValueError, match="'zeros' or 'reflect'"):
        augment.translate(pictures(), np.zeros((8, 2)), "wrap")


@pytest.mark.parametrize("shape", [(8, 8), (7, 5), (9, 6), (3, 1)])
def test_cutout_at_every_centre(shape):
    """The authors' rule: indices of the rectangle, clamped to the image, are set to zero."""
    height, width = shape
    sides = [int(0.5 * n + 0.5) for n in shape]
    centres = [
        (i, j) for i in range(height + 1 - sides[0] % 2) for j in range(width + 1 - sides[1] % 2)
    ]
    got = diff_augment.cutout(tf.ones((len(centres), *shape, 2)), tf.constant(centres))
    for centre, result in zip(centres, got.numpy(), strict=True):
        expected = np.ones((*shape, 2))
        rows, columns = (
            np.clip(np.arange(side) + c - side // 2, 0, n - 1)
            for c, side, n in zip(centre, sides, shape, strict=True)
        )
        expected[np.ix_(rows, columns)] = 0
        np.testing.assert_array_equal(result, expected)
        assert 0 < np.sum(result[..., 0] == 0) <= sides[0] * sides[1]


def test_policy_is_a_list_of_words_in_order():
    """cutout then translation moves the hole; translation then cutout does not."""
    x = tf.ones((64, 16, 16, 1))
    first = augment.DiffAugment("cutout, translation")(x, draws(64)).numpy()
    second = augment.DiffAugment("translation,cutout")(x, draws(64)).numpy()
    assert (first == 0).sum() != (second == 0).sum()
    assert augment.DiffAugment().words == ("color", "translation", "cutout")
    np.testing.assert_array_equal(augment.DiffAugment("")(x, draws(64)), x)
    with pytest.raises(ValueError, match="Unknown word 'colour'.*'color'"):
        augment.DiffAugment("colour,cutout")


def test_small_images_are_not_translated():
    x = tf.constant(pictures(8, (3, 3, 1)))
    np.testing.assert_array_equal(augment.DiffAugment("translation")(x, draws()), x)


def test_law_of_colour():
    """On a grey image of one value brightness is all; on others contrast and saturation."""
    count = 4000
    colour = augment.DiffAugment("color")
    shift = colour(tf.zeros((count, 1, 1, 3)), draws(count)).numpy()
    np.testing.assert_allclose(shift, np.broadcast_to(shift[..., :1], shift.shape), atol=1e-6)
    shift = shift[:, 0, 0, 0]
    assert abs(shift.mean()) < 4.5 / math.sqrt(12 * count)
    assert stats.kstest(shift, stats.uniform(-0.5, 1).cdf).pvalue > 1e-3
    grey = np.zeros((count, 1, 2, 3), "float32")
    grey[:, 0, 1] = 1.0  # saturation leaves it, contrast scales the step
    out = colour(tf.constant(grey), draws(count)).numpy()
    step = out[:, 0, 1, 0] - out[:, 0, 0, 0]
    assert stats.kstest(step, stats.uniform(0.5, 1).cdf).pvalue > 1e-3
    tinted = np.zeros((count, 1, 1, 2), "float32")
    tinted[..., 1] = 1.0
    out = colour(tf.constant(tinted), draws(count)).numpy()
    factor = (out[:, 0, 0, 1] - out[:, 0, 0, 0]) / step
    assert stats.kstest(factor, stats.uniform(0, 2).cdf).pvalue > 1e-3
    assert abs(np.corrcoef(factor, step)[0, 1]) < 0.07


def test_law_of_translation():
    """int(16 / 8 + 0.5) = 2 down, int(28 / 8 + 0.5) = 4 right: all shifts equally likely."""
    count = 4500
    x = np.zeros((count, 16, 28, 1), "float32")
    x[:, 8, 14] = 1
    out = augment.DiffAugment("translation")(tf.constant(x), draws(count)).numpy()
    _, row, column, _ = np.nonzero(out)
    assert len(row) == count
    seen = np.zeros((5, 9))
    np.add.at(seen, (row - 6, column - 10), 1)
    assert stats.chisquare(seen.ravel()).pvalue > 1e-3


def test_law_of_cutout():
    """Sides 4 and 3 of 8 x 5: centres 0 .. 8 and 0 .. 4, equally likely."""
    count = 4500
    out = augment.DiffAugment("cutout")(tf.ones((count, 8, 5, 1)), draws(count)).numpy()[..., 0]
    rows, columns = (out == 0).any(2), (out == 0).any(1)
    bottom = 8 - np.argmax(rows[:, ::-1], axis=1)  # one past the last row: centre + 2, at most 8
    right = 5 - np.argmax(columns[:, ::-1], axis=1)
    seen = np.bincount(bottom, minlength=9)[2:]
    assert stats.chisquare(seen, count / 9 * np.array([1, 1, 1, 1, 1, 1, 3])).pvalue > 1e-3
    seen = np.bincount(right, minlength=6)[2:]
    assert stats.chisquare(seen, count / 5 * np.array([1, 1, 1, 2])).pvalue > 1e-3


@pytest.mark.parametrize("policy", [FULL, "color", "cutout,translation"])
@pytest.mark.parametrize("shape", [(8, 8, 3), (6, 9, 1), (5, 4, 4), (8, 8, 2)])
def test_graph_is_eager_and_gradient_is_the_adjoint(policy, shape):
    """With as many images as pixels a side, where a lost axis would broadcast in silence."""
    stage = augment.DiffAugment(policy)
    x, v, y = (tf.constant(pictures(8, shape, i)) for i in range(3))

    def forward(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            out = stage(x, draws(step=3))
        return out, tape.gradient(out, x, output_gradients=y)

    out, back = forward(x)
    assert out.shape == x.shape and out.dtype == tf.float32
    for a, b in zip(tf.function(forward, autograph=False)(x), (out, back), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    moved = stage(v, draws(step=3)) - stage(tf.zeros_like(v), draws(step=3))
    np.testing.assert_allclose(
        tf.reduce_sum(moved * y), tf.reduce_sum(v * back), rtol=1e-4, atol=1e-4
    )
    assert np.abs(back).max() > 0.1


def test_gradient_of_cutout_is_its_mask():
    x = tf.constant(pictures())
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(augment.DiffAugment("cutout")(x, draws()))
    mask = augment.DiffAugment("cutout")(tf.ones_like(x), draws())
    np.testing.assert_array_equal(tape.gradient(total, x), mask)


def test_second_derivative_and_xla():
    """h = |d/dx sum (A x)^2 / 2|^2 has h'' v = 2 |A^T A v|^2 along v, A linear."""
    stage, v = augment.DiffAugment("translation,cutout"), tf.constant(pictures())

    def gradient_at(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                value = tf.reduce_sum(tf.square(stage(x, draws()))) / 2.0
            g = inner.gradient(value, x)
            h = tf.reduce_sum(tf.square(g))
        return g, outer.gradient(h, x)

    g, second = gradient_at(v)
    np.testing.assert_allclose(tf.reduce_sum(second * v), 2 * tf.reduce_sum(g * g), rtol=1e-4)
    compiled = tf.function(gradient_at, jit_compile=True, autograph=False)(v)
    np.testing.assert_allclose(compiled[1], second, atol=1e-5)


def test_xla_agrees():
    x, stage = tf.constant(pictures()), augment.get([FULL, "instance_noise", "flip"])

    def call(step):
        return stage(x, random.Draws(7, step, 8))

    compiled = tf.function(call, jit_compile=True, autograph=False)
    step = tf.constant(4, tf.int64)
    np.testing.assert_allclose(compiled(step), call(step), atol=1e-5)


# === Instance noise ===


@pytest.mark.parametrize(
    ("options", "levels"),
    [
        ({"steps": 100}, {0: 0.1, 25: 0.075, 100: 0.0, 500: 0.0}),
        ({"steps": 100, "sigma": 2.0}, {50: 1.0}),
        ({}, {0: 0.1, 10**6: 0.1}),
        ({"schedule": "constant", "steps": 100}, {0: 0.1, 90: 0.1}),
        (
            {"schedule": "exponential", "decay": 0.999},
            {0: 0.1, 1: 0.0999, 10_000: 0.1 * 0.999**10_000},
        ),
    ],
)
def test_level_of_noise(options, levels):
    for step, level in levels.items():
        noise = augment.InstanceNoise(**options)
        got = noise_level(tf.constant(step, tf.int64), **noise.get_config())
        np.testing.assert_allclose(got, level, rtol=1e-5, atol=1e-8)


def test_noise_is_fresh_normal_and_not_clipped():
    x = np.full((16, 16, 16, 3), 0.99, "float32")
    noise = augment.InstanceNoise(sigma=0.5, steps=10)
    at = [noise(tf.constant(x), draws(16, step)).numpy() - x for step in (0, 5, 5)]
    assert stats.kstest(at[0].ravel()[:4000], stats.norm(0, 0.5).cdf).pvalue > 1e-3
    np.testing.assert_allclose(at[1].std(), 0.25, rtol=0.03)
    np.testing.assert_array_equal(at[1], at[2])
    assert abs(np.corrcoef(at[0].ravel(), at[1].ravel())[0, 1]) < 0.03
    assert at[0].max() > 1.0


def test_no_noise_is_exactly_the_image():
    x = tf.constant(pictures())
    for noise, step in ((augment.InstanceNoise(0.0), 0), (augment.InstanceNoise(steps=10), 10)):
        np.testing.assert_array_equal(noise(x, draws(step=step)), x)


def test_the_schedule_does_not_trace_again_and_gradients_pass():
    noise, x = augment.InstanceNoise(steps=4), tf.constant(pictures())

    @tf.function(autograph=False)
    def step_of(step):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = noise(x, random.Draws(0, step, 8))
        return y, tape.gradient(y, x)

    sizes = []
    for step in range(5):
        y, gradient = step_of(tf.constant(step, tf.int64))
        sizes.append(float(tf.math.reduce_std(y - x)))
        np.testing.assert_array_equal(gradient, np.ones_like(gradient))
    assert step_of.experimental_get_tracing_count() == 1
    np.testing.assert_allclose(sizes, [0.1, 0.075, 0.05, 0.025, 0.0], rtol=0.1)


def test_noise_brings_the_densities_together():
    """JS of N(0, 1 + s^2) and N(1, 1 + s^2) falls with s; without noise it is 0.111421."""
    x = np.linspace(-20, 20, 4_001)
    found = []
    for sigma in (0.0, 0.5, 1.0, 2.0):
        wide = np.sqrt(1 + sigma**2)
        densities = [analysis.normal_density(x, mean, wide) for mean in (0.0, 1.0)]
        found.append(analysis.js(*densities, x))
    np.testing.assert_allclose(found[0], 0.111421, atol=1e-6)
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("sigma", [0.0, 1.0])
def test_best_logit_between_two_noisy_normals(sigma):
    """p = N(0, 1), q = N(1, 1): (0.5 - x) / (1 + sigma^2); fitted by Newton's method."""
    count = 40_000
    rng = np.random.default_rng(0)
    noise = augment.InstanceNoise(sigma)
    sides = []
    for i, mean in enumerate((0.0, 1.0)):
        x = rng.normal(mean, 1, (count, 1, 1, 1)).astype("float32")
        sides.append(noise(tf.constant(x), draws(count, seed=i)).numpy().ravel())
    x = np.concatenate(sides).astype("float64")
    features = np.stack([x, np.ones_like(x)], 1)
    is_real = np.repeat([1.0, 0.0], count)
    w = np.zeros(2)
    for _ in range(8):
        prob = 1 / (1 + np.exp(-features @ w))
        hessian = features.T @ (features * (prob * (1 - prob))[:, None])
        w += np.linalg.solve(hessian, features.T @ (is_real - prob))
    slope = -1 / (1 + sigma**2)
    np.testing.assert_allclose(w, [slope, -slope / 2], atol=0.03)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"schedule": "cosine"}, "'cosine'; use one of linear"),
        ({"sigma": -1.0}, "sigma must be"),
        ({"steps": 0}, "steps must be"),
        ({"decay": 1.1}, "decay must be"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        augment.InstanceNoise(**arguments)


@pytest.mark.parametrize(
    "stage",
    [
        augment.DiffAugment("cutout,color"),
        augment.InstanceNoise(0.2, 50, "exponential", 0.99),
    ],
)
def test_config_round_trip(stage):
    saved = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(stage))
    for copy in (saved, augment.get(stage)):
        assert type(copy) is type(stage) and copy is not stage
        assert copy.get_config() == stage.get_config()
    x = tf.constant(pictures())
    np.testing.assert_array_equal(saved(x, draws(step=3)), stage(x, draws(step=3)))
