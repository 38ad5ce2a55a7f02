"""Measuring a generator against data: numbers with their protocols, and where they are kept.

from trainers.evaluation import evaluate
scores = evaluate(model, source, ["frechet_distance", "precision_recall"], "pixels")
scores[0].name, scores[0].value, scores[0].protocol
"""

import importlib

_MODULES = {"Evaluation": "measuring", "evaluate": "measuring", "read_scores": "scores"}

__all__ = [*_MODULES]


def __getattr__(name: str):
    if name in _MODULES:
        return getattr(importlib.import_module(f"trainers.evaluation.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
