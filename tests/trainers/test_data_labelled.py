"""Labels that are hidden from the training: how many, which, and what still sees them."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests.trainers.test_data import take
from trainers import callbacks, config, data, run
from trainers.data.subset import hide_labels, hold_out
from trainers.doctor import baseline
from trainers.errors import DataError


@pytest.fixture
def lines(tmp_path):
    """Source of 100 images whose value is their index: 60 of class 0, 39 of class 1, 1 of 2."""
    images = np.arange(100, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 1), np.uint8)
    np.savez(tmp_path / "lines.npz", images=images, labels=np.repeat([0, 1, 2], [60, 39, 1]))
    return data.load(f"npz:{tmp_path}/lines.npz")


def seen(source):
    """The labels in a batch of everything, in order."""
    return np.asarray(source.gather(np.arange(source.num_examples))["label"])


def test_each_class_keeps_its_share_of_labels(lines):
    hidden = hide_labels(lines, 0.1)
    labels = seen(hidden)
    known = labels >= 0
    assert np.bincount(labels[known]).tolist() == [6, 4, 1]  # a class keeps at least one
    assert set(labels[~known]) == {-1}
    np.testing.assert_array_equal(labels[known], lines.labels[known])
    np.testing.assert_array_equal(
        hidden.gather(np.arange(100))["image"], lines.gather(np.arange(100))["image"]
    )


def test_the_same_labels_are_hidden_always(lines):
    first, second, more = (hide_labels(lines, share) for share in (0.1, 0.1, 0.3))
    np.testing.assert_array_equal(seen(first), seen(second))
    assert first.fingerprint == second.fingerprint
    assert len({first.fingerprint, more.fingerprint, lines.fingerprint}) == 3
    assert np.all(seen(more)[seen(first) >= 0] >= 0)  # a larger share adds labels


def test_what_counts_and_measures_knows_all_labels(lines):
    hidden = hide_labels(lines, 0.1)
    np.testing.assert_array_equal(hidden.labels, lines.labels)
    assert hidden.whole is lines and lines.whole is lines
    assert hide_labels(lines, 1) is lines


def test_held_out_images_stay_with_their_labels(lines):
    training = hold_out(lines, 0.2)
    hidden = hide_labels(training, 0.5)
    assert hidden.held_out is training.held_out and np.all(seen(hidden.held_out) >= 0)
    assert hidden.num_examples == training.num_examples


@pytest.mark.parametrize(
    ("share", "answer"),
    [(0, "not in"), (1.5, "not in"), (-1, "not in"), (True, "no number"), ("a", "no number")],
)
def test_shares_out_of_range_are_refused(lines, share, answer):
    with pytest.raises(DataError, match=answer):
        hide_labels(lines, share)


def test_a_source_without_labels_is_refused(tmp_path):
    np.savez(tmp_path / "plain.npz", images=np.zeros((4, 2, 2, 1), np.uint8))
    with pytest.raises(DataError, match="has no labels"):
        data.load(f"npz:{tmp_path}/plain.npz", labelled=0.5)


def test_hidden_labels_do_not_look_unshuffled(lines):
    hidden = hide_labels(lines, 0.3)
    mixed = data.pipeline(hidden, batch_size=20, seed=0)
    assert -1 in np.concatenate([b["label"] for b in take(mixed, 5)])
    assert not [r for r in baseline.order_readings(mixed, 20, 100) if r.beyond]


def test_a_partly_labelled_run_trains_both_networks_on_all_images(tmp_path):
    """The class loss reads the known labels alone; -1 is a row of zeros everywhere else."""
    overrides = {"model__head": "semi_projection", "data__labelled": 0.5, "run__doctor": "log"}
    trainers.fit_preset("biggan_tiny", tmp_path / "run", **overrides)
    rows = callbacks.read_rows(str(tmp_path / "run" / "metrics.jsonl"))
    assert all(np.isfinite(v) for row in rows for v in row.values() if isinstance(v, float))
    settings, source = run.prepare(
        config.resolve("biggan_tiny", {"model.head": "semi_projection", "data.labelled": 0.5})
    )
    model = run.build(settings)
    np.testing.assert_array_equal(
        model.condition(tf.constant([-1, 1]))[0], np.zeros(model.num_classes)
    )
    before = [v.numpy() for v in model.trainable_variables]
    model.fit(
        data.pipeline(source, batch_size=16, seed=0, d_steps=model.d_steps),
        steps_per_epoch=1,
        verbose=0,
    )
    # gamma of attention begins at zero, so what it scales gets no gradient yet.
    still = [
        v.path
        for v, value in zip(model.trainable_variables, before, strict=True)
        if np.array_equal(v, value) and "attention" not in v.path
    ]
    assert not still
