"""Networks whose features the metrics read, as plug-ins: uint8 images in, features out.

    network = features.get("digits", image_shape=(28, 28, 1))
    network(images).features                 float32 (n, dim)
    network(images).probabilities            float32 (n, num_classes), or None
    features.choose((64, 64, 3), "folder:cats")    the spec of a network that fits

Only with the 2015 Inception network is a Frechet distance an FID; with any other the
metrics are named after the network.
"""

from tfgan_models.features.base import FeatureNetwork, Features
from tfgan_models.features.classifier import Classifier
from tfgan_models.features.efficientnet import EfficientNetLite0
from tfgan_models.features.inception import Inception2015
from tfgan_models.features.keras_file import KerasFile
from tfgan_models.features.lookup import choose, get
from tfgan_models.features.pixels import Pixels
from tfgan_models.features.saved_model import SavedModelNetwork

__all__ = [
    "Classifier",
    "EfficientNetLite0",
    "FeatureNetwork",
    "Features",
    "Inception2015",
    "KerasFile",
    "Pixels",
    "SavedModelNetwork",
    "choose",
    "get",
]
