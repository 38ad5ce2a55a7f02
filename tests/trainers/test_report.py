"""report.html: what it shows is what the run's files say, and nothing can break its markup."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import trainers
from tests.trainers.report_pages import Page, finding, score, write_findings, write_scores
from trainers import callbacks, config, pictures, report
from trainers.commands import train
from trainers.errors import DiskError, UserError
from trainers.report import charts, images, markup, reading


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A finished run that wrote its report itself."""
    workdir = tmp_path_factory.mktemp("report") / "run"
    trainers.fit_preset("dcgan_tiny", workdir, run__report=True)
    return workdir


@pytest.fixture
def workdir(original, tmp_path):
    """A copy of it that a test may change."""
    return shutil.copytree(original, tmp_path / "run")


def written(workdir, **options) -> Page:
    """Writes and reads the report of a run; the page must be sound."""
    with open(report.write_report(workdir, **options), encoding="utf-8") as file:
        page = Page(file.read())
    assert page.problems == []
    return page


def test_a_run_writes_its_report(original):
    page = Page((original / "report.html").read_text())
    assert page.problems == []
    assert page.text("h1") == "run"
    assert "finished step 20 of 20" in page.text("header")
    for part in ("dcgan_tiny", "dcgan", "embedded:digits"):
        assert part in page.text("dl")
    grids = page.all("figure", class_="grid")
    assert [("hidden" in grid) for grid in grids] == [True] * 4 + [False]
    assert all(image["alt"] for image in page.all("img"))
    assert tf.__version__ in page.text("table")
    starts = (original / "starts.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in starts] == [0]


def test_grids_are_the_files_of_the_run(original):
    page = Page((original / "report.html").read_text())
    for image, step in zip(page.all("img"), (1, 2, 5, 10, 20), strict=True):
        data = (original / "samples" / f"step-{step:08d}.png").read_bytes()
        assert image["src"] == images._uri("png", data)


def blocks(text: str) -> dict:
    """{id: values} of the data blocks of a page."""
    found = re.findall(r'<script id="([^"]+)" type="application/json">(.*?)</script>', text)
    return {name: json.loads(values) for name, values in found}


def test_curves_are_the_rows(original):
    data = blocks((original / "report.html").read_text())
    rows = callbacks.read_rows(str(original / "metrics.jsonl"))
    losses = data["losses-data"]
    assert losses["steps"] == [row["step"] for row in rows]
    for name, values in zip(losses["names"], losses["series"], strict=True):
        np.testing.assert_allclose(values, [row[name] for row in rows], rtol=1e-5)
    titles = Page((original / "report.html").read_text()).text("figcaption")
    assert "weight_decay (before weighting)" in titles and "Images a second" in titles


def test_scores_show_value_interval_and_protocol(workdir):
    write_scores(workdir, [(10, score(40.0)), (20, score(60.0)), (20, score(9.0, seed=1))])
    page = written(workdir)
    table = page.text("table")
    assert "proxy_fid[digits]" in table
    assert "54 to 66 (95 %)" in table and "40 at step 10" in table
    assert len(page.all("figure", id="score-1")) == 1  # two steps of one protocol
    assert len(page.all("figure", id="score-2")) == 0  # the other protocol has one
    assert "fedcba9876543210" in table
    data = blocks((workdir / "report.html").read_text())
    assert data["score-1-data"]["series"] == [[40.0, 60.0]]


def test_findings_are_told_as_they_stand(workdir):
    rows = [
        finding(5, "labels", because_of="collapse"),
        finding(5, "collapse", severity="error"),
        finding(10, "overfit"),
        finding(15, "overfit", state="gone"),
    ]
    write_findings(workdir, rows)
    page = written(workdir)
    told = page.text("article")
    assert told.index("Title of collapse") < told.index("Title of labels")
    assert "A consequence of collapse" in told and "value 0.25, limit 0.5" in told
    assert "overfit" not in told and "Title of overfit, gone at step 15" in page.text("details")
    assert "--set=compile.augment=ada" in page.text("code")


def test_a_page_without_measurements_says_so(workdir):
    text = written(workdir).text()
    assert "tfgan-evaluate --workdir" in text and "Not measured yet" in text


NASTY = "\"><script>alert(1)</script><!-- & ' </title>"


def test_nothing_can_break_the_markup(workdir):
    rows = [
        {"step": 5, NASTY: 1.0, "d_loss": 2.0},
        {"step": 20, NASTY: float("nan"), "d_loss": 3.0},
    ]
    (workdir / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    write_findings(workdir, [finding(5, NASTY, severity=NASTY, suggestion=NASTY)])
    write_scores(workdir, [(5, score(1.0, metric=f"ms_ssim.{NASTY}")), (20, score(2.0))])
    stored = json.loads((workdir / "config.json").read_text())
    stored["data"]["source"] = stored["preset"] = NASTY
    (workdir / "config.json").write_text(json.dumps(stored))
    nasty = workdir.parent / NASTY.replace("/", ":")
    workdir.rename(nasty)
    page = written(nasty)
    assert page.text("h1") == nasty.name
    assert NASTY in page.text("dl") and NASTY in page.text("article")
    scripts = page.all("script")
    assert sum("type" not in script for script in scripts) == 1
    assert scripts[-1] == {}  # ours, whose digest the policy names
    policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    overview = Page(open(report.write_overview(nasty.parent), encoding="utf-8").read())
    assert overview.problems == [] and nasty.name in overview.text("tbody")


def test_markup_escapes_all_but_markup():
    inner = markup.tag("b", "<&>", title='"<')
    assert inner == '<b title="&quot;&lt;">&lt;&amp;&gt;</b>'
    assert markup.tag("p", inner, [1, None], hidden=True, id=None) == f"<p hidden>{inner}1</p>"
    block = markup.data_block("x", ["</script><!--"])
    assert block.count("<") == 2
    assert json.loads(block[block.index(">") + 1 : block.rindex("<")]) == ["</script><!--"]
    with pytest.raises(ValueError):
        markup.data_block("x", [float("nan")])


@pytest.mark.parametrize("count", [1, 2, 39, 40, 41, 80, 81, 1000])
def test_few_grids_of_many_are_chosen(count):
    steps = list(range(10, 10 * count + 1, 10))
    chosen = images.choose(steps)
    assert len(chosen) <= images.MAX_GRIDS and set(chosen) <= set(steps)
    assert chosen == sorted(set(chosen)) and chosen[0] == steps[0] and chosen[-1] == steps[-1]
    if count <= images.MAX_GRIDS:
        assert chosen == steps
    else:
        assert len(chosen) >= images.MAX_GRIDS // 2
        # Nothing is chosen now that was passed over before, so that nothing is encoded late.
        assert set(chosen[:-1]) <= set(images.choose(steps[:-1]))


def test_a_grid_is_bounded_and_encoded_once(workdir):
    path = workdir / "samples" / "step-00000020.png"
    noise = np.random.default_rng(0).integers(0, 256, (1200, 1200, 3), np.uint8)
    path.write_bytes(pictures.encode_png(noise))
    grids = images.Grids()
    first = grids.encode(reading.read_run(workdir))
    assert len(first[20].uri) * images.MAX_GRIDS < 5.5e6
    path.write_bytes(b"")  # so a second reading would find nothing
    assert grids.encode(reading.read_run(workdir)) == first
    assert 20 not in images.Grids().encode(reading.read_run(workdir))


def test_thinning_keeps_the_extremes_and_short_runs_whole():
    rng = np.random.default_rng(0)
    rows = [{"step": i, "a": float(a), "b": float(-a)} for i, a in enumerate(rng.normal(size=5000))]
    rows[1234]["a"], rows[777]["b"] = 99.0, -99.0
    rows[50]["a"] = float("nan")
    kept = charts.thin(rows, ["a", "b"], buckets=100)
    assert len(kept) <= 401 and kept[-1] is rows[-1]
    assert rows[1234] in kept and rows[777] in kept
    assert [row["step"] for row in kept] == sorted({row["step"] for row in kept})
    assert charts.thin(rows[:200], ["a"], buckets=100) == rows[:200]


@pytest.mark.parametrize("low, high", [(0, 1), (-3.2, 4.7), (1e-9, 3e-9), (0, 123456), (5, 5.001)])
def test_ticks_are_round_and_inside(low, high):
    found = charts.ticks(low, high)
    assert 2 <= len(found) <= 7
    gap = found[1] - found[0]
    slack = 1e-6 * gap
    assert all(low - slack <= value <= high + slack for value in found)
    digits = gap / 10 ** np.floor(np.log10(gap) + 1e-9)
    assert np.isclose(digits, [1, 2, 5], rtol=1e-4).any()
    assert charts.Axis(low, high, 300, 10).place(low) == 300
    assert charts.Axis(low, high, 300, 10).place((low + high) / 2) == 155


def test_one_outlier_does_not_flatten_a_curve():
    rows = [{"step": i, "d_loss": float(i % 2)} for i in range(1, 101)]
    rows[3]["d_loss"] = 1e6
    page = Page(charts.chart("x", "Losses", rows, ["d_loss"]))
    heights = [float(p.split(",")[1]) for p in page.all("polyline")[0]["points"].split()]
    assert max(heights) - min(heights) > 100
    assert "1 of 100 rows reach beyond the axis" in page.text("p")


@pytest.mark.parametrize("rows", [[], [{"step": 1}], [{"step": 1, "a": float("inf")}]])
def test_a_chart_without_values_is_nothing(rows):
    assert charts.chart("x", "title", rows, ["a"]) == ""


COMMANDS = [
    ("cgan_tiny", {}),
    ("cgan_tiny", {"seed": 3, "steps": 40, "batch_size": 16, "run.keep": 7}),
    ("quickstart", {"data.source": "folder:my photos/é", "compile.penalties": []}),
    ("quickstart", {"compile.loss": "least_squares", "model.width": 8}),
    ("dcgan_digits", {"compile.augment": None, "compile.generator_optimizer.beta_1": 0.25}),
    ("dcgan_tiny", {"precision": "mixed_bfloat16", "skip_bad_files": True, "strategy": "mirrored"}),
]


@pytest.mark.parametrize("preset, overrides", COMMANDS)
def test_the_command_repeats_the_run(tmp_path, capsys, preset, overrides):
    wanted = config.resolve(preset, dict(overrides)).to_dict()
    directory = tmp_path / "a run; echo"
    directory.mkdir()
    (directory / "config.json").write_text(json.dumps(wanted))
    page = written(directory)
    shown = [line for line in page.texts["code"] if line.startswith("tfgan-train ")][0]
    arguments = shlex.split(shown)[1:]
    assert f"--workdir={directory}" in arguments
    assert train.command().run(train.main, [*arguments, "--dry_run"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(wanted))


def test_damaged_lines_and_pictures_are_passed_over(workdir):
    for name in ("metrics.jsonl", "timings.jsonl", "scores.jsonl", "doctor.jsonl", "starts.jsonl"):
        with open(workdir / name, "a") as file:
            file.write('{"step": "x"}\n[1]\nnull\n\xff\n{"step": 20, "d_lo')
    (workdir / "samples" / "step-00000010.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 50)
    (workdir / "samples" / "step-x.png").write_text("")
    page = written(workdir)
    assert len(page.all("figure", class_="grid")) == 4
    assert "step 20 of 20" in page.text("header")


@pytest.mark.parametrize("text", [None, "{", "[]", "{}", '{"steps": "many"}'])
def test_no_run_is_one_line(tmp_path, text):
    if text is not None:
        (tmp_path / "config.json").write_text(text)
    with pytest.raises(UserError, match="no run directory" if text is None else "is damaged"):
        report.write_report(tmp_path)
    with pytest.raises(UserError, match="holds no run"):
        report.write_overview(tmp_path)


def test_status(workdir):
    assert reading.read_run(workdir).status == "finished"
    rows = (workdir / "metrics.jsonl").read_text().splitlines(keepends=True)
    (workdir / "metrics.jsonl").write_text("".join(rows[:-1]))
    (workdir / "samples" / "step-00000020.png").unlink()
    assert reading.read_run(workdir).status == "stopped"
    with open(workdir / "lock", "r+") as file:
        file.write(str(os.getpid()))
        file.truncate()
        file.flush()
        assert reading.read_run(workdir).status == "stopped"  # alive, but does not hold it
        fcntl.flock(file, fcntl.LOCK_EX)
        assert reading.read_run(workdir).status == "running"
    assert "stopped step 15 of 20" in written(workdir).text("header")
    assert "running" in written(workdir, status="running").text("header")


def test_a_run_that_stops_leaves_a_report(tmp_path):
    directory = tmp_path / "run"
    with pytest.raises(UserError, match="not finite"):
        trainers.fit_preset(
            "dcgan_tiny",
            directory,
            run__report=True,
            compile__generator_optimizer={"name": "sgd", "learning_rate": 1e30},
        )
    page = Page((directory / "report.html").read_text())
    assert page.problems == [] and "finished" not in page.text("header")
    assert "stopped" in written(directory).text("header")


def test_a_resumed_run_notes_both_starts(workdir):
    trainers.fit_preset("dcgan_tiny", workdir, steps=22, run__report=True)
    starts = (workdir / "starts.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in starts] == [0, 20]
    page = Page((workdir / "report.html").read_text())
    assert "finished step 22 of 22" in page.text("header")
    assert len(page.all("figure", class_="grid")) == 6


def test_reports_of_runs_in_a_bucket(original):
    for path in original.rglob("*"):
        if path.is_file() and "checkpoints" not in path.parts and path.suffix != ".html":
            target = f"ram://report/run/{path.relative_to(original)}"
            tf.io.gfile.makedirs(os.path.dirname(target))
            tf.io.gfile.copy(str(path), target, overwrite=True)
    report.write_report("ram://report/run")
    page = Page(tf.io.gfile.GFile("ram://report/run/report.html").read())
    assert page.problems == [] and len(page.all("figure", class_="grid")) == 5
    path = report.write_overview("ram://report")
    assert len(Page(tf.io.gfile.GFile(path).read()).all("img")) == 1


def test_a_page_that_cannot_be_written_is_one_line(workdir):
    with pytest.raises(DiskError, match="Cannot write"):
        report.write_report(workdir, str(workdir / "config.json" / "report.html"))


def test_a_full_disk_is_named_and_leaves_nothing_half_written(workdir):
    """A limit on the size of files stands in for a full disk."""
    script = (
        "import resource, signal, sys\n"
        "from trainers.commands import report\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))\n"
        "sys.exit(report.command().run(report.main))\n"
    )
    before = {path.name: path.read_bytes() for path in workdir.glob("*.*")}
    command = [sys.executable, "-c", script, f"--workdir={workdir}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 4 and "disk is full" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert {path.name: path.read_bytes() for path in workdir.glob("*.*")} == before


def test_the_package_is_complete_and_light():
    """Styles and scripts ship with the package, and no framework is needed."""
    script = (
        "import sys\n"
        "for name in ('tensorflow', 'keras', 'matplotlib'): sys.modules[name] = None\n"
        "from trainers import report\n"
        "from trainers.report import markup\n"
        "for name in ('report.js', 'overview.js'): markup.page('t', 'b', name, 'k')\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
    root = os.path.dirname(report.__file__)
    setup = open(os.path.join(root, "..", "..", "setup.py"), encoding="utf-8").read()
    shipped = re.search(r'"trainers.report": \[(.*?)\]', setup).group(1)
    kinds = {os.path.splitext(name)[1] for name in os.listdir(root)} - {".py", ""}
    assert kinds == {".css", ".js"} and all(f'"*{kind}"' in shipped for kind in kinds)
