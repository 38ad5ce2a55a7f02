"""The resolved configuration of a run: one plain dict, the only thing a run reads.

Imports neither TensorFlow nor Keras.
"""

from __future__ import annotations

import dataclasses
import json

from tfgan_models import presets
from tfgan_models.registry import near_matches
from trainers.errors import UserError

STRATEGIES = ("none", "mirrored", "multi_worker", "tpu")
CLUSTERS = ("tf_config", "slurm", "kubernetes")
DOCTOR = ("off", "log", "stop", "roll_back")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")

# Options of the run itself: they may differ between a start and its resumption.
RUN_DEFAULTS = {
    "checkpoint_every": 500,  # steps; the last step is saved too
    "keep": 3,  # newest checkpoints kept
    "keep_best": 0,  # best checkpoints kept besides, by `best_metric`
    "best_metric": "g_loss",  # a column of metrics.jsonl, or a metric of `evaluate`
    "best_mode": None,  # "min" or "max"; None: the metric's own direction, else "min"
    "log_every": 50,  # steps in a row of metrics.jsonl
    "warm_start": None,  # a run or an export whose weights the first step begins with
    "evaluate": [],  # metrics measured during the run, such as ["frechet_distance"]
    "evaluate_every": None,  # steps between measurements; None: checkpoint_every
    "evaluate_network": "auto",  # feature network of the metrics
    "evaluate_samples": 1000,  # generated images a measurement
    "doctor": "off",  # "log", "stop" or "roll_back": what to do about what it finds
    "doctor_every": 250,  # steps between its checks of pictures
    "report": True,  # report.html in the run directory
    "sample_every": None,  # steps between sample grids; None: 1, 2, 5, 10, 20, 50, ...
    "sample_columns": 10,  # samples a class, or columns of the square grid
    "virtual_devices": None,  # splits one CPU into so many devices, to try a strategy
    "cluster": "tf_config",  # where multi_worker finds its hosts
}
_TOP = ("preset", "family", "model", "compile", "data", "batch_size", "steps")
# What a resumed run may change.
FREE_FIELDS = ("steps", "strategy", "data.source", "skip_bad_files")


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that decides a run; see `resolve`."""

    preset: str
    recipe: presets.Preset
    seed: int
    strategy: str
    precision: str
    skip_bad_files: bool
    run: dict

    def to_dict(self) -> dict:
        """Returns the configuration as plain data, in the order it is printed."""
        recipe = dataclasses.asdict(self.recipe)
        recipe.pop("run")
        return {
            "preset": self.preset,
            **recipe,
            "seed": self.seed,
            "strategy": self.strategy,
            "precision": self.precision,
            "skip_bad_files": self.skip_bad_files,
            "run": dict(self.run),
        }

    @classmethod
    def from_dict(cls, values: dict) -> Config:
        """Reads `to_dict` back, as stored in a run directory."""
        values = dict(values)
        own = {k: values.pop(k) for k in ("preset", "seed", "strategy", "precision")}
        run, skip = {**RUN_DEFAULTS, **values.pop("run")}, values.pop("skip_bad_files")
        return cls(recipe=presets.Preset(**values), run=run, skip_bad_files=skip, **own)


def resolve(preset: str, overrides: dict | None = None) -> Config:
    """Makes the configuration of a run.

    Args:
        preset: Preset name.
        overrides: By dotted name: `seed`, `strategy`, `precision`, `skip_bad_files`,
            `run.*`, and every field of the preset.

    Raises:
        UserError: One line: an unknown preset, field or value; near matches are listed.
    """
    overrides = {k: v for k, v in (overrides or {}).items() if v is not None or "." in k}
    own = {
        "seed": overrides.pop("seed", 0),
        "strategy": overrides.pop("strategy", "none"),
        "precision": overrides.pop("precision", "float32"),
        "skip_bad_files": overrides.pop("skip_bad_files", False),
    }
    try:
        recipe = presets.get(preset)
        run = _run_options(recipe.run, overrides)
        for path in overrides:
            _refuse_unknown_top(path)
        recipe = recipe.override(overrides)
    except ValueError as error:
        raise UserError(str(error)) from error
    config = Config(preset, recipe, run=run, **own)
    _check(config)
    return config


def _run_options(preset_run: dict, overrides: dict) -> dict:
    run = {**RUN_DEFAULTS, **preset_run}
    for path in [p for p in overrides if p.split(".")[0] == "run"]:
        name = path.partition(".")[2]
        if name not in RUN_DEFAULTS:
            raise ValueError(f"Unknown field '{path}'.{near_matches(name, RUN_DEFAULTS)}")
        run[name] = overrides.pop(path)
    if isinstance(run["evaluate"], str):
        run["evaluate"] = [name.strip() for name in run["evaluate"].split(",") if name.strip()]
    return run


def _refuse_unknown_top(path: str) -> None:
    head = path.split(".")[0]
    if head not in _TOP[1:] or (head in ("model", "compile", "data") and "." not in path):
        known = [*_TOP[1:], "run", "seed", "strategy", "precision"]
        raise ValueError(f"Unknown field '{path}'.{near_matches(head, known)}")


def _check(config: Config) -> None:
    for name, value, known in (
        ("strategy", config.strategy, STRATEGIES),
        ("precision", config.precision, PRECISIONS),
        ("run.cluster", config.run["cluster"], CLUSTERS),
        ("run.best_mode", config.run["best_mode"] or "min", ("min", "max")),
        ("run.doctor", config.run["doctor"], DOCTOR),
    ):
        if value not in known:
            raise UserError(f"{name} is {value!r}.{near_matches(str(value), known)}")
    run, recipe = config.run, config.recipe
    positive = {
        "steps": recipe.steps,
        "batch_size": recipe.batch_size,
        "run.checkpoint_every": run["checkpoint_every"],
        "run.keep": run["keep"],
        "run.log_every": run["log_every"],
        "run.sample_columns": run["sample_columns"],
        "run.evaluate_every": run["evaluate_every"] or run["checkpoint_every"],
        "run.evaluate_samples": run["evaluate_samples"],
        "run.doctor_every": run["doctor_every"],
        "run.sample_every": 1 if run["sample_every"] is None else run["sample_every"],
        "run.virtual_devices": 1 if run["virtual_devices"] is None else run["virtual_devices"],
    }
    for name, value in positive.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise UserError(f"{name} must be a positive whole number; got {value!r}.")
    if not isinstance(run["keep_best"], int) or run["keep_best"] < 0:
        raise UserError(f"run.keep_best must be 0 or more; got {run['keep_best']!r}.")
    if not isinstance(run["warm_start"], (str, type(None))):
        raise UserError(f"run.warm_start must be a directory; got {run['warm_start']!r}.")
    _check_evaluation(run)
    held_out = recipe.data.get("held_out", 0.0)
    if not isinstance(held_out, (int, float)) or not 0.0 <= held_out <= 0.5:
        raise UserError(f"data.held_out must be a share in [0, 0.5]; got {held_out!r}.")
    labelled = recipe.data.get("labelled", 1.0)
    if not isinstance(labelled, (int, float)) or not 0.0 < labelled <= 1.0:
        raise UserError(f"data.labelled must be a share in (0, 1]; got {labelled!r}.")
    if not isinstance(config.seed, int):
        raise UserError(f"seed must be a whole number; got {config.seed!r}.")
    together = recipe.compile.get("steps_per_execution", 1)
    for name in (
        "steps",
        "run.checkpoint_every",
        "run.log_every",
        "run.sample_every",
        "run.evaluate_every",
    ):
        if positive[name] % together and not (
            name == "run.sample_every" and run["sample_every"] is None
        ):
            raise UserError(
                f"{name}={positive[name]} must be a multiple of compile.steps_per_execution="
                f"{together}."
            )


def _check_evaluation(run: dict) -> None:
    """Refuses metrics that are none, and a best one that they or their direction contradict."""
    if not run["evaluate"] and not run["keep_best"]:
        return
    from trainers.evaluation import table

    names = run["evaluate"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UserError(f'run.evaluate must be a list of metrics, ["mind"]; got {names!r}.')
    table.check_names(names)
    best, found = run["best_metric"], table.metrics_of(str(run["best_metric"]))
    if not run["keep_best"] or not found:
        return
    if not measured(run):
        raise UserError(
            f"run.best_metric={best} is not measured: add {' or '.join(found)} to run.evaluate."
        )
    every = run["evaluate_every"] or run["checkpoint_every"]
    if run["checkpoint_every"] % every:
        raise UserError(
            f"run.checkpoint_every={run['checkpoint_every']} must be a multiple of "
            f"run.evaluate_every={every}, or some checkpoints have no {best}."
        )
    direction = _direction(run)
    if direction is None and run["best_mode"] is None:
        raise UserError(f"{best} has no better direction: set run.best_mode to min or max.")
    if direction and run["best_mode"] not in (None, direction):
        raise UserError(
            f"run.best_mode={run['best_mode']} would keep the worst: {best} is better "
            f"{'lower' if direction == 'min' else 'higher'}; leave run.best_mode out."
        )


def measured(run: dict) -> bool:
    """Whether `run.evaluate` measures `run.best_metric`."""
    from trainers.evaluation import table

    return bool({*table.metrics_of(run["best_metric"])} & {*run["evaluate"]})


def best_mode(run: dict) -> str:
    """Which values of `run.best_metric` are best: "min" or "max"."""
    return run["best_mode"] or _direction(run) or "min"


def _direction(run):
    """The direction of a measured best metric, None of others and of those without any."""
    from trainers.evaluation import table

    found = table.metrics_of(run["best_metric"])
    directions = {better for metric, better in found.items() if metric in run["evaluate"]}
    return {"low": "min", "high": "max"}.get(directions.pop()) if len(directions) == 1 else None


def parse_assignments(texts: list[str]) -> dict:
    """Reads `--set` texts "a.b=value"; values are JSON, else strings; "none" is None.

    Raises:
        UserError: A text without "=" or without a name.
    """
    values = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UserError(f"--set takes field=value, such as run.keep=5; got {text!r}.")
        values[name.strip()] = parse_value(value.strip())
    return values


def parse_value(text: str):
    """Returns JSON as what it says, none/true/false in any case, anything else as text."""
    lowered = {"none": None, "true": True, "false": False}
    if text.lower() in lowered:
        return lowered[text.lower()]
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def differences(stored: dict, wanted: dict, prefix: str = "") -> list[str]:
    """Returns "field: stored -> wanted" for each difference that a resume refuses."""
    lines = []
    for key in sorted({*stored, *wanted}):
        path = f"{prefix}{key}"
        old, new = stored.get(key), wanted.get(key)
        if path in FREE_FIELDS or path == "run":
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            lines += differences(old, new, f"{path}.")
        elif old != new:
            lines.append(f"{path}: {old!r} -> {new!r}")
    return lines
