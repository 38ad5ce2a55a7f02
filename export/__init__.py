"""Exports of trained models: SavedModels that any TensorFlow program can load.

    export.export_generator(model, "digits")     # SavedModel, card, metadata, manifest
    module = export.load("digits")               # checks the manifest first
    images = module.sample(8, seed=1, labels=3)

`import export` loads neither TensorFlow nor Keras; the functions do when called.
A SavedModel is a program: load only exports that you trust.
"""

from __future__ import annotations

import importlib

_HOMES = {
    "ExportError": "errors",
    "ManifestError": "errors",
    "LoadedDiscriminator": "loader",
    "LoadedModule": "loader",
    "PROFILES": "profiles",
    "export_discriminator": "writer",
    "export_generator": "writer",
    "interpolate": "clients",
    "load": "loader",
    "one_hot": "clients",
    "truncated_z_sample": "clients",
    "verify_manifest": "manifest",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return __all__
