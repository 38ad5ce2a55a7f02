"""Sharded TFRecords, read in any order by their index files.

Sets that fit in memory (see `source.memory_limit`) are decoded once, with every checksum
verified; larger ones are read by offset and decoded as they are needed, their sizes verified.
A shard without an index file is read once to build the index.
"""

from __future__ import annotations

import fnmatch
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from trainers.data import records
from trainers.data.catalog import data_error
from trainers.data.images import BadImage, ImageRules, decode
from trainers.data.labels import check_labels
from trainers.data.source import ArraySource, Source, content_hash, memory_limit

_READERS = 4


class RecordSource(Source):
    """TFRecord shards of any size, read by offset and decoded on demand on the host.

    Args:
      spec: the string it was loaded from.
      shards: `records.Shard`s, in order.
      rules: size, channels and resize rule.
      image_shape: (H, W, C) of every decoded image.
      kwargs: labels, class_names, licence and fingerprint of `Source`.
    """

    parallel_reads = 2

    def __init__(self, spec, shards, rules, image_shape, **kwargs):
        counts = [len(shard.offsets) for shard in shards]
        super().__init__(spec, sum(counts), image_shape, **kwargs)
        self._shards = shards
        self._rules = rules
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self._pool = ThreadPoolExecutor(_READERS)

    def _read_one(self, index: int) -> np.ndarray:
        import tensorflow as tf

        number = int(np.searchsorted(self._starts, index, side="right")) - 1
        shard, row = self._shards[number], index - self._starts[number]
        with tf.io.gfile.GFile(shard.path, "rb") as file:
            file.seek(int(shard.offsets[row]))
            record = file.read(int(shard.lengths[row]))
        encoded, _ = records.decode_example(record, shard.path)
        return _decode(encoded, shard.path, int(row), self._rules, self.image_shape)

    def _read(self, indices: np.ndarray) -> np.ndarray:
        return np.stack(list(self._pool.map(self._read_one, indices)))

    def gather(self, indices):
        import tensorflow as tf

        indices = tf.convert_to_tensor(indices)
        pixels = tf.numpy_function(self._read, [indices], tf.uint8, stateful=False)
        pixels = tf.ensure_shape(pixels, (indices.shape[0], *self.image_shape))
        return self._with_label(tf.cast(pixels, tf.float32) / 127.5 - 1.0, indices)


def _decode(
    encoded: bytes, path: str, row: int, rules: ImageRules, shape: tuple[int, ...] | None = None
) -> np.ndarray:
    """One image, of `shape` if that is given, else `DataError` with the shard and the row."""
    try:
        pixels = decode(encoded, rules)
    except BadImage as bad:
        raise data_error(path, f"example {row}: {bad}", "convert the images again") from None
    if shape is not None and pixels.shape != shape:
        raise data_error(
            path,
            f"example {row} has shape {pixels.shape}, others {shape}",
            "pass image_size and channels",
        )
    return pixels


def _find_shards(request) -> tuple[str, list[str]]:
    """The glob (of a folder: the split's files) and the sorted shard files that it covers."""
    import tensorflow as tf

    pattern = request.name
    if tf.io.gfile.isdir(pattern):
        pattern = os.path.join(pattern, f"*-{request.split}-*.tfrecord")
    elif request.split != "train":
        raise data_error(pattern, "a glob has no splits", "name the split's files in the glob")
    try:
        found = tf.io.gfile.glob(pattern)
    except tf.errors.OpError:
        found = []
    paths = sorted(p for p in found if not p.endswith((records.INDEX_SUFFIX, ".json")))
    if not paths:
        raise data_error(pattern, "no such TFRecord files", "give a path such as DIR/*.tfrecord")
    return pattern, paths


def _check_complete(paths: list[str], pattern: str, description: dict) -> None:
    """Raises `DataError` when a shard that the pattern covers is gone."""
    present = {os.path.basename(path) for path in paths}
    for name in description["shards"]:
        if fnmatch.fnmatch(name, os.path.basename(pattern)) and name not in present:
            raise data_error(name, f"is listed in {records.DESCRIPTION} but missing", "restore it")


def _labels_of(shards, description: dict | None, label_key: str | None, where: str):
    """(int32 labels, class names) over all shards, or (None, None)."""
    with_labels = [shard.labels is not None for shard in shards]
    if not any(with_labels):
        return None, None
    if not all(with_labels):
        raise data_error(
            shards[with_labels.index(False)].path,
            "has no labels but other shards have them",
            "convert all shards together",
        )
    labels = np.concatenate([shard.labels for shard in shards])
    names = description["class_names"] if description and label_key is None else None
    return check_labels(labels, len(labels), where, names)


def load(request) -> Source:
    """`tfrecord:GLOB` (or a folder of shards), as written by `trainers.data.convert`."""
    pattern, paths = _find_shards(request)
    description = records.load_description(os.path.dirname(paths[0]))
    if description:
        _check_complete(paths, pattern, description)
        for path in paths:
            records.check_size(path, description, contents=False)
    own_index = request.label_key is None
    shards = [
        (records.load_index(path) if own_index else None)
        or records.scan_shard(path, request.label_key)
        for path in paths
    ]
    shards = [shard for shard in shards if len(shard.offsets)]
    if not shards:
        raise data_error(request.name, "its TFRecord files hold no examples", "convert again")
    labels, class_names = _labels_of(shards, description, request.label_key, request.name)
    common = {
        "labels": labels,
        "class_names": class_names,
        "licence": description["licence"] if description else "unknown",
    }
    first = next(records.read_records(shards[0].path))
    encoded, _ = records.decode_example(first, shards[0].path)
    shape = _decode(encoded, shards[0].path, 0, request.rules).shape
    if sum(len(shard.offsets) for shard in shards) * int(np.prod(shape)) <= memory_limit():
        images = _read_all(shards, request.rules, shape, description)
        return ArraySource(request.spec, images, **common)
    fingerprint = content_hash(
        description and sorted(entry["sha256"] for entry in description["shards"].values()),
        np.concatenate([shard.lengths for shard in shards]),
        labels,
        class_names,
        request.rules,
    )
    return RecordSource(
        request.spec, shards, request.rules, shape, fingerprint=fingerprint, **common
    )


def _read_all(shards, rules: ImageRules, shape, description: dict | None) -> np.ndarray:
    """All images of all shards, uint8 (N, H, W, C), every byte checked."""
    images = np.empty((sum(len(shard.offsets) for shard in shards), *shape), np.uint8)
    position = 0
    for shard in shards:
        for row, record in enumerate(records.read_records(shard.path)):
            if row >= len(shard.lengths) or len(record) != shard.lengths[row]:
                raise data_error(
                    shard.path + records.INDEX_SUFFIX, "is not the index of this shard", "remove it"
                )
            encoded, _ = records.decode_example(record, shard.path)
            images[position] = _decode(encoded, shard.path, row, rules, shape)
            position += 1
        if description:
            records.check_size(shard.path, description, contents=True)
    return images
