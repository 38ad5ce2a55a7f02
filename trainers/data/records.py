"""The TFRecord layout of image shards, their index files and `dataset.json`.

A shard `name-train-00000-of-00008.tfrecord` holds `tf.train.Example`s with the features
`image/encoded` (PNG, or any format Pillow reads), `image/height`, `image/width`,
`image/channels` and, with classes, `image/class/label`. Beside it `<shard>.index.npz` holds
int64 arrays `offsets` and `lengths` of the serialised examples in the file, and `labels`.
`dataset.json` describes the whole set:

```
{"format": "tfgan-images-1", "examples": 1000, "image_shape": [64, 64, 3],
 "class_names": ["cat", "dog"] or null, "licence": "unknown",
 "shards": {"name-train-00000-of-00008.tfrecord": {"examples": 125, "bytes": 99, "sha256": "..."}}}
```
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from trainers.data.catalog import data_error, one_line

FORMAT = "tfgan-images-1"
DESCRIPTION = "dataset.json"
INDEX_SUFFIX = ".index.npz"
LABEL_KEY = "image/class/label"
_HEADER_BYTES, _FOOTER_BYTES = 12, 4  # length and its checksum before, checksum of the data after
_CONVERT_AGAIN = "convert the images again, or copy the file again"


class Shard(NamedTuple):
    """Where the examples of one file lie; `labels` is None without class labels."""

    path: str
    offsets: np.ndarray  # int64 (n,)
    lengths: np.ndarray  # int64 (n,)
    labels: np.ndarray | None  # int64 (n,)


def encode_example(pixels: np.ndarray, label: int | None) -> bytes:
    """uint8 (H, W, C) -> a serialised example with a PNG."""
    import tensorflow as tf
    from PIL import Image

    buffer = io.BytesIO()
    grey = pixels.shape[2] == 1
    Image.fromarray(pixels[..., 0] if grey else pixels).save(buffer, "PNG")
    example = tf.train.Example()
    feature = example.features.feature
    feature["image/encoded"].bytes_list.value.append(buffer.getvalue())
    for name, size in zip(("height", "width", "channels"), pixels.shape, strict=True):
        feature[f"image/{name}"].int64_list.value.append(size)
    if label is not None:
        feature[LABEL_KEY].int64_list.value.append(int(label))
    return example.SerializeToString()


def decode_example(
    record: bytes, path: str, label_key: str | None = None
) -> tuple[bytes, int | None]:
    """A serialised example -> (encoded image, label); the label is None when it has none.

    Raises:
      DataError: no `tf.train.Example`, or one without `image/encoded` or the given label key.
    """
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    try:
        feature = tf.train.Example.FromString(record).features.feature
    except DecodeError:
        raise data_error(path, "a record is no tf.train.Example", _CONVERT_AGAIN) from None
    if not feature["image/encoded"].bytes_list.value:
        raise data_error(
            path, "a record has no feature image/encoded", "write the layout of trainers.data"
        )
    label = feature[label_key or LABEL_KEY].int64_list.value
    if label_key and not label:
        raise data_error(path, f"a record has no integer feature {label_key!r}", "check label_key")
    return feature["image/encoded"].bytes_list.value[0], int(label[0]) if label else None


def read_records(path: str) -> Iterator[bytes]:
    """All serialised examples of a shard, checksums verified.

    Raises:
      DataError: no TFRecord, truncated or damaged.
    """
    import tensorflow as tf

    count = 0
    try:
        for record in tf.data.TFRecordDataset(path):
            yield record.numpy()
            count += 1
    except tf.errors.OpError as error:
        cause = error.message.partition("[Op:")[0].rpartition("}} ")[2].strip()
        reason = f"is truncated or damaged after {count} examples ({cause})"
        raise data_error(path, reason, _CONVERT_AGAIN) from None


def load_index(path: str) -> Shard | None:
    """The shard's index file, or None when there is none.

    Raises:
      DataError: a damaged index, or one that does not fit the shard's size.
    """
    import tensorflow as tf

    index_path = path + INDEX_SUFFIX
    if not tf.io.gfile.exists(index_path):
        return None
    try:
        with tf.io.gfile.GFile(index_path, "rb") as file:
            arrays = dict(np.load(io.BytesIO(file.read()), allow_pickle=False))
        shard = Shard(path, arrays["offsets"], arrays["lengths"], arrays.get("labels"))
        end = int(shard.offsets[-1] + shard.lengths[-1]) + _FOOTER_BYTES
    except (KeyError, ValueError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise data_error(
            index_path, f"is no index ({one_line(error)})", "remove it, or convert again"
        ) from None
    size = tf.io.gfile.stat(path).length
    if size != end:
        state = "truncated" if size < end else "longer than its index says"
        raise data_error(path, f"is {state} ({size} bytes, {end} expected)", _CONVERT_AGAIN)
    return shard


def scan_shard(path: str, label_key: str | None = None) -> Shard:
    """Builds the index of a shard by reading all of it; raises as `read_records`, or when only
    some of its examples have a label."""
    lengths, labels = [], []
    for record in read_records(path):
        lengths.append(len(record))
        labels.append(decode_example(record, path, label_key)[1])
    known = [label for label in labels if label is not None]
    if known and len(known) < len(labels):
        raise data_error(path, "some of its examples have no label", "label all or none")
    sizes = np.asarray(lengths, np.int64)
    return Shard(path, _offsets(sizes), sizes, np.asarray(labels, np.int64) if known else None)


def _offsets(lengths: np.ndarray) -> np.ndarray:
    """Where the examples of these lengths start in a shard."""
    return np.cumsum(lengths + _HEADER_BYTES + _FOOTER_BYTES) - lengths - _FOOTER_BYTES


def save_index(path: str, lengths: np.ndarray, labels: np.ndarray | None) -> None:
    """Writes `<shard>.index.npz` for a shard whose examples have these lengths and labels."""
    arrays = {"offsets": _offsets(lengths), "lengths": lengths}
    if labels is not None:
        arrays["labels"] = labels.astype(np.int64)
    np.savez(path + INDEX_SUFFIX, **arrays)


def file_sha256(path: str) -> str:
    """SHA-256 of a file in hex."""
    import tensorflow as tf

    digest = hashlib.sha256()
    with tf.io.gfile.GFile(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def load_description(folder: str) -> dict | None:
    """`dataset.json` of a folder as a dict, or None when there is none; `DataError` if damaged."""
    import tensorflow as tf

    path = os.path.join(folder, DESCRIPTION)
    if not tf.io.gfile.exists(path):
        return None
    try:
        with tf.io.gfile.GFile(path) as file:
            description = json.loads(file.read())
        if description["format"] != FORMAT:
            raise ValueError(f"its format is {description['format']!r}, not {FORMAT!r}")
        for entry in description["shards"].values():
            int(entry["bytes"]), str(entry["sha256"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise data_error(
            path, f"is no description of shards ({one_line(error)})", _CONVERT_AGAIN
        ) from None
    return description


def check_size(path: str, description: dict, *, contents: bool) -> None:
    """Compares a shard with `dataset.json`: its size, and with `contents` its SHA-256.

    Raises:
      DataError: unknown to the description, or changed since it was written.
    """
    import tensorflow as tf

    entry = description["shards"].get(os.path.basename(path))
    if entry is None:
        raise data_error(path, f"is not listed in {DESCRIPTION}", "remove it, or convert again")
    size = tf.io.gfile.stat(path).length
    if size != entry["bytes"]:
        state = "truncated" if size < entry["bytes"] else "changed"
        raise data_error(
            path, f"is {state} ({size} bytes, {entry['bytes']} expected)", _CONVERT_AGAIN
        )
    if contents and file_sha256(path) != entry["sha256"]:
        raise data_error(
            path, f"is changed: its SHA-256 is not the one in {DESCRIPTION}", _CONVERT_AGAIN
        )
