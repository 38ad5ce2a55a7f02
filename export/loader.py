"""Loading exports, after checking them against their manifest."""

from __future__ import annotations

import pathlib

import numpy as np
import tensorflow as tf

from export import manifest, metadata, profiles
from export.errors import ManifestError
from tfgan_models.core import sampling

_BATCH_SIZE = 256


def load(directory) -> LoadedModule | LoadedDiscriminator:
    """Loads an export after checking every file of it.

    A SavedModel is a program, and the manifest shows damage, not malice: load only what
    you trust.

    Args:
        directory: A directory written by `export_generator` or `export_discriminator`.

    Returns:
        `LoadedModule` of a generator, `LoadedDiscriminator` of a discriminator.

    Raises:
        ManifestError: A file is missing, extra or changed; the message names it.
    """
    directory = pathlib.Path(directory).expanduser()
    manifest.verify_manifest(directory)
    if not (directory / metadata.NAME).is_file():
        raise ManifestError(f"{directory}: {metadata.NAME} is missing; this is no export.")
    entries = metadata.read(directory)
    kind = LoadedDiscriminator if entries["kind"] == "discriminator" else LoadedModule
    return kind(tf.saved_model.load(str(directory)), entries)


class _Loaded:
    def __init__(self, module, entries: dict):
        self.module, self.metadata = module, entries

    @property
    def num_classes(self) -> int | None:
        """Number of classes, None for an unconditional model."""
        return self.metadata["num_classes"]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C)."""
        return tuple(self.metadata["image_shape"])

    def _condition(self, y, n):
        """Returns y as float32 (n, num_classes), ints one-hot."""
        if not tf.is_tensor(y):
            y = sampling.check_labels(y, n, self.num_classes)
        if y is None:
            return None
        y = tf.convert_to_tensor(y)
        return tf.one_hot(y, self.num_classes) if y.shape.rank == 1 else tf.cast(y, tf.float32)


class LoadedModule(_Loaded):
    """An exported generator.

    Attributes:
        module: The object of `tf.saved_model.load`.
        metadata: The entries of `metadata.json`.
    """

    @property
    def latent_dim(self) -> int:
        """Size of z."""
        return self.metadata["latent_dim"]

    @property
    def _profile(self) -> profiles.Profile:
        return profiles.PROFILES[self.metadata["profile"]]

    @property
    def latent_distribution(self) -> str:
        """Distribution of z in training: "normal" or "uniform(a,b)"."""
        return self.metadata["latent_distribution"]

    def __call__(self, z, y=None, truncation=None) -> tf.Tensor:
        """Generates images; gradients reach z and y.

        Args:
            z: Float (n, latent_dim).
            y: Ints (n,), or one-hot or mixtures (n, num_classes), of a conditional model.
            truncation: Scalar in [0, 1]; selects statistics where the export has them and
                never scales z; ignored where it has none.

        Returns:
            Float32 (n, H, W, C) in [-1, 1].

        Raises:
            ValueError: Wrong shapes, labels missing or out of range, mixtures where the
                export's profile takes class numbers only, truncation out of range.
        """
        z = tf.cast(z, tf.float32)
        if z.shape.rank != 2 or z.shape[1] != self.latent_dim:
            raise ValueError(f"z must be (n, {self.latent_dim}); got {tuple(z.shape)}.")
        inputs = {self._profile.latents: z}
        if (condition := self._labels(y, z.shape[0])) is not None:
            inputs[self._profile.labels] = condition
        if truncation is not None and self._profile.truncation:
            self._check_truncation(truncation)
            inputs["truncation"] = tf.cast(truncation, tf.float32)
        return self._profile.from_range(self._run(inputs))

    def _run(self, inputs):
        return self.module(inputs)

    def _labels(self, y, n):
        if not self._profile.class_numbers:
            return self._condition(y, n)
        y = sampling.check_labels(y, n, self.num_classes)
        if y is not None and y.ndim != 1:
            raise ValueError(f"The profile {self._profile.name!r} takes class numbers, (n,).")
        return None if y is None else tf.cast(y, tf.int32)

    def _check_truncation(self, truncation):
        if not tf.is_tensor(truncation) and self.metadata.get("truncation_statistics"):
            if not 0.0 <= truncation <= 1.0:
                raise ValueError(f"truncation must be in [0, 1]; got {truncation}.")

    def sample(self, n, seed=0, labels=None, truncation=None) -> np.ndarray:
        """Draws n images, float32 (n, H, W, C) in [-1, 1].

        They are those of `model.sample`, if both use the same batch-norm statistics: an
        export with statistics for truncations uses standing ones, the model does so after
        `recompute_statistics` with the same truncation.

        Args:
            n: Number of images.
            seed: Int; the same seed gives the same images.
            labels: One class, (n,) classes, or (n, num_classes) mixtures; None draws
                classes at random. Only for conditional models.
            truncation: In (0, 1]: z from a normal cut at two standard deviations, times
                this number, and handed to the module. None: z as in training.

        Raises:
            ValueError: Labels out of range or without a conditional model, truncation
                out of range or of uniform latents.
        """
        z = self.sample_latents(n, seed, truncation)
        if labels is None and self.num_classes:
            labels = sampling.random_labels(self.num_classes, n, seed)
        elif labels is not None and np.ndim(labels) == 0:
            labels = np.full(n, labels)
        return self.generate(z, labels, truncation)

    def sample_latents(self, n, seed=0, truncation=None) -> tf.Tensor:
        """Draws n latent vectors, float32 (n, latent_dim): those of `model.sample_latents`."""
        return sampling.latents(self, n, seed, truncation)

    def generate(self, latents, labels=None, truncation=None) -> np.ndarray:
        """Images of given latents, float32 (n, H, W, C) in [-1, 1], in pieces of 256.

        Args:
            latents: Float (n, latent_dim).
            labels: Ints (n,) or mixtures (n, num_classes), of a conditional model.
            truncation: As in `__call__`.

        Raises:
            ValueError: Wrong shapes, labels missing or out of range.
        """
        n = len(latents)
        labels = sampling.check_labels(labels, n, self.num_classes)
        images = []
        for start in range(0, max(n, 1), _BATCH_SIZE):
            rows = slice(start, start + _BATCH_SIZE)
            y = None if labels is None else labels[rows]
            images.append(self(latents[rows], y, truncation).numpy())
        return np.concatenate(images)


class LoadedDiscriminator(_Loaded):
    """An exported discriminator; attributes as of `LoadedModule`."""

    def __call__(self, image, y=None) -> tf.Tensor:
        """Returns logits, float32 (n, 1), larger for more real.

        Args:
            image: Float (n, H, W, C) in [-1, 1].
            y: Ints (n,), or one-hot or mixtures (n, num_classes), of a conditional model.

        Raises:
            ValueError: Wrong shapes, labels missing or out of range.
        """
        image = tf.cast(image, tf.float32)
        if image.shape[1:] != self.image_shape:
            raise ValueError(f"image must be (n, *{self.image_shape}); got {tuple(image.shape)}.")
        return self.module(image, self._condition(y, image.shape[0]))
