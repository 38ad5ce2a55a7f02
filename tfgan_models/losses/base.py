"""What every loss has in common, and how the discriminator's outputs are read."""

from __future__ import annotations

import math

import tensorflow as tf

from tfgan_models.core import random, replicas


class Loss:
    """A pair of losses with their constants.

    A subclass gives `discriminator(real, fake)` and `generator(fake, real=None)`, or
    one of them, each returning an unscaled float32 scalar, and `get_config`. A loss
    that reads the logits alone takes them as tensors; any other takes dicts with the
    named outputs of the discriminator, `label` (float (B, num_classes), conditional
    models) and, for fakes, `latents` (B, latent_dim). One that has state is a Keras layer too.

    Attributes:
        NAME: Registry name; the key of an added term in the logs (`d_NAME`, `g_NAME`).
        ADVERSARIAL: Whether it is a game by itself; False: a term that is added to one.
        READS: Names of the discriminator's outputs that it reads.
        NEEDS_REAL: Whether `generator` reads `real`: the discriminator then sees the real
            images in the generator's update too.
        NEEDS_LABELS: Whether it reads `label`.
        NEEDS_DRAWS: Whether `discriminator` takes `draws`, the update's random numbers.
        CENTERED: Whether a logit of zero means "undecided", which controllers that count
            the signs of the logits rely on.
        UNBOUNDED: Whether it leaves the offset or the scale of the logits free.
        ENERGY: Whether the logits are energies, low for real images.
        WHOLE_BATCH: Whether it looks at the images of a batch together, so that its mean over
            parts of the batch is another number.
        MEASURES: Names of the scalars that `measures(real, fake)` adds to the logs.
        weight: Factor of an added term.
    """

    NAME = "loss"
    ADVERSARIAL = True
    READS: tuple[str, ...] = ("logits",)
    NEEDS_REAL = False
    NEEDS_LABELS = False
    NEEDS_DRAWS = False
    CENTERED = False
    UNBOUNDED = False
    ENERGY = False
    WHOLE_BATCH = False
    MEASURES: tuple[str, ...] = ()
    weight = 1.0

    def logits(self, outputs: dict) -> tf.Tensor:
        """The one number (or map of numbers) an image that penalties and logs look at."""
        return outputs["logits"]

    def weight_of(self, player: str) -> float:
        """Factor of an added term in one player's loss, "discriminator" or "generator"."""
        return self.weight

    def measures(self, real, fake) -> dict:
        """{name: scalar} of `MEASURES`, called after `discriminator` with its arguments."""
        return {}

    def check_outputs(self, shapes: dict, num_classes, latent_dim: int) -> None:
        """Refuses outputs of the discriminator that it cannot read; called at compile.

        Args:
            shapes: {output name: shape without the batch axis}, with all of `READS`.
            num_classes: Classes of the labels, None without labels.
            latent_dim: Size of z.

        Raises:
            ValueError: One line: which output, what it should be.
        """

    def get_config(self) -> dict:
        """Returns the constructor's arguments as plain data."""
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def flat(name: str, logits) -> tf.Tensor:
    """Returns logits as float32 (n,), whatever their shape.

    Raises:
        ValueError: A scalar.
    """
    logits = tf.cast(tf.convert_to_tensor(logits), tf.float32)
    if logits.shape.rank == 0:
        raise ValueError(f"{name} must have a batch axis; got a scalar.")
    return tf.reshape(logits, [-1])


def flat_pair(real_logits, fake_logits) -> tuple[tf.Tensor, tf.Tensor]:
    """Returns both as float32 (n,).

    Raises:
        ValueError: The shapes disagree in more than the batch axis.
    """
    real, fake = tf.convert_to_tensor(real_logits).shape, tf.convert_to_tensor(fake_logits).shape
    if real.rank != fake.rank or not real[1:].is_compatible_with(fake[1:]):
        raise ValueError(
            f"real_logits {tuple(real)} and fake_logits {tuple(fake)} must agree in all but the "
            "batch axis."
        )
    return flat("real_logits", real_logits), flat("fake_logits", fake_logits)


def output(outputs: dict, name: str) -> tf.Tensor:
    """Returns one named output of the discriminator as float32.

    Raises:
        ValueError: There is none of that name.
    """
    if outputs.get(name) is None:
        raise ValueError(
            f"The loss reads the discriminator's output {name!r}, which has only "
            f"{', '.join(sorted(outputs))}; give it that output."
        )
    return tf.cast(outputs[name], tf.float32)


def check_columns(loss: str, shapes: dict, name: str, columns: int, why: str) -> None:
    """Refuses an output that is not one row of `columns` numbers an image.

    Raises:
        ValueError: It is not.
    """
    if tuple(shapes[name]) != (columns,):
        raise ValueError(
            f"Loss {loss!r} reads the discriminator's output {name!r} as {columns} numbers an "
            f"image ({why}); it has shape {tuple(shapes[name])}."
        )


def distributions(labels, classes: int) -> tf.Tensor:
    """Returns labels as float32 (B, classes).

    Args:
        labels: Float (B, classes), rows that sum to one, or zero where the label is missing;
            or int (B,) or (B, 1), class numbers from 0.
        classes: K.

    Raises:
        ValueError: Any other shape.
    """
    labels = tf.convert_to_tensor(labels)
    shape = labels.shape
    if labels.dtype.is_integer and (shape.rank == 1 or (shape.rank == 2 and shape[1] == 1)):
        return tf.one_hot(tf.reshape(labels, [-1]), classes, dtype=tf.float32)
    if shape.rank != 2 or shape[1] != classes:
        raise ValueError(
            f"label must be float (B, {classes}), one column a class of the loss's logits, or int "
            f"(B,); got {tuple(shape)}."
        )
    return tf.cast(labels, tf.float32)


def mean_where(keep, values) -> tf.Tensor:
    """Mean of values (B,) where `keep` (B,) over all replicas; zero where none is kept.

    The mean of the result over replicas is that of one replica with the whole batch.
    """
    keep = tf.cast(keep, tf.float32)
    share = replicas.mean(tf.reduce_mean(keep))
    return tf.reduce_mean(keep * values) / tf.where(share > 0.0, share, 1.0)


def guarded_exp(x, linear_from: float) -> tf.Tensor:
    """exp(x), going on above c = `linear_from` as its tangent exp(c) (1 + x - c)."""
    inside = tf.exp(tf.minimum(x, float(linear_from)))
    return inside + math.exp(linear_from) * tf.nn.relu(x - float(linear_from))


def gather_rows(value) -> tf.Tensor:
    """Returns (B, ...) of all replicas as (N, ...), N known from the shape."""
    count = value.shape[0] * random.replica()[1]
    return tf.ensure_shape(replicas.gather(value), (count, *value.shape[1:]))


def own_rows(count: int) -> tf.Tensor:
    """Bool (B, N): which row of `gather_rows` each of this replica's B = `count` rows is."""
    index, number = random.replica()
    rows = tf.cast(index, tf.int32) * count + tf.range(count)
    return tf.equal(rows[:, None], tf.range(count * number)[None, :])
