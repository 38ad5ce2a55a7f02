"""Writing exports: SavedModel, card, metadata and manifest, checked before they appear."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import tensorflow as tf

from export import card, manifest, profiles, references, saved_model, staging, tables
from export import metadata as descriptions
from export.errors import ExportError
from tfgan_models.core import sampling, standing
from tfgan_models.core.gan import GAN

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
    truncations=None,
    standing_batches=None,
    standing_batch_size=64,
) -> pathlib.Path:
    """Writes a generator as a SavedModel that needs nothing but TensorFlow.

    The moving average of the weights is exported where the model keeps one. Callable as
    (z, y=None, truncation=None, training=False) or with a dict of the inputs: z
    (B, latent_dim) and, of a conditional model, y (B, num_classes), one-hot or mixtures;
    the result is float32 (B, H, W, C) in [-1, 1]; other profiles have other names and ranges.

    `truncation` never scales z. With `truncations` it selects batch-norm statistics, taken
    at that truncation and interpolated between the points of a grid; a call without it
    uses standing statistics of untruncated z. Without `truncations` it is accepted and
    ignored, and the statistics are the model's own, or with `standing_batches` standing ones
    of untruncated z.

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
            complete export; of the profile "compare_gan" into the same module.
        truncations: Points of the grid from 0 to 1, 51 in BigGAN's modules (step 0.02); None
            or 0: no statistics for truncations.
        standing_batches, standing_batch_size: Batches and images in each that standing
            statistics are taken of, at every point, with seed 0; see `core.standing`. None:
            16 with `truncations`, none without.

    Returns:
        The absolute path of the export.

    Raises:
        ValueError: The directory exists, the profile is unknown or does not fit, the
            metadata contradict the model, a weight is not finite, or there can be no
            statistics: no batch norm, latents that are not normal, no input `truncation`.
        ExportError: The reloaded export differs from the model; nothing is left behind.
    """
    _check_model(model)
    chosen = profiles.resolve(profile, model.num_classes)
    settings = _settings(model, chosen, truncations, standing_batches, standing_batch_size)
    facts = descriptions.generator(model, chosen, metadata, settings, with_discriminator)
    if standing_batches and not truncations:
        model, facts["standing_statistics"] = _standing(
            model, standing_batches, standing_batch_size
        )
    _check_finite("generator", model.ema_generator)
    with staging.staged(directory, overwrite) as (temporary, place):
        copy = _detached(model)
        measured = settings and tables.Measured(copy, settings)
        saved_model.generator(copy, chosen, measured, with_discriminator).save(temporary)
        to_check = [(temporary, lambda: references.generator(model, chosen, measured, _detached))]
        if with_discriminator and chosen.with_discriminator:
            _check_finite("discriminator", model.discriminator)
            to_check.append((temporary, lambda: references.discriminator(model, chosen)))
        elif with_discriminator:
            inner = temporary / DISCRIMINATOR
            _write_discriminator(model, copy, inner, f"{place.name}/{DISCRIMINATOR}", metadata)
            to_check.append((inner, lambda: references.discriminator(model)))
        _describe(temporary, place.name, facts)
        if verify:
            _verify(to_check)
    return place


def _settings(model, profile, truncations, batches, batch_size):
    """The `tables.Settings` of an export, None without statistics for truncations."""
    if not truncations:
        return None
    if not profile.truncation:
        raise ValueError(
            f"Profile {profile.name!r} has no input `truncation`; leave out truncations."
        )
    standing.norm_layers(model.ema_generator)
    sampling.check_truncation(model, 1.0)
    return tables.Settings(truncations, 16 if batches is None else batches, batch_size)


def _standing(model, batches, batch_size):
    """A copy with standing statistics of untruncated z, and the entry that says so."""
    copy = _detached(model)
    copy.recompute_statistics(None, batches, batch_size)
    return copy, {"batches": batches, "batch_size": batch_size, "seed": 0}


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
            _verify([(temporary, lambda: references.discriminator(model))])
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


def _verify(to_check) -> None:
    """Compares exports with their references in a fresh process, on the CPU.

    Args:
        to_check: Pairs of a directory and a function that computes its reference.

    Raises:
        ExportError: One line with the first difference.
    """
    script = pathlib.Path(__file__).with_name("verify.py")
    # Without -P the script's own directory would be searched for modules.
    command = [sys.executable, "-P", str(script)]
    with tempfile.TemporaryDirectory() as scratch:
        for i, (directory, compute) in enumerate(to_check):
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
