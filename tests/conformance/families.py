"""One tiny model a family, found through the registry: a new family is tested by its preset."""

from __future__ import annotations

import functools

import keras
import numpy as np
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models import presets, registry

BATCH = 8
SGD = {"name": "sgd", "learning_rate": 0.05}


def tiny_preset(family: str) -> str:
    """Name of the family's preset for tests."""
    names = [n for n, p in presets.PRESETS.items() if p.family == family and n.endswith("_tiny")]
    assert names, f"family {family} has no preset named *_tiny"
    return names[0]


FAMILIES = sorted(registry.FAMILIES)


def build(family: str, strategy=None, **overrides):
    """Makes the family's tiny model, the same weights each time."""
    keras.utils.clear_session(free_memory=False)
    with (strategy or tf.distribute.get_strategy()).scope():
        return tfgan.from_preset(tiny_preset(family), **overrides)


@functools.cache
def images(shape, n=96) -> np.ndarray:
    """Smooth random images in [-1, 1]."""
    noise = np.random.default_rng(0).normal(size=(n, *shape))
    smooth = noise + np.roll(noise, 1, axis=1) + np.roll(noise, 1, axis=2)
    return np.tanh(smooth).astype("float32")


def data(model, n=96):
    """Returns (images, labels or None) that fit the model."""
    labels = None if model.num_classes is None else np.arange(n) % model.num_classes
    return images(model.image_shape, n), labels


def train(model, steps=3, of=None, **options):
    """Trains for a few steps on the same batches each time, or on `of`; returns the last means."""
    rows = BATCH * model.d_steps
    x, y = of or data(model, rows * steps)
    options = {"batch_size": BATCH, "shuffle": False, "verbose": 0, **options}
    history = model.fit(x, y, **options).history
    return {name: values[-1] for name, values in history.items()}


def variables(model) -> list:
    """All weights and optimizer variables."""
    owners = (model, model.generator_optimizer, model.discriminator_optimizer)
    return [v for owner in owners for v in owner.variables]


def values(model) -> dict[str, np.ndarray]:
    """All weights and optimizer variables by a stable key."""
    found = {f"w{i}": w.numpy() for i, w in enumerate(model.weights)}
    for player in ("generator", "discriminator"):
        optimizer = getattr(model, f"{player}_optimizer")
        found |= {f"{player}{i}": np.asarray(v) for i, v in enumerate(optimizer.variables)}
    return found


def largest_difference(a: dict, b: dict) -> float:
    """Largest absolute difference between two `values`."""
    assert a.keys() == b.keys()
    return max(float(np.max(np.abs(a[k].astype("float64") - b[k]), initial=0.0)) for k in a)
