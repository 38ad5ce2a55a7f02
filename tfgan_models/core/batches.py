"""Batches: their three accepted forms, the split among critic steps, early checks.

Inside the library a batch is always a dict: `image`, float32 (k * B, H, W, C) in
[-1, 1], and for conditional models `label`, int (k * B,).
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf


def as_dict(data) -> dict[str, tf.Tensor]:
    """Returns the dict form of an image tensor, (image, label) or a dict.

    Raises:
        ValueError: Another structure.
    """
    if isinstance(data, dict):
        batch = dict(data)
    elif isinstance(data, (tuple, list)):
        kept = [part for part in data if part is not None]
        if len(kept) > 2 or not kept:
            raise ValueError(f"A batch is image, (image, label) or a dict; got {len(kept)} parts.")
        if len(kept) == 1:
            return as_dict(kept[0])
        batch = {"image": kept[0], "label": kept[1]}
    else:
        batch = {"image": data}
    if "image" not in batch:
        raise ValueError(f"A dict batch needs the key 'image'; got {sorted(batch)}.")
    return batch


def split(batch: dict, d_steps: int, local_size: int | None) -> list[dict]:
    """Splits k * B examples into k parts of B with a stride: example i to part i mod k.

    The stride keeps replicas equal to one device: a strategy cuts the batch into
    contiguous pieces, and within each piece the parts have the same partners.

    Args:
        batch: Tensors of k * B rows.
        d_steps: k.
        local_size: Rows on this replica, where the static shape does not say.

    Raises:
        ValueError: The number of rows is unknown or not a multiple of k.
    """
    rows = batch["image"].shape[0]
    if rows is None:
        if local_size is None:
            raise ValueError("The batch size must be static: use .batch(n, drop_remainder=True).")
        batch = {k: tf.ensure_shape(v, (local_size, *v.shape[1:])) for k, v in batch.items()}
        rows = local_size
    if d_steps == 1:
        return [batch]
    if rows % d_steps:
        raise ValueError(divide_message(rows, d_steps))
    columns = {
        k: tf.unstack(tf.reshape(v, (rows // d_steps, d_steps, *v.shape[1:])), axis=1)
        for k, v in batch.items()
    }
    return [{k: v[i] for k, v in columns.items()} for i in range(d_steps)]


def divide_message(rows: int, parts: int, of: str = "d_steps x replicas") -> str:
    """The one line that says which batch sizes work."""
    lower = rows // parts * parts
    near = f"{lower} or {lower + parts}" if lower else f"{parts}"
    return f"A batch of {rows} images does not divide by {parts} ({of}); use {near}."


def check_images(image_shape, spec_shape) -> None:
    """Raises ValueError when a batch's (rows, H, W, C) does not fit the model."""
    given = tuple(spec_shape[1:])
    fits = len(given) == len(image_shape) and all(
        a in (None, b) for a, b in zip(given, image_shape, strict=False)
    )
    if not fits:
        raise ValueError(
            f"The data has images of shape {given}, the model makes {tuple(image_shape)}; "
            "resize the data or create the model with that image_shape."
        )


def check_dataset(dataset, image_shape, num_classes, d_steps, replicas, accumulation=1) -> int:
    """Checks a tf.data.Dataset of batches before the first step; returns rows a batch.

    Raises:
        ValueError: Ragged or dynamic batches, wrong image shape, missing labels, bool
            or string components, or a batch size that does not divide.
    """
    spec = as_dict(dataset.element_spec)
    for name, part in spec.items():
        if part.dtype in (tf.bool, tf.string):
            raise ValueError(
                f"Batch component {name!r} has dtype {part.dtype.name}, which a distributed "
                "fit cannot carry; map the dataset to numbers only."
            )
    rows = spec["image"].shape[0]
    if rows is None:
        raise ValueError(
            "The last batch may be smaller than the others: batch with drop_remainder=True."
        )
    check_images(image_shape, spec["image"].shape)
    check_labels_present(spec, num_classes)
    parts, of = d_steps * replicas * accumulation, "d_steps x replicas"
    if rows % parts:
        of = of if accumulation == 1 else f"{of} x accumulation"
        raise ValueError(divide_message(rows, parts, of))
    return rows


def check_labels_present(batch, num_classes) -> None:
    """Raises ValueError when a conditional model gets no labels."""
    if num_classes and "label" not in batch:
        raise ValueError(
            f"The model has {num_classes} classes, the data no labels: "
            "give (image, label) or a dict with 'label'."
        )


def from_arrays(images, labels, rows: int, seed: int, shuffle: bool) -> tf.data.Dataset:
    """Makes batches of `rows` examples from arrays, dropping the remainder.

    Raises:
        ValueError: Fewer images than one batch, lengths that differ, or values that are
            not floats in [-1, 1].
    """
    images = np.asarray(images)
    if images.dtype.kind != "f" or (images.size and np.max(np.abs(images)) > 1.0 + 1e-6):
        raise ValueError(
            f"Images must be floats in [-1, 1]; got {images.dtype} in [{images.min()}, "
            f"{images.max()}]. For bytes: images / 127.5 - 1."
        )
    if len(images) < rows:
        raise ValueError(
            f"{len(images)} images do not fill one batch of {rows} (batch_size x d_steps)."
        )
    arrays = {"image": tf.constant(images, tf.float32)}
    if labels is not None:
        if len(labels) != len(images):
            raise ValueError(f"{len(images)} images but {len(labels)} labels.")
        arrays["label"] = tf.constant(np.asarray(labels), tf.int32)
    order = tf.data.Dataset.range(len(images))
    if shuffle:
        order = order.shuffle(len(images), seed=seed, reshuffle_each_iteration=True)
    batches = order.batch(rows, drop_remainder=True)
    batches = batches.map(lambda index: {k: tf.gather(v, index) for k, v in arrays.items()})
    return without_autotune(batches.prefetch(2))


def without_autotune(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Turns autotune off: it can stall the end of `fit` on few cores."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)
