"""Data sources, training runs and the commands.

from trainers import fit_preset
model = fit_preset("quickstart", "runs/quickstart")     what tfgan-train does
trainers.data.load("folder:photos", image_size=64)
"""

import importlib

__all__ = ["data", "fit_preset"]


def __getattr__(name: str):
    if name == "fit_preset":
        return importlib.import_module("trainers.run").fit_preset
    if name == "data":
        return importlib.import_module("trainers.data")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
