"""Self-supervision by rotation: Chen et al. 2019, arXiv:1811.11212, and the class loss
of few labels: Lucic et al. 2019, arXiv:1903.02271."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core import random, replicas
from tfgan_models.penalties.base import Penalty
from tfgan_models.penalties.tensors import as_float


def rotate(images, quarters: int) -> tf.Tensor:
    """Turns square images (B, H, H, C) counter-clockwise by `quarters` times 90 degrees."""
    quarters %= 4
    if quarters == 0:
        return tf.convert_to_tensor(images)
    if quarters == 2:
        return tf.reverse(images, axis=[1, 2])
    if quarters == 1:
        return tf.reverse(tf.transpose(images, [0, 2, 1, 3]), axis=[1])
    return tf.transpose(tf.reverse(images, axis=[1]), [0, 2, 1, 3])


def rotated_batch(images) -> tf.Tensor:
    """Every fourth image of a batch turned by 0, 90, 180 and 270 degrees, in blocks; (B, H, H, C).

    The labels are `rotation_labels(B)`. The authors' code turns the last quarter of the
    batch; every fourth image is the same choice for any number of replicas.

    Raises:
        ValueError: B is no multiple of 4, or the images are not square.
    """
    images = tf.convert_to_tensor(images)
    batch, height, width = images.shape[:3]
    if batch % 4:
        raise ValueError(
            f"Penalty 'rotation' turns a quarter of the batch: {batch} images on a replica do "
            "not divide by 4; use another batch size."
        )
    if height != width:
        raise ValueError(f"Penalty 'rotation' needs square images; got {height}x{width}.")
    chosen = images[3::4]
    return tf.concat([rotate(chosen, quarters) for quarters in range(4)], axis=0)


def rotated_rows(batch: int) -> list[int]:
    """Which images of a batch of B the rows of `rotated_batch` show."""
    return list(range(3, batch, 4)) * 4


def rotation_labels(batch: int) -> tf.Tensor:
    """0, .., 1, .., 2, .., 3, ..: quarter turns of the rows of `rotated_batch`, int32 (B,)."""
    return tf.repeat(tf.range(4), batch // 4)


def rotation_loss(rotation_logits) -> tf.Tensor:
    """Mean cross entropy of the four turns; scalar float32.

    Args:
        rotation_logits: Float (B, 4), of the rows of `rotated_batch`.
    """
    logits = as_float(rotation_logits)
    if logits.shape.rank != 2 or logits.shape[1] != 4:
        raise ValueError(f"rotation_logits must be (B, 4); got {tuple(logits.shape)}.")
    labels = rotation_labels(logits.shape[0])
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))


def masked_class_loss(class_logits, labels) -> tf.Tensor:
    """Mean cross entropy over the labelled examples of the global batch; scalar float32.

    S2GAN and S3GAN; zero for a batch without labels.

    Args:
        class_logits: Float (B, K).
        labels: Float (B, K), one-hot; an all-zero row has no label.
    """
    logits = as_float(class_logits)
    labels = tf.cast(labels, logits.dtype)
    if logits.shape != labels.shape or logits.shape.rank != 2:
        raise ValueError(
            f"class_logits {tuple(logits.shape)} and labels {tuple(labels.shape)} must both be "
            "(B, K), labels one-hot."
        )
    total = replicas.mean(-tf.reduce_sum(labels * tf.nn.log_softmax(logits)))
    count = replicas.mean(tf.reduce_sum(labels))
    return total / tf.maximum(count, 1.0 / random.replica()[1])


@keras.saving.register_keras_serializable(package="tfgan_models")
class Rotation(Penalty):
    """`rotation_loss` of turned images in both losses (SSGAN).

    The discriminator learns it on real images, the generator on its fakes. The turned
    images are seen by the rotation head alone. They are turned after the model's
    augmentation, which may not itself turn images.

    Args:
        d_weight, g_weight: Weights in the two losses.
    """

    NAME = "rotation"
    WHOLE_BATCH = True  # it turns every fourth image
    READS_TURNS = True
    READS = ("rotation_logits",)

    def __init__(self, d_weight=1.0, g_weight=0.2):
        super().__init__()
        self.d_weight, self.g_weight = d_weight, g_weight

    def check_outputs(self, shapes, num_classes, latent_dim):
        """Raises:
        ValueError: The head does not have four outputs.
        """
        if tuple(shapes["rotation_logits"]) != (4,):
            raise ValueError(
                f"rotation_logits must be (B, 4), one for each turn; got "
                f"(B, {', '.join(map(str, shapes['rotation_logits']))})."
            )

    def discriminator(self, game):
        """d_weight * `rotation_loss` of turned real images, scalar."""
        rows = rotated_rows(game.real.shape[0])
        outputs = game.outputs(game.real, kind="real", after=rotated_batch, rows=rows)
        return self.d_weight * rotation_loss(outputs["rotation_logits"])

    def generator(self, game):
        """g_weight * `rotation_loss` of turned fakes, scalar."""
        rows = rotated_rows(game.fake.shape[0])
        outputs = game.outputs(game.fake, kind="fake", after=rotated_batch, rows=rows)
        return self.g_weight * rotation_loss(outputs["rotation_logits"])

    def get_config(self):
        return {"d_weight": self.d_weight, "g_weight": self.g_weight}
