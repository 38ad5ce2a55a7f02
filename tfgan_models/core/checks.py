"""Checks of an architecture and of a compiled combination, before anything long."""

from __future__ import annotations

import keras

from tfgan_models.core import random


def check_architecture(model, generator, discriminator, output_ranges) -> None:
    """Checks the constructor's arguments against the networks.

    Raises:
        ValueError: One line that says which shape is wrong and what it should be.
    """
    shape = model.image_shape
    if len(shape) != 3 or not 1 <= shape[2] <= 4 or min(shape) < 1:
        raise ValueError(f"image_shape must be (H, W, C) with 1 to 4 channels; got {shape}.")
    if model.output_range not in output_ranges:
        raise ValueError(
            f"output_range must be one of {', '.join(output_ranges)}; got {model.output_range!r}."
        )
    random.uniform_bounds(model.latent_distribution)
    labels = () if model.num_classes is None else ((model.num_classes,),)
    _check_inputs("generator", generator, ((model.latent_dim,), *labels))
    _check_inputs("discriminator", discriminator, (shape, *labels))
    made = tuple(generator.output_shape[1:])
    if made != shape:
        raise ValueError(f"The generator makes images of shape {made}, image_shape is {shape}.")


def _check_inputs(name, network, expected) -> None:
    given = tuple(tuple(tensor.shape[1:]) for tensor in network.inputs)
    if given != expected:
        raise ValueError(
            f"The {name} must take inputs of shape {' and '.join(map(str, expected))} "
            f"(without the batch axis); it takes {' and '.join(map(str, given))}."
        )


def check_penalties(model, chosen) -> None:
    """Refuses penalties that cannot work with the model's discriminator.

    Raises:
        ValueError: Two of one name; or the gradient of one image with batch norm.
    """
    names = [penalty.NAME for penalty in chosen]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"Penalty {name!r} is given twice; add their weights instead.")
    norm = [layer.name for layer in model.discriminator._flatten_layers() if is_batch_norm(layer)]
    for penalty in chosen:
        if norm and penalty.PER_IMAGE_GRADIENT:
            raise ValueError(
                f"Penalty {penalty.NAME!r} needs each image's own gradient, but the "
                f"discriminator has batch norm ({norm[0]}), which mixes images; build it "
                "without batch norm."
            )


def is_batch_norm(layer) -> bool:
    """Whether a layer computes statistics over the batch."""
    return isinstance(layer, keras.layers.BatchNormalization) or getattr(
        layer, "MIXES_BATCH", False
    )
