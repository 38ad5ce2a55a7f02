"""tfgan-sample: pictures from a run or from an exported module."""

from __future__ import annotations

import os
import sys

import numpy as np

from trainers.commands.base import (
    EXIT_CODES,
    Command,
    check_module_flags,
    required,
    start_tensorflow,
)
from trainers.errors import UserError

MODES = ("grid", "rows", "images", "interpolation", "mixture", "truncation", "walk")
_STOPS = 6  # of a walk without labels


def command() -> Command:
    """Returns the command with its flags."""
    it = Command(
        "tfgan-sample",
        "--workdir=DIR or --module=DIR, --output=FILE.png [flags]",
        "Draws samples of the newest checkpoint of a run, or of an exported module.",
        "examples:\n"
        "  tfgan-sample --workdir=runs/digits --output=digits.png\n"
        "  tfgan-sample --module=export/digits --mode=grid --labels=3,7 --count=36 "
        "--output=grid.png\n"
        "  tfgan-sample --workdir=runs/digits --mode=interpolation --output=walk.png\n"
        "  tfgan-sample --workdir=runs/digits --mode=walk --labels=3,5,8 --output=walk.gif\n\n"
        f"{EXIT_CODES}",
    )
    it.define("string", "workdir", None, "Run directory.")
    it.define("integer", "step", None, "Checkpoint of the run; the default is the newest.")
    it.define("string", "module", None, "Exported module, or another SavedModel with its inputs.")
    it.define(
        "string", "output", None, "PNG file; a directory for --mode=images, GIF for --mode=walk."
    )
    it.define(
        "enum",
        "mode",
        None,
        "grid: one square; rows: a row a class; images: one file each; interpolation: rows of "
        "walks between latents; mixture: rows of one latent whose class goes from the first of "
        "--labels to the last (default 0,1); truncation: a row a truncation from 1 down; "
        "walk: a GIF through latents, and through --labels, and back. The default is rows "
        "for a class-conditional model, else grid.",
        values=list(MODES),
    )
    it.define("integer", "count", 64, "Images for grid and images.", lower_bound=1)
    it.define("integer", "columns", 10, "Images in a row of the other modes.", lower_bound=2)
    it.define("integer", "seed", 0, "Seed of the latents.")
    it.define("list", "labels", None, "Classes, comma-separated, repeated as needed.")
    it.define("float", "truncation", None, "Truncation in (0, 1], of normal latents.")
    it.define(
        "integer",
        "standing_batches",
        0,
        "Of a run: draw with batch-norm statistics from this many batches of 64 samples, as "
        "BigGAN's authors do (16 will do); 0: the moving averages of training.",
        lower_bound=0,
    )
    return it


def main(flags) -> None:
    """Runs the command with parsed flags."""
    if (flags.workdir is None) == (flags.module is None):
        raise UserError("give --workdir=DIR of a run or --module=DIR of an export, one of them.")
    output = required("output", flags.output, "where the picture goes, such as samples.png.")
    where = flags.workdir or flags.module
    if not os.path.isdir(where) and "://" not in where:
        raise UserError(f"No such directory: {where}.")
    _check_output(flags.mode, output)
    start_tensorflow()
    from trainers import files, pictures

    source = _open(flags)
    try:
        images, columns = _draw(source, flags)
        if flags.mode == "walk":
            files.write_atomically(output, pictures.gif(images))
            print(output)
            return
    except ValueError as error:
        raise UserError(" ".join(str(error).split())) from error
    if flags.mode == "images":
        os.makedirs(output, exist_ok=True)
        for i, tile in enumerate(pictures.to_uint8(images)):
            path = os.path.join(output, f"{i:05d}.png")
            files.write_atomically(path, pictures.encode_png(tile))
        print(f"{len(images)} images in {output}")
    else:
        files.write_atomically(output, pictures.grid(images, columns))
        print(output)


def _check_output(mode, output) -> None:
    if mode == "images":
        if os.path.exists(output) and not os.path.isdir(output):
            raise UserError(f"--output={output} is a file; --mode=images needs a directory.")
        return
    ending = ".gif" if mode == "walk" else ".png"
    if not output.endswith(ending):
        raise UserError(f"--output={output} must end in {ending}.")
    parent = os.path.dirname(output)
    if parent and not os.path.isdir(parent) and "://" not in parent:
        raise UserError(f"--output: no such directory: {parent}.")


def _open(flags):
    """Returns what both a model and an export offer: sample, sample_latents, generate."""
    if flags.workdir:
        from trainers import run

        return run.load_run(flags.workdir, flags.step)[0]
    check_module_flags(flags)
    import export
    from export import foreign

    try:
        if "://" not in flags.module and not foreign.is_foreign(flags.module):
            return export.load(flags.module)
        source = foreign.load(flags.module)
    except (ValueError, OSError) as error:
        raise UserError(" ".join(str(error).split())) from error
    print(
        f"note: {flags.module} is not an export of this library: unchecked, its latents taken to "
        "be normal.",
        file=sys.stderr,
    )
    return source


def _labels(flags, source, n):
    """Class numbers for n images, from --labels or one class after the other."""
    if not source.num_classes:
        if flags.labels:
            raise UserError("--labels: the model is unconditional; leave the flag out.")
        return None
    chosen = flags.labels or [str(k) for k in range(source.num_classes)]
    if not all(text.strip().isdigit() and int(text) < source.num_classes for text in chosen):
        raise UserError(
            f"--labels takes classes 0 to {source.num_classes - 1}, comma-separated; got "
            f"{','.join(chosen)}."
        )
    return np.resize([int(text) for text in chosen], n)


def _draw(source, flags):
    """Returns (images, columns) of the chosen mode."""
    mode = flags.mode or ("rows" if source.num_classes else "grid")
    if mode != "truncation":
        _take_statistics(source, flags, flags.truncation)
    if mode in ("grid", "images"):
        labels = _labels(flags, source, flags.count)
        images = source.sample(flags.count, flags.seed, labels, flags.truncation)
        return images, int(np.ceil(np.sqrt(flags.count)))
    columns = flags.columns
    if mode == "rows":
        rows = len(flags.labels or range(source.num_classes or columns))
        labels = _labels(flags, source, rows)
        labels = None if labels is None else np.repeat(labels, columns)
        return source.sample(rows * columns, flags.seed, labels, flags.truncation), columns
    if mode == "interpolation":
        return _interpolation(source, flags, rows=8), columns
    if mode == "mixture":
        return _mixture(source, flags, rows=8), columns
    if mode == "walk":
        return _walk(source, flags), columns
    rows = []
    labels = _labels(flags, source, columns)
    for truncation in (1.0, 0.8, 0.6, 0.4, 0.2, 0.1):
        _take_statistics(source, flags, truncation)
        rows.append(np.asarray(source.sample(columns, flags.seed, labels, truncation)))
    return np.concatenate(rows), columns


def _take_statistics(source, flags, truncation):
    if flags.standing_batches:
        source.recompute_statistics(truncation, flags.standing_batches)


def _interpolation(source, flags, rows):
    """Lines between pairs of latents."""
    from trainers import walks

    ends = np.asarray(source.sample_latents(2 * rows, flags.seed, flags.truncation))
    t = np.linspace(0.0, 1.0, flags.columns)[None, :, None]
    normal = source.latent_distribution == "normal"
    z = walks.between(ends[:rows, None], ends[rows:, None], t, normal)
    labels = _labels(flags, source, rows)
    labels = None if labels is None else np.repeat(labels, flags.columns)
    return walks.generate(source, z.reshape(-1, ends.shape[1]), labels, flags.truncation)


def _mixture(source, flags, rows):
    """The same latents with classes mixed ever more."""
    from trainers import walks

    if not source.num_classes:
        raise UserError("--mode=mixture mixes classes; the model is unconditional.")
    labels = _labels(flags, source, len(flags.labels) if flags.labels else 2)
    if len(labels) < 2:
        raise UserError("--mode=mixture needs two classes or more, such as --labels=3,5.")
    return walks.mixtures(source, rows, flags.columns, labels, flags.seed, flags.truncation)


def _walk(source, flags):
    from trainers import walks

    stops = len(flags.labels or ())
    stops = stops if stops > 1 else _STOPS
    labels = _labels(flags, source, stops)
    return walks.closed_walk(source, stops, flags.columns, flags.seed, labels, flags.truncation)


def cli() -> None:
    """Entry point of the console script."""
    sys.exit(command().run(main))


if __name__ == "__main__":
    cli()
