"""The first run keeps its promise: digits by class, recognised by a judge that saw real ones."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import trainers
from trainers import data


def _judge(images, labels):
    """A small classifier trained on real digits only; returns it and its held-out accuracy."""
    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile("adam", loss, metrics=["accuracy"])
    order = np.random.default_rng(0).permutation(len(images))
    train, held_out = order[:4500], order[4500:]
    network.fit(images[train], labels[train], epochs=8, batch_size=64, verbose=0)
    return network, network.evaluate(images[held_out], labels[held_out], verbose=0)[1]


def _spread(images):
    """Mean distance between two images of a set."""
    a, b = images[: len(images) // 2], images[len(images) // 2 :]
    return float(np.mean(np.linalg.norm((a - b).reshape(len(a), -1), axis=1)))


@pytest.mark.slow
def test_quickstart_draws_the_digits_it_is_asked_for(tmp_path):
    model = trainers.fit_preset("quickstart", tmp_path / "run")
    source = data.load("embedded:digits")
    batch = source.gather(np.arange(source.num_examples))
    real, real_labels = batch["image"].numpy(), batch["label"].numpy()
    judge, accuracy = _judge(real, real_labels)
    assert accuracy > 0.95
    labels = np.repeat(np.arange(10), 100)
    fake = model.sample(1000, seed=1, labels=labels).numpy()
    read = judge.predict(fake, verbose=0).argmax(axis=1)
    assert np.mean(read == labels) >= 0.95
    for k in range(10):
        assert np.mean(read[labels == k] == k) >= 0.8, f"class {k}"
        # Classes vary: copies of one digit would have no spread at all.
        ratio = _spread(fake[labels == k]) / _spread(real[real_labels == k])
        assert 0.6 < ratio < 1.3, f"class {k}: {ratio}"
