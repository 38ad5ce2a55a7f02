"""The manifest of an export: the SHA-256 of every file in it.

`manifest.sha256` has the format of the `sha256sum` command, so that
`sha256sum -c manifest.sha256` checks an export without Python (though it does not
see additional files; `verify_manifest` does).
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import re

from export.errors import ManifestError

NAME = "manifest.sha256"
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def write_manifest(directory) -> None:
    """Writes `manifest.sha256` for the files that are in a directory now."""
    directory = pathlib.Path(directory)
    lines = [f"{_digest(directory / name)}  {name}\n" for name in _files(directory)]
    (directory / NAME).write_bytes("".join(lines).encode())


def verify_manifest(directory) -> None:
    """Checks that an export holds exactly the files of its manifest, unchanged.

    Args:
        directory: The directory of an export.

    Raises:
        ManifestError: The manifest is absent or unreadable, or a file is missing, extra
            or changed; the message names the first one.
    """
    directory = pathlib.Path(directory)
    if not directory.is_dir():
        raise ManifestError(f"No such directory: {directory}. Give one made by export_generator.")
    listed = _read(directory)
    found = _files(directory)
    for name in sorted(listed.keys() - set(found)):
        raise ManifestError(f"{directory}: {name} is missing; copy the export again.")
    for name in found:
        if name not in listed:
            raise ManifestError(f"{directory}: {name} is not in the manifest; remove it.")
        if _digest(directory / name) != listed[name]:
            raise ManifestError(f"{directory}: {name} was changed; copy the export again.")


def _read(directory: pathlib.Path) -> dict[str, str]:
    path = directory / NAME
    if not path.is_file():
        raise ManifestError(f"{directory}: {NAME} is missing; this is no export of this library.")
    broken = ManifestError(f"{directory}: {NAME} is damaged; copy the export again.")
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        raise broken from None
    *lines, rest = text.split("\n")
    matches = [_LINE.fullmatch(line) for line in lines]
    if rest or not matches or not all(matches):
        raise broken
    return {match[2]: match[1] for match in matches}


def _files(directory: pathlib.Path) -> list[str]:
    """Every file but the root's manifest, as sorted relative POSIX paths."""
    names = []
    for parent, folders, files in os.walk(directory):
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        for name in (*files, *links):
            names.append((pathlib.Path(parent) / name).relative_to(directory).as_posix())
    return sorted(name for name in names if name != NAME)


def _digest(path: pathlib.Path) -> str:
    if path.is_symlink():
        return "link"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
