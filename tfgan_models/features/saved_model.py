"""Any SavedModel as a feature network."""

from __future__ import annotations

import numpy as np

from tfgan_models.features import files
from tfgan_models.features.base import FeatureNetwork


class SavedModelNetwork(FeatureNetwork):
    """A SavedModel's outputs "features" and, where it has it, "probabilities".

    Without an output "features" the only one is taken, or that of a plain call; features of
    more than two axes are averaged over those between. It is called by its serving_default
    signature, else itself. It gets images in [-1, 1], or in [0, 255] where its input is uint8;
    images are resized by "bilinear_antialias" to its input's size where that is fixed.

    Args:
        image_shape: (H, W, C) of the images it will read.
        path: Its folder. A SavedModel is a program: load only what you trust.

    Raises:
        ValueError: No SavedModel, or one whose input or outputs do not fit.
    """

    batch_size = 64

    def __init__(self, image_shape, path):
        self.name = f"saved_model:{files.stem(path)}"
        self._loaded, spec, self._call = files.load_saved_model(path, self.name)
        self._bytes = spec is not None and spec.dtype.name == "uint8"
        self._resize = files.input_resize(
            image_shape, None if spec is None else spec.shape, self.name
        )
        self.resize = self._resize.name
        self.channels = image_shape[-1]
        self.digest = files.file_digest(path)
        probe = self._run(np.zeros((2, *image_shape), np.uint8))
        self.dim = probe.features.shape[1]
        self.num_classes = None if probe.probabilities is None else probe.probabilities.shape[1]

    def _run(self, images):
        images = self._resize(images)
        images = np.round(images).astype(np.uint8) if self._bytes else images / 127.5 - 1.0
        return files.as_features(self._outputs(images), len(images), self.name)

    def _outputs(self, images):
        import tensorflow as tf

        try:
            outputs = self._call(tf.constant(images))
        except (TypeError, ValueError, tf.errors.OpError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ValueError(
                f"{self.name} cannot be called with images {images.shape[1:]}: {reason}"
            ) from None
        if "features" in outputs:
            return outputs["features"], outputs.get("probabilities")
        others = [name for name in outputs if name != "probabilities"]
        if len(others) != 1:
            raise ValueError(
                f"{self.name} has the outputs {', '.join(sorted(outputs))}: name one 'features'."
            )
        return outputs[others[0]], outputs.get("probabilities")
