"""Top-k training: Sinha et al. 2020, arXiv:2002.06224, Algorithm 1."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core.arguments import positive_int
from tfgan_models.core.lookup import resolve
from tfgan_models.losses.base import Loss, gather_rows, own_rows
from tfgan_models.registry import LOSSES


def among_top_k(scores, k) -> tf.Tensor:
    """Bool (B,): which of this replica's scores are among the k largest of all replicas.

    Of equal scores the first in the batch count as larger, so exactly k are.

    Args:
        scores: Float (B,).
        k: Int scalar, may be a tensor.
    """
    everyone = gather_rows(tf.stop_gradient(tf.cast(scores, tf.float32)))
    ranks = tf.argsort(tf.argsort(everyone, direction="DESCENDING", stable=True), stable=True)
    mine = tf.where(own_rows(scores.shape[0]), ranks[None, :], 0)
    return tf.reduce_sum(mine, axis=1) < tf.cast(k, tf.int32)


@keras.saving.register_keras_serializable(package="tfgan_models")
class TopK(keras.layers.Layer, Loss):
    """Any loss that is a mean over logits, the generator trained on its k best fakes.

    The best have the largest logits (mean of a patch map; the lowest energy). k begins with
    the whole batch N of all replicas, and k <- max(gamma k, nu N) in every `every`-th of
    the generator's updates, rounded down where it is used. The discriminator is unchanged.

    Args:
        loss: Name, dict or object; see `losses.get`.
        gamma: Decay of k; 0.75 to 0.999 an epoch in the paper.
        nu: Least share of the batch; 0.5 to 0.75.
        every: Generator updates from one decay to the next, an epoch in the paper.

    Raises:
        ValueError: The inner loss is no mean of one term a fake.
    """

    NAME = "top_k"
    WHOLE_BATCH = True

    def __init__(
        self,
        loss="non_saturating",
        gamma=0.99,
        nu=0.5,
        every=1000,
        name=None,
        dtype="float32",
    ):
        keras.layers.Layer.__init__(self, name=name, dtype=dtype, trainable=False)
        if not (0.0 < gamma <= 1.0 and 0.0 < nu <= 1.0):
            raise ValueError(f"gamma and nu must be in (0, 1]; got {gamma} and {nu}.")
        self.inner = inner = resolve("loss", loss, LOSSES)
        stateful = isinstance(inner, keras.layers.Layer)
        if stateful or not inner.ADVERSARIAL or inner.NEEDS_REAL or inner.READS != ("logits",):
            raise ValueError(
                f"top_k keeps single fakes, and loss {inner.NAME!r} is no mean of one term of the "
                "logits a fake; use one that is, such as 'non_saturating' or 'hinge'."
            )
        self.gamma, self.nu, self.every = gamma, nu, positive_int("every", every)
        self.share = self.add_weight(name="share", shape=(), initializer="ones")
        self.updates = self.add_weight(
            name="updates", shape=(), initializer="zeros", dtype="int64", autocast=False
        )
        self.built = True

    @property
    def CENTERED(self):
        return self.inner.CENTERED

    @property
    def ENERGY(self):
        return self.inner.ENERGY

    @property
    def UNBOUNDED(self):
        return self.inner.UNBOUNDED

    @property
    def NEEDS_DRAWS(self):
        return self.inner.NEEDS_DRAWS

    def discriminator(self, real_logits, fake_logits, **draws):
        """The inner loss's."""
        return self.inner.discriminator(real_logits, fake_logits, **draws)

    def generator(self, fake_logits, real_logits=None):
        """The inner loss over the k best fakes of all replicas, after which k may shrink."""
        fake = tf.cast(fake_logits, tf.float32)
        batch = fake.shape[0]
        scores = tf.reduce_mean(tf.reshape(fake, [batch, -1]), axis=1)
        count = gather_rows(scores).shape[0]
        k = self.kept(count)
        keep = among_top_k(-scores if self.ENERGY else scores, k)
        # The inner loss is a mean: with the others' logits at 0 it is the kept ones' sum plus
        # a known constant, and every shape stays the batch's.
        keep = tf.reshape(keep, [batch] + [1] * (fake.shape.rank - 1))
        whole = self.inner.generator(tf.where(keep, fake, 0.0))
        constant = self.inner.generator(tf.zeros_like(fake[:1]))
        k = tf.cast(k, tf.float32)
        loss = (count * whole - (count - k) * constant) / k
        self._shrink()
        return loss

    def kept(self, count: int) -> tf.Tensor:
        """Returns k for a batch of `count` fakes over all replicas, int32 scalar."""
        # The small number keeps 0.29 * 100 from becoming 28.
        k = tf.floor(tf.convert_to_tensor(self.share) * count + 1e-3)
        return tf.maximum(tf.cast(k, tf.int32), 1)

    def _shrink(self):
        updates = tf.convert_to_tensor(self.updates) + 1
        share = tf.convert_to_tensor(self.share)
        smaller = tf.maximum(self.gamma * share, self.nu)
        self.share.assign(tf.where(tf.equal(updates % self.every, 0), smaller, share))
        self.updates.assign(updates)

    def get_config(self):
        inner = self.inner
        entry = LOSSES.get(inner.NAME)
        if entry is not None and entry.load() is type(inner):
            loss = {"name": inner.NAME, **inner.get_config()}
        else:
            loss = keras.saving.serialize_keras_object(inner)
        return {
            "loss": loss,
            "gamma": self.gamma,
            "nu": self.nu,
            "every": self.every,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)
