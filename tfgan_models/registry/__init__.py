"""The tables of what there is: name, class, one-line summary, source.

Imports neither TensorFlow nor Keras, so that lists, help and near matches are
instant; a family's module is imported when its class is first asked for.
"""

from __future__ import annotations

import difflib
import json
import pathlib
import zipfile
from collections.abc import Iterable

from tfgan_models.registry.entry import Entry
from tfgan_models.registry.families import FAMILIES
from tfgan_models.registry.losses import LOSSES
from tfgan_models.registry.measuring import FEATURES, METRICS
from tfgan_models.registry.training import AUGMENTATIONS, PENALTIES, UPDATES

__all__ = [
    "AUGMENTATIONS",
    "CLASSES",
    "Entry",
    "FAMILIES",
    "FEATURES",
    "LOSSES",
    "METRICS",
    "PENALTIES",
    "UPDATES",
    "entry",
    "family_class",
    "list_families",
    "load",
    "near_matches",
]

CLASSES: dict[str, str] = {family.class_name: name for name, family in FAMILIES.items()}


def near_matches(name: str, known: Iterable[str]) -> str:
    """Returns ' Did you mean ...?' with the closest names, else the full list."""
    known = sorted(known)
    close = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
    if close:
        return f" Did you mean {' or '.join(map(repr, close))}?"
    return f" Known: {', '.join(known)}."


def list_families() -> dict[str, str]:
    """Returns {registry name: one-line summary}."""
    return {name: family.summary for name, family in FAMILIES.items()}


def entry(table: dict[str, Entry], name: str, kind: str) -> Entry:
    """Returns a row of a table.

    Args:
        table: One of this module's.
        name: Its key.
        kind: What the table lists, for the message.

    Raises:
        ValueError: The name is unknown; near matches are listed.
    """
    if name not in table:
        raise ValueError(f"Unknown {kind} {name!r}.{near_matches(name, table)}")
    return table[name]


def family_class(name: str) -> type:
    """Returns the class of a family, importing its module.

    Raises:
        ValueError: The name is unknown; near matches are listed.
    """
    return entry(FAMILIES, name, "family").load()


def load(path) -> object:
    """Loads a `.keras` file; see `tfgan_models.load`."""
    path = pathlib.Path(path)
    if not path.is_file():
        raise ValueError(f"No such file: {path}. Give a .keras file written by model.save().")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is not a .keras archive (a zip file written by model.save()).")
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    class_name = config.get("class_name")
    if class_name not in CLASSES:
        raise ValueError(f"{path} holds a {class_name}, which is no family of this library.")
    family_class(CLASSES[class_name])
    import keras

    return keras.saving.load_model(path)
