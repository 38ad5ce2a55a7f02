"""How to go on with a run, and everything that decided it."""

from __future__ import annotations

import json
import os
import shlex

from trainers import config as configs
from trainers.report import reading
from trainers.report.markup import Html, table, tag
from trainers.report.reading import Run
from trainers.report.sections import section


def commands(run: Run) -> Html:
    """What to run next, ready to be copied."""
    where = shlex.quote(f"--workdir={run.workdir}")
    picture = shlex.quote(f"--output={os.path.join(run.workdir, 'more.png')}")
    module = shlex.quote(f"--output={os.path.join(run.workdir, 'export')}")
    lines = {
        "Draw more samples": f"tfgan-sample {where} {picture}",
        "Measure": f"tfgan-evaluate {where}",
        "Export the generator": f"tfgan-export {where} {module}",
        "Go on with the run, or repeat it elsewhere": train_command(run),
    }
    shown = [
        tag("div", tag("p", name), tag("pre", tag("code", line), tabindex=0))
        for name, line in lines.items()
    ]
    return section("commands", "Next", shown)


def train_command(run: Run) -> str:
    """Returns the `tfgan-train` command of a run, with every value that it changes."""
    config = run.config
    words = [f"--preset={config.get('preset')}", f"--workdir={run.workdir}"]
    named = {"data.source": "data", "steps": "steps", "batch_size": "batch_size"}
    for field, _, value in reading.overrides(config):
        if field in named:
            words.append(f"--{named[field]}={value}")
        elif field.partition(".")[0] in ("model", "compile", "data"):
            words.append(f"--set={field}={_setting(value)}")
    for flag, default in (("seed", 0), ("strategy", "none"), ("precision", "float32")):
        if config.get(flag, default) != default:
            words.append(f"--{flag}={config[flag]}")
    if config.get("skip_bad_files"):
        words.append("--skip_bad_files")
    usual = {**configs.RUN_DEFAULTS, **reading.preset_run(config)}
    for name, value in config.get("run", {}).items():
        if name in usual and usual[name] != value:
            words.append(f"--set=run.{name}={_setting(value)}")
    return shlex.join(["tfgan-train", *words])


def _setting(value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def configuration(run: Run) -> Html:
    """Everything that decides the run, folded; what differs from the preset first."""
    config = run.config
    changed = [
        (f, reading.plain(old), reading.plain(new)) for f, old, new in reading.overrides(config)
    ]
    everything = [(name, reading.plain(value)) for name, value in reading.flat(config)]
    names = ("field", "preset", "this run")
    return section(
        "configuration",
        "Configuration",
        table("Differs from the preset", names, changed, class_="fields")
        if changed
        else tag("p", "The preset as it is."),
        _starts(run),
        tag(
            "details",
            tag("summary", "Every field of config.json"),
            table("config.json", ("field", "value"), everything, class_="fields"),
        ),
    )


def _starts(run: Run) -> Html:
    if not run.starts:
        return tag("p", "The versions that it ran with were not recorded.")
    columns = list(dict.fromkeys(name for start in run.starts for name in start))
    rows = [[reading.plain(start.get(name)) for name in columns] for start in run.starts]
    return table("Starts and resumptions", columns, rows, class_="fields")
