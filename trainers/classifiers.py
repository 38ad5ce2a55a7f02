"""Training of the small classifiers whose features the metrics read."""

from __future__ import annotations

import io
import json
import os

import numpy as np

from trainers.data.source import content_hash, memory_limit
from trainers.errors import NonFiniteError, UserError

HELD_OUT = 0.2  # share of the images when no other images are given to test on


def train(spec: str, test_split: str | None = None, rules: dict | None = None, seed=0, **options):
    """Trains a classifier on a data spec and measures it on images it has not seen.

    Args:
        spec: Labelled data, as `trainers.data.load` takes it.
        test_split: Split to test on; None leaves the `HELD_OUT` share out of training.
        rules: Further arguments of `trainers.data.load`.
        seed: Of everything.
        **options: Of `fit`.

    Returns:
        The trained Keras model and its description, a dict of plain data.

    Raises:
        UserError: No labels, too few or too many images; sets that differ.
    """
    from trainers import data

    source = data.load(spec, **(rules or {}))
    images, labels = read_images(source)
    if test_split is None:
        chosen, left = split(len(images), seed)
        tested, tested_labels = images[left], labels[left]
        images, labels = images[chosen], labels[chosen]
    else:
        other = data.load(spec, split=test_split, **(rules or {}))
        if (other.image_shape, other.class_names) != (source.image_shape, source.class_names):
            raise UserError(f"{spec} has other shapes or classes in its split {test_split!r}.")
        tested, tested_labels = read_images(other)
    if len(images) < 2:
        raise UserError(f"{spec} has {len(images)} images to train on: give more.")
    model = fit(images, labels, source.num_classes, seed=seed, **options)
    description = {
        "class_names": list(source.class_names),
        "accuracy": accuracy(model, tested, tested_labels),
        "train_images": len(images),
        "test_images": len(tested),
        "features": model.layers[-1].input.shape[-1],
        "seed": seed,
        "data_digest": content_hash(images, labels, tested, tested_labels),
        "licence": source.licence,
    }
    return model, description


def read_images(source) -> tuple[np.ndarray, np.ndarray]:
    """Reads a whole labelled source.

    Args:
        source: `trainers.data.Source`.

    Returns:
        uint8 images (N, H, W, C) and int32 labels (N,).

    Raises:
        UserError: It has no labels, one class, or does not fit in memory.
    """
    if source.labels is None or source.num_classes < 2:
        raise UserError(f"{source.spec} has no classes to learn: give labelled images.")
    size = source.num_examples * int(np.prod(source.image_shape))
    if not source.random_access or size > memory_limit():
        raise UserError(
            f"{source.spec} is too large to train a small classifier on ({size / 1e9:.1f} GB): "
            "give fewer images, or smaller ones with --image_size."
        )
    images = np.empty((source.num_examples, *source.image_shape), np.uint8)
    for start in range(0, len(images), 1024):
        indices = np.arange(start, min(start + 1024, len(images)))
        batch = np.asarray(source.gather(indices)["image"])
        images[indices] = np.clip(np.round((batch + 1.0) * 127.5), 0, 255)
    return images, np.asarray(source.labels)


def split(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns indices to train on and the `HELD_OUT` share to test on, drawn by the seed."""
    order = np.random.default_rng([seed, 0]).permutation(count)
    held_out = max(1, round(count * HELD_OUT))
    return order[held_out:], order[:held_out]


def build(image_shape, num_classes: int):
    """Returns the network before training, a Keras model from [-1, 1] to logits.

    32 maps of full size, then pairs of 64, 128, 128, ... maps, each pair of half the size of
    the one before, to at most 8 pixels; batch norm and ReLU; mean over the image; dense.
    """
    import keras

    layers, side, width = [(32, 1)], max(image_shape[:2]), 64
    while side > 8 or len(layers) == 1:
        layers += [(width, 2), (width, 1)]
        side, width = (side + 1) // 2, 128
    inputs = x = keras.Input(image_shape)
    for filters, stride in layers:
        x = keras.layers.Conv2D(filters, 3, stride, "same", use_bias=False)(x)
        x = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-3)(x)
        x = keras.layers.ReLU()(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(num_classes)(x))


def fit(images, labels, num_classes, steps, batch_size=128, seed=0, shift=2, flip=False):
    """Trains a classifier: Adam, one cosine cycle, random shifts and mirrorings.

    The same seed gives the same weights on one machine.

    Args:
        images: uint8 (N, H, W, C).
        labels: Whole numbers (N,) below num_classes.
        num_classes: K.
        steps: Updates.
        batch_size: Images in one.
        seed: Of initialisation, order and augmentation.
        shift: Largest shift in pixels; the border is repeated.
        flip: Whether to mirror left and right half of the time.

    Returns:
        Trained Keras model.

    Raises:
        NonFiniteError: The loss is NaN or infinite.
    """
    import keras
    import tensorflow as tf
    from tqdm import tqdm

    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    model = build(images.shape[1:], num_classes)
    warmup = max(1, steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        1e-4, max(1, steps - warmup), warmup_target=4e-3, warmup_steps=warmup
    )
    model.compile(
        optimizer=keras.optimizers.Adam(rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    random = np.random.default_rng([seed, 1])
    padded = np.pad(images, ((0, 0), (shift, shift), (shift, shift), (0, 0)), "edge")
    batches = _batches(len(images), min(batch_size, len(images)), random)
    bar = tqdm(range(steps), unit="step", mininterval=1.0, disable=None)
    for _ in bar:
        chosen = next(batches)
        batch = _augment(padded[chosen], images.shape[1:3], shift, flip, random)
        loss = float(model.train_on_batch(batch / np.float32(127.5) - 1, labels[chosen]))
        if not np.isfinite(loss):
            raise NonFiniteError(f"The classifier's loss is {loss}: take another --seed.")
        bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
    return model


def accuracy(model, images, labels) -> float:
    """Returns the share of uint8 images (N, H, W, C) that a model of `fit` reads right."""
    right = 0
    for start in range(0, len(images), 256):
        part = images[start : start + 256] / np.float32(127.5) - 1
        found = np.argmax(model.predict_on_batch(part), axis=1)
        right += int(np.sum(found == labels[start : start + 256]))
    return right / len(images)


def _batches(count, batch_size, random):
    """Indices of batches: each pass in a new order, its ragged end left out."""
    while True:
        order = random.permutation(count)
        for start in range(0, count - batch_size + 1, batch_size):
            yield order[start : start + batch_size]


def _augment(padded, size, shift, flip, random):
    count, (height, width) = len(padded), size
    top, left = random.integers(0, 2 * shift + 1, (2, count, 1))
    rows, columns = top + np.arange(height), left + np.arange(width)
    mirrored = random.random((count, 1)) < (0.5 if flip else 0.0)
    columns = np.where(mirrored, columns[:, ::-1], columns)
    return padded[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]


def folded(model) -> tuple[list[int], dict[str, np.ndarray]]:
    """Strides and arrays of a trained network for `tfgan_models.features.classifier.write`.

    Batch norm at inference is y = gamma (x - mean) / sqrt(variance + epsilon) + beta: a factor
    on the kernel before it and a bias.
    """
    import keras

    kinds = (keras.layers.Conv2D, keras.layers.BatchNormalization)
    layers = [layer for layer in model.layers if isinstance(layer, kinds)]
    arrays, strides = {}, []
    for i, (convolution, norm) in enumerate(zip(layers[::2], layers[1::2], strict=True)):
        gamma, beta, mean, variance = (np.asarray(w, np.float64) for w in norm.get_weights())
        factor = gamma / np.sqrt(variance + norm.epsilon)
        arrays[f"kernel_{i}"] = np.asarray(convolution.get_weights()[0]) * factor
        arrays[f"bias_{i}"] = beta - mean * factor
        strides.append(convolution.strides[0])
    arrays["dense_kernel"], arrays["dense_bias"] = model.layers[-1].get_weights()
    return strides, arrays


def save(directory: str, name: str, model, description: dict) -> str:
    """Writes DIRECTORY/NAME.npz and its description NAME.json; returns the .npz's path.

    Raises:
        DiskError: The directory cannot be written.
    """
    from tfgan_models.features import classifier
    from trainers.files import disk_errors, write_atomically

    strides, arrays = folded(model)
    description = {"image_shape": list(model.input_shape[1:]), "strides": strides, **description}
    file = io.BytesIO()
    classifier.write(file, description, arrays)
    with disk_errors(directory):
        os.makedirs(directory, exist_ok=True)
    path = os.path.join(directory, f"{name}.npz")
    write_atomically(path, file.getvalue())
    write_atomically(os.path.join(directory, f"{name}.json"), json.dumps(description, indent=1))
    return path
