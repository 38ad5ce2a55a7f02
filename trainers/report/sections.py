"""The sections of a run's page, each from the run as read."""

from __future__ import annotations

import datetime
import shlex
import statistics

from trainers.report import charts, reading
from trainers.report.charts import short
from trainers.report.images import Picture
from trainers.report.markup import Html, table, tag
from trainers.report.reading import Run

_LOSSES = ("d_loss", "g_loss")
_LOGITS = ("d_real", "d_fake")
ARROWS = {"low": "lower is better", "high": "higher is better"}
_SEVERITIES = ("error", "warning", "note")


def section(identifier: str, title: str, *children) -> Html:
    """Returns a section with a heading."""
    head = tag("h2", title, id=f"{identifier}-title")
    return tag("section", head, children, id=identifier, aria_labelledby=f"{identifier}-title")


def header(run: Run) -> Html:
    """The run's name, how far it is, and what it is."""
    config = run.config
    rate = [value for _, value in reading.points(run.timings, "images_per_second")]
    facts = {
        "preset": config.get("preset"),
        "family": config.get("family"),
        "data": config.get("data", {}).get("source"),
        "batch": config.get("batch_size"),
        "seed": config.get("seed"),
        "speed": f"{short(statistics.median(rate))} images a second" if rate else None,
    }
    shown = [(name, value) for name, value in facts.items() if value is not None]
    return tag(
        "header",
        tag("p", "Training report", class_="kicker"),
        tag("h1", run.name),
        tag("p", status(run), f" step {run.step:,} of {run.total:,}"),
        tag("progress", value=min(run.step, run.total), max=run.total, aria_label="steps done"),
        tag("dl", [tag("div", tag("dt", n), tag("dd", v)) for n, v in shown], class_="facts"),
    )


def status(run: Run) -> Html:
    """The run's status as a badge."""
    return tag("span", run.status, class_=f"badge {run.status}")


def samples(run: Run, pictures: dict[int, Picture]) -> Html:
    """The grids over time: the last one, and a slider where scripts run."""
    if not pictures:
        return section("samples", "Samples", tag("p", "No pictures yet."))
    last = max(pictures)
    batch = run.config.get("batch_size") or 0
    shown = []
    for step, picture in pictures.items():
        caption = f"Step {step:,}, after {step * batch:,} images"
        image = tag(
            "img",
            src=picture.uri,
            width=picture.width,
            height=picture.height,
            alt=f"Grid of generated samples at step {step:,}",
        )
        shown.append(
            tag("figure", image, tag("figcaption", caption), class_="grid", hidden=step != last)
        )
    count = len(pictures)
    controls = tag(
        "div",
        tag("button", "Play", type="button", id="play"),
        tag("label", "Time", for_="time"),
        tag("input", type="range", id="time", min=0, max=count - 1, value=count - 1, step=1),
        class_="controls",
        id="controls",
        hidden=True,
    )
    note = "The same latents at each step."
    if count < len(run.grids):
        note += f" {count} of the {len(run.grids)} grids are shown; samples/ has all."
    return section("samples", "Samples", tag("p", note), controls if count > 1 else None, shown)


def findings(run: Run) -> Html:
    """What the doctor has found, the open findings first."""
    still = sorted(reading.open_findings(run), key=_rank)
    names = {finding["name"] for finding in still}
    gone = {f["name"]: f for f in run.findings if f["name"] not in names}
    if not run.findings:
        off = run.config.get("run", {}).get("doctor", "off") == "off"
        text = "The doctor was off; --set=run.doctor=log turns it on." if off else "No findings."
        return section("findings", "Doctor", tag("p", text))
    parts = [_finding(finding) for finding in still] or [tag("p", "No open findings.")]
    if gone:
        listed = tag("ul", [tag("li", _gone(finding)) for finding in gone.values()])
        parts.append(tag("details", tag("summary", f"{len(gone)} gone again"), listed))
    return section("findings", "Doctor", parts)


def _rank(finding: dict) -> int:
    severity = finding.get("severity")
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)


def _gone(finding: dict) -> str:
    return f"{finding.get('title') or finding['name']}, gone at step {finding['step']:,}"


def _finding(finding: dict) -> Html:
    severity = finding.get("severity", "note")
    kind = severity if severity in _SEVERITIES else "note"
    cause, suggestion = finding.get("because_of"), finding.get("suggestion")
    head = tag(
        "h3",
        tag("span", severity, class_=f"badge {kind}"),
        " ",
        finding.get("title") or finding["name"],
    )
    numbers = [
        f"{name} {short(finding[key])}"
        for name, key in (("value", "value"), ("limit", "limit"))
        if reading.is_number(finding.get(key))
    ]
    where = ", ".join([f"step {finding['step']:,}", *numbers])
    return tag(
        "article",
        head,
        tag("p", finding["message"]),
        tag("p", finding.get("meaning")) if finding.get("meaning") else None,
        tag("p", "Try: ", tag("code", suggestion)) if suggestion else None,
        tag("p", f"A consequence of {cause}.") if cause else None,
        tag("p", where, class_="quiet"),
        class_=f"finding {kind}",
    )


def scores(run: Run) -> Html:
    """The newest score of each protocol, its course where there is one, and the protocols."""
    newest = reading.newest_scores(run)
    if not newest:
        command = tag("code", f"tfgan-evaluate --workdir={shlex.quote(run.workdir)}")
        return section("scores", "Metrics", tag("p", "Not measured yet: ", command))
    rows, courses, protocols = [], [], []
    for number, (key, score) in enumerate(newest.items(), 1):
        course = [s for s in run.scores if reading.protocol_key(s) == key]
        direction = ARROWS.get(score.get("better"), "no better direction")
        link = tag("a", f"protocol {number}", href=f"#protocol-{number}")
        rows.append(
            [score["name"], short(score["value"]), interval(score), _best(course), direction]
        )
        rows[-1] += [f"{score['step']:,}", link]
        if len({s["step"] for s in course}) > 1:
            title = f"{score['name']} ({direction}; protocol {number})"
            renamed = [{**s, score["name"]: s["value"]} for s in course]
            name = f"score-{number}"
            courses.append(charts.chart(name, title, renamed, [score["name"]], ("low", "high")))
        protocols.append(_protocol(number, score))
    columns = ("metric", "newest", "interval", "best", "direction", "step", "how measured")
    caption = "Scores compare only with scores of the same protocol"
    return section(
        "scores",
        "Metrics",
        table(caption, columns, rows, class_="numbers"),
        tag("div", courses, class_="charts"),
        tag("details", tag("summary", "Protocols"), protocols),
    )


def interval(score: dict) -> str:
    """Returns the interval of a score with its level, "" where it has none."""
    if not (reading.is_number(score.get("low")) and reading.is_number(score.get("high"))):
        return ""
    level = score.get("level")
    share = f" ({100 * level:g} %)" if reading.is_number(level) else ""
    return f"{short(score['low'])} to {short(score['high'])}{share}"


def _best(course: list[dict]) -> str:
    pick = {"low": min, "high": max}.get(course[-1].get("better"))
    known = [score for score in course if reading.is_number(score["value"])]
    if pick is None or not known:
        return ""
    best = pick(known, key=lambda score: score["value"])
    return f"{short(best['value'])} at step {best['step']:,}"


def _protocol(number: int, score: dict) -> Html:
    rows = [(name, reading.plain(value)) for name, value in score["protocol"].items()]
    caption = f"Protocol {number}: {score['name']}"
    return tag(
        "div", table(caption, ("field", "value"), rows, class_="fields"), id=f"protocol-{number}"
    )


def curves(run: Run) -> Html:
    """Losses, mean logits and all other columns of the rows."""
    if not run.rows:
        return section("curves", "Curves", tag("p", "No rows yet."))
    known = ("step", "images", *_LOSSES, *_LOGITS)
    others = list(dict.fromkeys(n for row in run.rows for n in row if n not in known))
    drawn = [
        charts.chart("losses", "Losses, means over each row", run.rows, list(_LOSSES)),
        charts.chart("logits", "Mean discriminator output", run.rows, list(_LOGITS)),
    ]
    drawn += [
        charts.chart(f"column-{i}", f"{name} (before weighting)", run.rows, [name])
        for i, name in enumerate(others)
    ]
    speed = "Images a second"
    rate = [{"step": t["step"], speed: t["images_per_second"]} for t in run.timings]
    drawn.append(charts.chart("speed", speed, rate, [speed]))
    hint = "Point at a curve, or focus it and press the arrow keys, to read its values."
    return section(
        "curves",
        "Curves",
        tag("p", hint, class_="script", hidden=True),
        tag("div", drawn, class_="charts"),
    )


def footer() -> Html:
    """When the page was written."""
    now = datetime.datetime.now(datetime.UTC)
    shown = tag("time", f"{now:%Y-%m-%d %H:%M} UTC", datetime=now.isoformat(timespec="seconds"))
    return tag("footer", tag("p", "Written ", shown, " by tfgan-report."))
