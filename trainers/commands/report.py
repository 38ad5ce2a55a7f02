"""tfgan-report: the page of a run, or of many runs. Needs no TensorFlow but for buckets."""

from __future__ import annotations

import os
import sys

from trainers.commands.base import EXIT_CODES, Command
from trainers.errors import UserError


def command() -> Command:
    """Returns the command with its flags."""
    it = Command(
        "tfgan-report",
        "--workdir=DIR or --runs=DIR [--output=FILE.html]",
        "Writes the page of a run (samples over time, curves, findings, metrics, configuration),\n"
        "or one page over all runs below a directory. A page is one file and needs no network.",
        "examples:\n"
        "  tfgan-report --workdir=runs/digits\n"
        "  tfgan-report --runs=runs --output=index.html\n\n"
        f"{EXIT_CODES}",
    )
    it.define("string", "workdir", None, "Run directory, of a finished or a running run.")
    it.define("string", "runs", None, "Directory with run directories, at most four levels below.")
    it.define(
        "string",
        "output",
        None,
        "HTML file. The default is report.html in --workdir, index.html in --runs.",
    )
    it.define("string", "title", "Runs", "Heading of the page over many runs.")
    it.define(
        "boolean",
        "reports",
        True,
        "With --runs, also write report.html of each run that no process works on.",
    )
    return it


def main(flags) -> None:
    """Runs the command with parsed flags."""
    if (not flags.workdir) == (not flags.runs):
        raise UserError("give --workdir=DIR of a run or --runs=DIR with many, one of them.")
    where = flags.workdir or flags.runs
    if not os.path.isdir(where) and "://" not in where:
        raise UserError(f"No such directory: {where}.")
    _check_output(flags.output)
    from trainers import report

    if flags.workdir:
        print(report.write_report(where, flags.output))
    else:
        print(report.write_overview(where, flags.output, flags.title, flags.reports))


def _check_output(output: str | None) -> None:
    if output is None or "://" in output:
        return
    if not output.endswith(".html"):
        raise UserError(f"--output={output} must end in .html.")
    parent = os.path.dirname(output)
    if parent and not os.path.isdir(parent):
        raise UserError(f"--output: no such directory: {parent}.")


def cli() -> None:
    """Entry point of the console script."""
    sys.exit(command().run(main))


if __name__ == "__main__":
    cli()
