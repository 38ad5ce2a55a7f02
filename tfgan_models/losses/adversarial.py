"""The three losses of Goodfellow et al. 2014 on logits, and their targets.

r = D(x) and f = D(G(z)) are raw outputs, sp(t) = log(1 + exp(t)). All means are
over every logit, so patch-shaped outputs are allowed; computed in float32.
Sources: arXiv:1406.2661, eq. 1 and section 3; maximum likelihood: Goodfellow
2014, arXiv:1412.6515; one-sided smoothing: Salimans et al. 2016, arXiv:1606.03498;
soft and flipped labels: Chintala et al. 2016, "How to train a GAN?", tip 6.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.losses.base import Loss, flat, flat_pair, guarded_exp


def cross_entropy_discriminator_loss(
    real_logits, fake_logits, real_target=1.0, fake_target=0.0
) -> tf.Tensor:
    """mean(sp(r) - a r) + mean(sp(f) - b f), with a and b the targets of real and fake.

    The optimal D is (a p + b q) / (p + q), so that b > 0 draws the generator to its own
    samples. A target over 1 or under 0 is legal, but then the loss has no minimum.

    Args:
        real_logits: Float (B,), (B, 1) or (B, h, w, 1).
        fake_logits: The same shape but for the batch axis.
        real_target: a, a number or float (B,), one an image; 1 is the loss of eq. 1, 0.9
            one-sided label smoothing.
        fake_target: b, likewise.

    Returns:
        Scalar float32.

    Raises:
        ValueError: The shapes disagree.
    """
    real, fake = flat_pair(real_logits, fake_logits)
    a = _targets("real_target", real_target, real_logits)
    b = _targets("fake_target", fake_target, fake_logits)
    # sp(r) - a r = sp(-r) + (1 - a) r, which keeps its digits for large r.
    real_term = tf.reduce_mean(tf.nn.softplus(-real) + (1.0 - a) * real)
    return real_term + tf.reduce_mean(tf.nn.softplus(fake) - b * fake)


def _targets(name, target, logits):
    target = tf.cast(target, tf.float32)
    if target.shape.rank == 0:
        return target
    shape = tf.convert_to_tensor(logits).shape
    if target.shape.rank != 1 or not target.shape.is_compatible_with(shape[:1]):
        raise ValueError(
            f"{name} must be a number or one number an image, shape ({shape[0]},); got "
            f"{tuple(target.shape)}."
        )
    return tf.repeat(target, shape[1:].num_elements())


def minimax_generator_loss(fake_logits) -> tf.Tensor:
    """-mean(sp(f)) = mean(log(1 - D(G(z)))), the saturating loss of eq. 1; scalar float32."""
    return -tf.reduce_mean(tf.nn.softplus(flat("fake_logits", fake_logits)))


def non_saturating_generator_loss(fake_logits, target=1.0) -> tf.Tensor:
    """mean(sp(f) - t f), for t = 1 -mean(log D(G(z))), section 3 of the paper; scalar float32.

    Args:
        fake_logits: Float (B,), (B, 1) or (B, h, w, 1).
        target: t.
    """
    fake = flat("fake_logits", fake_logits)
    return tf.reduce_mean(tf.nn.softplus(-fake) + (1.0 - target) * fake)


def maximum_likelihood_generator_loss(fake_logits, linear_from=10.0) -> tf.Tensor:
    """-mean(exp(f)), whose gradient is that of the likelihood when D is optimal.

    Above c = `linear_from` the exponential goes on as its tangent exp(c)(1 + f - c),
    so that one confident fake gives a large but finite gradient.

    Args:
        fake_logits: Float (B,), (B, 1) or (B, h, w, 1).
        linear_from: c.

    Returns:
        Scalar float32.
    """
    return -tf.reduce_mean(guarded_exp(flat("fake_logits", fake_logits), linear_from))


class _CrossEntropy(Loss):
    """Cross entropy of the discriminator, with its targets.

    Args:
        real_target: Target of real images, or a pair (low, high) from which each image's is
            drawn in every update; (0.7, 1.0) is the soft label of ganhacks. 0.9 is one-sided
            smoothing; TF-GAN's default label_smoothing=0.25 is 0.875 (it moves the target a
            quarter of the way to 1/2), the improved-GAN ImageNet code's 0.75.
        fake_target: Target of fakes, a number or a pair; (0.0, 0.3) in ganhacks.
        flip: Probability that an image's target is that of the other side; the optimal
            logit then stays within +-log((1 - flip) / flip), 2.944 for 0.05.
        unbounded_targets: Allows targets outside [0, 1] (ganhacks draws real ones from
            (0.7, 1.2)); for those the loss has no minimum.
    """

    CENTERED = True

    def __init__(self, real_target=1.0, fake_target=0.0, flip=0.0, unbounded_targets=False):
        self.real_target = _range("real_target", real_target, unbounded_targets)
        self.fake_target = _range("fake_target", fake_target, unbounded_targets)
        low, high = _bounds(self.real_target)[0], _bounds(self.fake_target)[1]
        if not low > 0.0:
            raise ValueError(f"real_target must be over 0; got {real_target}.")
        if not high < 1.0:
            raise ValueError(f"fake_target must be under 1; got {fake_target}.")
        if not 0.0 <= flip < 0.5:
            raise ValueError(f"flip must be in [0, 0.5), or the sides change places; got {flip}.")
        self.flip, self.unbounded_targets = flip, unbounded_targets

    @property
    def NEEDS_DRAWS(self):
        drawn = isinstance(self.real_target, list) or isinstance(self.fake_target, list)
        return drawn or self.flip > 0.0

    def discriminator(self, real_logits, fake_logits, draws=None):
        """`cross_entropy_discriminator_loss` with this object's targets.

        Args:
            real_logits, fake_logits: Float (B,), (B, 1) or (B, h, w, 1).
            draws: `core.random.Draws`, where `NEEDS_DRAWS`.

        Raises:
            ValueError: The targets are random and there are no draws.
        """
        if not self.NEEDS_DRAWS:
            return cross_entropy_discriminator_loss(
                real_logits, fake_logits, self.real_target, self.fake_target
            )
        if draws is None:
            raise ValueError(f"The targets of loss {self.NAME!r} are random: pass draws=.")
        return cross_entropy_discriminator_loss(
            real_logits, fake_logits, self._draw("real", draws), self._draw("fake", draws)
        )

    def _draw(self, side, draws):
        own, other = self.real_target, self.fake_target
        if side == "fake":
            own, other = other, own
        own = self._number(own, draws, f"{side}_target")
        if not self.flip:
            return own
        other = self._number(other, draws, f"{side}_flipped_target")
        return tf.where(draws.uniform(f"{side}_flip") < self.flip, other, own)

    def _number(self, target, draws, purpose):
        if isinstance(target, list):
            return draws.uniform(purpose, (), *target)
        return tf.fill([draws.local_batch], float(target))

    def get_config(self):
        return {
            "real_target": self.real_target,
            "fake_target": self.fake_target,
            "flip": self.flip,
            "unbounded_targets": self.unbounded_targets,
        }


def _bounds(target):
    return target if isinstance(target, list) else (target, target)


def _range(name, target, unbounded):
    """Returns a number, or a pair as a list, checked."""
    pair = isinstance(target, (list, tuple))
    if pair and (len(target) != 2 or not target[0] < target[1]):
        raise ValueError(f"{name} must be a number or a pair (low, high); got {target}.")
    target = list(target) if pair else target
    low, high = _bounds(target)
    if not unbounded and not 0.0 <= low <= high <= 1.0:
        raise ValueError(
            f"{name} {target} leaves [0, 1], where the loss has no minimum; stay inside, or pass "
            "unbounded_targets=True."
        )
    return target


@keras.saving.register_keras_serializable(package="tfgan_models")
class Minimax(_CrossEntropy):
    """The game as written in eq. 1; its generator gradient vanishes when D wins.

    Args:
        real_target: Target of real images, or (low, high) to draw each image's from. 0.9 is
            one-sided label smoothing; TF-GAN's default label_smoothing=0.25 is 0.875, because
            it moves the target a quarter of the way to 1/2.
        fake_target: Target of fakes, likewise.
        flip: Probability that an image's target is that of the other side.
        unbounded_targets: Allows targets outside [0, 1].
        offset: Added to the generator's loss, without effect on it; TF-GAN's
            minimax_generator_loss contains log(sigmoid(1)) = -0.313262.
    """

    NAME = "minimax"

    def __init__(
        self, real_target=1.0, fake_target=0.0, flip=0.0, unbounded_targets=False, offset=0.0
    ):
        super().__init__(real_target, fake_target, flip, unbounded_targets)
        self.offset = offset

    def generator(self, fake_logits, real_logits=None):
        """`minimax_generator_loss` plus `offset`; `real_logits` is not used."""
        return minimax_generator_loss(fake_logits) + self.offset

    def get_config(self):
        return {**super().get_config(), "offset": self.offset}


@keras.saving.register_keras_serializable(package="tfgan_models")
class NonSaturating(_CrossEntropy):
    """Cross entropy for both players: G maximises log D(G(z)).

    Args:
        real_target: Target of real images, or (low, high) to draw each image's from. 0.9 is
            one-sided label smoothing; TF-GAN's default label_smoothing=0.25 is 0.875, because
            it moves the target a quarter of the way to 1/2; the improved-GAN ImageNet code
            has 0.75.
        fake_target: Target of fakes, likewise.
        flip: Probability that an image's target is that of the other side.
        unbounded_targets: Allows targets outside [0, 1].
        generator_target: Target of fakes in the generator's loss; 0.375 in the improved-GAN
            ImageNet code.
    """

    NAME = "non_saturating"

    def __init__(
        self,
        real_target=1.0,
        fake_target=0.0,
        flip=0.0,
        unbounded_targets=False,
        generator_target=1.0,
    ):
        super().__init__(real_target, fake_target, flip, unbounded_targets)
        if not 0.0 < generator_target <= 1.0:
            raise ValueError(f"generator_target must be in (0, 1]; got {generator_target}.")
        self.generator_target = generator_target

    def generator(self, fake_logits, real_logits=None):
        """`non_saturating_generator_loss`; `real_logits` is not used."""
        return non_saturating_generator_loss(fake_logits, self.generator_target)

    def get_config(self):
        return {**super().get_config(), "generator_target": self.generator_target}


@keras.saving.register_keras_serializable(package="tfgan_models")
class MaximumLikelihood(_CrossEntropy):
    """Generator cost whose expected gradient is that of KL(data || model).

    Args:
        real_target: Target of real images, or (low, high) to draw each image's from.
        fake_target: Target of fakes, likewise.
        flip: Probability that an image's target is that of the other side.
        unbounded_targets: Allows targets outside [0, 1].
        linear_from: Logit above which the exponential goes on as its tangent.
    """

    NAME = "maximum_likelihood"

    def __init__(
        self,
        real_target=1.0,
        fake_target=0.0,
        flip=0.0,
        unbounded_targets=False,
        linear_from=10.0,
    ):
        super().__init__(real_target, fake_target, flip, unbounded_targets)
        self.linear_from = linear_from

    def generator(self, fake_logits, real_logits=None):
        """`maximum_likelihood_generator_loss`; `real_logits` is not used."""
        return maximum_likelihood_generator_loss(fake_logits, self.linear_from)

    def get_config(self):
        return {**super().get_config(), "linear_from": self.linear_from}
