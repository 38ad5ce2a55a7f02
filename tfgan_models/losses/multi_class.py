"""Discriminators with K classes and a fake one.

Semi-supervised GAN: Salimans et al. 2016, arXiv:1606.03498, section 5. Multi-hinge:
Kavalerov et al. 2021, arXiv:1912.04216. Labels are float (B, K); an all-zero row, or
no label at all, is an unlabelled image. Computed in float32.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.losses.base import Loss, check_columns, distributions, mean_where, output
from tfgan_models.losses.feature_matching import FORMS, feature_matching_loss


def real_evidence(class_logits) -> tf.Tensor:
    """Z = logsumexp of the K class logits, (B,): the logit of "real" with the fake one at 0.

    Args:
        class_logits: l, float (B, K).
    """
    return tf.reduce_logsumexp(tf.cast(class_logits, tf.float32), axis=-1)


def semi_supervised_discriminator_loss(
    real_class_logits, fake_class_logits, labels=None, unlabelled_weight=1.0
) -> tf.Tensor:
    """mean (Z - l_y) over labelled images + w/2 (mean sp(-Z) + mean sp(Z_fake)).

    The middle term is over all real images, labelled or not. The halves are the authors'
    code's; with w = 2 it is the sum of the paper's two losses. With w = 0 it is a classifier.

    Args:
        real_class_logits: l, float (B, K).
        fake_class_logits: The same shape but for the batch axis.
        labels: Float (B, K), zero rows where unlabelled; or int (B,); or None.
        unlabelled_weight: w.

    Returns:
        Scalar float32.

    Raises:
        ValueError: The shapes disagree.
    """
    real, fake = _class_pair(real_class_logits, fake_class_logits)
    evidence, fake_evidence = real_evidence(real), real_evidence(fake)
    unlabelled = tf.reduce_mean(tf.nn.softplus(-evidence)) + tf.reduce_mean(
        tf.nn.softplus(fake_evidence)
    )
    loss = 0.5 * unlabelled_weight * unlabelled
    if labels is None:
        return loss
    targets = distributions(labels, real.shape[-1])
    mass = tf.reduce_sum(targets, axis=-1)
    entropy = evidence * mass - tf.reduce_sum(targets * real, axis=-1)
    return mean_where(mass > 0.0, entropy) + loss


def semi_supervised_generator_loss(fake_class_logits) -> tf.Tensor:
    """-mean sp(Z_fake), the saturating loss; scalar float32."""
    return -tf.reduce_mean(tf.nn.softplus(real_evidence(fake_class_logits)))


def multi_class_hinge(class_logits, targets, form="crammer_singer") -> tf.Tensor:
    """Margin loss of each image, float32 (B,).

    "crammer_singer": relu(1 + max_{j != c} v_j - v_c). "weston_watkins": the mean over
    j != c of relu(1 + v_j - v_c).

    Args:
        class_logits: v, float (B, C).
        targets: One-hot c, float (B, C).
        form: Which of the two.
    """
    logits = tf.cast(class_logits, tf.float32)
    right = tf.reduce_sum(targets * logits, axis=-1)
    if form == "crammer_singer":
        wrong = tf.reduce_max(tf.where(targets > 0.0, -float("inf"), logits), axis=-1)
        return tf.nn.relu(1.0 + wrong - right)
    margins = tf.nn.relu(1.0 + logits - right[:, None])
    return tf.reduce_sum((1.0 - targets) * margins, axis=-1) / (logits.shape[-1] - 1.0)


def complement_hinge(class_logits) -> tf.Tensor:
    """relu(1 - max_{j < K} v_j + v_K) of each unlabelled real image, float32 (B,).

    Args:
        class_logits: v, float (B, K + 1), the fake class last.
    """
    return tf.nn.relu(1.0 - margin_over_fake(class_logits))


def margin_over_fake(class_logits) -> tf.Tensor:
    """max_{j < K} v_j - v_K, float32 (B,): over 0 where a real class wins."""
    logits = tf.cast(class_logits, tf.float32)
    return tf.reduce_max(logits[:, :-1], axis=-1) - logits[:, -1]


def _class_pair(real, fake):
    real, fake = tf.cast(real, tf.float32), tf.cast(fake, tf.float32)
    if real.shape.rank != 2 or fake.shape.rank != 2 or real.shape[1] != fake.shape[1]:
        raise ValueError(
            f"Class logits must be (B, classes) for real and fake; got {tuple(real.shape)} and "
            f"{tuple(fake.shape)}."
        )
    return real, fake


@keras.saving.register_keras_serializable(package="tfgan_models")
class SemiSupervised(Loss):
    """K classes and a fake one whose logit is 0; reads `class_logits` (B, K).

    `logits` is Z, so that sigmoid(Z) is the probability of "real".

    Args:
        unlabelled_weight: Weight of the unlabelled half of the discriminator's loss.
        generator: "saturating" is -mean sp(Z_fake), the better samples;
            "feature_matching" matches the output `features`, the better classifier.
        form: Of feature matching; see `feature_matching_loss`.
    """

    NAME = "semi_supervised"
    WHOLE_BATCH = True
    NEEDS_LABELS = True
    CENTERED = True

    def __init__(self, unlabelled_weight=1.0, generator="saturating", form="mean_square"):
        if generator not in ("saturating", "feature_matching"):
            raise ValueError(
                f"generator must be 'saturating' or 'feature_matching'; got {generator!r}."
            )
        if form not in FORMS:
            raise ValueError(f"form must be one of {', '.join(FORMS)}; got {form!r}.")
        self.unlabelled_weight, self.form = unlabelled_weight, form
        self.generator_form = generator

    @property
    def NEEDS_REAL(self):
        return self.generator_form == "feature_matching"

    @property
    def READS(self):
        return ("class_logits", "features") if self.NEEDS_REAL else ("class_logits",)

    def check_outputs(self, shapes, num_classes, latent_dim):
        """`class_logits` must have one column a class."""
        if num_classes is None:
            return
        why = f"{num_classes} classes"
        check_columns(self.NAME, shapes, "class_logits", num_classes, why)

    def logits(self, outputs):
        """Z, (B,)."""
        return real_evidence(output(outputs, "class_logits"))

    def discriminator(self, real, fake):
        """`semi_supervised_discriminator_loss`; `real["label"]` may be missing."""
        return semi_supervised_discriminator_loss(
            output(real, "class_logits"),
            output(fake, "class_logits"),
            real.get("label"),
            self.unlabelled_weight,
        )

    def generator(self, fake, real=None):
        """`semi_supervised_generator_loss` or `feature_matching_loss`, scalar."""
        if self.NEEDS_REAL:
            features = output(real, "features"), output(fake, "features")
            return feature_matching_loss(*features, self.form)
        return semi_supervised_generator_loss(output(fake, "class_logits"))

    def get_config(self):
        return {
            "unlabelled_weight": self.unlabelled_weight,
            "generator": self.generator_form,
            "form": self.form,
        }


@keras.saving.register_keras_serializable(package="tfgan_models")
class MultiHinge(Loss):
    """Multi-class margins over K classes and a fake one; reads `class_logits` (B, K + 1).

        L_D = mean CS(v(x), y) + mean CS(v(G(z)), K)
        L_G = w_c mean CS(v(G(z)), y_f) + w_f mean_c |mean h(G(z)) - mean h(x)|

    with CS of `multi_class_hinge` and h the output `features`. `logits` is
    `margin_over_fake`. A label that is a mixture counts as its largest class.

    Args:
        class_weight: w_c.
        feature_weight: w_f; with 0 the features are not read.
        semi_supervised: Whether there are unlabelled real images: the real term is then half
            the mean over labelled ones and half the mean of `complement_hinge` over the others.
        form: "crammer_singer" or "weston_watkins".
    """

    NAME = "multi_hinge"
    NEEDS_LABELS = True
    CENTERED = True

    def __init__(
        self, class_weight=0.05, feature_weight=1.0, semi_supervised=False, form="crammer_singer"
    ):
        if form not in ("crammer_singer", "weston_watkins"):
            raise ValueError(f"form must be 'crammer_singer' or 'weston_watkins'; got {form!r}.")
        self.class_weight, self.feature_weight = class_weight, feature_weight
        self.semi_supervised, self.form = semi_supervised, form

    @property
    def NEEDS_REAL(self):
        return self.feature_weight > 0.0

    @property
    def READS(self):
        return ("class_logits", "features") if self.NEEDS_REAL else ("class_logits",)

    @property
    def WHOLE_BATCH(self):
        return self.NEEDS_REAL or self.semi_supervised

    def check_outputs(self, shapes, num_classes, latent_dim):
        """`class_logits` must have one column a class and one for fakes."""
        if num_classes is None:
            return
        why = f"{num_classes} classes and the fake one"
        check_columns(self.NAME, shapes, "class_logits", num_classes + 1, why)

    def logits(self, outputs):
        """max of the class logits less the fake one, (B,)."""
        return margin_over_fake(output(outputs, "class_logits"))

    def discriminator(self, real, fake):
        """L_D of the class, scalar."""
        real_logits, fake_logits = _class_pair(
            output(real, "class_logits"), output(fake, "class_logits")
        )
        classes = real_logits.shape[1]
        is_fake = tf.one_hot(tf.fill([fake_logits.shape[0]], classes - 1), classes)
        fake_term = tf.reduce_mean(multi_class_hinge(fake_logits, is_fake, self.form))
        hinge, labelled = self._right_class(real_logits, output(real, "label"))
        if not self.semi_supervised:
            return mean_where(labelled, hinge) + fake_term
        others = mean_where(tf.logical_not(labelled), complement_hinge(real_logits))
        return 0.5 * (mean_where(labelled, hinge) + others) + fake_term

    def generator(self, fake, real=None):
        """L_G of the class, scalar."""
        hinge, labelled = self._right_class(output(fake, "class_logits"), output(fake, "label"))
        loss = self.class_weight * mean_where(labelled, hinge)
        if not self.NEEDS_REAL:
            return loss
        features = output(real, "features"), output(fake, "features")
        return loss + self.feature_weight * feature_matching_loss(*features, "mean_abs")

    def _right_class(self, logits, labels):
        """Returns (margin loss with the label's class, whether there is a label), (B,) each."""
        labels = distributions(labels, logits.shape[1] - 1)
        targets = tf.one_hot(tf.argmax(labels, axis=-1), logits.shape[1])
        return multi_class_hinge(logits, targets, self.form), tf.reduce_sum(labels, axis=-1) > 0.0

    def get_config(self):
        return {
            "class_weight": self.class_weight,
            "feature_weight": self.feature_weight,
            "semi_supervised": self.semi_supervised,
            "form": self.form,
        }
