"""The energy of an auto-encoding discriminator: Zhao et al. 2017, arXiv:1609.03126 (EBGAN);
Berthelot et al. 2017, arXiv:1703.10717 (BEGAN)."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core.numerics import root


def reconstruction_energy(image, reconstruction, kind="mean_square") -> tf.Tensor:
    """How far each image is from its reconstruction; float32 (B, 1), not negative.

    Args:
        image, reconstruction: Float (B, ...), of one shape.
        kind: "mean_square", the mean over pixels and channels of squares (EBGAN's MNIST code);
            "l2", the Euclidean norm (EBGAN's paper, eq. 5); "l1", the mean of absolute values
            (BEGAN). Margins are on this scale.

    Raises:
        ValueError: Unknown `kind`, or the shapes disagree.
    """
    image, reconstruction = tf.convert_to_tensor(image), tf.convert_to_tensor(reconstruction)
    if image.shape.rank < 2 or not image.shape.is_compatible_with(reconstruction.shape):
        raise ValueError(
            f"An image and its reconstruction must have one shape (B, ...); got "
            f"{tuple(image.shape)} and {tuple(reconstruction.shape)}."
        )
    error = tf.cast(image, tf.float32) - tf.cast(reconstruction, tf.float32)
    axes = list(range(1, error.shape.rank))
    if kind == "mean_square":
        energy = tf.reduce_mean(tf.square(error), axes)
    elif kind == "l1":
        energy = tf.reduce_mean(tf.abs(error), axes)
    elif kind == "l2":
        energy = root(tf.reduce_sum(tf.square(error), axes))
    else:
        raise ValueError(f"kind must be 'mean_square', 'l2' or 'l1'; got {kind!r}.")
    return energy[:, None]


@keras.saving.register_keras_serializable(package="tfgan_models")
class ReconstructionEnergy(keras.layers.Layer):
    """`reconstruction_energy` of [image, reconstruction], float32 (B, 1) in any precision.

    Args:
        kind: "mean_square", "l2" or "l1".
    """

    def __init__(self, kind="mean_square", **kwargs):
        super().__init__(autocast=False, **kwargs)  # 16 bits would round the inputs
        if kind not in ("mean_square", "l2", "l1"):
            raise ValueError(f"kind must be 'mean_square', 'l2' or 'l1'; got {kind!r}.")
        self.kind = kind

    def call(self, inputs):
        """Returns the energies."""
        return reconstruction_energy(*inputs, self.kind)

    def get_config(self):
        return {**super().get_config(), "kind": self.kind}
