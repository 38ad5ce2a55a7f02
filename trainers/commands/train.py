"""tfgan-train: trains a preset in a run directory, or resumes it."""

from __future__ import annotations

import json
import os
import sys

from trainers import config as configs
from trainers.commands.base import EXIT_CODES, Command, required, start_tensorflow
from trainers.errors import UserError


def command() -> Command:
    """Returns the command with its flags."""
    it = Command(
        "tfgan-train",
        "--preset=NAME --workdir=DIR [flags]",
        "Trains a preset in a run directory. The same command again resumes a run that was\n"
        "killed, and changes nothing in one that is done.",
        "examples:\n"
        "  tfgan-train --preset=quickstart --workdir=runs/digits\n"
        "  tfgan-train --preset=dcgan_digits --data=folder:photos --workdir=runs/photos\n"
        "  tfgan-train --preset=quickstart --set=compile.d_steps=2 --set=run.keep=5 --dry_run\n\n"
        f"{EXIT_CODES}",
    )
    it.define("string", "preset", None, "Preset name; tfgan-list presets shows them.")
    it.define("string", "workdir", None, "Run directory, made if missing.")
    it.define("string", "data", None, "Data, such as folder:PATH; tfgan-list data shows the kinds.")
    it.define("integer", "steps", None, "Generator updates in all.", lower_bound=1)
    it.define("integer", "batch_size", None, "Images in one update.", lower_bound=1)
    it.define("integer", "seed", 0, "Seed of initialisation, data order and latents.")
    it.define("enum", "strategy", "none", "Distribution strategy.", values=list(configs.STRATEGIES))
    it.define(
        "enum",
        "doctor",
        None,
        "What to do about what the doctor finds: nothing, say it, stop at an error, or stop and "
        "go back to the last checkpoint before it.",
        values=list(configs.DOCTOR),
    )
    it.define("enum", "precision", "float32", "Precision.", values=list(configs.PRECISIONS))
    it.define(
        "multi_string",
        "set",
        [],
        "field=value for any field of the preset or of run; may be repeated. Such as "
        "compile.d_steps=2, compile.penalties.0.gamma=1, model.width=64, data.image_size=64, "
        "run.checkpoint_every=500, run.keep=3, run.sample_every=100.",
    )
    it.define("boolean", "skip_bad_files", False, "Leave out bad image files and count them.")
    it.define("boolean", "dry_run", False, "Print the resolved configuration and stop.")
    return it


def main(flags) -> None:
    """Runs the command with parsed flags."""
    preset = required("preset", flags.preset, "tfgan-list presets shows the names.")
    overrides = configs.parse_assignments(flags.set)
    named = {
        "data.source": flags.data,
        "steps": flags.steps,
        "batch_size": flags.batch_size,
        "run.doctor": flags.doctor,
    }
    overrides |= {name: value for name, value in named.items() if value is not None}
    overrides |= {
        "seed": flags.seed,
        "strategy": flags.strategy,
        "precision": flags.precision,
        "skip_bad_files": flags.skip_bad_files,
    }
    config = configs.resolve(preset, overrides)
    _check_data_kind(config)
    if flags.dry_run:
        print(json.dumps(config.to_dict(), indent=1))
        return
    workdir = required("workdir", flags.workdir, "where the run's files go, such as runs/first.")
    if os.path.exists(workdir) and not os.path.isdir(workdir):
        raise UserError(f"--workdir={workdir} is a file: give a directory.")
    start_tensorflow()
    from trainers import run

    print(json.dumps(config.to_dict()), file=sys.stderr)
    model = run.train(config, workdir)
    _tell(workdir, int(model.step.numpy()))


def _check_data_kind(config) -> None:
    from trainers.data import catalog

    source = config.recipe.data["source"]
    if not isinstance(source, str):
        raise UserError(f"data.source must be text such as folder:PATH; got {source!r}.")
    catalog.split_spec(source)


def _tell(workdir: str, step: int) -> None:
    grid = os.path.join(workdir, "samples", f"step-{step:08d}.png")
    page = os.path.join(workdir, "report.html")
    report = f"  report    {page}\n" if os.path.exists(page) else ""
    print(
        f"Done: {step} steps.\n"
        f"  samples   {grid}\n"
        f"  curves    {os.path.join(workdir, 'losses.png')}\n"
        f"{report}"
        f"next:\n"
        f"  tfgan-evaluate --workdir={workdir}\n"
        f"  tfgan-sample --workdir={workdir} --output={os.path.join(workdir, 'more.png')}\n"
        f"  tfgan-export --workdir={workdir} --output={os.path.join(workdir, 'export')}"
    )


def cli() -> None:
    """Entry point of the console script."""
    sys.exit(command().run(main))


if __name__ == "__main__":
    cli()
