"""The order of batches: permutations, exact continuation, dependence on seed and epoch."""

import numpy as np
import pytest
import tensorflow as tf

from tests.trainers.test_data import take, unit
from trainers import data
from trainers.data.ordering import _epoch_keys, shuffled_indices
from trainers.errors import DataError


@pytest.fixture
def numbered(tmp_path):
    """Source of 10 images whose label is their index."""
    images = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 1), np.uint8)
    np.savez(tmp_path / "numbered.npz", images=images, labels=np.arange(10))
    return data.load(f"npz:{tmp_path}/numbered.npz")


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, 1000])
@pytest.mark.parametrize("seed", [0, 1, 2**40 + 1, -3])
def test_every_epoch_is_a_permutation(count, seed):
    positions = tf.range(3 * count, dtype=tf.int64)
    epochs = shuffled_indices(positions, count, seed).numpy().reshape(3, count)
    np.testing.assert_array_equal(np.sort(epochs, 1), np.tile(np.arange(count), (3, 1)))
    if count >= 64:
        assert not np.array_equal(epochs[0], epochs[1])


def test_order_depends_on_all_bits_of_seed_and_epoch():
    positions = tf.range(100, dtype=tf.int64)
    seeds = (0, 1, -1, 128, 257, 2**16, 2**32, 2**40, 2**63)
    epochs = (0, 1, 128, 256, 2**16)
    orders = {
        tuple(shuffled_indices(positions + 100 * epoch, 100, seed).numpy())
        for seed in seeds
        for epoch in epochs
    }
    assert len(orders) == len(seeds) * len(epochs)


def test_mixing_is_splitmix64():
    def reference(value):
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            value = (value ^ (value >> shift)) * factor % 2**64
        return value ^ (value >> 31)

    epochs = [0, 1, 2**40]
    keys = [reference((reference(7) + epoch) % 2**64) for epoch in epochs]
    expected = [[key >> (21 * word) & 0xFFFFFFFF for word in range(3)] for key in keys]
    found = _epoch_keys(7, tf.constant(epochs, tf.int64)).numpy()
    np.testing.assert_array_equal(found, expected)


def test_shuffle_looks_random():
    order = shuffled_indices(tf.range(60_000, dtype=tf.int64), 60_000, 7).numpy()
    steps = np.bincount(np.diff(order) % 60_000, minlength=60_000)
    assert steps.max() < 12  # Poisson of mean 1; the op's default of 4 rounds gives 33
    labels = order // 6000  # as sorted by class
    counts = np.stack([np.bincount(batch, minlength=10) for batch in labels.reshape(-1, 100)])
    assert 0.8 < counts.var() / 9.0 < 1.2  # multinomial: 100 * 0.1 * 0.9


def test_every_index_is_equally_likely_at_every_position():
    count, epochs = 10, 1000
    orders = shuffled_indices(tf.range(count * epochs, dtype=tf.int64), count, 3).numpy()
    orders = orders.reshape(epochs, count)
    assert len({tuple(order) for order in orders}) > 990
    seen = np.stack([np.bincount(column, minlength=count) for column in orders.T])
    statistic = ((seen - epochs / count) ** 2 / (epochs / count)).sum()
    assert statistic < 130  # chi-squared of 81 degrees of freedom: 99.9 % lie below 126


@pytest.mark.parametrize("batch_size,d_steps", [(4, 1), (3, 2), (16, 2)])
def test_stream_is_epochs_without_gaps(numbered, batch_size, d_steps):
    dataset = data.pipeline(numbered, batch_size=batch_size, d_steps=d_steps, seed=5)
    labels = np.concatenate([b["label"] for b in take(dataset, 10)])
    whole = labels[: len(labels) // 10 * 10].reshape(-1, 10)
    np.testing.assert_array_equal(np.sort(whole, 1), np.tile(np.arange(10), (len(whole), 1)))


def test_resume_is_the_exact_continuation(numbered):
    settings = {"batch_size": 3, "d_steps": 2, "seed": 9}
    straight = take(data.pipeline(numbered, **settings), 12)
    for start in (1, 5, 11):
        resumed = take(data.pipeline(numbered, start_step=start, **settings), 12 - start)
        for expected, found in zip(straight[start:], resumed, strict=True):
            np.testing.assert_array_equal(found["label"], expected["label"])
            np.testing.assert_array_equal(found["image"], expected["image"])


def test_seed_fixes_the_order(numbered):
    def labels(seed):
        return take(data.pipeline(numbered, batch_size=10, seed=seed), 1)[0]["label"].tolist()

    assert labels(1) == labels(1)
    assert labels(1) != labels(2)


def test_unshuffled_order_and_static_shapes(numbered):
    dataset = data.pipeline(numbered, batch_size=4, d_steps=3, seed=0, shuffle=False)
    assert dataset.element_spec == {
        "image": tf.TensorSpec((12, 2, 3, 1), tf.float32),
        "label": tf.TensorSpec((12,), tf.int32),
    }
    batch = take(dataset, 1)[0]
    np.testing.assert_array_equal(batch["label"], [*range(10), 0, 1])
    np.testing.assert_allclose(batch["image"][3], unit(np.full((2, 3, 1), 3)), atol=1e-7)
    assert dataset.options().autotune.enabled is False
    assert dataset.options().deterministic is True


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"d_steps": 0}, {"start_step": -1}])
def test_pipeline_refuses_impossible_sizes(numbered, wrong):
    with pytest.raises(DataError, match=next(iter(wrong))):
        data.pipeline(numbered, **{"batch_size": 2, "seed": 0, **wrong})
