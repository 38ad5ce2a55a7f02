"""APA: Jiang et al. 2021, arXiv:2111.06849."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.augment.controller import Controlled


def pseudo_real(real, fake, chosen) -> tf.Tensor:
    """Puts the fake in the real image's place where `chosen`, bool (B,), is true.

    Raises:
        ValueError: `real` and `fake` have not one shape.
    """
    real, fake = tf.convert_to_tensor(real), tf.convert_to_tensor(fake)
    if not real.shape.is_compatible_with(fake.shape):
        raise ValueError(
            f"real {tuple(real.shape)} and fake {tuple(fake.shape)} must have one shape: each "
            "fake takes the place of one real image."
        )
    mask = tf.reshape(chosen, [-1] + [1] * (real.shape.rank - 1))
    return tf.where(mask, tf.stop_gradient(tf.cast(fake, real.dtype)), real)


@keras.saving.register_keras_serializable(package="tfgan_models")
class APA(Controlled):
    """Adaptive pseudo augmentation: with probability p a real image is one of the fakes.

    The discriminator can then never be sure that a fake is fake: for a share a of
    pseudo-real images its best logit is log(((1 - a) p + a q) / q) >= log a. p follows
    the signs of what was shown as real, pseudo-real images included, so it limits itself.
    The fakes are the update's own, as in StudioGAN; the authors store those of the
    generator's last update. A fake brings the label it was made with. Images as the
    discriminator sees them are not changed: chain it with another augmentation for that.

    Args:
        initial_p, target, kimg, every: As in ADA; the authors lower `target` for less data
            and take 0.8 for one set.
        cap: Largest p. Over 0.8 the discriminator would be trained on fakes mostly. The
            authors have no bound (None), StudioGAN 1.
        name, dtype: Keras's.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(
        self,
        initial_p=0.0,
        target=0.6,
        kimg=500,
        every=4,
        cap=0.8,
        name=None,
        dtype="float32",
    ):
        super().__init__(initial_p, target, kimg, every, cap, name, dtype)

    def mix(self, batch, fake, draws):
        """Returns the batch with some of its images replaced by fakes, and the fakes."""
        chosen = draws.uniform("pseudo") < tf.convert_to_tensor(self.p)
        mixed = {**batch, "image": pseudo_real(batch["image"], fake, chosen)}
        if "fake_label" in batch:
            mixed["label"] = _labels_where(chosen, batch["fake_label"], batch["label"])
        return mixed, fake

    def get_config(self):
        return {**super().get_config(), "cap": self.cap}


def _labels_where(chosen, labels, others):
    """Rows of `labels` where chosen, else of `others`; ints become one-hot beside mixtures."""
    labels, others = tf.convert_to_tensor(labels), tf.convert_to_tensor(others)
    if labels.shape.rank == others.shape.rank == 1:
        return tf.where(chosen, labels, tf.cast(others, labels.dtype))
    classes = max((labels, others), key=lambda v: v.shape.rank).shape[1]
    labels, others = (
        v if v.shape.rank == 2 else tf.one_hot(tf.cast(v, tf.int32), classes)
        for v in (labels, others)
    )
    return tf.where(chosen[:, None], labels, others)
