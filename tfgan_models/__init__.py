"""Generative adversarial networks for Keras 3 on TensorFlow.

`import tfgan_models as tfgan` loads neither TensorFlow nor Keras; they are
imported when a model is first made or a maths module first used.

    tfgan.list_families()                    names and one-line summaries
    tfgan.create("dcgan", image_shape=(64, 64, 3))
    tfgan.from_preset("quickstart")          a compiled model
    tfgan.load("model.keras")
    tfgan.OriginalGAN, tfgan.DCGAN, ...      every family class by name
    tfgan.losses, tfgan.penalties, tfgan.augment, tfgan.updates, tfgan.layers,
    tfgan.networks, tfgan.metrics, tfgan.features, tfgan.analysis
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from tfgan_models import registry
from tfgan_models.registry import list_families

if TYPE_CHECKING:
    import keras

__version__ = "0.1.0"

_SUBMODULES = (
    "analysis",
    "augment",
    "features",
    "layers",
    "losses",
    "metrics",
    "networks",
    "penalties",
    "presets",
    "updates",
)

__all__ = ["create", "from_preset", "list_families", "load", *_SUBMODULES, *registry.CLASSES]


def create(name: str, **kwargs) -> keras.Model:
    """Makes an uncompiled model of a family.

    Args:
        name: Registry name, see `list_families()`.
        **kwargs: Constructor arguments of the family's class.

    Raises:
        ValueError: The name is unknown; the message lists near matches.
    """
    return registry.family_class(name)(**kwargs)


def from_preset(name: str, **overrides) -> keras.Model:
    """Makes the compiled model of a preset.

    Args:
        name: Preset name, see `tfgan_models.presets.list_presets()`.
        **overrides: Preset fields by dotted name with `__` for the dot:
            `model__latent_dim=64`, `compile__d_steps=2`.

    Raises:
        ValueError: The preset or a field is unknown; near matches are listed.
    """
    from tfgan_models import presets

    values = {key.replace("__", "."): value for key, value in overrides.items()}
    return presets.build(presets.get(name).override(values))


def load(path) -> keras.Model:
    """Loads a `.keras` file, importing the family that it names first.

    Args:
        path: A file written by `model.save("name.keras")`.

    Raises:
        ValueError: The file is missing, not a `.keras` archive, or names no family.
    """
    return registry.load(path)


def __getattr__(name: str):
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in registry.CLASSES:
        return registry.family_class(registry.CLASSES[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
