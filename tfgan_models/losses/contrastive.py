"""Contrastive losses: one among many, by softmax.

Dual contrastive: Yu et al. 2021, arXiv:2103.16748. 2C of ContraGAN: Kang & Park 2020,
arXiv:2006.12681. D2D-CE of ReACGAN: Kang et al. 2021, arXiv:2111.01118.
The others of an image are those of all replicas. Computed in float32.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.losses.base import Loss, check_columns, flat_pair, gather_rows, output, own_rows


def dual_contrastive_loss(higher, lower) -> tf.Tensor:
    """One high logit among all low ones, and one low among all high ones; scalar float32.

    mean_i -log(exp(h_i) / (exp(h_i) + sum_j exp(l_j)))
    + mean_j -log(exp(-l_j) / (exp(-l_j) + sum_i exp(-h_i)))

    Args:
        higher, lower: Float (B,), (B, 1) or (B, h, w, 1): (real, fake) for the discriminator.

    Raises:
        ValueError: The shapes disagree in more than the batch axis.
    """
    higher, lower = flat_pair(higher, lower)
    among_low = tf.reduce_logsumexp(gather_rows(lower)) - higher
    among_high = tf.reduce_logsumexp(gather_rows(-higher)) + lower
    return tf.reduce_mean(tf.nn.softplus(among_low)) + tf.reduce_mean(tf.nn.softplus(among_high))


@keras.saving.register_keras_serializable(package="tfgan_models")
class DualContrastive(Loss):
    """`dual_contrastive_loss` of (real, fake) as a game; free of the logits' constant.

    Args:
        generator: "saturating" plays the zero-sum game, L_G = -L_D; "alternative" makes
            real and fake change places, as public re-implementations do.
    """

    NAME = "dual_contrastive"
    WHOLE_BATCH = True
    NEEDS_REAL = True
    UNBOUNDED = True

    def __init__(self, generator="saturating"):
        if generator not in ("saturating", "alternative"):
            raise ValueError(f"generator must be 'saturating' or 'alternative'; got {generator!r}.")
        self.generator_form = generator

    def discriminator(self, real_logits, fake_logits):
        """`dual_contrastive_loss` of (real, fake)."""
        return dual_contrastive_loss(real_logits, fake_logits)

    def generator(self, fake_logits, real_logits=None):
        """Its negative, or that of (fake, real)."""
        if self.generator_form == "saturating":
            return -dual_contrastive_loss(real_logits, fake_logits)
        return dual_contrastive_loss(fake_logits, real_logits)

    def get_config(self):
        return {"generator": self.generator_form}


def contrastive_2c(embeddings, proxies, labels, temperature=1.0) -> tf.Tensor:
    """2C loss of each image, float32 (B,); 0 in a batch of one class.

    -log of [exp(s_i / t) + sum_{j != i, y_j = y_i} exp(S_ij / t)]
          / [exp(s_i / t) + sum_{j != i} exp(S_ij / t)],

    s_i the cosine of an image and its class's proxy, S_ij of two images.

    Args:
        embeddings: Float (B, d), normalised here.
        proxies: Float (B, d), the proxy of each image's class, normalised here.
        labels: Float (B, K), or int (B,) or (B, 1). A mixture counts as its largest class.
        temperature: t.

    Raises:
        ValueError: The shapes disagree.
    """
    to_proxy, to_others, same = _similarities(embeddings, proxies, labels)
    own = own_rows(same.shape[0])
    scores = tf.concat([to_proxy[:, None], tf.where(own, -float("inf"), to_others)], 1)
    scores = scores / temperature
    alike = tf.concat([tf.fill([same.shape[0], 1], True), same], 1)
    fellows = tf.where(alike, scores, -float("inf"))
    return tf.reduce_logsumexp(scores, axis=1) - tf.reduce_logsumexp(fellows, axis=1)


def d2d_ce(
    embeddings, proxies, labels, temperature=0.5, margin=0.98, shift_negatives=False
) -> tf.Tensor:
    """Data-to-data cross entropy of each image, float32 (B,); 0 in a batch of one class.

    pos_i + log(exp(-pos_i) + sum_{j: y_j != y_i} exp(relu((S_ij - (1 - m)) / t))),
    pos_i = relu((m - s_i) / t), with s and S as in `contrastive_2c`.

    Positives over the margin m and negatives under 1 - m have no gradient.

    Args:
        embeddings, proxies, labels: As in `contrastive_2c`.
        temperature: t.
        margin: m.
        shift_negatives: As in the authors' code, subtracts from the negatives alone the
            largest (S_ij - (1 - m)) / t over j != i, which weakens them.

    Raises:
        ValueError: The shapes disagree.
    """
    to_proxy, to_others, same = _similarities(embeddings, proxies, labels)
    positive = tf.nn.relu((margin - to_proxy) / temperature)
    raw = (to_others - (1.0 - margin)) / temperature
    negative = tf.nn.relu(raw)
    if shift_negatives:
        others = tf.where(own_rows(same.shape[0]), -float("inf"), raw)
        negative -= tf.stop_gradient(tf.reduce_max(others, axis=1, keepdims=True))
    negative = tf.where(same, -float("inf"), negative)
    scores = tf.concat([-positive[:, None], negative], axis=1)
    return positive + tf.reduce_logsumexp(scores, axis=1)


def _similarities(embeddings, proxies, labels):
    """Returns cosines with the own proxy (B,), with all images (B, N), and of one class (B, N)."""
    embeddings, proxies = tf.cast(embeddings, tf.float32), tf.cast(proxies, tf.float32)
    labels = tf.convert_to_tensor(labels)
    if embeddings.shape.rank != 2 or embeddings.shape != proxies.shape:
        raise ValueError(
            f"embedding and proxy must have one shape (B, d), the proxy that of each image's "
            f"class; got {tuple(embeddings.shape)} and {tuple(proxies.shape)}."
        )
    if labels.shape.rank not in (1, 2) or labels.shape[0] != embeddings.shape[0]:
        raise ValueError(
            f"label must be float (B, K) or int (B,) with B = {embeddings.shape[0]}; got "
            f"{tuple(labels.shape)}."
        )
    if labels.dtype.is_integer:
        classes = tf.cast(tf.reshape(labels, [-1]), tf.int32)
    else:
        classes = tf.argmax(labels, axis=-1, output_type=tf.int32)
    embeddings, proxies = (tf.math.l2_normalize(v, axis=-1) for v in (embeddings, proxies))
    to_others = tf.matmul(embeddings, gather_rows(embeddings), transpose_b=True)
    same = tf.equal(classes[:, None], gather_rows(classes)[None, :])
    return tf.reduce_sum(embeddings * proxies, axis=-1), to_others, same


class _Contrastive(Loss):
    ADVERSARIAL = False
    WHOLE_BATCH = True
    NEEDS_LABELS = True
    READS = ("embedding", "proxy")

    def check_outputs(self, shapes, num_classes, latent_dim):
        """`embedding` and `proxy` must have one shape (d,)."""
        check_columns(self.NAME, shapes, "proxy", shapes["embedding"][0], "as 'embedding'")

    def discriminator(self, real, fake):
        """Mean over the real images of `embedding`, `proxy` and `label`; scalar."""
        return self._mean(real)

    def generator(self, fake, real=None):
        """Mean over the fakes; scalar."""
        return self._mean(fake)

    def _mean(self, side):
        read = (output(side, name) for name in ("embedding", "proxy", "label"))
        return tf.reduce_mean(self._terms(*read))


@keras.saving.register_keras_serializable(package="tfgan_models")
class Contrastive2C(_Contrastive):
    """`contrastive_2c` of real images for the discriminator, of fakes for the generator.

    Args:
        weight: Its factor.
        temperature: t.
    """

    NAME = "contrastive_2c"

    def __init__(self, weight=1.0, temperature=1.0):
        self.weight, self.temperature = weight, temperature

    def _terms(self, *read):
        return contrastive_2c(*read, self.temperature)

    def get_config(self):
        return {"weight": self.weight, "temperature": self.temperature}


@keras.saving.register_keras_serializable(package="tfgan_models")
class D2DCE(_Contrastive):
    """`d2d_ce` of real images for the discriminator, of fakes for the generator.

    Defaults are the authors' for CIFAR-10 with BigGAN networks.

    Args:
        weight: Its factor.
        temperature: t.
        margin: m of the positives; that of the negatives is 1 - m.
        shift_negatives: See `d2d_ce`.
    """

    NAME = "d2d_ce"

    def __init__(self, weight=0.5, temperature=0.5, margin=0.98, shift_negatives=False):
        self.weight, self.temperature = weight, temperature
        self.margin, self.shift_negatives = margin, shift_negatives

    def _terms(self, *read):
        return d2d_ce(*read, self.temperature, self.margin, self.shift_negatives)

    def get_config(self):
        return {
            "weight": self.weight,
            "temperature": self.temperature,
            "margin": self.margin,
            "shift_negatives": self.shift_negatives,
        }
