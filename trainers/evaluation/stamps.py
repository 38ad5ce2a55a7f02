"""From a number to a `Score`: the protocol that an evaluation stamps on it."""

from __future__ import annotations

import math

import tfgan_models
from tfgan_models.metrics import Interval, Protocol, Score
from trainers.data.source import content_hash
from trainers.errors import UserError
from trainers.evaluation import table
from trainers.evaluation.measurements import LEVEL

_PATHS = ("folder", "idx", "npz", "tfrecord")  # kinds whose name is a place on a disk


def score(evaluation, name: str, part: str, value, numbers, job) -> Score:
    """Returns a number with its protocol.

    Args:
        evaluation: The `Evaluation` that measured it.
        name: Of the metric.
        part: Of the number, "" of the only one.
        value: A number or an `Interval`.
        numbers: The `Numbers` it is part of.
        job: The `Job` that it was measured in.

    Raises:
        UserError: It is not finite.
    """
    metric = table.METRICS[name]
    stamp = {
        "metric": f"{name}.{part}" if part else name,
        "options": tuple(sorted(numbers.options.items())),
        **_network(evaluation.network if metric.needs_network else None),
        **_reference(evaluation.source, evaluation.split),
        "image_shape": evaluation.image_shape,
        "n_real": evaluation.n_real if metric.reals else 0,
        "n_fake": evaluation.n_fake,
        "seed": evaluation.seed,
        "labels": evaluation.labels,
        "truncation": job.fakes.truncation,
        "weights": weights(job.fakes.model),
        "standing_batches": evaluation.standing_batches or _exported(job.fakes.model),
        "version": tfgan_models.__version__,
    }
    protocol = Protocol(**{**stamp, **numbers.stamps})
    low = high = None
    if isinstance(value, Interval):
        value, low, high = map(float, value[:3])
    if not math.isfinite(value):
        raise UserError(f"{protocol.metric} is {value}: look at the generated images.")
    if low is not None and not low < high:
        low = high = None
    return Score(float(value), protocol, metric.parts[part], low, high, LEVEL)


def _exported(model) -> int:
    """Batches that an export's standing statistics are means of, 0 without."""
    facts = getattr(model, "metadata", {})
    found = facts.get("truncation_statistics") or facts.get("standing_statistics")
    return found["batches"] if found else 0


def _network(network) -> dict:
    if network is None:
        return {"network": "none", "network_digest": "none", "resize": "none"}
    return {
        "network": network.name,
        "network_digest": network.digest,
        "resize": network.resize,
    }


def _reference(source, split) -> dict:
    if source is None:
        return {"reference": "none", "reference_digest": "none"}
    return {
        "reference": reference_name(source.spec, split),
        "reference_digest": content_hash(source.fingerprint, split),
    }


def reference_name(spec: str, split: str) -> str:
    """What a stamp calls the reals: a place on a disk is cut to its last part."""
    kind, _, name = spec.partition(":")
    if kind in _PATHS:
        name = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return f"{kind}:{name} {split}"


def weights(model) -> str:
    """Which weights a generator has: "ema" (a moving average) or "raw"."""
    if hasattr(model, "metadata"):
        return "ema" if model.metadata.get("ema_half_life_images") else "raw"
    return "raw" if model.ema_generator is model.generator else "ema"
