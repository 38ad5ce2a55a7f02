"""Folders of image files, flat or with one subfolder a class."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from trainers.data.catalog import data_error, one_line
from trainers.data.images import SUFFIXES, BadImage, decode_files, odd_shapes
from trainers.data.labels import file_labels
from trainers.data.source import ArraySource, memory_limit

_SPLIT_NAMES = {"train", "test", "val", "valid", "validation"}
_SKIP_ADVICE = "mend or remove it, or pass skip_bad_files"


class Listing(NamedTuple):
    """The image files of a folder: relative names with "/", sorted, and class folder names."""

    root: str
    names: list[str]
    classes: list[str] | None  # None for a flat folder
    empty: list[str]  # class folders without an image

    def paths(self) -> list[str]:
        return [os.path.join(self.root, *name.split("/")) for name in self.names]

    def labels(self, path: str | None) -> tuple[np.ndarray | None, tuple[str, ...] | None]:
        """Labels by class folder, or from a labels file; (None, None) without either."""
        if path is not None:
            return file_labels(path, self.names)
        if self.classes is None:
            return None, None
        number = {name: index for index, name in enumerate(self.classes)}
        labels = [number[name.split("/")[0]] for name in self.names]
        return np.asarray(labels, np.int32), tuple(self.classes)


def _scan(folder: str) -> tuple[list[str], list[str]]:
    """(subfolders, image files) of one folder, sorted, hidden ones left out.

    A folder named like an image counts as a file, so that it is reported as a bad one.
    """
    try:
        with os.scandir(folder) as entries:
            found = sorted((e.name, e.is_dir()) for e in entries if not e.name.startswith("."))
    except OSError as error:
        raise data_error(folder, f"cannot be listed ({one_line(error)})", "give a folder") from None
    images = [name for name, _ in found if name.lower().endswith(SUFFIXES)]
    folders = [name for name, is_dir in found if is_dir and name not in images]
    return folders, images


def _walk(folder: str, prefix: str) -> list[str]:
    folders, images = _scan(folder)
    names = [prefix + name for name in images]
    for name in folders:
        names += _walk(os.path.join(folder, name), f"{prefix}{name}/")
    return names


def list_folder(path: str, split: str = "train") -> Listing:
    """Lists the images of a folder without opening them.

    A folder whose subfolders are all named like splits (train, test, val, ...) is entered at
    `split`; any other folder holds the split "train" only. Below a class folder files are
    found at any depth. Hidden files and files without an image suffix are ignored.

    Raises:
      DataError: no such folder or split, no images, or images beside class folders.
    """
    if not os.path.isdir(path):
        reason = "is a file, not a folder" if os.path.exists(path) else "does not exist"
        raise data_error(path, reason, "give the folder that holds the images")
    folders, images = _scan(path)
    if folders and not images and set(folders) <= _SPLIT_NAMES:
        if split not in folders:
            raise data_error(path, f"has no split {split!r}", f"it has {', '.join(folders)}")
        path = os.path.join(path, split)
        folders, images = _scan(path)
    elif split != "train":
        raise data_error(path, f"has no split {split!r}", "make subfolders train and test")
    if images and folders:
        raise data_error(
            path,
            f"has images ({images[0]}) beside subfolders ({folders[0]})",
            "keep only class subfolders, or only images",
        )
    by_class = {name: _walk(os.path.join(path, name), f"{name}/") for name in folders}
    names = sorted(images + [name for found in by_class.values() for name in found])
    if not names:
        raise data_error(path, "has no images", f"put {', '.join(SUFFIXES[:3])} files there")
    classes = [name for name in folders if by_class[name]] if folders else None
    return Listing(path, names, classes, [name for name in folders if not by_class[name]])


def keep_good(
    listing: Listing, bad: dict[int, BadImage], skip_bad_files: bool
) -> tuple[list[int], list[tuple[str, str]]]:
    """Positions of usable files and (file, reason) of the others.

    Raises:
      DataError: there is a bad file and `skip_bad_files` is off, or all files are bad.
    """
    skipped = [(name, "class folder without images") for name in listing.empty]
    skipped += [(listing.names[position], str(bad[position])) for position in sorted(bad)]
    if skipped and not skip_bad_files:
        name, reason = skipped[0]
        raise data_error(os.path.join(listing.root, name), reason, _SKIP_ADVICE)
    if len(bad) == len(listing.names):
        name, reason = skipped[-1]
        raise data_error(
            listing.root,
            f"none of its {len(bad)} images can be used ({name}: {reason})",
            "mend the files",
        )
    return [i for i in range(len(listing.names)) if i not in bad], skipped


def _check_memory(path: str, shape: Sequence[int], count: int) -> None:
    size, limit = int(np.prod(shape)) * count, memory_limit()
    if size > limit:
        raise data_error(
            path,
            f"{count} images take {size / 1e9:.1f} GB, over the limit of {limit / 1e9:g} GB",
            "convert it with trainers.data.convert_folder and use tfrecord:, "
            "or raise TFGAN_DATA_MEMORY_GB",
        )


def load(request) -> ArraySource:
    """`folder:PATH`: decodes every file once and keeps uint8 images in memory."""
    listing = list_folder(request.name, request.split)
    decoded: dict[int, np.ndarray] = {}
    bad: dict[int, BadImage] = {}
    for position, result in decode_files(listing.paths(), request.rules):
        if isinstance(result, BadImage):
            bad[position] = result
            if not request.skip_bad_files:
                break
            continue
        if not decoded:
            _check_memory(listing.root, result.shape, len(listing.names))
        decoded[position] = result
    if not bad or request.skip_bad_files:
        bad |= odd_shapes({position: pixels.shape for position, pixels in decoded.items()})
    good, skipped = keep_good(listing, bad, request.skip_bad_files)
    kept = listing._replace(names=[listing.names[position] for position in good])
    labels, class_names = kept.labels(request.labels)
    return ArraySource(
        request.spec,
        np.stack([decoded.pop(position) for position in good]),
        labels=labels,
        class_names=class_names,
        skipped=skipped,
    )
