"""Feature matching: Salimans et al. 2016, arXiv:1606.03498, section 3.1."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core import replicas
from tfgan_models.losses.adversarial import cross_entropy_discriminator_loss
from tfgan_models.losses.base import Loss, output

FORMS = ("sum_square", "mean_square", "mean_abs")


def feature_matching_loss(real_features, fake_features, form="mean_square") -> tf.Tensor:
    """Distance of mean_i h(G(z_i)) from mean_i h(x_i), means over all replicas.

    "sum_square" is the paper's squared L2 norm; the authors' code averages over the
    features, the square for MNIST and the absolute value for CIFAR-10 and SVHN. The means
    are noisy: use batches of 64 or more.

    Args:
        real_features: h, float (B, ...), flattened to one row an image; no gradient.
        fake_features: The same shape but for the batch axis.
        form: "sum_square", "mean_square" or "mean_abs".

    Returns:
        Scalar float32.

    Raises:
        ValueError: The shapes disagree, or the form is unknown.
    """
    real, fake = (tf.cast(h, tf.float32) for h in (real_features, fake_features))
    if real.shape.rank < 2 or real.shape[1:] != fake.shape[1:]:
        raise ValueError(
            f"real_features {tuple(real.shape)} and fake_features {tuple(fake.shape)} must be "
            "(B, ...) and agree in all but the batch axis."
        )
    _check_form(form)
    means = tf.stack([tf.reduce_mean(fake, axis=0), tf.reduce_mean(tf.stop_gradient(real), axis=0)])
    fake_mean, real_mean = tf.unstack(replicas.mean(means))
    difference = fake_mean - tf.stop_gradient(real_mean)
    if form == "mean_abs":
        return tf.reduce_mean(tf.abs(difference))
    reduce = tf.reduce_sum if form == "sum_square" else tf.reduce_mean
    return reduce(tf.square(difference))


def _check_form(form):
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}; got {form!r}.")


@keras.saving.register_keras_serializable(package="tfgan_models")
class FeatureMatching(Loss):
    """The generator matches the mean of the discriminator's output `features`.

    As a game the discriminator learns by the cross entropy of its `logits`; as an added
    term it is the generator's alone, beside another game.

    Args:
        form: See `feature_matching_loss`.
        adversarial: Whether it is the game, or added to one.
        weight: Factor of the added term.
    """

    NAME = "feature_matching"
    WHOLE_BATCH = True
    NEEDS_REAL = True

    def __init__(self, form="mean_square", adversarial=True, weight=1.0):
        _check_form(form)
        self.form, self.adversarial, self.weight = form, adversarial, weight
        if adversarial:
            self.discriminator = self._cross_entropy

    @property
    def ADVERSARIAL(self):
        return self.adversarial

    @property
    def CENTERED(self):
        return self.adversarial

    @property
    def READS(self):
        return ("logits", "features") if self.adversarial else ("features",)

    def _cross_entropy(self, real, fake):
        """`cross_entropy_discriminator_loss` of the logits."""
        return cross_entropy_discriminator_loss(output(real, "logits"), output(fake, "logits"))

    def generator(self, fake, real=None):
        """`feature_matching_loss` of `features`, scalar."""
        return feature_matching_loss(output(real, "features"), output(fake, "features"), self.form)

    def get_config(self):
        return {"form": self.form, "adversarial": self.adversarial, "weight": self.weight}
