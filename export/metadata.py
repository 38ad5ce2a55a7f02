"""What `metadata.json` of an export says."""

from __future__ import annotations

import json
import pathlib

import keras
import tensorflow as tf

import tfgan_models
from tfgan_models import registry

NAME = "metadata.json"
FORMAT = 1


def generator(model, profile, given, settings=None, with_discriminator=False) -> dict:
    """Describes the export of a generator.

    Args:
        model: A GAN.
        profile: A `profiles.Profile`.
        settings: `tables.Settings` of the statistics for each truncation, None without.
        with_discriminator: Whether the discriminator is in the same module.
        given: Dict of the caller's own entries, or None.

    Raises:
        ValueError: An entry of `given` is no JSON, or contradicts the model.
    """
    inputs = {
        profile.latents: {
            "shape": [None, model.latent_dim],
            "dtype": "float32",
            "distribution": model.latent_distribution,
        },
        **_label_info(model, profile),
    }
    if profile.truncation:
        inputs["truncation"] = {"shape": [], "dtype": "float32", "used": settings is not None}
    span = list(profile.value_range)
    outputs = {profile.output: {"shape": [None, *model.image_shape], "range": span}}
    images = {"shape": [None, *model.image_shape], "dtype": "float32", "range": span}
    beside = {
        "input_info": {"images": images, **_label_info(model, profile)},
        "output_info": {"prediction": {"shape": [None, 1], "range": [0.0, 1.0]}},
    }
    facts = {
        **_common(model, "generator", model.ema_generator),
        "value_range": span,
        "profile": profile.name,
        "latent_dim": model.latent_dim,
        "latent_distribution": model.latent_distribution,
        "input_info": inputs,
        "output_info": outputs,
        "signature_inputs": list(profile.signature(model.num_classes)),
        "truncation_statistics": settings and settings.describe(),
        "standing_statistics": None,
        "ema_half_life_images": getattr(model, "ema_half_life_images", None),
    }
    if with_discriminator and profile.with_discriminator:
        facts["discriminator"] = beside
    return _merge(facts, given)


def discriminator(model, given) -> dict:
    """Describes the export of a discriminator; arguments and errors as for `generator`."""
    inputs = {
        "image": {
            "shape": [None, *model.image_shape],
            "dtype": "float32",
            "range": [-1.0, 1.0],
        },
        **_label_info(model),
    }
    facts = {
        **_common(model, "discriminator", model.discriminator),
        "input_info": inputs,
        "output_info": {"prediction": {"shape": [None, 1], "range": None}},
        "signature_inputs": list(inputs),
    }
    return _merge(facts, given)


def write(directory, entries: dict) -> None:
    """Writes `metadata.json`."""
    text = json.dumps(entries, indent=2, allow_nan=False) + "\n"
    (pathlib.Path(directory) / NAME).write_text(text, encoding="utf-8")


def read(directory) -> dict:
    """Returns the entries of `metadata.json`."""
    return json.loads((pathlib.Path(directory) / NAME).read_text(encoding="utf-8"))


def family(model) -> str | None:
    """Returns the registry name of a model's family, None if it has none."""
    for cls in type(model).__mro__:
        if cls.__name__ in registry.CLASSES:
            return registry.CLASSES[cls.__name__]
    return None


def _common(model, kind: str, network) -> dict:
    return {
        "format": FORMAT,
        "kind": kind,
        "family": family(model),
        "class": type(model).__name__,
        "image_shape": list(model.image_shape),
        "num_classes": model.num_classes,
        "value_range": [-1.0, 1.0],
        "steps": int(model.step.numpy()),
        "parameters": int(network.count_params()),
        "tfgan_models_version": tfgan_models.__version__,
        "tensorflow_version": tf.__version__,
        "keras_version": keras.__version__,
    }


def _label_info(model, profile=None) -> dict:
    if not model.num_classes:
        return {}
    if profile is not None and profile.class_numbers:
        meaning = f"class numbers, 0 to {model.num_classes - 1}"
        return {profile.labels: {"shape": [None], "dtype": "int32", "meaning": meaning}}
    shape = [None, model.num_classes]
    return {"y": {"shape": shape, "dtype": "float32", "meaning": "one-hot, or a mixture"}}


def _merge(facts: dict, given) -> dict:
    given = dict(given or {})
    try:
        given = json.loads(json.dumps(given, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ValueError(f"metadata must be plain JSON data: {error}") from None
    for name in given.keys() & facts.keys():
        if given[name] != facts[name]:
            raise ValueError(
                f"metadata[{name!r}] is {given[name]!r}, but the model's is {facts[name]!r}; "
                "leave it out."
            )
    names = given.get("class_names")
    if names is not None and len(names) != (facts["num_classes"] or 0):
        raise ValueError(
            f"metadata['class_names'] has {len(names)} names; the model's number of classes is "
            f"{facts['num_classes']}."
        )
    if not isinstance(given.get("metrics", {}), dict):
        raise ValueError("metadata['metrics'] must be {name: {'value': ..., 'protocol': ...}}.")
    return {**facts, **given}
