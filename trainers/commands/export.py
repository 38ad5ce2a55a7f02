"""tfgan-export: a SavedModel of a run's generator, with a model card."""

from __future__ import annotations

import os
import sys

from trainers.commands.base import EXIT_CODES, Command, required, start_tensorflow
from trainers.errors import UserError


def command() -> Command:
    """Returns the command with its flags."""
    it = Command(
        "tfgan-export",
        "--workdir=DIR --output=DIR [flags]",
        "Exports the generator of a run as a SavedModel that loads with TensorFlow alone,\n"
        "with a model card, metadata and checksums; verified in a fresh process.",
        "examples:\n  tfgan-export --workdir=runs/digits --output=export/digits\n"
        "  tfgan-export --workdir=runs/biggan --output=export/biggan --truncations=51\n\n"
        f"{EXIT_CODES}",
    )
    it.define("string", "workdir", None, "Run directory.")
    it.define("integer", "step", None, "Checkpoint to export; the default is the newest.")
    it.define("string", "output", None, "Directory to make; must not exist.")
    it.define(
        "string",
        "profile",
        None,
        "Interface: plain, biggan, progan or compare_gan. The default is biggan for "
        "class-conditional models, else plain.",
    )
    it.define(
        "integer",
        "truncations",
        0,
        "Batch-norm statistics for this many truncations from 0 to 1; 51 in BigGAN's modules.",
        lower_bound=0,
    )
    it.define(
        "integer",
        "standing_batches",
        None,
        "Take batch-norm statistics of this many batches of samples, for each truncation or, "
        "without --truncations, once. The default is 16 with --truncations; else none: the "
        "moving averages of training.",
        lower_bound=1,
    )
    it.define("integer", "standing_batch_size", 64, "Images in each of them.", lower_bound=1)
    it.define("boolean", "with_discriminator", False, "Export the discriminator beside it.")
    it.define("boolean", "overwrite", False, "Replace an existing export.")
    return it


def main(flags) -> None:
    """Runs the command with parsed flags."""
    workdir = required("workdir", flags.workdir, "the run to export.")
    output = required("output", flags.output, "the directory to make.")
    if not os.path.isdir(workdir) and "://" not in workdir:
        raise UserError(f"No such directory: {workdir}.")
    if os.path.exists(output) and not flags.overwrite:
        raise UserError(f"--output={output} exists: choose another name, or --overwrite.")
    start_tensorflow()
    import export
    from trainers import run
    from trainers.evaluation import scores

    model, stored, step = run.load_run(workdir, flags.step)
    metadata = {
        "preset": stored["preset"],
        "preset_source": stored["source"],
        "data": stored["data"]["source"],
        "data_fingerprint": stored["data_fingerprint"],
        "data_licence": stored["data_licence"],
        "class_names": stored["class_names"] if model.num_classes else None,
        "seed": stored["seed"],
        "batch_size": stored["batch_size"],
        "steps": step,
        "metrics": scores.card_entries(
            workdir, step, bool(flags.truncations or flags.standing_batches)
        ),
    }
    try:
        path = export.export_generator(
            model,
            output,
            profile=flags.profile,
            metadata=metadata,
            with_discriminator=flags.with_discriminator,
            overwrite=flags.overwrite,
            truncations=flags.truncations,
            standing_batches=flags.standing_batches,
            standing_batch_size=flags.standing_batch_size,
        )
    except ValueError as error:
        raise UserError(" ".join(str(error).split())) from error
    print(f"{path}: verified in a fresh process; read its README.md")


def cli() -> None:
    """Entry point of the console script."""
    sys.exit(command().run(main))


if __name__ == "__main__":
    cli()
