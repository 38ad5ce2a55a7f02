"""Random numbers: distributions, and every replica's rows being rows of one draw."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tfgan_models.core import random

SHAPES = [(), (1,), (2,), (3,), (4,), (5,), (7, 3), (2, 2, 2)]
DRAWS = {"bits": random.bits, "uniform": random.uniform, "normal": random.normal}


def key(seed=0, purpose="test", step=0):
    return random.key(seed, purpose, step)


@pytest.mark.parametrize("low, high", [(0.0, 1.0), (-1.0, 1.0), (2.0, 5.0)])
def test_uniform_distribution(low, high):
    values = random.uniform(key(), 20_000, (5,), low=low, high=high).numpy().ravel()
    assert values.dtype == np.float32
    scaled = (values.astype("float64") - low) / (high - low)
    assert 0.0 < scaled.min() < 1e-3 and 0.999 < scaled.max() < 1.0
    np.testing.assert_allclose(scaled.mean(), 0.5, atol=0.004)
    np.testing.assert_allclose(scaled.var(), 1.0 / 12.0, atol=0.002)
    assert scipy.stats.kstest(scaled, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("size", [1, 2, 5])
def test_normal_distribution(size):
    values = random.normal(key(1), 100_000 // size, (size,)).numpy().astype("float64")
    flat = values.ravel()
    moments = [flat.mean(), flat.var(), np.mean(flat**3), np.mean(flat**4)]
    np.testing.assert_allclose(moments, [0.0, 1.0, 0.0, 3.0], atol=0.08)
    assert scipy.stats.kstest(flat, "norm").pvalue > 1e-3
    assert np.abs(flat).max() > 3.5


def test_numbers_of_a_row_and_of_neighbouring_rows_are_uncorrelated():
    values = random.normal(key(2), 50_000, (3,)).numpy().astype("float64")
    table = np.hstack([values[:-1], values[1:]])
    correlation = np.corrcoef(table.T) - np.eye(6)
    assert np.abs(correlation).max() < 0.02


def test_the_ends_of_the_integers_stay_inside_the_interval():
    drawn = tf.constant([0, 255, 2**31, 2**32 - 257, 2**32 - 1], tf.uint32)
    values = random.to_uniform(drawn).numpy()
    assert 0.0 < values.min() < 1e-6 and 1.0 - 1e-6 < values.max() < 1.0
    np.testing.assert_allclose(values[2], 0.5, atol=1e-6)
    assert np.all(np.diff(values) >= 0)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", DRAWS)
def test_a_replicas_rows_are_rows_of_the_global_draw(kind, shape):
    whole = DRAWS[kind](key(), 12, shape).numpy()
    assert whole.shape == (12, *shape)
    for start, count in ((0, 5), (3, 4), (6, 6), (11, 1)):
        for first in (start, tf.constant(start, tf.int64)):
            rows = DRAWS[kind](key(), count, shape, first).numpy()
            if kind == "normal":  # log and cos may round otherwise at another place in memory
                np.testing.assert_allclose(rows, whole[start : start + count], rtol=1e-6, atol=1e-7)
            else:
                np.testing.assert_array_equal(rows, whole[start : start + count])


def test_slices_reach_far_into_a_long_draw():
    whole = random.bits(key(), 70_000, (5,)).numpy()
    np.testing.assert_array_equal(random.bits(key(), 3, (5,), 69_997), whole[-3:])


@pytest.mark.parametrize("shape", [(3,), (4, 5)])
@pytest.mark.parametrize("kind", DRAWS)
def test_compiled_draws_equal_plain_ones(kind, shape):
    def draw(step):
        return DRAWS[kind](random.key(3, "test", step), 6, shape, 2)

    step = tf.constant(9, tf.int64)
    plain, graph = draw(step), tf.function(draw)(step)
    compiled = tf.function(draw, jit_compile=True)(step)
    if kind == "bits":
        np.testing.assert_array_equal(plain, graph)
        np.testing.assert_array_equal(plain, compiled)
    np.testing.assert_allclose(plain, graph, atol=1e-6)
    np.testing.assert_allclose(plain, compiled, atol=1e-6)


def test_seeds_purposes_and_steps_give_other_numbers():
    keys = [
        key(seed, purpose, step)
        for seed in (0, 1, -1, 2**40)
        for purpose in ("latents", "flip", "critic_0/latents", "critic_1/latents")
        for step in (0, 1, 2**33)
    ]
    rows = np.stack([random.bits(k, 2, (8,)).numpy().ravel() for k in keys])
    assert len(np.unique(rows)) == rows.size


def test_the_same_arguments_give_the_same_numbers():
    first, again = (random.bits(key(5, "latents", step), 4, (6,)) for step in (7, tf.constant(7)))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("size", [1, 3, 4, 5, 8])
def test_rows_share_no_number(size):
    drawn = random.bits(key(), 512, (size,)).numpy()
    assert len(np.unique(drawn)) == drawn.size


def test_draws_of_a_step():
    draws = random.Draws(4, tf.constant(11, tf.int64), 6)
    expected = random.uniform(key(4, "u", 11), 6, (2,), low=-1.0, high=3.0)
    np.testing.assert_array_equal(draws.uniform("u", (2,), -1.0, 3.0), expected)
    np.testing.assert_allclose(draws.normal("z", (3,)), random.normal(key(4, "z", 11), 6, (3,)))
    assert draws.uniform("u").shape == (6,)


def test_prefixed_draws_are_other_draws_of_the_same_step():
    draws = random.Draws(4, 11, 6)
    inner = draws.at("critic_0").at("penalty")
    expected = random.normal(key(4, "critic_0/penalty/z", 11), 6, (3,))
    np.testing.assert_array_equal(inner.normal("z", (3,)), expected)
    values = [d.uniform("u").numpy() for d in (draws, draws.at("critic_0"), draws.at("critic_1"))]
    assert len(np.unique(values)) == 18


@pytest.mark.parametrize(
    "text, expected",
    [
        ("normal", None),
        ("uniform(-1,1)", (-1.0, 1.0)),
        ("uniform(0, 1)", (0.0, 1.0)),
        ("uniform(-sqrt3,sqrt3)", (-(3.0**0.5), 3.0**0.5)),
        ("uniform(-2.5,1e-1)", (-2.5, 0.1)),
        ("uniform(-1,1e+1)", (-1.0, 10.0)),
        ("onehot(3) + onehot(2) + uniform(0,1)", (0.0, 1.0)),
        ("onehot(3)+normal", None),
    ],
)
def test_uniform_bounds(text, expected):
    assert random.uniform_bounds(text) == expected


@pytest.mark.parametrize(
    "text",
    ["gauss", "", "uniform", "uniform(1,0)", "uniform(1,1)", "uniform(a,b)", "uniform(0,1",
     "uniform(0,1,2)", "uniform(0)", "uniform(nan,1)", "Normal"],
)  # fmt: skip
def test_uniform_bounds_refuses_anything_else(text):
    with pytest.raises(ValueError, match="use 'normal' or 'uniform"):
        random.uniform_bounds(text)


@pytest.mark.parametrize(
    "distribution, low, high, std",
    [
        ("uniform(-sqrt3,sqrt3)", -(3.0**0.5), 3.0**0.5, 1.0),
        ("uniform(0,1)", 0.0, 1.0, 12.0**-0.5),
        ("normal", -6.0, 6.0, 1.0),
    ],
)
def test_latents(distribution, low, high, std):
    z = random.latents(distribution, key(), 5000, 10).numpy()
    assert z.shape == (5000, 10) and z.dtype == np.float32
    assert low < z.min() and z.max() < high
    np.testing.assert_allclose(z.std(), std, rtol=0.02)
    rows = random.latents(distribution, key(), 10, 10, 4000)
    np.testing.assert_allclose(rows, z[4000:4010], rtol=1e-6, atol=1e-7)


def test_a_part_has_its_rows_of_the_whole_draw():
    draws = random.Draws(5, tf.constant(2), 12).at("critic_0")
    for draw in (
        lambda d: d.normal("a", (3,)),
        lambda d: d.uniform("b", (5,), -2.0, 1.0),
        lambda d: d.latents("c", "onehot(4)+uniform(-1,1)", 7),
    ):
        whole = draw(draws)
        for i in range(3):
            part = draws.part(tf.constant(i), 3)
            assert (part.local_batch, part.parts) == (4, 3)
            np.testing.assert_array_equal(draw(part), whole[i::3])
            np.testing.assert_array_equal(draw(part.at("x")), draw(draws.at("x"))[i::3])
