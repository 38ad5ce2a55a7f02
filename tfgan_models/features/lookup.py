"""From a network's name, with what follows its colon, to the network."""

from __future__ import annotations

from tfgan_models import registry
from tfgan_models.features.base import FeatureNetwork


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
    return make(tuple(image_shape), argument) if argument else make(tuple(image_shape))
