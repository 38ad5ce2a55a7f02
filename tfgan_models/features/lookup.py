"""From a network's name, with what follows its colon, to the network; and which to take."""

from __future__ import annotations

import inspect
import re

from tfgan_models import registry
from tfgan_models.features.base import FeatureNetwork

_SMALLEST = 8  # pixels of a side, below which there is nothing to see


def get(spec, image_shape) -> FeatureNetwork:
    """Returns a feature network.

    Args:
        spec: "NAME" or "NAME:ARGUMENT", such as "pixels" or "keras:classifier.keras"; a
            network is returned as it is.
        image_shape: (H, W, C) of the images it will read.

    Raises:
        ValueError: The name is unknown, its file is missing, or it does not read such images.
    """
    if isinstance(spec, FeatureNetwork):
        return spec
    name, _, argument = str(spec).partition(":")
    entry = registry.entry(registry.FEATURES, name, "feature network")
    make = entry.load()
    _, *more = inspect.signature(make).parameters.values()
    if argument and not more:
        raise ValueError(f"{name} takes nothing after its name; got {spec!r}.")
    if not argument and more and more[0].default is inspect.Parameter.empty:
        raise ValueError(f"{name} needs what it reads: give {name}:{more[0].name.upper()}.")
    return make(tuple(image_shape), *([argument] if argument else []))


def choose(image_shape, data: str = "") -> str:
    """Returns the spec of the network that fits images best, of those at hand.

    | images | network | why |
    |---|---|---|
    | below 8 pixels, toys | pixels | nothing for a network to see |
    | grey, data named after garments or fashion | garments | trained on them |
    | grey, data named after digits, MNIST or USPS | digits | trained on them |
    | other grey | pixels | no network of ours knows them |
    | colour, with the package of its weights | efficientnet_lite0 | ImageNet's features |
    | colour, without | cifar10 | the only colour network that ships |
    | two or four channels | pixels | no network reads them |

    Args:
        image_shape: (H, W, C).
        data: Where the images come from, such as "embedded:digits".
    """
    height, width, channels = image_shape
    if min(height, width) < _SMALLEST:
        return "pixels"
    if channels == 1:
        if re.search("fashion|garment", data, re.IGNORECASE):
            return "garments"
        return "digits" if re.search("digit|mnist|usps", data, re.IGNORECASE) else "pixels"
    if channels == 3:
        from tfgan_models.features.efficientnet import weights_path

        return "efficientnet_lite0" if weights_path() else "cifar10"
    return "pixels"
