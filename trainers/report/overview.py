"""One page over many runs: a table that can be sorted and filtered."""

from __future__ import annotations

import dataclasses
import os
import sys
from urllib.parse import quote

from trainers import files
from trainers.errors import DiskError, UserError
from trainers.report import markup, reading, sections, storage
from trainers.report.charts import short
from trainers.report.images import thumbnail
from trainers.report.markup import Html, tag
from trainers.report.page import write_report
from trainers.report.reading import CONFIG, REPORT, Run

_DEPTH = 4  # levels of directories that are looked through
_FIELDS = ("run", "preset", "family", "step", "status")


@dataclasses.dataclass(frozen=True)
class Column:
    """The scores of one name and one protocol.

    Attributes:
        key: What `reading.protocol_key` gives for them.
        name: Of the scores.
        mark: "" where all scores of the name have one protocol, else a letter.
        better: "low", "high" or "none".
        protocol: How they were measured.
    """

    key: str
    name: str
    mark: str
    better: str
    protocol: dict


def write_overview(
    root: str, output: str | None = None, title: str = "Runs", reports: bool = True
) -> str:
    """Writes the page over the runs below a directory; returns its path.

    Args:
        root: Directory of run directories, at most four levels below.
        output: Where to; None: index.html in `root`.
        title: Heading of the page.
        reports: Whether to write the report of each run too; those of running ones are
            written by the runs.

    Raises:
        UserError: There is no run below `root`.
        DiskError: The page cannot be written.
    """
    root, path = str(root), output or os.path.join(root, "index.html")
    if files.is_local(root) and not os.path.isdir(root):
        raise UserError(f"No such directory: {root}.")
    runs, left_out = [], []
    for directory in storage.directories(root, _DEPTH, CONFIG):
        try:
            runs.append(reading.read_run(directory))
        except UserError as error:
            left_out.append(str(error))
    if not runs:
        reason = f" ({left_out[0]})" if left_out else ""
        raise UserError(f"{root} holds no run{reason}: train one with tfgan-train.")
    if reports:
        _write_reports(runs)
    storage.write(path, overview(runs, path, title, left_out))
    return path


def _write_reports(runs: list[Run]) -> None:
    """Writes the reports of runs that are not running; one that cannot be is told of."""
    for run in runs:
        if run.status != "running":
            try:
                write_report(run.workdir)
            except DiskError as error:
                print(f"warning: {error}", file=sys.stderr)


def overview(runs: list[Run], path: str, title: str, left_out=()) -> str:
    """Returns the page as text.

    Args:
        runs: In the order of the rows.
        path: Where the page will be: links to reports are relative to it.
        title: Its heading.
        left_out: Why directories are missing, a line each.
    """
    columns = score_columns(runs)
    newest = [reading.newest_scores(run) for run in runs]
    best = {column.key: _best(column, newest) for column in columns}
    body = [
        _row(run, path, columns, scores, best) for run, scores in zip(runs, newest, strict=True)
    ]
    head = [tag("th", "samples", scope="col"), *(_sortable(name) for name in _FIELDS)]
    head += [_score_header(column) for column in columns] + [_sortable("findings")]
    table = tag(
        "table",
        tag("caption", "Bold is the best of a column. Only scores of one protocol share a column."),
        tag("thead", tag("tr", head)),
        tag("tbody", body),
        id="runs",
        class_="runs",
    )
    controls = tag(
        "div",
        tag("label", "Filter", for_="filter"),
        tag("input", type="search", id="filter", placeholder="preset, family, status, ..."),
        tag("span", id="count", role="status"),
        class_="controls",
        id="controls",
        hidden=True,
    )
    content = [
        tag("header", tag("h1", title)),
        controls,
        tag("div", table, class_="scroll"),
        _protocols(columns),
        _left_out(left_out),
        sections.footer(),
    ]
    return markup.page(title, content, "overview.js", "overview")


def score_columns(runs: list[Run]) -> list[Column]:
    """Returns a column for each (name, protocol) of the runs' newest scores, by name."""
    found: dict[str, dict] = {}
    for run in runs:
        for key, score in reading.newest_scores(run).items():
            found.setdefault(key, score)
    names = [score["name"] for score in found.values()]
    seen: dict[str, int] = {}
    columns = []
    for key, score in sorted(found.items(), key=lambda item: item[1]["name"]):
        name = score["name"]
        seen[name] = seen.get(name, 0) + 1
        mark = _letter(seen[name]) if names.count(name) > 1 else ""
        columns.append(Column(key, name, mark, score.get("better", "none"), score["protocol"]))
    return columns


def _letter(number: int) -> str:
    """a, b, ..., z, then a26 and so on."""
    return chr(ord("a") + number - 1) if number <= 26 else f"a{number}"


def _best(column: Column, newest: list[dict]) -> float | None:
    """The best value of a column, None where there is nothing to compare."""
    values = [scores[column.key]["value"] for scores in newest if column.key in scores]
    pick = {"low": min, "high": max}.get(column.better)
    return pick(values) if pick and len(values) > 1 else None


def _sortable(name: str, shown: Html | None = None, first: str | None = None) -> Html:
    button = tag("button", shown or name, type="button")
    return tag("th", button, scope="col", aria_sort="none", data_first=first)


def _score_header(column: Column) -> Html:
    mark = tag("sup", column.mark) if column.mark else None
    first = "descending" if column.better == "high" else None
    return _sortable(column.name, tag("span", column.name, mark), first)


def _row(run: Run, path: str, columns, scores: dict, best: dict) -> Html:
    config, found = run.config, reading.open_findings(run)
    words = (run.workdir, config.get("preset"), config.get("family"), run.status)
    names = ", ".join(finding.get("title") or finding["name"] for finding in found)
    cells = [
        tag("td", _thumbnail(run)),
        tag("th", _link(run, path), scope="row", data_value=run.workdir),
        *(_cell(config.get(name) or "") for name in ("preset", "family")),
        _cell(run.step, f"{run.step:,} of {run.total:,}", class_="number"),
        _cell(run.status, sections.status(run)),
        *(_score(scores.get(column.key), best[column.key]) for column in columns),
        _cell(len(found), len(found), class_="number", title=names or None),
    ]
    return tag("tr", cells, data_text=" ".join(map(str, words)).lower())


def _cell(value, shown=None, **attributes) -> Html:
    return tag("td", value if shown is None else shown, data_value=value, **attributes)


def _score(score: dict | None, best: float | None) -> Html:
    if score is None:
        return tag("td", "", data_value="", class_="number")
    value, interval = score["value"], sections.interval(score)
    kind = "number best" if value == best else "number"
    return _cell(value, short(value), class_=kind, title=interval or None)


def _thumbnail(run: Run) -> Html | None:
    picture = thumbnail(run)
    if picture is None:
        return None
    alt = f"Samples of {run.name}"
    return tag("img", src=picture.uri, width=picture.width, height=picture.height, alt=alt)


def _link(run: Run, path: str) -> list[Html]:
    """The run's name, linked to its report where there is one, and where it is."""
    parent = os.path.dirname(os.path.normpath(run.workdir))
    place = tag("span", parent, class_="place") if parent else None
    if storage.read(os.path.join(run.workdir, REPORT)) is None:
        return [tag("span", run.name), place]
    return [tag("a", run.name, href=_address(run, path)), place]


def _address(run: Run, path: str) -> str:
    report = os.path.join(run.workdir, REPORT)
    if not (files.is_local(report) and files.is_local(path)):
        return report
    relative = os.path.relpath(report, os.path.dirname(path) or ".")
    return quote(relative if relative.startswith(".") else f"./{relative}")


def _protocols(columns: list[Column]) -> Html | None:
    """How each column was measured; where a name has several, only what differs is open."""
    if not columns:
        return None
    parts = []
    for name in dict.fromkeys(column.name for column in columns):
        alike = [column for column in columns if column.name == name]
        if len(alike) > 1:
            parts.append(_differences(name, alike))
    for column in columns:
        rows = [(field, reading.plain(value)) for field, value in column.protocol.items()]
        title = f"{column.name} {column.mark}".strip()
        inner = markup.table(f"Protocol of {title}", ("field", "value"), rows, class_="fields")
        parts.append(tag("details", tag("summary", title), inner))
    return sections.section("protocols", "How the scores were measured", parts)


def _differences(name: str, columns: list[Column]) -> Html:
    fields = dict.fromkeys(field for column in columns for field in column.protocol)
    rows = []
    for field in fields:
        values = [reading.plain(column.protocol.get(field)) for column in columns]
        if len(set(values)) > 1:
            rows.append([field, *values])
    header = ("field", *(f"{name} {column.mark}" for column in columns))
    caption = f"{name} was measured in {len(columns)} ways that do not compare"
    return markup.table(caption, header, rows, class_="fields")


def _left_out(lines) -> Html | None:
    if not lines:
        return None
    listed = tag("ul", [tag("li", line) for line in lines])
    return sections.section("left-out", "Left out", listed)
