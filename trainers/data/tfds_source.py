"""TensorFlow Datasets that are already prepared on this machine; nothing is downloaded."""

from __future__ import annotations

import os

import numpy as np

from trainers.data.catalog import data_error, one_line
from trainers.data.images import BadImage, ImageRules, prepare
from trainers.data.labels import check_labels
from trainers.data.source import ArraySource, Source, content_hash, memory_limit

_SHUFFLE_BUFFER = 10_000


class TfdsSource(Source):
    """A set that outgrows memory: streamed in order, shuffled in a seeded buffer.

    Args:
      spec: the string it was loaded from.
      num_examples: number of images.
      image_shape: (H, W, C) after the rules.
      examples: dataset of (uint8 pixels, int64 label) in stored order; label -1 without labels.
      kwargs: class_names, licence and fingerprint of `Source`.
    """

    random_access = False

    def __init__(self, spec, num_examples, image_shape, examples, **kwargs):
        super().__init__(spec, num_examples, image_shape, **kwargs)
        self._examples = examples

    def stream(self, *, seed: int, shuffle: bool = True):
        """Infinite unbatched dataset of {"image", "label"}, the same for the same seed.

        Shuffling draws from a buffer of 10,000 images, anew in each epoch.
        """
        import tensorflow as tf

        def convert(pixels, label):
            example = {"image": tf.cast(pixels, tf.float32) / 127.5 - 1.0}
            if self.num_classes is not None:
                example["label"] = tf.cast(label, tf.int32)
            return example

        examples = self._examples
        if shuffle:
            examples = examples.shuffle(min(self.num_examples, _SHUFFLE_BUFFER), seed=seed)
        return examples.repeat().map(convert)

    def gather(self, indices):
        raise data_error(self.spec, "it has no random access", "use its stream() or pipeline()")

    def mean_image(self) -> np.ndarray:
        total = np.zeros(self.image_shape, np.float64)
        for pixels, _ in self._examples.as_numpy_iterator():
            total += pixels
        return (total / self.num_examples / 127.5 - 1.0).astype(np.float32)


def _open(request):
    """The prepared builder and the number of examples of the split.

    The data folder is the environment's TFDS_DATA_DIR, else TFDS's own default.
    """
    try:
        import tensorflow_datasets as tfds
    except ImportError:
        raise data_error(
            request.spec, "tensorflow-datasets is not installed", "pip install tensorflow-datasets"
        ) from None
    folder = os.environ.get("TFDS_DATA_DIR")
    try:
        builder = tfds.builder(request.name, data_dir=folder, try_gcs=False)
    except Exception as error:  # TFDS raises many types for a wrong name or config
        raise data_error(request.spec, one_line(error), "see tfds.list_builders()") from None
    if not builder.is_prepared():
        raise data_error(
            request.spec,
            f"it is not prepared in {builder.data_dir}",
            'run once: python -c "import tensorflow_datasets as tfds; '
            f"tfds.load('{request.name}')\"",
        )
    splits = builder.info.splits
    if request.split not in splits:
        raise data_error(request.spec, f"no split {request.split!r}", f"it has {', '.join(splits)}")
    return builder, splits[request.split].num_examples


def _examples(builder, split: str, label_key: str | None):
    """Dataset of (image, int64 label or -1) in stored order."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    read = tfds.ReadConfig(try_autocache=False, skip_prefetch=True, interleave_cycle_length=1)
    dataset = builder.as_dataset(split=split, shuffle_files=False, read_config=read)

    def select(example):
        label = example[label_key] if label_key else tf.constant(-1, tf.int64)
        return example["image"], tf.cast(label, tf.int64)

    return dataset.map(select)


def _prepared(examples, shape: tuple[int, ...], request):
    """The dataset with its images made uint8 of `shape` by the rules, in graph code."""
    import tensorflow as tf

    def pixels_of(image: np.ndarray) -> np.ndarray:
        return _prepare(image, request.rules, request.spec)

    def convert(image, label):
        pixels = tf.numpy_function(pixels_of, [image], tf.uint8, stateful=False)
        return tf.ensure_shape(pixels, shape), label

    return examples.map(convert)


def _prepare(image: np.ndarray, rules: ImageRules, spec: str) -> np.ndarray:
    from PIL import Image

    try:
        pixels = image[..., 0] if image.shape[2] == 1 else image
        return prepare(Image.fromarray(pixels), rules)
    except BadImage as bad:
        raise data_error(spec, str(bad), "pass image_size") from None


def _features(builder) -> dict:
    features = builder.info.features
    return dict(features.items()) if hasattr(features, "items") else {}


def _label_key(builder, request) -> str | None:
    """The feature that holds integer class labels: the one asked for, or "label"."""
    features = _features(builder)
    image = features.get("image")
    if image is None or image.np_dtype != np.uint8:
        raise data_error(
            request.spec, "it has no uint8 feature 'image'", f"it has {', '.join(features)}"
        )
    key = request.label_key or ("label" if "label" in features else None)
    if key is None:
        return None
    if key not in features:
        raise data_error(request.spec, f"no feature {key!r}", f"it has {', '.join(features)}")
    if features[key].shape != () or not np.issubdtype(features[key].np_dtype, np.integer):
        raise data_error(request.spec, f"feature {key!r} is no integer", "choose another label_key")
    return key


def load(request) -> Source:
    """`tfds:NAME[/config]`: its `image` and `label`; in memory if it fits, else streamed."""
    builder, count = _open(request)
    key = _label_key(builder, request)
    examples = _examples(builder, request.split, key)
    first = next(iter(examples.as_numpy_iterator()), None)
    if first is None:
        raise data_error(request.spec, "holds no examples", "choose another split")
    shape = _prepare(first[0], request.rules, request.spec).shape
    names = getattr(_features(builder).get(key), "names", None)
    licence = getattr(builder.info.redistribution_info, "license", None) or "unknown"
    if count * int(np.prod(shape)) <= memory_limit():
        return _in_memory(request, examples, shape, key, names, licence)
    if key and not names:
        raise data_error(
            request.spec, f"feature {key!r} has no class names", "choose another label_key"
        )
    return TfdsSource(
        request.spec,
        count,
        shape,
        _prepared(examples, shape, request),
        class_names=names,
        licence=licence,
        fingerprint=content_hash(
            builder.info.full_name, request.split, count, names, request.rules
        ),
    )


def _in_memory(request, examples, shape, key, names, licence) -> ArraySource:
    images, labels = [], []
    for image, label in examples.as_numpy_iterator():
        pixels = _prepare(image, request.rules, request.spec)
        if pixels.shape != shape:
            raise data_error(
                request.spec,
                f"image {len(images)} has shape {pixels.shape}, others {shape}",
                "pass image_size and channels",
            )
        images.append(pixels)
        labels.append(label)
    numbers = class_names = None
    if key:
        numbers, class_names = check_labels(np.asarray(labels), len(images), request.spec, names)
    return ArraySource(
        request.spec, np.stack(images), labels=numbers, class_names=class_names, licence=licence
    )
