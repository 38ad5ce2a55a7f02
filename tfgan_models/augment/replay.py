"""The image pool: Shrivastava et al. 2017, arXiv:1612.07828, section 2.3."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.augment.base import Augmentation
from tfgan_models.core import replicas
from tfgan_models.core.arguments import positive_int


def pool_order(filled, slots, swapped, size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """What a pool returns and keeps when it sees n images one after the other.

    While there is room an image is stored and returned. Then one with `swapped` takes
    the place of an older one, which is returned instead; any other is returned.

    Args:
        filled: Images in the pool before, int scalar.
        slots: Int (n,), the place in 0 .. size - 1 that image i takes if it is swapped.
        swapped: Bool (n,).
        size: Places in the pool.

    Returns:
        (returned, kept), int32 (n,) and (size,): rows of the pool before, followed by the n
        images.
    """
    order = tf.range(tf.shape(slots)[0])
    place = tf.cast(filled, tf.int32) + order
    filling = place < size
    slots = tf.where(filling, place, tf.cast(slots, tf.int32))
    stored = filling | swapped
    older = order[None, :] < order[:, None]
    same = stored[None, :] & (slots[None, :] == slots[:, None]) & older
    last = tf.reduce_max(tf.where(same, order[None, :], -1), axis=1)
    out = tf.where(last >= 0, size + last, slots)
    returned = tf.where(swapped & ~filling, out, size + order)

    places = tf.range(size)
    inside = stored[None, :] & (slots[None, :] == places[:, None])
    newest = tf.reduce_max(tf.where(inside, order[None, :], -1), axis=1)
    return returned, tf.where(newest >= 0, size + newest, places)


@keras.saving.register_keras_serializable(package="tfgan_models")
class Replay(keras.layers.Layer, Augmentation):
    """The discriminator's fakes come in part from a pool of past ones.

    Until the pool is full, fakes are stored as they come. Then each fake is, with
    probability `share`, exchanged for a random one of the pool: the old one is shown,
    the new one is kept. This is CycleGAN's rule, image by image over the global batch;
    the 2017 paper takes exactly half of a minibatch from the pool. A conditional model's
    fakes keep the labels they were made with (`fake_label`). The pool is the same on
    every replica.

    Args:
        size: Images in the pool.
        share: Probability of an exchange.
        name, dtype: Keras's.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(self, size=50, share=0.5, name=None, dtype="float32"):
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"share must be in [0, 1]; got {share}.")
        keras.layers.Layer.__init__(self, name=name, dtype=dtype, trainable=False)
        self.size, self.share = positive_int("size", size), share
        self.images = self.labels = None
        self.filled = self.add_weight(name="filled", shape=(), dtype="int32", initializer="zeros")
        self.built = True

    def build_for(self, image_shape, num_classes=None):
        """Makes the pool: float32 (size, H, W, C) and, conditional, (size, num_classes)."""
        shape = (self.size, *image_shape)
        if self.images is not None:
            if tuple(self.images.shape) != shape or (num_classes is None) != (self.labels is None):
                raise ValueError(
                    f"The pool holds images {tuple(self.images.shape[1:])}; make a new Replay for "
                    f"images {tuple(image_shape)}."
                )
            return
        self.images = self.add_weight(name="images", shape=shape, initializer="zeros")
        if num_classes is not None:
            self.labels = self.add_weight(
                name="labels", shape=(self.size, num_classes), initializer="zeros"
            )

    def __call__(self, images, draws):
        return images

    def mix(self, batch, fake, draws):
        """Returns the batch, with `fake_label` where it has labels, and the fakes to show."""
        if self.images is None:
            raise ValueError("Replay has no pool yet: call build_for(image_shape) first.")
        count = draws.local_batch * draws.replicas
        # Every replica needs the global draw: all of them keep the whole pool.
        drawn = tf.reshape(replicas.gather(draws.uniform("replay", (2,))), [count, 2])
        slots = tf.minimum(tf.cast(drawn[:, 0] * self.size, tf.int32), self.size - 1)
        returned, kept = pool_order(
            tf.convert_to_tensor(self.filled), slots, drawn[:, 1] < self.share, self.size
        )
        own = tf.slice(
            returned, [tf.cast(draws.replica_id, tf.int32) * draws.local_batch], [draws.local_batch]
        )
        shown = self._exchange(self.images, tf.stop_gradient(fake), own, kept)
        if self.labels is not None:
            labels = tf.convert_to_tensor(batch.get("fake_label", batch.get("label")))
            if labels.shape.rank == 1:
                labels = tf.one_hot(tf.cast(labels, tf.int32), self.labels.shape[1])
            batch = {**batch, "fake_label": self._exchange(self.labels, labels, own, kept)}
        self.filled.assign(tf.minimum(tf.convert_to_tensor(self.filled) + count, self.size))
        return batch, shown

    def _exchange(self, pool, new, own, kept):
        """Returns the rows `own` of pool and new ones, and keeps the rows `kept`."""
        new = replicas.gather(tf.cast(new, tf.float32))
        rows = tf.concat([tf.convert_to_tensor(pool), new], axis=0)
        pool.assign(tf.ensure_shape(tf.gather(rows, kept), pool.shape))
        return tf.gather(rows, own)

    def get_config(self):
        return {"size": self.size, "share": self.share, "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
