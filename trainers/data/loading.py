"""`load`: from a data spec to a `Source`."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from trainers.data.catalog import data_error, split_spec
from trainers.data.images import ImageRules
from trainers.data.source import Source
from trainers.data.subset import hide_labels, hold_out

_LOADERS = {
    "embedded": "trainers.data.embedded",
    "toy": "trainers.data.toy",
    "numbers": "trainers.data.numbers",
    "folder": "trainers.data.folder",
    "idx": "trainers.data.idx",
    "npz": "trainers.data.npz",
    "tfrecord": "trainers.data.tfrecord",
    "tfds": "trainers.data.tfds_source",
}
_TAKES_LABELS = ("folder", "idx", "npz")
_TAKES_LABEL_KEY = ("npz", "tfrecord", "tfds")
_ONE_SPLIT = ("embedded", "toy", "numbers")


class Request(NamedTuple):
    """One call of `load`, checked: what each kind's `load(request)` gets."""

    spec: str
    name: str  # the spec without its kind
    rules: ImageRules
    labels: str | None
    label_key: str | None
    split: str
    skip_bad_files: bool


def load(
    spec: str,
    *,
    image_size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    labels: str | None = None,
    label_key: str | None = None,
    split: str = "train",
    skip_bad_files: bool = False,
    resize: str = "cover",
    held_out: float = 0.0,
    labelled: float = 1.0,
) -> Source:
    """Loads a data set and checks all of it, so that bad input shows before training.

    Args:
      spec: `kind:name`; the kinds are listed in `trainers.data.catalog.KINDS`.
      image_size: side, or (height, width), to resize to; None keeps the size, which must
        then be the same for all images.
      channels: 1, 3 or 4 to convert to; None keeps them.
      labels: file of labels, instead of those that the data brings: JSON (folder) or .npy
        (folder in sorted order of file names, idx, npz) or an idx file (idx).
      label_key: name of the labels inside an npz archive, TFRecord or TFDS set.
      split: "train", or another split that the data has.
      skip_bad_files: leave out bad files of a folder and list them in `Source.skipped`.
      resize: "cover", "stretch" or "none", explained in `trainers.data.images`.
      held_out: share of the images kept out of training, as `held_out` of the source.
      labelled: share of each class whose labels the training sees; the others are -1.

    Returns:
      A `Source`: images are float32 in [-1, 1], labels int32.

    Raises:
      DataError: one line that names the file, the reason and what to do.
    """
    kind, name = split_spec(spec)
    rules = ImageRules.create(image_size, channels, resize)
    if labels is not None and kind not in _TAKES_LABELS:
        raise data_error(spec, f"{kind} takes no labels file", "leave labels out")
    if label_key is not None and kind not in _TAKES_LABEL_KEY:
        raise data_error(spec, f"{kind} has no label key", "leave label_key out")
    if split != "train" and kind in _ONE_SPLIT:
        raise data_error(spec, f"{kind} has no split {split!r}", "use split='train'")
    labels = None if labels is None else str(labels)
    request = Request(spec, name, rules, labels, label_key, split, skip_bad_files)
    source = hold_out(import_module(_LOADERS[kind]).load(request), held_out)
    return hide_labels(source, labelled)
