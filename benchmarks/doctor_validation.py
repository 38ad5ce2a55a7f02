"""Does the doctor name what was broken, and keep silent where nothing was?

    python -m benchmarks.doctor_validation [--seeds=1] [--cases=NAME,...] [--only=broken|healthy]
        [--steps=N] [--output=FILE]

Trains small networks for a few hundred steps each: broken on purpose in one way, or healthy.
Prints a row a run (what the doctor named, causes before consequences, with the step of the
first of them) and the confusion table. A broken run counts as right where the first name is
the one expected; a healthy one where nothing but notes is said. Sets other than the embedded
digits are read from the directory TFGAN_TEST_DATA and left out without it. `--output`
appends every run's findings as JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import pathlib
import tempfile
import time
from typing import NamedTuple

_STEPS = 700
_EVERY = 50
_FEW = 30  # steps, where the data alone is at fault


class Case(NamedTuple):
    """One run.

    Attributes:
        expected: Name that must come first; "" for a healthy run.
        preset: It starts from this one.
        overrides: Of the preset's fields.
        change: (source, model) -> source, after both are made: breaks one of them.
        data: Further data (`TFGAN_TEST_DATA`) instead of the preset's, "" for that.
        steps: Of the run.
    """

    expected: str
    preset: str
    overrides: dict
    change: str = ""
    data: str = ""
    steps: int = _STEPS


_QUICK = {"model.width": 16, "compile.ema_half_life_images": 2_000}
_DCGAN = {"model.width": 12, "compile.ema_half_life_images": 2_000}
_MLP = {"model.width": 240, "compile.ema_half_life_images": 2_000, "batch_size": 64}


def _adam(rate, beta_1=0.5):
    return {"name": "adam", "learning_rate": rate, "beta_1": beta_1}


def _rates(generator, discriminator, beta_1=0.5):
    return {
        "compile.generator_optimizer": _adam(generator, beta_1),
        "compile.discriminator_optimizer": _adam(discriminator, beta_1),
    }


_TABLE = {
    "model.width": 12,
    "model.latent_dim": 2000,
    "compile.ema_half_life_images": 2_000,
    **_rates(1e-4, 2e-4),
}
_STOP = {"name": "linear_decay", "initial": 2e-3, "start": 399, "end": 400}
_FEW_IMAGES = {"data.held_out": 0.5, "compile.penalties": []}
_ADA = {"name": "ada", "pipeline": "blit", "target": 0.1, "kimg": 15, "every": 4}
BROKEN = {
    "values 0 to 255": Case("value_range", "dcgan_digits", _DCGAN, "bytes", steps=_FEW),
    "values 0 to 1": Case("value_range", "dcgan_digits", _DCGAN, "unit", steps=_FEW),
    "generator without black": Case("sample_range", "quickstart", _QUICK, "no_black"),
    "blank images": Case("blank_images", "dcgan_digits", _DCGAN, "blank", steps=_FEW),
    "repeated images": Case("repeated_images", "dcgan_digits", _DCGAN, "repeated", steps=_FEW),
    "one batch": Case("stuck_pipeline", "dcgan_digits", _DCGAN, "stuck", steps=_FEW),
    "sorted": Case("unshuffled", "dcgan_digits", _DCGAN, "sorted", steps=_FEW),
    "labels from 1": Case("labels", "quickstart", _QUICK, "labels_from_1", steps=_FEW),
    "missing class": Case("class_balance", "quickstart", _QUICK, "missing_class", steps=_FEW),
    "rate 1e30": Case("not_finite", "quickstart", {**_QUICK, **_rates(1e30, 1e30)}, steps=_FEW),
    "slow average": Case(
        "ema_lag", "dcgan_digits", {**_DCGAN, "compile.ema_half_life_images": 500_000}, steps=_FEW
    ),
    "critic without bound": Case(
        "divergence",
        "quickstart",
        {
            **_QUICK,
            **_rates(1e-2, 1e-2, 0.9),
            "compile.loss": "wasserstein",
            "compile.penalties": [],
        },
    ),
    "rate after R1": Case(
        "exploding_penalty",
        "quickstart",
        {**_QUICK, "compile.penalties": [{"name": "r1", "gamma": 0.05}]},
        "rate_jump",
    ),
    "label not used": Case("label_ignored", "quickstart", _QUICK, "no_label"),
    "latent not used": Case("latent_ignored", "quickstart", _QUICK, "no_latent"),
    "saturating loss": Case(
        "d_too_strong",
        "dcgan_digits",
        {**_DCGAN, **_rates(1e-6, 4e-3), "compile.loss": "minimax", "compile.d_steps": 2},
    ),
    "no pure black": Case("format_leak", "sngan_digits", _TABLE, "no_pure_black"),
    "out of reach": Case("format_leak", "sngan_digits", {"model.width": 12}, "out_of_reach"),
    "flat": Case("flat_samples", "dcgan_digits", {**_DCGAN, **_rates(5e-4, 2e-3)}, "frame"),
    "200 images": Case(
        "overfitting", "dcgan_digits", {**_DCGAN, **_rates(5e-4, 1e-3), **_FEW_IMAGES}, "few"
    ),
    "strong generator": Case(
        "mode_collapse",
        "gan_digits",
        {**_MLP, **_rates(2e-3, 1e-5, 0.9), "compile.penalties": []},
    ),
    "half the classes": Case(
        "partial_collapse", "dcgan_digits", {**_DCGAN, **_rates(2e-3, 5e-4)}, "half_classes"
    ),
    "Dirac": Case("oscillation", "gan_ring8", {"compile.steps_per_execution": 1}, "dirac"),
    "rate zero": Case(
        "stalled",
        "dcgan_digits",
        {**_DCGAN, **_rates(2e-3, 5e-4), "compile.generator_optimizer.learning_rate": _STOP},
    ),
    "printed grid": Case("checkerboard", "sngan_digits", {**_TABLE, **_rates(1e-5, 2e-4)}, "grid"),
    "grid of a narrow DCGAN on CIFAR-10": Case(
        "checkerboard",
        "dcgan_cifar10_32",
        {"model.width": 12, "batch_size": 64, **_rates(2e-3, 5e-4)},
        data="cifar10/train",
    ),
    "and on faces": Case(
        "checkerboard",
        "dcgan_cifar10_32",
        {"model.width": 12, "batch_size": 64, **_rates(2e-3, 5e-4)},
        data="celeba64/celeba",
    ),
    "momentum 0.9999": Case(
        "batch_norm", "dcgan_digits", {**_DCGAN, **_rates(2e-3, 5e-4)}, "momentum"
    ),
    "average without statistics": Case(
        "batch_norm", "dcgan_digits", {**_DCGAN, **_rates(2e-3, 5e-4)}, "forgetful"
    ),
    "dead units": Case("dead_channels", "dcgan_digits", {**_DCGAN, **_rates(2e-3, 5e-4)}, "dead"),
    "50 images with ADA": Case(
        "augment_saturated", "quickstart", {**_QUICK, "compile.augment": _ADA}, "fifty"
    ),
    "uniform fakes": Case(
        "label_law",
        "quickstart",
        {**_QUICK, "compile.fake_labels": "uniform"},
        "skewed",
        steps=_FEW,
    ),
}
_FAST = _rates(2e-3, 5e-4)
HEALTHY = {
    "InfoGAN": Case(
        "",
        "infogan_digits",
        {"compile.ema_half_life_images": 2_000},
        steps=2500,
    ),
    "WGAN": Case("", "wgan_digits", {"model.width": 12, "compile.ema_half_life_images": 2_000}),
    "dcgan": Case("", "dcgan_digits", {**_DCGAN, **_FAST}),
    "dcgan held out": Case("", "dcgan_digits", {**_DCGAN, **_FAST, "data.held_out": 0.05}),
    "hinge with spectral norm": Case("", "sngan_digits", {"model.width": 12}),
    "WGAN-GP": Case("", "wgan_gp_digits", {"model.width": 12, "compile.d_steps": 2}),
    "least squares": Case("", "dcgan_digits", {**_DCGAN, **_FAST, "compile.loss": "least_squares"}),
    "relativistic with R1 and R2": Case(
        "",
        "quickstart",
        {
            **_QUICK,
            "compile.loss": "relativistic_pairing",
            "compile.penalties": [
                {"name": "r1", "gamma": 0.1, "every": 2},
                {"name": "r2", "gamma": 0.1, "every": 2},
            ],
        },
    ),
    "quickstart": Case("", "quickstart", _QUICK),
    "conditional dcgan": Case(
        "", "cgan_digits", {"model.width": 8, "compile.ema_half_life_images": 2_000, **_FAST}
    ),
    "one class": Case("", "sngan_digits", {"model.width": 12}, "one_class"),
    "dark images": Case("", "quickstart", _QUICK, "dark"),
    "classes 1 to 10": Case("", "quickstart", _QUICK, "imbalanced"),
    "ring": Case(
        "",
        "gan_ring8",
        {
            "compile.steps_per_execution": 10,
            "compile.penalties": [{"name": "r1", "gamma": 1.0, "every": 1}],
        },
        steps=4000,
    ),
    "fashion": Case("", "dcgan_digits", {**_DCGAN, **_FAST}, data="fashion_mnist/fashion_mnist"),
    "digits by resnet": Case("", "sngan_digits", {"model.width": 12, "data.held_out": 0.05}),
}


def main(argv: list[str] | None = None) -> None:
    """Runs the cases and prints the table."""
    flags = _parse(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    chosen = {**({} if flags.only == "healthy" else BROKEN)}
    chosen |= {} if flags.only == "broken" else HEALTHY
    if flags.cases:
        chosen = {name: {**BROKEN, **HEALTHY}[name] for name in flags.cases.split(",")}
    right: dict[bool, list[int]] = {True: [], False: []}
    print(f"{'run':<24}{'seed':>5}  {'expected':<18}{'named':<48}{'step':>6}{'CPU s':>7}")
    for name, case in chosen.items():
        if case.data and not os.environ.get("TFGAN_TEST_DATA"):
            print(f"{name:<24}left out: TFGAN_TEST_DATA is not set")
            continue
        for seed in range(flags.seeds):
            start = time.process_time()
            found = run(case, seed, flags.steps)
            named = [row["name"] for row in found if row["severity"] != "note" or case.expected]
            right[bool(case.expected)].append(named[:1] == ([case.expected] or []))
            if not case.expected:
                right[False][-1] = not named
            step = found[0]["step"] if named else ""
            spent = time.process_time() - start
            shown = ", ".join(named) or "-"
            print(
                f"{name:<24}{seed:>5}  {case.expected or '-':<18}{shown:<48}{step:>6}{spent:>7.0f}",
                flush=True,
            )
            if flags.output:
                with open(flags.output, "a", encoding="utf-8") as file:
                    file.write(json.dumps({"run": name, "seed": seed, "found": found}) + "\n")
    for broken, title in ((True, "broken, right name first"), (False, "healthy, silent")):
        if right[broken]:
            print(f"{title}: {sum(right[broken])} of {len(right[broken])}")


def _parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--cases", default="")
    parser.add_argument("--only", choices=("", "broken", "healthy"), default="")
    parser.add_argument("--steps", type=int, default=None)
    parser.add_argument("--output", default="")
    return parser.parse_args(argv)


def run(case: Case, seed: int, steps: int | None = None) -> list[dict]:
    """Trains one case; returns what the doctor's summary holds, the first name first."""
    import keras

    from benchmarks import doctor_changes
    from trainers import callbacks, config
    from trainers import run as runs
    from trainers.errors import NonFiniteError

    keras.utils.clear_session()
    overrides = {
        **case.overrides,
        "steps": case.steps if steps is None else min(case.steps, steps),
        "seed": seed,
        "run.doctor": "log",
        "run.doctor_every": _EVERY,
        "run.report": False,
        "run.sample_every": 100_000,
        "run.checkpoint_every": 100_000,
    }
    settings = config.resolve(case.preset, overrides)
    if case.data:
        root = pathlib.Path(os.environ["TFGAN_TEST_DATA"])
        source = doctor_changes.read(root / f"{case.data}.npz", settings.recipe.model)
    else:
        settings, source = runs.prepare(settings)
    model = runs.build(settings)
    if case.change:
        source = getattr(doctor_changes, case.change)(source, model)
    with tempfile.TemporaryDirectory() as workdir, contextlib.redirect_stderr(io.StringIO()):
        with contextlib.suppress(NonFiniteError):
            runs.fit(settings, source, model, workdir)
        rows = callbacks.read_rows(os.path.join(workdir, "doctor.jsonl"))
    return _ranked(rows)


def _ranked(rows) -> list[dict]:
    """Every condition that was found, its first row, causes before consequences."""
    from trainers.doctor.conditions import ORDER

    first = {}
    for row in rows:
        if row["state"] == "found":
            first.setdefault(row["name"], row)
    return sorted(first.values(), key=lambda r: (r["because_of"] is not None, ORDER[r["name"]]))


if __name__ == "__main__":
    main()
