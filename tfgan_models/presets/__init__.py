"""Presets: plain data with a cited source. Imports neither TensorFlow nor Keras until `build`.

presets.get("quickstart").override({"compile.d_steps": 2})
presets.build(presets.get("quickstart"))      -> a compiled model
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil

from tfgan_models import registry
from tfgan_models.presets.base import Preset


def _collect() -> dict[str, Preset]:
    """Joins the `PRESETS` of every file in this folder."""
    found: dict[str, Preset] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        found |= getattr(importlib.import_module(module.name), "PRESETS", {})
    return found


PRESETS: dict[str, Preset] = _collect()

__all__ = ["PRESETS", "Preset", "build", "get", "list_presets"]


def list_presets() -> dict[str, str]:
    """Returns {preset name: one-line summary}."""
    return {name: preset.summary for name, preset in PRESETS.items()}


def get(name: str) -> Preset:
    """Returns a preset.

    Raises:
        ValueError: The name is unknown; near matches are listed.
    """
    if name not in PRESETS:
        raise ValueError(f"Unknown preset {name!r}.{registry.near_matches(name, PRESETS)}")
    return PRESETS[name]


def build(preset: Preset, seed: int = 0):
    """Returns the compiled model of a preset, its weights initialised from `seed`.

    Raises:
        ValueError: An argument that the family does not take; near matches are listed.
    """
    cls = registry.family_class(preset.family)
    import keras

    from tfgan_models.core.gan import GAN

    constructor = _parameters(cls.__init__, GAN.__init__)
    _check("model", preset.model, constructor)
    _check("compile", preset.compile, _parameters(cls.compile, GAN.compile))
    keras.utils.set_random_seed(seed)
    model = cls(**{"seed": seed, **preset.model})
    model.compile(**preset.compile)
    return model


def _parameters(*functions) -> set[str]:
    names = {name for f in functions for name in inspect.signature(f).parameters}
    return names - {"self", "kwargs", "generator", "discriminator"}


def _check(section: str, values: dict, known: set[str]) -> None:
    for key in values:
        if key not in known:
            raise ValueError(f"Unknown field '{section}.{key}'.{registry.near_matches(key, known)}")
