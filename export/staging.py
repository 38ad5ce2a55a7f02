"""Directories that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import tempfile

from export import manifest


@contextlib.contextmanager
def staged(directory, overwrite: bool = False):
    """Yields an empty directory that takes its final place when the block ends well.

    It is made beside the place as `.<name>.tmp-*` and renamed; leftovers of killed
    writers are removed first, so only one process may write to a place at a time.

    Args:
        directory: The final place, a local path.
        overwrite: Replace an export (or an empty directory) that is there.

    Yields:
        (temporary directory, final place).

    Raises:
        ValueError: The place is taken, by anything with `overwrite` unset, else by
            something that is no export.
    """
    place = _local(directory)
    place.parent.mkdir(parents=True, exist_ok=True)
    _recover(place)
    _check_free(place, overwrite)
    temporary = pathlib.Path(tempfile.mkdtemp(prefix=f".{place.name}.tmp-", dir=place.parent))
    try:
        temporary.chmod(0o777 & ~_umask())
        yield temporary, place
        _swap(temporary, place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _local(directory) -> pathlib.Path:
    if "://" in str(directory):
        raise ValueError(f"{directory} is no local path; export to a local one and copy it there.")
    place = pathlib.Path(directory).expanduser().resolve()
    if not place.name:
        raise ValueError(f"{directory} cannot be replaced by an export; name a directory in it.")
    return place


def _check_free(place: pathlib.Path, overwrite: bool) -> None:
    if not os.path.lexists(place):
        return
    if not overwrite:
        raise ValueError(f"{place} exists; choose another directory, or set overwrite=True.")
    if not place.is_dir() or (any(place.iterdir()) and not (place / manifest.NAME).is_file()):
        raise ValueError(f"{place} is no export, so it is not overwritten; remove it yourself.")


def _recover(place: pathlib.Path) -> None:
    """Puts back an export whose replacement was killed half way; removes other leftovers."""
    old = _old(place)
    if old.is_dir() and not os.path.lexists(place):
        old.rename(place)
    prefix = f".{place.name}.tmp-"
    for entry in list(place.parent.iterdir()):
        if entry.name.startswith(prefix):
            shutil.rmtree(entry, ignore_errors=True)


def _swap(temporary: pathlib.Path, place: pathlib.Path) -> None:
    if not place.is_dir():
        temporary.rename(place)
        return
    place.rename(_old(place))
    temporary.rename(place)
    shutil.rmtree(_old(place), ignore_errors=True)


def _old(place: pathlib.Path) -> pathlib.Path:
    return place.parent / f".{place.name}.tmp-old"


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
