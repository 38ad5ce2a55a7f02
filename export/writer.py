"""Writing exports: SavedModel, card, metadata and manifest, checked before they appear."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import tensorflow as tf

from export import card, manifest, profiles, saved_model, staging
from export import metadata as descriptions
from export.errors import ExportError
from tfgan_models.core import random, sampling
from tfgan_models.core.gan import GAN

_BATCHES = (1, 5)
_TOLERANCE, _HALF_TOLERANCE = 1e-5, 2e-2
DISCRIMINATOR = "discriminator"  # subdirectory of an export with both


def export_generator(
    model,
    directory,
    *,
    profile=None,
    metadata=None,
    verify=True,
    overwrite=False,
    with_discriminator=False,
) -> pathlib.Path:
    """Writes a generator as a SavedModel that needs nothing but TensorFlow.

    The moving average of the weights is exported where the model keeps one. Callable as
    (z, y=None, truncation=None, training=False) or with a dict of the inputs: z
    (B, latent_dim) and, of a conditional model, y (B, num_classes), one-hot or mixtures;
    the result is float32 (B, H, W, C) in [-1, 1]. `truncation` is accepted and ignored.

    Args:
        model: A GAN.
        directory: A local path that does not exist. Beside the SavedModel it gets
            `README.md`, `metadata.json` and `manifest.sha256`.
        profile: Name in `export.PROFILES`; None: "biggan" for conditional models, "plain"
            for the others.
        metadata: Dict of JSON data for the card and `metadata.json`. The card uses `preset`,
            `preset_source`, `data`, `data_licence`, `licence`, `class_names`, `intended_use`,
            `limitations` and `metrics` ({name: {"value": ..., "protocol": ...}}).
        verify: Reload in a fresh process and compare with the model's own images.
        overwrite: Replace an export that is there.
        with_discriminator: Also write the discriminator, to `discriminator/` inside, itself a
            complete export.

    Returns:
        The absolute path of the export.

    Raises:
        ValueError: The directory exists, the profile is unknown or does not fit, the
            metadata contradict the model, a weight is not finite.
        ExportError: The reloaded export differs from the model; nothing is left behind.
    """
    _check_model(model)
    chosen = profiles.resolve(profile, model.num_classes)
    facts = descriptions.generator(model, chosen, metadata)
    _check_finite("generator", model.ema_generator)
    with staging.staged(directory, overwrite) as (temporary, place):
        copy = _detached(model)
        saved_model.generator(copy, chosen).save(temporary)
        references = {temporary: lambda: _generator_reference(model)}
        if with_discriminator:
            inner = temporary / DISCRIMINATOR
            _write_discriminator(model, copy, inner, f"{place.name}/{DISCRIMINATOR}", metadata)
            references[inner] = lambda: _discriminator_reference(model)
        _describe(temporary, place.name, facts)
        if verify:
            _verify(references)
    return place


def export_discriminator(
    model, directory, *, metadata=None, verify=True, overwrite=False
) -> pathlib.Path:
    """Writes a discriminator as a SavedModel that needs nothing but TensorFlow.

    Callable as (image, y=None, training=False) or with a dict of the inputs: image
    (B, H, W, C) in [-1, 1] and, of a conditional model, y (B, num_classes); the result is
    float32 logits (B, 1), larger for more real. The signatures' output is `prediction`.

    Args, return value and errors are those of `export_generator`.
    """
    _check_model(model)
    with staging.staged(directory, overwrite) as (temporary, place):
        _write_discriminator(model, _detached(model), temporary, place.name, metadata)
        if verify:
            _verify({temporary: lambda: _discriminator_reference(model)})
    return place


def _write_discriminator(model, copy, directory, name, metadata):
    facts = descriptions.discriminator(model, metadata)
    _check_finite("discriminator", model.discriminator)
    saved_model.discriminator(copy).save(directory)
    _describe(directory, name, facts)


def _describe(directory, name, facts):
    descriptions.write(directory, facts)
    text = card.render(name, facts)
    (pathlib.Path(directory) / card.NAME).write_text(text, encoding="utf-8")
    manifest.write_manifest(directory)


def _check_model(model):
    if not isinstance(model, GAN):
        raise TypeError(f"Only a GAN of tfgan_models can be exported; got {type(model).__name__}.")


def _check_finite(name, network):
    for variable in network.variables:
        values = tf.convert_to_tensor(variable)
        if values.dtype.is_floating and not bool(tf.reduce_all(tf.math.is_finite(values))):
            raise ValueError(
                f"The {name}'s weight {variable.path} is not finite; export an earlier checkpoint."
            )


def _detached(model):
    """A copy outside any strategy, with the averaged weights in its generator."""
    copy = type(model).from_config(model.get_config())
    copy.generator.set_weights(model.ema_generator.get_weights())
    copy.discriminator.set_weights(model.discriminator.get_weights())
    return copy


# === Verification ===


def _generator_reference(model) -> dict:
    """Inputs and the model's own images, as `verify.py` reads them."""
    arrays = _settings(model.ema_generator, ("z", "y", "truncation"), "default")
    function = tf.function(model.call, autograph=False)
    for n in _BATCHES:
        inputs = {"z": sampling.latents(model, n, seed=n).numpy(), **_labels(model, n)}
        arrays[f"{n}/expected"] = function(*map(tf.constant, inputs.values())).numpy()
        arrays[f"{n}/truncation"] = np.float32(1.0)
        arrays |= {f"{n}/{name}": value for name, value in inputs.items()}
    return arrays


def _discriminator_reference(model) -> dict:
    arrays = _settings(model.discriminator, ("image", "y"), "prediction")
    function = tf.function(model.discriminate, autograph=False)
    for n in _BATCHES:
        key = random.key(n, "verify_images", 0)
        images = random.uniform(key, n, model.image_shape, low=-1.0, high=1.0).numpy()
        inputs = {"image": images, **_labels(model, n)}
        arrays[f"{n}/expected"] = function(*map(tf.constant, inputs.values())).numpy()
        arrays |= {f"{n}/{name}": value for name, value in inputs.items()}
    return arrays


def _settings(network, names, output) -> dict:
    half = any(
        layer.compute_dtype in ("float16", "bfloat16") for layer in network._flatten_layers()
    )
    tolerance = _HALF_TOLERANCE if half else _TOLERANCE
    return {"names": np.array(names), "output": np.array(output), "tolerance": tolerance}


def _labels(model, n) -> dict:
    if not model.num_classes:
        return {}
    labels = np.arange(n) % model.num_classes
    return {"y": np.eye(model.num_classes, dtype=np.float32)[labels]}


def _verify(references) -> None:
    """Compares exports with their references in a fresh process, on the CPU.

    Args:
        references: {directory: function that computes the reference}.

    Raises:
        ExportError: One line with the first difference.
    """
    script = pathlib.Path(__file__).with_name("verify.py")
    # Without -P the script's own directory would be searched for modules.
    command = [sys.executable, "-P", str(script)]
    with tempfile.TemporaryDirectory() as scratch:
        for i, (directory, compute) in enumerate(references.items()):
            with tf.device("/CPU:0"):
                arrays = compute()
            path = os.path.join(scratch, f"{i}.npz")
            np.savez(path, **arrays)
            command += [str(directory), path]
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        said = done.stdout.strip() or done.stderr.strip() or f"exit code {done.returncode}"
        last = said.splitlines()[-1]
        raise ExportError(f"The reloaded export is not the model: {last}")
