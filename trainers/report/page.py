"""report.html of one run."""

from __future__ import annotations

import os

from trainers.report import markup, recipe, sections, storage
from trainers.report.images import Grids
from trainers.report.reading import REPORT, Run, read_run


def write_report(
    workdir: str, output: str | None = None, status: str | None = None, grids: Grids | None = None
) -> str:
    """Writes the page of a run; returns its path.

    Args:
        workdir: Run directory.
        output: Where to; None: report.html in the run directory.
        status: Of the run, where the caller knows it: "running", "finished", "stopped".
        grids: Keeps encoded pictures between calls; None: a new one.

    Raises:
        UserError: It is no run directory, or its configuration is damaged.
        DiskError: The page cannot be written.
    """
    run = read_run(workdir, status)
    path = output or os.path.join(run.workdir, REPORT)
    storage.write(path, report(run, grids or Grids()))
    return path


def report(run: Run, grids: Grids) -> str:
    """Returns the page of a run as text."""
    body = [
        sections.header(run),
        sections.samples(run, grids.encode(run)),
        sections.findings(run),
        sections.scores(run),
        sections.curves(run),
        recipe.commands(run),
        recipe.configuration(run),
        sections.footer(),
    ]
    return markup.page(f"{run.name}: training report", body, "report.js", "report")
