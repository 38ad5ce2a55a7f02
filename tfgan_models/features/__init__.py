"""Networks whose features the metrics read, as plug-ins: uint8 images in, features out.

    network = features.get("digits", image_shape=(28, 28, 1))
    network(images).features                 float32 (n, dim)
    network(images).probabilities            float32 (n, num_classes), or None

Only with the 2015 Inception network is a Frechet distance an FID; with any other the
metrics are named after the network.
"""

from tfgan_models.features.base import FeatureNetwork, Features
from tfgan_models.features.lookup import get
from tfgan_models.features.pixels import Pixels

__all__ = ["FeatureNetwork", "Features", "Pixels", "get"]
