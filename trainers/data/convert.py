"""From a folder of images to sharded TFRecords that `tfrecord:` reads in any order."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil

import numpy as np

from trainers.data import records
from trainers.data.catalog import data_error, one_line
from trainers.data.folder import Listing, keep_good, list_folder
from trainers.data.images import BadImage, ImageRules, decode_files, odd_shapes
from trainers.errors import DiskError

_SHARD_BYTES = 128_000_000  # decoded pixels in a shard when `shards` is not given


def convert_folder(
    path: str,
    output: str,
    *,
    shards: int | None = None,
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    resize: str = "cover",
    labels: str | None = None,
    skip_bad_files: bool = False,
) -> dict:
    """Writes a folder of images as TFRecord shards with index files and `dataset.json`.

    All files are decoded twice, first to find the bad ones and the common shape, so that
    nothing is written for a folder that cannot be used, and memory does not grow with the
    folder. The order is the one of `folder:`; pixels are stored as PNG and so are exact. The
    output folder is written under another name and renamed at the end: it is whole or absent.

    Args:
      path: folder as for `folder:PATH`; with split subfolders the split "train".
      output: folder to create; its last part names the shards.
      shards: number of files; None makes one for each 128 MB of decoded pixels.
      image_size: side, or (height, width); None keeps the size.
      channels: 1, 3 or 4; None keeps them.
      resize: "cover", "stretch" or "none" (see `trainers.data.images`).
      labels: JSON or .npy file of labels in place of the class folders.
      skip_bad_files: leave bad files out instead of stopping.

    Returns:
      What `dataset.json` holds (see `trainers.data.records`), and "skipped", the (file, reason)
      pairs left out.

    Raises:
      DataError: bad input as for `load`, an existing output, or an impossible `shards`.
      DiskError: the output cannot be written.
    """
    output = os.path.abspath(output)
    if os.path.lexists(output):
        raise data_error(output, "exists already", "give a new folder, or remove it")
    rules = ImageRules.create(image_size, channels, resize)
    listing = list_folder(path)
    good, skipped, shape = _survey(listing, rules, skip_bad_files)
    kept = listing._replace(names=[listing.names[position] for position in good])
    numbers, class_names = kept.labels(labels)
    if shards is None:
        shards = max(1, min(len(good), math.ceil(len(good) * math.prod(shape) / _SHARD_BYTES)))
    if not 1 <= shards <= len(good):
        raise data_error(
            "shards", f"{shards} files for {len(good)} images", f"use 1 to {len(good)}"
        )
    description = {
        "format": records.FORMAT,
        "examples": len(good),
        "image_shape": list(shape),
        "class_names": None if class_names is None else list(class_names),
        "licence": "unknown",
        "shards": {},
    }
    _write_atomically(output, kept, rules, numbers, shards, description)
    return {**description, "skipped": skipped}


def _survey(listing: Listing, rules: ImageRules, skip_bad_files: bool):
    """Decodes all files, keeping none -> (usable positions, skipped, common shape)."""
    bad: dict[int, BadImage] = {}
    shapes: dict[int, tuple[int, ...]] = {}
    for position, result in decode_files(listing.paths(), rules):
        if isinstance(result, BadImage):
            bad[position] = result
            if not skip_bad_files:
                break
        else:
            shapes[position] = result.shape
    if not bad or skip_bad_files:
        bad |= odd_shapes(shapes)
    good, skipped = keep_good(listing, bad, skip_bad_files)
    return good, skipped, shapes[good[0]]


def _write_atomically(output, listing, rules, numbers, shards, description) -> None:
    """Writes all files into a folder beside `output` and renames it; cleans up on failure."""
    import tensorflow as tf

    partial = f"{output}.partial-{os.getpid()}"
    try:
        os.makedirs(partial)
        bounds = np.linspace(0, len(listing.names), shards + 1).astype(int)
        for number in range(shards):
            name = f"{os.path.basename(output)}-train-{number:05d}-of-{shards:05d}.tfrecord"
            rows = slice(bounds[number], bounds[number + 1])
            labels = None if numbers is None else numbers[rows]
            part = listing._replace(names=listing.names[rows])
            shard_path = os.path.join(partial, name)
            description["shards"][name] = _write_shard(shard_path, part, rules, labels)
        with open(os.path.join(partial, records.DESCRIPTION), "w", encoding="utf-8") as file:
            json.dump(description, file, indent=1)
        os.rename(partial, output)
    except (OSError, tf.errors.OpError) as error:
        full = getattr(error, "errno", None) == errno.ENOSPC
        full = full or isinstance(error, tf.errors.ResourceExhaustedError)
        reason = "the disk is full" if full else one_line(error)
        raise DiskError(f"{output}: cannot be written ({reason}); use another folder") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_shard(path: str, listing: Listing, rules: ImageRules, labels) -> dict:
    """Writes one shard and its index -> its entry of `dataset.json`."""
    import tensorflow as tf

    lengths = []
    with tf.io.TFRecordWriter(path) as writer:
        for position, pixels in decode_files(listing.paths(), rules):
            if isinstance(pixels, BadImage):
                raise data_error(
                    listing.paths()[position], f"changed while converting: {pixels}", "start again"
                )
            label = None if labels is None else int(labels[position])
            record = records.encode_example(pixels, label)
            writer.write(record)
            lengths.append(len(record))
    records.save_index(path, np.asarray(lengths, np.int64), labels)
    return {
        "examples": len(lengths),
        "bytes": os.path.getsize(path),
        "sha256": records.file_sha256(path),
    }
