"""Holding the lower layers of a discriminator: FreezeD, Mo et al. 2020, arXiv:2002.10964."""

from __future__ import annotations


def freeze_lower(network, halvings: int) -> list:
    """Freezes the layers that stand below some halvings of the image.

    Those are what the first map of the image's height divided by 2 ** halvings is made from: where
    branches of that height are added (the end of a residual block), their sum, else the first
    layer that makes such a map.

    Args:
        network: Functional network whose first input is an image (B, H, W, C).
        halvings: How many, at least 1.

    Returns:
        These layers, those with weights.

    Raises:
        ValueError: No map has that height.
    """
    height = network.inputs[0].shape[1] >> halvings
    below = _ancestors(_first_map(network, height, halvings))
    frozen = [layer for layer in network.layers if id(layer) in below and layer.weights]
    for layer in frozen:
        layer.trainable = False
    return frozen


def _first_map(network, height, halvings):
    made = [layer for layer in network.layers if _height(layer) == height]
    if not made:
        sizes = sorted({h for layer in network.layers if (h := _height(layer))}, reverse=True)
        raise ValueError(
            f"freeze_discriminator={halvings}: no map of the discriminator has {height} rows; they "
            f"have {', '.join(map(str, sizes))}."
        )
    sums = [layer for layer in made if type(layer).__name__ == "Add"]
    return (sums or made)[0]


def _height(layer):
    output = getattr(layer, "output", None)
    shape = getattr(output, "shape", ())
    return shape[1] if len(shape) == 4 else None


def _ancestors(layer) -> set[int]:
    """Ids of the operations that a layer's output is made from, its own included."""
    found, waiting = set(), [layer]
    while waiting:
        operation = waiting.pop()
        if id(operation) in found:
            continue
        found.add(id(operation))
        for node in operation._inbound_nodes:
            waiting += [tensor._keras_history.operation for tensor in node.input_tensors]
    return found
