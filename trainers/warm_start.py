"""The first weights of a run from those of another run or of an export."""

from __future__ import annotations

import os
import sys

from trainers.errors import UserError


def warm_start(model, path: str) -> None:
    """Copies weights into a model that has not been trained; says on the standard error which not.

    Networks of another number of classes, size or width share some of their shapes: weights are
    taken one by one in their order, and those of another shape keep their initial value.

    Args:
        model: A GAN.
        path: Run directory, of whose newest checkpoint the average generator is taken, or an
            export.

    Raises:
        UserError: Neither, or a network with another number of weights, or with none that fits.
    """
    networks = (
        _of_run(path) if os.path.exists(os.path.join(path, "config.json")) else _of_export(path)
    )
    for name, values in networks.items():
        kept = _copy(name, getattr(model, name), values, path)
        if kept:
            print(
                f"{path}: {len(kept)} weights of the {name} have another shape and start anew: "
                f"{', '.join(kept[:4])}{', ...' if len(kept) > 4 else ''}",
                file=sys.stderr,
            )
    if "discriminator" not in networks:
        print(f"{path} has no discriminator: it starts anew", file=sys.stderr)
    if model.ema_generator is not model.generator:
        model.ema_generator.set_weights(model.generator.get_weights())


def _copy(name, network, values, path) -> list[str]:
    """Copies what fits; returns the paths of the other weights."""
    if len(values) != len(network.variables):
        raise UserError(
            f"{path}: its {name} has {len(values)} weights, this model's {len(network.variables)}: "
            "warm starts need the same kind of network."
        )
    pairs = list(zip(network.variables, values, strict=True))
    fitting = [(v, value) for v, value in pairs if tuple(v.shape) == value.shape]
    if not any(v.trainable for v, _ in fitting):
        raise UserError(f"{path}: no weight of its {name} has the shape of this model's.")
    for variable, value in fitting:
        variable.assign(value)
    return [v.path for v, value in pairs if tuple(v.shape) != value.shape]


def _of_run(path) -> dict:
    from trainers import run

    model = run.load_run(path)[0]
    networks = {"generator": model.ema_generator, "discriminator": model.discriminator}
    return {name: network.get_weights() for name, network in networks.items()}


def _of_export(path) -> dict:
    import export

    found = {}
    for name, directory in (
        ("generator", path),
        ("discriminator", os.path.join(path, "discriminator")),
    ):
        if name == "discriminator" and not os.path.isdir(directory):
            continue
        try:
            loaded = export.load(directory)
        except (ValueError, OSError) as error:
            raise UserError(f"{path} is neither a run nor an export: {error}") from error
        if loaded.metadata["kind"] != name:
            raise UserError(f"{path} is the export of a {loaded.metadata['kind']}, not a {name}.")
        found[name] = [v.numpy() for v in loaded.module.variables]
    return found
