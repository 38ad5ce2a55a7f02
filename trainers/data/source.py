"""What every data source offers, and the source whose images all lie in memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from trainers.data.catalog import data_error

_DEFAULT_MEMORY_GB = 4.0


def memory_limit() -> int:
    """Decoded bytes a source may hold: the environment's TFGAN_DATA_MEMORY_GB, else 4 GB."""
    text = os.environ.get("TFGAN_DATA_MEMORY_GB", "")
    try:
        return int(float(text or _DEFAULT_MEMORY_GB) * 1e9)
    except ValueError:
        raise data_error(
            "TFGAN_DATA_MEMORY_GB", f"{text!r} is not a number", "set it to gigabytes, such as 4"
        ) from None


def content_hash(*parts: object) -> str:
    """16 hex digits of the SHA-256 of arrays (shape, type, bytes) and of `repr` of the rest."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            digest.update(f"{part.shape}{part.dtype.str}".encode())
            digest.update(np.ascontiguousarray(part).data)
        else:
            digest.update(repr(part).encode())
    return digest.hexdigest()[:16]


def host_tensor(array: np.ndarray):
    """An eager tensor in host memory: functions capture it, so no graph holds a copy."""
    import tensorflow as tf

    with tf.init_scope(), tf.device("/CPU:0"):
        return tf.convert_to_tensor(array)


class Source:
    """A finite set of images of one shape, with or without class labels.

    Attributes:
      spec: the string it was loaded from.
      num_examples: number of images N.
      image_shape: (H, W, C).
      num_classes: number of classes, None without labels.
      class_names: tuple of num_classes strings, None without labels.
      labels: int32 array (N,), None without labels or where they are only streamed.
      licence: terms of the data, "unknown" unless the format states them.
      random_access: whether `gather` works; otherwise only `stream` does.
      skipped: list of (file, reason) left out under skip_bad_files=True.
      fingerprint: 16 hex digits that depend on the content, not on its location.
      parallel_reads: batches to read at a time in a pipeline, None for one.
    """

    random_access = True
    parallel_reads: int | None = None

    def __init__(
        self,
        spec: str,
        num_examples: int,
        image_shape: Sequence[int],
        *,
        labels: np.ndarray | None = None,
        class_names: Sequence[str] | None = None,
        licence: str = "unknown",
        skipped: Sequence[tuple[str, str]] = (),
        fingerprint: str,
    ):
        self.spec = spec
        self.num_examples = int(num_examples)
        self.image_shape = tuple(int(size) for size in image_shape)
        self.labels = labels
        self.class_names = None if class_names is None else tuple(class_names)
        self.num_classes = None if class_names is None else len(self.class_names)
        self.licence = licence
        self.skipped = list(skipped)
        self.fingerprint = fingerprint

    def gather(self, indices):
        """int64 tensor (n,) -> {"image": float32 (n, H, W, C) in [-1, 1], "label": int32 (n,)}.

        Graph code for use inside `tf.data` maps; "label" is there only with labels.
        """
        raise NotImplementedError

    @property
    def whole(self) -> Source:
        """The source with all its labels, where the training sees some only; else itself."""
        return self

    @cached_property
    def _label_tensor(self):
        return host_tensor(self.labels)

    def _with_label(self, image, indices) -> dict:
        """The batch of `gather`, given its images."""
        import tensorflow as tf

        if self.labels is None:
            return {"image": image}
        return {"image": image, "label": tf.gather(self._label_tensor, indices)}

    def mean_image(self) -> np.ndarray:
        """Mean of all images, float32 (H, W, C) in [-1, 1]."""
        total = np.zeros(self.image_shape, np.float64)
        for start in range(0, self.num_examples, 1024):
            stop = min(start + 1024, self.num_examples)
            batch = self.gather(np.arange(start, stop, dtype=np.int64))["image"]
            total += np.sum(np.asarray(batch), axis=0, dtype=np.float64)
        return (total / self.num_examples).astype(np.float32)

    def __repr__(self) -> str:
        shape = "x".join(str(size) for size in self.image_shape)
        classes = f", {self.num_classes} classes" if self.num_classes else ""
        return f"<{type(self).__name__} {self.spec}: {self.num_examples} images {shape}{classes}>"


class ArraySource(Source):
    """Images held in memory.

    Args:
      spec: the string it was loaded from.
      images: uint8, or float32 in [-1, 1]; (N, H, W, C).
      labels: int32 (N,) in [0, len(class_names)), or None.
      class_names: names of the classes, or None.
      licence: terms of the data.
      skipped: (file, reason) pairs left out.
    """

    def __init__(
        self,
        spec: str,
        images: np.ndarray,
        *,
        labels: np.ndarray | None = None,
        class_names: Sequence[str] | None = None,
        licence: str = "unknown",
        skipped: Sequence[tuple[str, str]] = (),
    ):
        super().__init__(
            spec,
            len(images),
            images.shape[1:],
            labels=labels,
            class_names=class_names,
            licence=licence,
            skipped=skipped,
            fingerprint=content_hash(images, labels, class_names),
        )
        self._images = images

    @cached_property
    def _image_tensor(self):
        return host_tensor(self._images)

    def gather(self, indices):
        import tensorflow as tf

        image = tf.gather(self._image_tensor, indices)
        if image.dtype == tf.uint8:
            image = tf.cast(image, tf.float32) / 127.5 - 1.0
        return self._with_label(image, indices)
