"""Heads that name the class, added to a game.

AC: Odena et al. 2017, arXiv:1610.09585. TAC: Gong et al. 2019, arXiv:1907.02690.
ADC: Hou et al. 2022, arXiv:2107.10060. Labels are float (B, K), mixtures allowed;
all-zero rows are unlabelled and left out. Computed in float32.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.losses.base import Loss, check_columns, distributions, mean_where, output


def class_cross_entropy(class_logits, labels, label_smoothing=0.0) -> tf.Tensor:
    """mean -sum_k t_k log softmax(l)_k over labelled images, t = (1 - a) label + a / K.

    Args:
        class_logits: l, float (B, K).
        labels: Float (B, K), rows that sum to one, or zero where unlabelled; or int (B,).
        label_smoothing: a.

    Returns:
        Scalar float32.

    Raises:
        ValueError: The shapes disagree.
    """
    logits = tf.cast(class_logits, tf.float32)
    targets, labelled = _smoothed(labels, logits.shape[-1], label_smoothing)
    return _cross_entropy(logits, targets, labelled)


def real_fake_class_cross_entropy(class_logits, labels, fake, label_smoothing=0.0) -> tf.Tensor:
    """Cross entropy with class 2y of real images, 2y + 1 of fakes; scalar float32.

    Args:
        class_logits: Float (B, 2K), ordered class 0 real, class 0 fake, class 1 real, ...
        labels: As in `class_cross_entropy`, (B, K).
        fake: Whether these are fakes.
        label_smoothing: Over the classes; real and fake are never smoothed.

    Raises:
        ValueError: The shapes disagree.
    """
    logits = tf.cast(class_logits, tf.float32)
    targets, labelled = _smoothed(labels, _half(logits), label_smoothing)
    none = tf.zeros_like(targets)
    pair = (none, targets) if fake else (targets, none)
    return _cross_entropy(logits, tf.reshape(tf.stack(pair, axis=-1), logits.shape), labelled)


def real_fake_class_generator_loss(class_logits, labels, label_smoothing=0.0) -> tf.Tensor:
    """mean (c[2y + 1] - c[2y]) over fakes; scalar float32.

    The difference of the two cross entropies, with 2y and with 2y + 1, whose softmax is one.
    Arguments as in `real_fake_class_cross_entropy`.
    """
    logits = tf.cast(class_logits, tf.float32)
    targets, labelled = _smoothed(labels, _half(logits), label_smoothing)
    difference = logits[:, 1::2] - logits[:, ::2]
    return mean_where(labelled, tf.reduce_sum(targets * difference, axis=-1))


def _half(logits):
    if logits.shape[-1] % 2:
        raise ValueError(
            f"class_logits must have two columns a class, real and fake; got {logits.shape[-1]}."
        )
    return logits.shape[-1] // 2


def _smoothed(labels, classes, smoothing):
    """Returns (targets (B, K), which rows have a label (B,))."""
    targets = distributions(labels, classes)
    labelled = tf.reduce_sum(targets, axis=-1) > 0.0
    return (1.0 - smoothing) * targets + smoothing / classes, labelled


def _cross_entropy(logits, targets, labelled):
    terms = -tf.reduce_sum(targets * tf.nn.log_softmax(logits, axis=-1), axis=-1)
    return mean_where(labelled, terms)


class _Classifier(Loss):
    ADVERSARIAL = False
    NEEDS_LABELS = True
    READS: tuple[str, ...] = ("class_logits",)
    COLUMNS = 1  # for each class

    def __init__(self, weight=1.0, label_smoothing=0.0):
        if not 0.0 <= label_smoothing < 1.0:
            raise ValueError(f"label_smoothing must be in [0, 1); got {label_smoothing}.")
        self.weight, self.label_smoothing = weight, label_smoothing

    def check_outputs(self, shapes, num_classes, latent_dim):
        """Each head must have the same number of columns for each class."""
        for name in self.READS if num_classes is not None else ():
            columns = self.COLUMNS * num_classes
            check_columns(self.NAME, shapes, name, columns, f"{num_classes} classes")

    def _entropy(self, side, name="class_logits"):
        return class_cross_entropy(output(side, name), output(side, "label"), self.label_smoothing)

    def get_config(self):
        return {"weight": self.weight, "label_smoothing": self.label_smoothing}


@keras.saving.register_keras_serializable(package="tfgan_models")
class AuxiliaryClassifier(_Classifier):
    """AC-GAN's head `class_logits` (B, K): both players want the class to be read.

    For classes that overlap, the generator leaves the overlap: low diversity within a class.

    Args:
        weight: Its factor.
        label_smoothing: a of `class_cross_entropy`, at most 0.1 for little data.
        fakes: Whether the discriminator's head learns from fakes too, as in the paper;
            StudioGAN and the Keras example train it on real images alone.
        generator_weight: The generator's factor where it is another one (0.1 in WGAN-GP);
            None: `weight`.
    """

    NAME = "auxiliary_classifier"

    def __init__(self, weight=1.0, label_smoothing=0.0, fakes=True, generator_weight=None):
        super().__init__(weight, label_smoothing)
        self.fakes, self.generator_weight = fakes, generator_weight

    def weight_of(self, player):
        """`weight`; for the generator `generator_weight` where there is one."""
        own = self.generator_weight if player == "generator" else None
        return self.weight if own is None else own

    def discriminator(self, real, fake):
        """CE(c(x), y), plus CE(c(G(z)), y_f) with `fakes`; scalar."""
        loss = self._entropy(real)
        return loss + self._entropy(fake) if self.fakes else loss

    def generator(self, fake, real=None):
        """CE(c(G(z)), y_f), scalar."""
        return self._entropy(fake)

    def get_config(self):
        return {
            **super().get_config(),
            "fakes": self.fakes,
            "generator_weight": self.generator_weight,
        }


@keras.saving.register_keras_serializable(package="tfgan_models")
class TwinAuxiliaryClassifier(_Classifier):
    """TAC-GAN: a second head m, `mutual_class_logits` (B, K), learns the classes of fakes.

    The generator wants c to name the class and m not to, which restores the entropy that
    AC-GAN loses.

    Args:
        weight: Its factor.
        label_smoothing: a of `class_cross_entropy`.
    """

    NAME = "twin_auxiliary_classifier"
    READS = ("class_logits", "mutual_class_logits")

    def discriminator(self, real, fake):
        """CE(c(x), y) + CE(m(G(z)), y_f), scalar."""
        return self._entropy(real) + self._entropy(fake, "mutual_class_logits")

    def generator(self, fake, real=None):
        """CE(c(G(z)), y_f) - CE(m(G(z)), y_f), scalar."""
        return self._entropy(fake) - self._entropy(fake, "mutual_class_logits")


@keras.saving.register_keras_serializable(package="tfgan_models")
class AuxiliaryDiscriminativeClassifier(_Classifier):
    """ADC-GAN: the head `class_logits` (B, 2K) names class and realness together.

    At its optimum c[2y] - c[2y + 1] is log p(x, y) / q(x, y), so the generator minimises a
    divergence of joint distributions.

    Args:
        weight: Its factor.
        label_smoothing: Over the classes; real and fake are never smoothed.
    """

    NAME = "auxiliary_discriminative_classifier"
    COLUMNS = 2

    def discriminator(self, real, fake):
        """CE(c(x), 2y) + CE(c(G(z)), 2y_f + 1), scalar."""
        return sum(
            real_fake_class_cross_entropy(
                output(side, "class_logits"),
                output(side, "label"),
                side is fake,
                self.label_smoothing,
            )
            for side in (real, fake)
        )

    def generator(self, fake, real=None):
        """`real_fake_class_generator_loss`, scalar."""
        return real_fake_class_generator_loss(
            output(fake, "class_logits"), output(fake, "label"), self.label_smoothing
        )
