"""What a killed run or export has left on the disk, and whether two are equal."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

_MANIFEST = "manifest.sha256"


def write_images(path: Path, preset: str) -> None:
    """Writes a small data set of noise for a preset: a run goes through it several times."""
    import numpy as np

    from tfgan_models import presets

    model = presets.get(preset).model
    count, generator = 100, np.random.default_rng(0)
    arrays = {"images": generator.integers(0, 256, (count, *model["image_shape"]), np.uint8)}
    if model.get("num_classes"):
        arrays["labels"] = np.arange(count) % model["num_classes"]
    np.savez(path, **arrays)


class Watch:
    """Looks at a run directory while a new process works in it.

    Args:
        workdir: The run directory, as earlier processes have left it.
    """

    def __init__(self, workdir: Path):
        self.workdir = workdir
        self._rows = workdir / "metrics.jsonl"
        self._old_rows = _identity(self._rows)
        self._old = set(self._half())

    def _half(self):
        """(name, time of the last change) of each checkpoint directory without a manifest."""
        for path in (self.workdir / "checkpoints").glob("step-*"):
            if not (path / _MANIFEST).exists():
                identity = _identity(path)
                if identity is not None:
                    yield path.name, identity

    def half_checkpoints(self) -> list[str]:
        """Checkpoint directories that the new process is writing or removing."""
        return [name for name, identity in self._half() if (name, identity) not in self._old]

    def writes_checkpoint(self, files: int) -> bool:
        """Whether a half-written checkpoint has so many files or more."""
        paths = (self.workdir / "checkpoints" / name for name in self.half_checkpoints())
        return any(len(_names(path)) >= files for path in paths)

    def logged_step(self) -> int:
        """Step of the last row that the new process wrote; 0 before it touched the file."""
        if _identity(self._rows) == self._old_rows:
            return 0
        return last_row(self.workdir)


def _names(path: Path) -> list[str]:
    try:
        return sorted(os.listdir(path))
    except FileNotFoundError:  # removed in the meantime
        return []


def _identity(path: Path) -> tuple | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_ctime_ns


def last_row(workdir: Path) -> int:
    """Step of the last whole row of metrics.jsonl, 0 without one."""
    try:
        lines = (workdir / "metrics.jsonl").read_text().split("\n")[:-1]
    except FileNotFoundError:
        return 0
    return json.loads(lines[-1])["step"] if lines else 0


def newest(workdir: Path) -> int:
    """Step of the newest whole checkpoint, 0 without one."""
    manifests = (workdir / "checkpoints").glob(f"step-*/{_MANIFEST}")
    return max((int(path.parent.name.removeprefix("step-")) for path in manifests), default=0)


def describe(workdir: Path, watch: Watch) -> str:
    """What a kill has hit, in a few words."""
    half = watch.half_checkpoints()
    where = f"after row {last_row(workdir)}, newest checkpoint {newest(workdir)}"
    if not half:
        return where
    path = workdir / "checkpoints" / half[-1]
    doing = "writing" if int(path.name.removeprefix("step-")) > newest(workdir) else "removing"
    files = ", ".join(_names(path)) or "empty"
    return f"inside checkpoint, {doing} {path.name} ({files}); {where}"


def differences(reference: Path, workdir: Path) -> str:
    """Names of the files that differ between two completed runs; empty where none does."""
    mine, theirs = _contents(workdir), _contents(reference)
    return ", ".join(
        name for name in sorted({*mine, *theirs}) if mine.get(name) != theirs.get(name)
    )


def _contents(workdir: Path) -> dict[str, bytes]:
    """The files that must be equal: every checkpoint, the rows, the last sample grid."""
    whole = [manifest.parent for manifest in (workdir / "checkpoints").glob(f"step-*/{_MANIFEST}")]
    paths = [path for directory in whole for path in directory.iterdir()]
    paths += [workdir / "metrics.jsonl", *sorted((workdir / "samples").glob("*.png"))[-1:]]
    return {str(path.relative_to(workdir)): path.read_bytes() for path in paths}


class ExportWatch:
    """Looks beside an export's place while a new process writes it.

    Args:
        output: The export's place.
    """

    def __init__(self, output: Path):
        self.output = output
        self._old = self.staged()

    def staged(self) -> list[str]:
        """Names of the working directories beside the place."""
        return sorted(path.name for path in self.output.parent.glob(f".{self.output.name}.tmp-*"))

    def _files(self) -> list[str]:
        new = [self.output.parent / name for name in self.staged() if name not in self._old]
        return [name for directory in new for name in _names(directory)]

    def has_staged(self, files: int) -> bool:
        """Whether the new process has a working directory of so many files or more."""
        return self.staged() != self._old and len(self._files()) >= files

    def describe(self) -> str:
        """What a kill has left, in a few words."""
        there = "present" if self.output.exists() else "absent"
        return f"output {there}, staged: {', '.join(self._files()) or 'nothing'}"


def check(arguments: list[str]) -> int:
    """Loads an export, which checks its manifest; returns 1 unless it is the run's model.

    Args:
        arguments: Run directory and export.
    """
    import numpy as np

    import export
    from trainers import run

    workdir, directory = arguments
    model, _, _ = run.load_run(workdir)
    wanted, made = model.sample(4, seed=1), export.load(directory).sample(4, seed=1)
    difference = float(np.abs(made - wanted).max())
    if difference > 1e-5:
        print(f"The images differ from the run's by {difference:.3g}.", file=sys.stderr)
        return 1
    return 0
