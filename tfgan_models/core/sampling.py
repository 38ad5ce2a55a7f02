"""Latents, labels and images of a trained model, and the checks of its architecture."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from tfgan_models.core import random

_TRUNCATION_BOUND = 2.0


def latents(model, n: int, seed: int = 0, truncation: float | None = None) -> tf.Tensor:
    """Draws n latent vectors, float32 (n, latent_dim).

    Row i depends on (seed, i) alone: more samples of one seed begin with the same ones.

    Args:
        model: A GAN.
        n: Number of vectors.
        seed: Int.
        truncation: In (0, 1]: a normal cut at +-2, times this number (the BigGAN
            convention); None: the training distribution.

    Raises:
        ValueError: Truncation outside (0, 1], or of uniform latents.
    """
    philox_key = random.key(seed, "sample_latents", 0)
    if truncation is None:
        return random.latents(model.latent_distribution, philox_key, n, model.latent_dim)
    check_truncation(model, truncation)
    # Inverse distribution function of the normal between the bounds.
    mass = math.erf(_TRUNCATION_BOUND / math.sqrt(2.0))
    u = random.uniform(philox_key, n, (model.latent_dim,), low=-mass, high=mass)
    return truncation * math.sqrt(2.0) * tf.math.erfinv(u)


def check_truncation(model, truncation: float) -> None:
    """Checks that a model's latents can be truncated so.

    Raises:
        ValueError: One line that says what is wrong.
    """
    if not 0.0 < truncation <= 1.0:
        raise ValueError(f"truncation must be in (0, 1]; got {truncation}.")
    if model.latent_distribution != "normal":
        raise ValueError(
            f"truncation needs normal latents; this model's are {model.latent_distribution}."
        )


def random_labels(num_classes: int, n: int, seed: int) -> np.ndarray:
    """Draws n classes uniformly, int32 (n,)."""
    u = random.uniform(random.key(seed, "sample_labels", 0), n, ())
    return np.minimum((u.numpy() * num_classes).astype(np.int32), num_classes - 1)


def check_labels(labels, n: int, num_classes: int | None) -> np.ndarray | None:
    """Returns labels as an array after checking shape and range.

    Raises:
        ValueError: One line that says what is wrong.
    """
    if num_classes is None:
        if labels is not None:
            raise ValueError("The model is unconditional: leave labels out.")
        return None
    if labels is None:
        raise ValueError(f"The model has {num_classes} classes: give labels.")
    labels = np.asarray(labels)
    if labels.shape not in ((n,), (n, num_classes)):
        raise ValueError(
            f"labels must have shape ({n},) or ({n}, {num_classes}); got {labels.shape}."
        )
    if labels.ndim == 1 and labels.size and not 0 <= labels.min() <= labels.max() < num_classes:
        raise ValueError(
            f"labels must be in 0..{num_classes - 1}; got {labels.min()}..{labels.max()}."
        )
    return labels


def generate(model, latents, labels=None, batch_size: int = 256) -> tf.Tensor:
    """Images of given latents from the EMA generator.

    Args:
        model: A GAN.
        latents: Float (n, latent_dim).
        labels: Ints (n,) or mixtures (n, num_classes); None for an unconditional model.
        batch_size: Images made at a time.

    Returns:
        Float32 (n, H, W, C) in [-1, 1].

    Raises:
        ValueError: Wrong shape of latents or labels, labels out of range.
    """
    latents = tf.cast(latents, tf.float32)
    if latents.shape.rank != 2 or latents.shape[1] != model.latent_dim:
        raise ValueError(f"latents must be (n, {model.latent_dim}); got {tuple(latents.shape)}.")
    labels = check_labels(labels, latents.shape[0], model.num_classes)
    function = _inference(model)
    parts = []
    for start in range(0, max(1, latents.shape[0]), batch_size):
        piece = latents[start : start + batch_size]
        if labels is None:
            parts.append(function(piece))
        else:
            parts.append(function(piece, model.condition(labels[start : start + batch_size])))
    return tf.concat(parts, axis=0)


def _inference(model):
    """One traced function a network; kept on the model, made anew when `compile` swaps it."""
    kept = model.__dict__.get("_inference_function")
    if kept is None or kept[0] is not model.ema_generator:
        signature = [tf.TensorSpec((None, model.latent_dim), tf.float32)]
        if model.num_classes:
            signature.append(tf.TensorSpec((None, model.num_classes), tf.float32))
        kept = (
            model.ema_generator,
            tf.function(model.call, input_signature=signature, autograph=False),
        )
        object.__setattr__(model, "_inference_function", kept)
    return kept[1]


class Sampling:
    """Drawing images from a trained model; mixed into `GAN`."""

    def sample_latents(self, n, seed=0, truncation=None):
        """Draws n latent vectors, float32 (n, latent_dim); see `core.sampling.latents`."""
        return latents(self, n, seed, truncation)

    def generate(self, latents, labels=None, batch_size=256):
        """Images of given latents, float32 (n, H, W, C) in [-1, 1]; as `generate` above."""
        return generate(self, latents, labels, batch_size)

    def recompute_statistics(self, truncation=None, batches=16, batch_size=64, seed=0, labels=None):
        """Writes standing statistics into the batch norms of `ema_generator`.

        Samples use them until training goes on. Without a moving average of the weights
        `ema_generator` is the generator itself. Arguments and errors are those of
        `core.standing.standing_statistics`.
        """
        from tfgan_models.core import standing

        statistics = standing.standing_statistics(
            self, truncation, batches, batch_size, seed, labels
        )
        standing.assign(self.ema_generator, statistics)

    def sample(self, n, seed=0, labels=None, truncation=None):
        """Draws n images from the EMA generator, float32 (n, H, W, C) in [-1, 1].

        `truncation` acts on z alone: batch norm has one set of statistics, those of training
        or of `recompute_statistics`.

        Args:
            n: Number of images.
            seed: Int; the same seed gives the same images.
            labels: One class, (n,) classes, or (n, num_classes) mixtures; None draws
                classes at random. Only for conditional models.
            truncation: In (0, 1]: z from a normal cut at two standard deviations, times
                this number. None: z as in training.

        Raises:
            ValueError: Labels out of range or without a conditional model, truncation
                out of range or of uniform latents.
        """
        if labels is None and self.num_classes:
            labels = random_labels(self.num_classes, n, seed)
        elif labels is not None and np.ndim(labels) == 0:
            labels = np.full(n, labels)
        return self.generate(self.sample_latents(n, seed, truncation), labels)
