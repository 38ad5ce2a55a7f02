"""Which method does best on the embedded digits with one budget of images?

    python -m benchmarks.league --out=DIR [--entries=presets|losses|heads|additions]
        [--images=40000] [--seeds=3] [--largest=2000000] [--only=NAME,NAME] [--list]

Trains every preset that makes grey images of 28x28 or 32x32 pixels, or one DCGAN with every
loss that stands alone, or one BigGAN with every way of reading the class (heads) or with what
is added to it for little data (additions), from `--seeds` seeds counted from 0, until its
generator was updated with `--images` images. A run is a directory DIR/runs/NAME-SEED as
`tfgan-train` makes it; what is finished is not run again. Writes DIR/league.md, a table of
means and standard deviations over the seeds, DIR/league.png, a row of samples for each entry,
and DIR/league.html, a page over the runs. A preset added to the library takes part by itself;
`--largest` bounds the weights of its two networks.

The budget counts images of the generator's updates: a critic with k steps sees k times as
many. Presets keep their own batch sizes and settings, tuned for other lengths, but that the
half-life of an average is a twentieth of the budget at most: a longer one would still hold the
first weights. The table says who is quick on 5,000 digits, not who is best in the end.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import pathlib
import sys
from typing import NamedTuple

import numpy as np

from benchmarks import cases
from tfgan_models import presets, registry
from trainers.errors import DiskError, RunInterrupted, UserError

DATA = "embedded:digits"
SHAPES = ((28, 28, 1), (32, 32, 1))  # the digits, and the digits enlarged
KINDS = ("presets", "losses", "heads", "additions")
METRICS = ("frechet_distance", "density_coverage")
WITH_CLASSES = ("label_consistency",)
NETWORK = "digits"
_BACKBONE = "dcgan_digits"
_CLASS_BACKBONE = "biggan_digits"
_ORTHOGONAL = {"name": "orthogonal", "weight": 1e-4, "spectral": True}
# What the backbone of classes is given beside its orthogonal regularisation.
_ADDITIONS = {
    "nothing": {},
    "rotation": {"model.rotation": True},
    **{
        name: {"compile.penalties": [_ORTHOGONAL, {"name": name, "flip": False}]}
        for name in ("consistency", "balanced_consistency")  # a mirrored digit is none
    },
    **{
        name: {"compile.penalties": [_ORTHOGONAL, name]} for name in ("latent_consistency", "lecam")
    },
    **{name: {"compile.augment": name} for name in ("diff_augment", "ada", "apa")},
}
# What a loss that has no default is given; compare_losses in examples/ gives the same.
_LOSS_OPTIONS = {
    "top_k": {"loss": "hinge", "every": 100},
    "f_divergence": {"divergence": "jensen_shannon", "generator": "alternative"},
}
_COLUMNS = 10  # samples in a row of the picture


class Entry(NamedTuple):
    """One row of the league.

    Attributes:
        name: Of the row and its runs.
        preset: That is trained.
        overrides: Its fields by dotted name.
    """

    name: str
    preset: str
    overrides: dict

    def recipe(self):
        """Returns the preset with its overrides, on the league's data."""
        return presets.get(self.preset).override({**self.overrides, "data.source": DATA})

    def within(self, images: int) -> dict:
        """Returns the overrides of a run with a budget, `steps` among them."""
        recipe = self.recipe()
        together = recipe.compile.get("steps_per_execution", 1)
        steps = max(1, images // (recipe.batch_size * together)) * together
        half_life = recipe.compile.get("ema_half_life_images")
        values = {**self.overrides, "data.source": DATA, "steps": steps, "run.keep": 1}
        if half_life:
            values["compile.ema_half_life_images"] = max(1, min(half_life, images // 20))
        return values


class Result(NamedTuple):
    """What the seeds of an entry gave.

    Attributes:
        entry: The entry.
        weights: Of both networks.
        steps: Generator updates of each run.
        scores: {name of a score: a value for each seed that ended}.
        failures: Why a seed has none, a line each.
    """

    entry: Entry
    weights: int
    steps: int
    scores: dict[str, list[float]]
    failures: list[str]


def all_entries(kind: str) -> list[Entry]:
    """Returns every candidate: "presets" that fit the data, "losses", "heads" or "additions"."""
    if kind == "presets":
        return [
            Entry(name, name, {})
            for name, preset in presets.PRESETS.items()
            if tuple(preset.model.get("image_shape", ())) in SHAPES
        ]
    if kind == "losses":
        return [
            Entry(name, _BACKBONE, {"compile.loss": {"name": name, **_LOSS_OPTIONS.get(name, {})}})
            for name in registry.LOSSES
        ]
    if kind == "additions":
        return [Entry(name, _CLASS_BACKBONE, options) for name, options in _ADDITIONS.items()]
    from tfgan_models.networks.heads import HEADS

    heads = {name: {"model.head": name} for name in HEADS}
    heads["contrastive_2c"] = {
        "model.head": "contrastive",
        "compile.loss": ["hinge", "contrastive_2c"],
    }
    return [Entry(name, _CLASS_BACKBONE, options) for name, options in heads.items()]


def count_weights(entry: Entry) -> int:
    """Returns the weights of both networks.

    Raises:
        ValueError: The entry cannot be trained: a loss that needs more than one logit, or
            whose discriminator is an energy.
    """
    import keras

    keras.utils.clear_session()
    model = presets.build(entry.recipe())
    if entry.overrides and model.adversarial_loss.ENERGY:
        raise ValueError(f"{entry.name!r} takes energies, low for real images, not logits.")
    return model.generator.count_params() + model.discriminator.count_params()


def main(argv: list[str] | None = None) -> None:
    """Trains what is missing and writes the league."""
    flags = _parse(argv)
    cases.start()
    chosen = _chosen(flags)
    if flags.list:
        for entry, weights in chosen:
            print(f"{entry.name:<36}{weights:>12,}{entry.within(flags.images)['steps']:>8,} steps")
        return
    out = pathlib.Path(flags.out)
    (out / "runs").mkdir(parents=True, exist_ok=True)
    results = [play(entry, weights, flags, out / "runs") for entry, weights in chosen]
    _write(out, ranked(results), flags)


def play(entry: Entry, weights: int, flags, runs: pathlib.Path) -> Result:
    """Returns the result of all seeds of an entry.

    Raises:
        UserError: The run was stopped or the disk is full; that a seed diverges is a result.
    """
    overrides = entry.within(flags.images)
    result = Result(entry, weights, overrides["steps"], {}, [])
    for seed in range(flags.seeds):
        scores = {}
        try:
            scores = score(entry.preset, {**overrides, "seed": seed}, runs / f"{entry.name}-{seed}")
        except (RunInterrupted, DiskError):
            raise
        except UserError as error:
            result.failures.append(f"seed {seed}: {error}")
        for name, value in scores.items():
            result.scores.setdefault(name, []).append(value)
        print(entry.name, seed, json.dumps(scores), *result.failures[-1:], flush=True)
    return result


def _parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", default="", help="directory of the league")
    parser.add_argument("--entries", choices=KINDS, default="presets")
    parser.add_argument("--images", type=_positive, default=40_000, help="of each run")
    parser.add_argument("--seeds", type=_positive, default=3, help="how many")
    parser.add_argument("--largest", type=_positive, default=2_000_000, help="weights")
    parser.add_argument("--only", default="", help="names, comma between")
    parser.add_argument("--list", action="store_true", help="print the entries and stop")
    flags = parser.parse_args(argv)
    if not flags.out and not flags.list:
        parser.error("give --out=DIR, or --list")
    flags.only = [name for name in flags.only.split(",") if name]
    known = [entry.name for entry in all_entries(flags.entries)]
    for name in flags.only:
        if name not in known:
            parser.error(f"no entry {name!r}.{registry.near_matches(name, known)}")
    return flags


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive int")
    return int(text)


def _chosen(flags) -> list[tuple[Entry, int]]:
    """(entry, weights) of those that take part; says on stderr who does not, and why."""
    chosen = []
    for entry in all_entries(flags.entries):
        if flags.only and entry.name not in flags.only:
            continue
        try:
            weights = count_weights(entry)
        except (ValueError, TypeError) as error:
            print(f"left out: {entry.name}: {error}", file=sys.stderr)
            continue
        if weights > flags.largest:
            print(f"left out: {entry.name}: {weights:,} weights", file=sys.stderr)
        else:
            chosen.append((entry, weights))
    return chosen


def score(preset: str, overrides: dict, workdir: pathlib.Path) -> dict[str, float]:
    """Trains and measures one run, or reads what it left; returns {name: value}.

    Args:
        preset: Its name.
        overrides: Its fields by dotted name, `steps` among them.
        workdir: Run directory.

    Raises:
        UserError: Training failed, or the directory holds a run of another length.
    """
    import trainers
    from trainers import run
    from trainers.evaluation import evaluate, scores

    steps = overrides["steps"]
    known = _stored(workdir, steps)
    if known:
        return known
    values = {name.replace(".", "__"): value for name, value in overrides.items()}
    model = trainers.fit_preset(preset, str(workdir), **values)
    if int(model.step.numpy()) != steps:
        raise UserError(f"{workdir} holds a longer run: choose another --out.")
    names = METRICS + (WITH_CLASSES if model.num_classes else ())
    source = run.load_data({"source": DATA}, model.image_shape)
    found = evaluate(model, source, names, NETWORK, cache=str(workdir.parent.parent / "cache"))
    scores.append(str(workdir), steps, found)
    return _stored(workdir, steps)


def _stored(workdir: pathlib.Path, steps: int) -> dict[str, float]:
    """{name: value} as first measured at the last of the steps; empty if none were."""
    from trainers.evaluation import read_scores

    values: dict[str, float] = {}
    for step, one in read_scores(str(workdir)):
        if step == steps:
            values.setdefault(one.name, one.value)  # later ones are not the league's
    return values


def ranked(results: list[Result]) -> list[Result]:
    """Returns the results by their mean Frechet distance, the smallest first."""
    first = f"proxy_fid[{NETWORK}]"
    return sorted(results, key=lambda result: np.mean(result.scores.get(first, [np.inf])))


def _write(out: pathlib.Path, results: list[Result], flags) -> None:
    from trainers import report

    text = f"{protocol(flags)}\n\n{table(results)}"
    (out / "league.md").write_text(text)
    (out / "league.png").write_bytes(picture(results, out / "runs"))
    report.write_overview(str(out / "runs"), str(out / "league.html"), "League")
    print(text)


def protocol(flags) -> str:
    """Returns what the numbers are, in a paragraph."""
    return (
        f"{flags.images:,} images of {DATA} in generator updates, {flags.seeds} seed(s); mean +- "
        f"standard deviation over the seeds. {NETWORK} network, all images against as many "
        "samples of the average generator where there is one. Sorted by the first number."
    )


def table(results: list[Result]) -> str:
    """Returns a Markdown table, a row an entry."""
    names = list(dict.fromkeys(name for result in results for name in result.scores))
    header = ["entry", "weights", "steps", *names]
    lines = [_line(header), _line(["---", *["---:"] * (len(header) - 1)])]
    for result in results:
        cells = [_cell(result.scores.get(name, [])) for name in names]
        lines.append(_line([result.entry.name, f"{result.weights:,}", f"{result.steps:,}", *cells]))
    failures = [f"{r.entry.name}, {line}" for r in results for line in r.failures]
    return "\n".join(lines + ["", *failures] if failures else lines) + "\n"


def _line(cells) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(values: list[float]) -> str:
    if not values:
        return ""
    spread = f" +- {np.std(values, ddof=1):.3g}" if len(values) > 1 else ""
    return f"{np.mean(values):.4g}{spread}"


def picture(results: list[Result], runs: pathlib.Path) -> bytes:
    """Draws a row of samples of the first seed for each result that has some; returns a PNG."""
    from matplotlib.figure import Figure
    from PIL import Image

    rows = {r.entry.name: _samples(runs / f"{r.entry.name}-0") for r in results if r.scores}
    height = max(1, len(rows))
    figure = Figure(figsize=(7.0, 0.52 * height), dpi=80, layout="constrained")
    panels = figure.subplots(height, 1, squeeze=False)[:, 0]
    for axes in panels:
        axes.set(xticks=[], yticks=[])
    for axes, (name, images) in zip(panels, rows.items(), strict=False):
        strip = images[..., 0].transpose(1, 0, 2).reshape(images.shape[1], -1)
        axes.imshow(strip, cmap="gray", vmin=-1, vmax=1)
        axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8)
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    Image.open(drawn).convert("L").quantize(16).save(small, format="png", optimize=True)
    return small.getvalue()


def _samples(workdir: pathlib.Path) -> np.ndarray:
    from trainers import run

    model = run.load_run(os.fspath(workdir))[0]
    labels = np.arange(_COLUMNS) % model.num_classes if model.num_classes else None
    return np.asarray(model.sample(_COLUMNS, seed=1, labels=labels))


if __name__ == "__main__":
    main()
