"""kill -9 at random moments: does the resumed run end with the same bits?

    python -m benchmarks.kill_campaign [--kills=50] [--seed=0] [--preset=cgan_tiny] [--steps=60]

An uninterrupted reference run in a fresh process comes first. Then the same training command
is started again and again in one run directory (in forked children, see `forks`) and killed:
after a random step, at a random time, or inside the writing (or removal) of a checkpoint,
until it completes; then in the next directory. Each completed run is compared with the
reference byte by byte: every checkpoint kept, metrics.jsonl and the last sample grid. The
export of the reference is killed too: its output must be absent or whole each time, and the
last start must succeed.

Prints a line a kill with what it hit, then `50 kills, 9 runs, all bit-equal`; otherwise the
differences, the directory that holds them, and exit code 1.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import forks, run_files

_PATTERN = ("checkpoint", "step", "anywhere", "export", "step", "checkpoint")
_TRAIN, _EXPORT = "trainers.commands.train", "trainers.commands.export"
_DELAY = 0.02  # seconds at most from the row of a step to the kill
_CHECKPOINT_FILES = 4  # in a complete one: data, index, run.json, manifest
_EXPORT_FILES = 7  # what an export has before it is verified
_EXPORT_DELAY = 3.0  # seconds at most from those files to the kill
_CHECKPOINT_EVERY = 4


def main(argv: list[str] | None = None) -> int:
    """Runs the campaign; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--preset", default="cgan_tiny")
    parser.add_argument("--steps", type=int, default=60)
    flags = parser.parse_args(argv)
    root = Path(tempfile.mkdtemp(prefix="kill-campaign-"))
    campaign = Campaign(root, flags.preset, flags.steps, flags.seed)
    kinds = [_PATTERN[i % len(_PATTERN)] for i in range(flags.kills)]
    try:
        campaign.run_reference()
        campaign.kill_training([kind for kind in kinds if kind != "export"])
        campaign.kill_export(kinds.count("export"))
    except CampaignError as error:
        print(f"{error}\nFiles: {root}")
        return 1
    print(f"{campaign.kills} kills, {campaign.runs} runs, all bit-equal")
    shutil.rmtree(root)
    return 0


class CampaignError(Exception):
    """A run that failed or ended with other bits."""


class Campaign:
    """Runs, kills and comparisons in one directory.

    Args:
        root: An empty directory.
        preset: What to train.
        steps: Length of a run.
        seed: Of the moments of the kills.
    """

    def __init__(self, root: Path, preset: str, steps: int, seed: int):
        self.root, self.preset, self.steps = root, preset, steps
        self.random = random.Random(seed)
        self.kills = self.runs = 0
        self.hit_checkpoint = False
        self.reference = root / "reference"
        self.data = root / "images.npz"

    def _arguments(self, workdir: Path) -> list[str]:
        options = {"checkpoint_every": _CHECKPOINT_EVERY, "log_every": 3, "keep": 2}
        options |= {"sample_every": max(1, self.steps // 2), "sample_columns": 2}
        named = [f"--set=run.{name}={value}" for name, value in options.items()]
        named += [f"--steps={self.steps}", f"--data=npz:{self.data}"]
        return [f"--preset={self.preset}", f"--workdir={workdir}", *named]

    def run_reference(self) -> None:
        """Trains without a kill, in a fresh process, and notes how long that takes.

        Raises:
            CampaignError: The training fails.
        """
        run_files.write_images(self.data, self.preset)
        begin = time.monotonic()
        command = [sys.executable, "-m", _TRAIN, *self._arguments(self.reference)]
        with open(self._log(self.reference), "wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
            forks.warm_up(self.preset)
            process.wait()
        self.seconds = time.monotonic() - begin
        if process.returncode:
            raise self._failed(_TRAIN, process.returncode, self.reference)

    # === Training ===

    def kill_training(self, kinds: list[str]) -> None:
        """Kills trainings in the ways of `kinds`; compares each one that completes.

        Args:
            kinds: "step", "anywhere" or "checkpoint", one a kill. A kill that was to hit
                the inside of a checkpoint and misses it replaces a later "step".

        Raises:
            CampaignError: A start fails, or a completed run differs from the reference.
        """
        waiting = list(kinds)
        while waiting:
            workdir = self.root / f"run-{self.runs:03d}"
            while waiting and self._killed(workdir, waiting[0]):
                kind = waiting.pop(0)
                if kind == "checkpoint" and not self.hit_checkpoint and "step" in waiting:
                    waiting[waiting.index("step")] = "checkpoint"
            if not waiting:
                self._complete(_TRAIN, self._arguments(workdir), workdir)
            self._compare(workdir)

    def _killed(self, workdir: Path, kind: str) -> bool:
        """Starts the training; False where it completes before its kill."""
        watch = run_files.Watch(workdir)
        moment = self._moment(kind, workdir, watch)
        child = forks.start(_TRAIN, self._arguments(workdir), self._log(workdir))
        killed = child.kill_when(moment)
        if killed:
            self.hit_checkpoint = bool(watch.half_checkpoints())
            self._tell(f"run {self.runs}, {run_files.describe(workdir, watch)}")
        elif child.code:
            raise self._failed(_TRAIN, child.code, workdir)
        return killed

    def _moment(self, kind: str, workdir: Path, watch: run_files.Watch):
        """Returns a function: seconds since the start -> whether to kill now."""
        if kind == "anywhere":
            due = self.random.uniform(0.0, 0.6 * self.seconds)
            return lambda seconds: seconds >= due
        if kind == "checkpoint":
            files = self.random.randrange(_CHECKPOINT_FILES)
            return lambda seconds: watch.writes_checkpoint(files)
        delay = self.random.uniform(0.0, _DELAY)
        done = run_files.newest(workdir)
        step = self.random.randint(done + 1, min(self.steps - 1, done + self.steps // 3))
        return forks.after(lambda: watch.logged_step() >= step, delay)

    def _compare(self, workdir: Path) -> None:
        different = run_files.differences(self.reference, workdir)
        if different:
            raise CampaignError(f"{workdir.name} differs from the reference: {different}")
        self.runs += 1
        print(f"run {self.runs - 1} complete: bit-equal", flush=True)
        shutil.rmtree(workdir)

    # === Export ===

    def kill_export(self, count: int) -> None:
        """Kills exports of the reference, the second half of them while replacing one.

        Raises:
            CampaignError: A killed export left something that is not whole, or a start
                fails.
        """
        output = self.root / "export"
        arguments = [f"--workdir={self.reference}", f"--output={output}", "--overwrite"]
        for i in range(count):
            while not self._export_killed(arguments, output):
                pass
            self._check_export(output)
            if i in (count // 2 - 1, count - 1):
                self._complete(_EXPORT, arguments, output)
                self._check_export(output, must_exist=True)

    def _export_killed(self, arguments: list[str], output: Path) -> bool:
        """Starts the export; False where it completes before its kill."""
        watch = run_files.ExportWatch(output)
        files = self.random.randrange(_EXPORT_FILES + 1)
        delay = self.random.choice((0.0, self.random.uniform(0.0, _EXPORT_DELAY)))
        child = forks.start(_EXPORT, arguments, self._log(output))
        killed = child.kill_when(forks.after(lambda: watch.has_staged(files), delay))
        if killed:
            self._tell(f"inside export, {watch.describe()}")
        elif child.code:
            raise self._failed(_EXPORT, child.code, output)
        return killed

    def _check_export(self, output: Path, must_exist: bool = False) -> None:
        leftovers = run_files.ExportWatch(output).staged()
        if must_exist and leftovers:
            raise CampaignError(f"A complete export left {leftovers} behind.")
        if not output.exists() and not must_exist:
            return
        places = [str(self.reference), str(output)]
        child = forks.start("benchmarks.run_files", places, self._log(output))
        if child.wait():
            raise self._failed("Loading the export", child.code, output)

    # === Both ===

    def _complete(self, module: str, arguments: list[str], place: Path) -> None:
        """Lets a command run to its end."""
        child = forks.start(module, arguments, self._log(place))
        if child.wait():
            raise self._failed(module, child.code, place)

    def _log(self, place: Path) -> Path:
        return place.with_name(f"{place.name}.log")

    def _failed(self, what: str, code: int, place: Path) -> CampaignError:
        said = self._log(place).read_text(errors="replace").strip()[-500:]
        return CampaignError(f"{what} ended with code {code}: {said}")

    def _tell(self, moment: str) -> None:
        self.kills += 1
        print(f"kill {self.kills}: {moment}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
