"""Mutual information of codes and images, and of the parts of one image.

InfoGAN: Chen et al. 2016, arXiv:1606.03657, eq. 5. InfoMax-GAN: Lee et al. 2021,
arXiv:2007.04589. Computed in float32, in nats.
"""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tfgan_models.losses.base import Loss, gather_rows, output, own_rows


def discrete_bound(codes, logits) -> tf.Tensor:
    """log K - mean CE(codes, softmax(logits)), a lower bound of I(c; G(z, c)); scalar float32.

    Args:
        codes: One-hot, float (B, K), uniform over K.
        logits: What Q reads in the image, float (B, K).

    Raises:
        ValueError: The shapes disagree.
    """
    codes, logits = _pair("codes", codes, "logits", logits)
    entropy = -tf.reduce_sum(codes * tf.nn.log_softmax(logits, axis=-1), axis=-1)
    return math.log(codes.shape[-1]) - tf.reduce_mean(entropy)


def gaussian_negative_log_likelihood(codes, mean, variance, epsilon=0.0) -> tf.Tensor:
    """mean over the batch of sum_j 1/2 log(2 pi v_j + e) + (c_j - m_j)^2 / (2 v_j + e).

    Args:
        codes: c, float (B, C).
        mean: m, float (B, C).
        variance: v, float (B, C) or a number, positive.
        epsilon: e; 1e-6 in StudioGAN.

    Returns:
        Scalar float32.

    Raises:
        ValueError: The shapes disagree.
    """
    codes, mean = _pair("codes", codes, "mean", mean)
    variance = tf.cast(variance, tf.float32)
    terms = 0.5 * tf.math.log(2.0 * math.pi * variance + epsilon) + tf.square(codes - mean) / (
        2.0 * variance + epsilon
    )
    return tf.reduce_mean(tf.reduce_sum(terms, axis=-1))


def _pair(first, a, second, b):
    a, b = tf.cast(a, tf.float32), tf.cast(b, tf.float32)
    if a.shape.rank != 2 or a.shape != b.shape:
        raise ValueError(
            f"{first} {tuple(a.shape)} and {second} {tuple(b.shape)} must have one shape (B, n)."
        )
    return a, b


# {name: raw output of the head -> log variance}
_LOG_VARIANCES = {
    "fixed": tf.zeros_like,
    "log_std": lambda raw: 2.0 * raw,
    "log_variance": lambda raw: raw,
}


# Variances from e^-14 to e^14: beyond, one sure head overflows float32 and the run is lost.
_LARGEST_LOG_VARIANCE = 14.0


def _bounded(log_variance):
    """The bounded value, with the gradient of the bound passed on so that it can come back."""
    bounded = tf.clip_by_value(log_variance, -_LARGEST_LOG_VARIANCE, _LARGEST_LOG_VARIANCE)
    return log_variance + tf.stop_gradient(bounded - log_variance)


@keras.saving.register_keras_serializable(package="tfgan_models")
class MutualInformation(Loss):
    """InfoGAN: the codes at the start of the latents can be read from the fake.

    Both players minimise the negative bound, the discriminator because the head Q stands
    on it (2016 code); real images take no part. The head `codes` of the discriminator holds
    the logits of each categorical code, then the means of the continuous ones, then their
    spreads, and the latents begin with the one-hot categoricals and the continuous codes.
    The entropy of the continuous codes, a constant, is left out.

    Args:
        categories: Sizes of the categorical codes, such as (10,).
        continuous: Number of continuous codes.
        weight: lambda.
        continuous_weight: Factor of the continuous part within it. The paper has "a smaller
            lambda" for continuous codes, its code 1.
        spread: What the head says of the spread of each continuous code: "log_std";
            "log_variance" (StudioGAN); "fixed", a standard deviation of one (2016 code),
            where the head may leave the spreads out. Log variances are bounded by +-14.
        epsilon: Of `gaussian_negative_log_likelihood`.
    """

    NAME = "mutual_information"
    ADVERSARIAL = False
    READS = ("codes",)

    def __init__(
        self,
        categories=(),
        continuous=0,
        weight=1.0,
        continuous_weight=0.1,
        spread="log_std",
        epsilon=0.0,
    ):
        if spread not in _LOG_VARIANCES:
            raise ValueError(f"spread must be one of {', '.join(_LOG_VARIANCES)}; got {spread!r}.")
        if any(size < 2 for size in categories) or continuous < 0:
            raise ValueError(
                f"categories must be sizes of 2 or more and continuous a number of codes; got "
                f"{tuple(categories)} and {continuous}."
            )
        self.categories, self.continuous = list(categories), continuous
        self.weight, self.continuous_weight = weight, continuous_weight
        self.spread, self.epsilon = spread, epsilon

    def check_outputs(self, shapes, num_classes, latent_dim):
        """`codes` and the latents must be wide enough."""
        self._check(shapes["codes"][-1], latent_dim)

    def discriminator(self, real, fake):
        """The negative bound on the fakes, scalar; `real` is not used."""
        return self.generator(fake)

    def generator(self, fake, real=None):
        """The negative bound on the fakes, scalar.

        Raises:
            ValueError: The head or the latents are too narrow, or there are no codes.
        """
        read, codes = output(fake, "codes"), output(fake, "latents")
        self._check(read.shape[-1], codes.shape[-1])
        loss, start = 0.0, 0
        for size in self.categories:
            here = slice(start, start + size)
            loss -= discrete_bound(codes[:, here], read[:, here])
            start += size
        if not self.continuous:
            return loss
        mean = read[:, start : start + self.continuous]
        raw = read[:, start + self.continuous :]
        log_variance = _bounded(
            _LOG_VARIANCES[self.spread](mean if self.spread == "fixed" else raw)
        )
        codes = codes[:, start : start + self.continuous]
        likelihood = gaussian_negative_log_likelihood(
            codes, mean, tf.exp(log_variance), self.epsilon
        )
        return loss + self.continuous_weight * likelihood

    def _check(self, head, latents):
        width = sum(self.categories) + self.continuous
        if width == 0:
            raise ValueError(
                "mutual_information has no codes: give categories=(10,) or continuous=2."
            )
        widths = {width + self.continuous} | ({width} if self.spread == "fixed" else set())
        if head not in widths:
            raise ValueError(
                f"The output 'codes' must have {' or '.join(map(str, sorted(widths)))} columns for "
                f"categories {self.categories} and {self.continuous} continuous codes; got {head}."
            )
        if latents < width:
            raise ValueError(f"The codes are {width} numbers, the latents only {latents}.")

    def get_config(self):
        return {
            "categories": self.categories,
            "continuous": self.continuous,
            "weight": self.weight,
            "continuous_weight": self.continuous_weight,
            "spread": self.spread,
            "epsilon": self.epsilon,
        }


def info_max(local_features, global_features, mask=-10.0) -> tf.Tensor:
    """InfoNCE of each image's global feature with its own local ones; scalar float32.

    mean over images i and places a of -log(exp(g_i . l_ia) / (exp(g_i . l_ia) +
    sum_{j, b} exp(n_ijb))), n_ijb = g_i . l_jb for j != i, and `mask` for j = i. The
    negatives are those of all replicas.

    Args:
        local_features: l, float (B, h, w, R) or (B, n, R).
        global_features: g, float (B, R).
        mask: The authors' constant, which stays in the sum; None leaves the terms out.

    Raises:
        ValueError: The shapes disagree.
    """
    local, whole = tf.cast(local_features, tf.float32), tf.cast(global_features, tf.float32)
    if (
        whole.shape.rank != 2
        or local.shape.rank not in (3, 4)
        or ((local.shape[0], local.shape[-1]) != (whole.shape[0], whole.shape[1]))
    ):
        raise ValueError(
            f"local_features must be (B, h, w, R) and global_features (B, R); got "
            f"{tuple(local.shape)} and {tuple(whole.shape)}."
        )
    batch, size = whole.shape
    local = tf.reshape(local, [batch, -1, size])
    positive = tf.einsum("ir,iar->ia", whole, local)
    negative = tf.einsum("ir,jbr->ijb", whole, gather_rows(local))
    constant = -float("inf") if mask is None else float(mask)
    negative = tf.where(own_rows(batch)[:, :, None], constant, negative)
    others = tf.reduce_logsumexp(negative, axis=[1, 2])
    return tf.reduce_mean(tf.nn.softplus(others[:, None] - positive))


@keras.saving.register_keras_serializable(package="tfgan_models")
class InfoMax(Loss):
    """`info_max` of real images for the discriminator, of fakes for the generator.

    Reads `local_features` (B, h, w, R) and `global_features` (B, R).

    Args:
        weight: Its factor.
        mask: See `info_max`.
    """

    NAME = "info_max"
    WHOLE_BATCH = True
    ADVERSARIAL = False
    READS = ("local_features", "global_features")

    def __init__(self, weight=0.2, mask=-10.0):
        self.weight, self.mask = weight, mask

    def discriminator(self, real, fake):
        """`info_max` of the real images, scalar."""
        return info_max(*(output(real, name) for name in self.READS), self.mask)

    def generator(self, fake, real=None):
        """`info_max` of the fakes, scalar."""
        return info_max(*(output(fake, name) for name in self.READS), self.mask)

    def get_config(self):
        return {"weight": self.weight, "mask": self.mask}
