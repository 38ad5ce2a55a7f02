"""What exports are compared with: inputs and the model's own outputs, as `verify.py` reads them."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfgan_models.core import random, sampling, standing

_BATCHES = (1, 5)
_TRUNCATIONS = (0.0, 0.33, 0.5, 0.6)  # on the usual grids and between their points
_TOLERANCE, _HALF_TOLERANCE = 1e-5, 2e-2


def generator(model, profile, measured, copy) -> dict:
    """Images by the model itself, with statistics written into a copy for each truncation.

    Args:
        model: The model that was exported.
        profile: A `profiles.Profile`.
        measured: `tables.Measured`, or None.
        copy: (model) -> a model of equal weights that may be changed.
    """
    model = model if measured is None else copy(model)
    network = model.ema_generator
    arrays = _settings(network, profile.arguments(), profile.output, profile.signatures)
    function = tf.function(model.call, autograph=False)

    def add(batch, n, truncation, statistics_of):
        if measured is not None:
            standing.assign(network, measured.at(statistics_of))
        z = sampling.latents(model, n, n, statistics_of or None)
        labels = np.arange(n) % model.num_classes if model.num_classes else None
        inputs = [z] if labels is None else [z, model.condition(labels)]
        arrays[f"{batch}/expected"] = profile.to_range(function(*inputs).numpy())
        arrays[f"{batch}/{profile.latents}"] = z.numpy()
        if labels is not None:
            arrays[f"{batch}/{profile.labels}"] = _labels(labels, model, profile)
        if truncation is not None and profile.truncation:
            arrays[f"{batch}/truncation"] = np.float32(truncation)

    for n in _BATCHES:
        add(str(n), n, 1.0, None if measured is None else 1.0)
    if measured is not None:
        add("no truncation", 5, None, None)
        for truncation in _TRUNCATIONS:
            add(f"truncation {truncation}", 3, truncation, truncation)
    return arrays


def discriminator(model, profile=None) -> dict:
    """Logits of uniform noise; probabilities of a profile with the discriminator beside it."""
    images, labels = ("image", "y") if profile is None else ("images", profile.labels)
    names = ("default", "serving_default") if profile is None else ("discriminator",)
    arrays = _settings(model.discriminator, (images, labels), "prediction", names)
    arrays["part"] = np.array("" if profile is None else "discriminator")
    function = tf.function(model.discriminate, autograph=False)
    for n in _BATCHES:
        key = random.key(n, "verify_images", 0)
        noise = random.uniform(key, n, model.image_shape, low=-1.0, high=1.0)
        arrays[f"{n}/{images}"] = noise.numpy()
        inputs = [noise]
        if model.num_classes:
            classes = np.arange(n) % model.num_classes
            arrays[f"{n}/{labels}"] = _labels(classes, model, profile)
            inputs.append(model.condition(classes))
        arrays[f"{n}/expected"] = function(*inputs).numpy()
        if profile is not None:
            arrays[f"{n}/{images}"] = profile.to_range(noise.numpy())
            arrays[f"{n}/expected"] = 1.0 / (1.0 + np.exp(-arrays[f"{n}/expected"]))
    return arrays


def _settings(network, names, output, signatures) -> dict:
    half = any(
        layer.compute_dtype in ("float16", "bfloat16") for layer in network._flatten_layers()
    )
    return {
        "names": np.array([name for name in names if name]),
        "output": np.array(output),
        "signatures": np.array(signatures),
        "part": np.array(""),
        "tolerance": _HALF_TOLERANCE if half else _TOLERANCE,
    }


def _labels(classes, model, profile):
    if profile is not None and profile.class_numbers:
        return classes.astype(np.int32)
    return np.eye(model.num_classes, dtype=np.float32)[classes]
