"""What every loss has in common, and how the discriminator's outputs are read."""

from __future__ import annotations

import tensorflow as tf


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
        NEEDS_DRAWS: Whether `discriminator` takes `draws`, the update's random numbers.
        CENTERED: Whether a logit of zero means "undecided", which controllers that count
            the signs of the logits rely on.
        MEASURES: Names of the scalars that `measures(real, fake)` adds to the logs.
        weight: Factor of an added term.
    """

    NAME = "loss"
    ADVERSARIAL = True
    READS: tuple[str, ...] = ("logits",)
    NEEDS_REAL = False
    NEEDS_DRAWS = False
    CENTERED = False
    MEASURES: tuple[str, ...] = ()
    weight = 1.0

    def logits(self, outputs: dict) -> tf.Tensor:
        """The one number (or map of numbers) an image that penalties and logs look at."""
        return outputs["logits"]

    def measures(self, real, fake) -> dict:
        """{name: scalar} of `MEASURES`, called after `discriminator` with its arguments."""
        return {}

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
