"""tfgan-evaluate: metrics of a run or an exported module, with their protocols."""

from __future__ import annotations

import json
import os
import sys

from trainers.commands.base import EXIT_CODES, Command, check_module_flags, start_tensorflow
from trainers.errors import UserError
from trainers.evaluation import table


def command() -> Command:
    """Returns the command with its flags."""
    it = Command(
        "tfgan-evaluate",
        "--workdir=DIR or --module=DIR [flags]",
        "Measures the generator of a run, or an exported one, against real images. Each number\n"
        "carries its protocol; only with the 2015 Inception network is proxy_fid an FID.",
        "examples:\n"
        "  tfgan-evaluate --workdir=runs/digits\n"
        "  tfgan-evaluate --workdir=runs/digits --metrics=mind,memorisation --samples=2000\n"
        "  tfgan-evaluate --module=export/digits --output=digits.json\n"
        "  tfgan-evaluate --workdir=runs/cats --sweep=1.0,0.8,0.6,0.4,0.2\n"
        "  tfgan-evaluate --workdir=runs/a --compare=runs/b\n\n"
        f"{EXIT_CODES}",
    )
    it.define("string", "workdir", None, "Run directory; its scores.jsonl and .csv get the rows.")
    it.define("integer", "step", None, "Checkpoint of the run; the default is the newest.")
    it.define("string", "module", None, "Exported module, instead of a run.")
    it.define(
        "list",
        "metrics",
        None,
        f"Of {', '.join(table.METRICS)}; all: every one that fits. The default set takes seconds "
        "to minutes.",
    )
    it.define(
        "string",
        "network",
        "auto",
        "Feature network, such as pixels, digits, keras:FILE, inception_2015:FILE; auto chooses "
        "by the images.",
    )
    it.define("string", "data", None, "Real images; the default is what it was trained on.")
    it.define("string", "split", None, "Of the data; the default is the one it was trained on.")
    it.define(
        "integer",
        "samples",
        None,
        "Generated images; the default is as many as the real ones, at most 10,000.",
        lower_bound=2,
    )
    it.define(
        "integer", "reals", None, "Real images; the default is all, at most 10,000.", lower_bound=2
    )
    it.define("integer", "seed", 0, "Seed of latents and labels.", lower_bound=0)
    it.define("enum", "labels", "data", "Law of the fakes' classes.", values=["data", "uniform"])
    it.define("float", "truncation", None, "Truncation in (0, 1], of normal latents.")
    it.define(
        "integer",
        "standing_batches",
        0,
        "Of a run: measure with batch-norm statistics from this many batches of 64 samples, as "
        "BigGAN's authors do (16 will do); 0: the moving averages of training.",
        lower_bound=0,
    )
    it.define("list", "sweep", None, "Truncations, comma-separated; draws truncation.png.")
    it.define("string", "output", None, "JSON file of the scores with their protocols.")
    it.define("string", "cache", None, "Directory of kept statistics of the reals, or none.")
    it.define("string", "compare", None, "Another run: prints differences instead of measuring.")
    return it


def main(flags) -> None:
    """Runs the command with parsed flags."""
    if (flags.workdir is None) == (flags.module is None):
        raise UserError("give --workdir=DIR of a run or --module=DIR of an export, one of them.")
    _check_place(flags.workdir or flags.module)
    if flags.compare is not None:
        _compare(flags)
        return
    names, sweep = _metrics(flags), _sweep(flags)
    _check_output(flags)
    start_tensorflow()
    from trainers.evaluation import opening

    if flags.workdir:
        subject = opening.open_run(flags.workdir, flags.step)
    else:
        subject = opening.open_module(flags.module, flags.output)
    _measure(flags, names, sweep, subject)


def _check_place(directory) -> None:
    if not os.path.isdir(directory) and "://" not in directory:
        raise UserError(f"No such directory: {directory}.")


def _compare(flags) -> None:
    if flags.module is not None:
        raise UserError("--compare reads scores.jsonl: give its directory as --workdir.")
    _check_place(flags.compare)
    start_tensorflow()
    from trainers.evaluation import comparing

    print(comparing.compare(flags.workdir, flags.compare, flags.step))


def _metrics(flags):
    """Names of metrics, "all", or None for the default set."""
    if flags.metrics is None:
        return table.SWEPT if flags.sweep else None
    if flags.metrics == ["all"]:
        return "all"
    return table.check_names([name.strip() for name in flags.metrics])


def _sweep(flags) -> list[float]:
    """The truncations of --sweep, each once, as given."""
    if flags.sweep is None:
        return []
    if flags.truncation is not None:
        raise UserError("give --truncation or --sweep, one of them.")
    try:
        values = list(dict.fromkeys(float(text) for text in flags.sweep))
    except ValueError:
        values = []
    if not values or not all(0.0 < value <= 1.0 for value in values):
        raise UserError(
            f"--sweep takes truncations in (0, 1], such as 1.0,0.8,0.5; got "
            f"{','.join(flags.sweep)!r}."
        )
    return values


def _check_output(flags) -> None:
    if flags.module:
        check_module_flags(flags)
    output = flags.output
    if output is None:
        if flags.module and flags.sweep:
            raise UserError("--sweep of a module needs --output=FILE.json: its picture goes there.")
        return
    if not output.endswith(".json"):
        raise UserError(f"--output={output} must end in .json.")
    if os.path.isdir(output):
        raise UserError(f"--output={output} is a directory: give a file.")
    parent = os.path.dirname(output) or "."
    if "://" not in parent and not os.path.isdir(parent):
        raise UserError(f"--output: no such directory: {parent}.")
    if "://" not in parent and not os.access(parent, os.W_OK):
        raise UserError(f"--output: {parent} cannot be written: choose another place.")


def _measure(flags, names, sweep, subject) -> None:
    from trainers.evaluation import opening, reals, scores, tables
    from trainers.evaluation.measuring import Evaluation, check_truncation

    for truncation in sweep or [flags.truncation]:
        check_truncation(subject.model, truncation)
    source, split = _open_data(flags, names, subject, opening)
    evaluation = Evaluation(
        names,
        source,
        flags.network,
        image_shape=subject.model.image_shape,
        num_classes=subject.model.num_classes,
        n_fake=flags.samples,
        n_real=flags.reals,
        seed=flags.seed,
        labels=flags.labels,
        split=split,
        cache=_cache(flags, reals),
        standing_batches=flags.standing_batches,
        progress=_progress,
    )
    found = []
    for truncation in sweep or [flags.truncation]:
        found += evaluation.measure(subject.model, truncation, subject.step)
    print(tables.render(found))
    if flags.output:
        _write_json(flags.output, subject.step, found)
    if subject.directory is not None:
        scores.append(subject.directory, subject.step, found)
        if sweep:
            _draw(subject.directory, found)


def _open_data(flags, names, subject, opening):
    """The reals; (None, "train") where they are not known and no metric asks for any."""
    reads = names not in (None, "all") and not any(table.METRICS[name].reals for name in names)
    points = isinstance(names, tuple) and "mode_coverage" in names
    if reads and not points and subject.data is None and flags.data is None:
        return None, "train"
    source, split = opening.open_data(subject, flags.data, flags.split)
    own = flags.data is None and flags.split is None and subject.fingerprint is not None
    if own and source.fingerprint != subject.fingerprint:
        print(
            f"note: {source.spec} is not what the generator was trained on any more (its content "
            "is another); measured against what is there.",
            file=sys.stderr,
        )
    return source, split


def _cache(flags, reals):
    if flags.cache is not None and flags.cache.lower() == "none":
        return None
    return flags.cache or reals.default_cache()


def _progress(pieces, count, word):
    """A bar on a terminal, nothing elsewhere."""
    from tqdm import tqdm

    with tqdm(total=count, desc=word, unit=" images", disable=None, leave=False) as bar:
        for piece in pieces:
            yield piece
            bar.update(len(piece[0] if isinstance(piece, tuple) else piece.images))


def _write_json(path, step, found) -> None:
    from trainers import files

    values = {"step": step, "scores": [score.to_dict() for score in found]}
    files.write_atomically(path, json.dumps(values, indent=1) + "\n")
    print(path)


def _draw(directory, found) -> None:
    from trainers import files
    from trainers.evaluation import tables

    path = os.path.join(directory, "truncation.png")
    files.write_atomically(path, tables.truncation_curves(found))
    print(path)


def cli() -> None:
    """Entry point of the console script."""
    sys.exit(command().run(main))


if __name__ == "__main__":
    cli()
