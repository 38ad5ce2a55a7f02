"""Finds losses, penalties, augmentations and optimizers by name, config or object."""

from __future__ import annotations

import inspect

import keras

from tfgan_models.core.adam import Adam
from tfgan_models.registry import Entry, near_matches


def resolve(kind: str, spec, table: dict[str, Entry | type]):
    """Returns the object that `spec` names, always a new one made from its config.

    Args:
        kind: Word for error messages, such as "loss".
        spec: A name ("r1"), a dict of plain data ({"name": "r1", "gamma": 10}), a
            serialised Keras object, or an object with `get_config`.
        table: {name: class or registry entry} of what there is.

    Raises:
        ValueError: Unknown name or argument; near matches are listed.
    """
    if isinstance(spec, str):
        spec = {"name": spec}
    if isinstance(spec, dict) and "class_name" in spec:
        return keras.saving.deserialize_keras_object(spec)
    if isinstance(spec, dict) and "name" in spec:
        values = dict(spec)
        name = values.pop("name")
        if name not in table:
            raise ValueError(f"Unknown {kind} {name!r}.{near_matches(name, table)}")
        found = table[name]
        return _construct(kind, name, found.load() if isinstance(found, Entry) else found, values)
    if hasattr(spec, "get_config") and not isinstance(spec, type):
        return type(spec).from_config(spec.get_config())
    raise ValueError(f"Cannot read {kind} {spec!r}: give a name, a dict with 'name', or an object.")


def sequence(specs) -> tuple:
    """Returns one name, dict or object as a tuple of one, a sequence as a tuple."""
    return tuple(specs) if isinstance(specs, (list, tuple)) else (specs,)


def _construct(kind: str, name: str, cls: type, values: dict):
    known = {
        parameter
        for base in cls.__mro__
        if "__init__" in vars(base) and base is not object
        for parameter in inspect.signature(base.__init__).parameters
    } - {"self", "args", "kwargs"}
    for key in values:
        if key not in known:
            raise ValueError(f"{kind} {name!r} has no argument {key!r}.{near_matches(key, known)}")
    return cls(**values)


def optimizer(spec) -> keras.optimizers.Optimizer:
    """Returns a new optimizer from a name, a dict of plain data, or an optimizer.

    Keras's Adam becomes `core.adam.Adam`, which computes the same in less time.
    A dict's `learning_rate` may itself be a dict naming a schedule:
    {"name": "linear_decay", "initial": 2e-4, "start": 0, "end": 1000}.

    Raises:
        ValueError: Unknown optimizer, schedule or argument; near matches are listed.
    """
    from tfgan_models.core import schedules

    if isinstance(spec, keras.optimizers.LossScaleOptimizer):
        spec = spec.inner_optimizer
    named = {
        "adam": Adam,
        "adamw": keras.optimizers.AdamW,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": keras.optimizers.SGD,
        "momentum_ramp_sgd": schedules.MomentumRampSGD,
    }
    rates = {
        "linear_decay": schedules.LinearDecay,
        "floored_exponential_decay": schedules.FlooredExponentialDecay,
        "cosine_decay": keras.optimizers.schedules.CosineDecay,
        "exponential_decay": keras.optimizers.schedules.ExponentialDecay,
        "piecewise_constant_decay": keras.optimizers.schedules.PiecewiseConstantDecay,
    }
    if isinstance(spec, dict) and "name" in spec:
        rate = spec.get("learning_rate")
        if isinstance(rate, dict):
            spec = {**spec, "learning_rate": resolve("schedule", rate, rates)}
        elif isinstance(rate, int):
            spec = {**spec, "learning_rate": float(rate)}
    found = resolve("optimizer", spec, named)
    return Adam.from_config(found.get_config()) if type(found) is keras.optimizers.Adam else found
