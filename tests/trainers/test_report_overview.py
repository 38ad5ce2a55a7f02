"""The page over many runs: what is compared, where links lead, and what the command answers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from urllib.parse import unquote

import numpy as np
import pytest

from tests.trainers.report_pages import Page, finding, score, write_findings, write_scores
from trainers import config, pictures, report
from trainers.commands import report as report_command
from trainers.report import overview, reading


def make_run(directory, preset="quickstart", step=1500):
    """A run directory without checkpoints, as `trainers.run` lays it out."""
    (directory / "samples").mkdir(parents=True)
    values = config.resolve(preset).to_dict()
    (directory / "config.json").write_text(json.dumps(values))
    row = {"step": step, "images": 64 * step, "d_loss": 1.0, "g_loss": 2.0}
    (directory / "metrics.jsonl").write_text(json.dumps(row) + "\n")
    images = np.linspace(-1, 1, 100 * 28 * 28).reshape(100, 28, 28, 1)
    path = directory / "samples" / f"step-{step:08d}.png"
    path.write_bytes(pictures.grid(images, columns=10))
    return directory


@pytest.fixture
def runs(tmp_path):
    """Three runs, two of whose first scores compare, beside what is no run."""
    root = tmp_path / "runs"
    first = make_run(root / "a b#1")
    second = make_run(root / "group" / "second", "cgan_digits", step=1000)
    third = make_run(root / "third")
    high = {"better": "high", "metric": "precision_recall.precision"}
    write_scores(first, [(500, score(30.0)), (1500, score(20.0)), (1500, score(0.7, **high))])
    write_scores(second, [(1000, score(10.0)), (1000, score(0.5, **high))])
    write_scores(third, [(1500, score(1.0, n_fake=5000)), (1500, score(0.9, **high))])
    write_findings(third, [finding(5, "collapse"), finding(9, "gone", state="gone")])
    (root / "broken").mkdir()
    (root / "broken" / "config.json").write_text("{")
    (root / "notes.txt").write_text("no run")
    (root / "a b#1" / "checkpoints" / "step-00000001").mkdir(parents=True)
    (root / "a b#1" / "checkpoints" / "config.json").write_text("no run either")
    return root


def test_only_scores_of_one_protocol_share_a_column(runs):
    found = [reading.read_run(runs / name) for name in ("a b#1", "group/second", "third")]
    columns = overview.score_columns(found)
    assert [(c.name, c.mark, c.better) for c in columns] == [
        ("precision[digits]", "", "high"),
        ("proxy_fid[digits]", "a", "low"),
        ("proxy_fid[digits]", "b", "low"),
    ]
    assert [c.protocol["n_fake"] for c in columns] == [1000, 1000, 5000]


def test_the_page_ranks_within_a_column_only(runs):
    page = Page(open(report.write_overview(runs), encoding="utf-8").read())
    assert page.problems == []
    best = [cell["data-value"] for cell in page.all("td") if "best" in (cell.get("class") or "")]
    # 0.9 of the precisions and 10 of the two comparable distances; 1 stands alone.
    assert sorted(map(float, best)) == [0.9, 10.0]
    newest = [cell["data-value"] for cell in page.all("td", class_="number")]
    assert "30.0" not in newest and "20.0" in newest
    assert "measured in 2 ways that do not compare" in page.text("caption")
    assert "n_fake10005000" in page.text("tr")
    assert "broken/config.json is damaged" in page.text("li")


def test_links_lead_to_reports_that_it_wrote(runs):
    path = runs.parent / "pages"
    path.mkdir()
    page = Page(open(report.write_overview(runs, str(path / "all.html")), encoding="utf-8").read())
    targets = [link["href"] for link in page.all("a")]
    assert len(targets) == 3
    for target in targets:
        linked = (path / unquote(target)).resolve()
        assert Page(linked.read_text(encoding="utf-8")).problems == []
        assert linked.is_relative_to(runs)


def test_rows_tell_step_status_and_findings(runs):
    page = Page(open(report.write_overview(runs, reports=False), encoding="utf-8").read())
    assert page.all("a") == [] and not list(runs.rglob("report.html"))
    body = page.text("tbody")
    assert "1,500 of 1,500finished" in body and "1,000 of 3,000stopped" in body
    told = [cell["title"] for cell in page.all("td") if "collapse" in (cell.get("title") or "")]
    assert told == ["Title of collapse"]
    sizes = {(image["width"], image["height"]) for image in page.all("img")}
    assert sizes == {("112", "112")}
    assert all(len(image["src"]) < 12_000 for image in page.all("img"))


def test_many_protocols_keep_apart(tmp_path):
    for seed in range(30):
        write_scores(make_run(tmp_path / f"run{seed:02d}"), [(1500, score(1.0, seed=seed))])
    found = [reading.read_run(path) for path in sorted(tmp_path.iterdir())]
    marks = [column.mark for column in overview.score_columns(found)]
    assert len(set(marks)) == 30 and "" not in marks


WRONG = [
    ([], "give --workdir=DIR of a run or --runs=DIR"),
    (["--workdir={runs}", "--runs={runs}"], "one of them"),
    (["--workdir=/no/such"], "No such directory: /no/such"),
    (["--workdir={runs}"], "no run directory"),
    (["--runs={empty}"], "holds no run"),
    (["--runs={runs}", "--output=index.txt"], "must end in .html"),
    (["--runs={runs}", "--output=/no/such/index.html"], "no such directory: /no/such"),
    (["--run={runs}"], "Did you mean"),
    (["{runs}"], "unexpected argument"),
]


@pytest.mark.parametrize("arguments, answer", WRONG)
def test_wrong_input_gets_one_line(runs, tmp_path, capsys, arguments, answer):
    (tmp_path / "empty").mkdir()
    places = {"runs": runs, "empty": tmp_path / "empty"}
    arguments = [text.format(**places) for text in arguments]
    assert report_command.command().run(report_command.main, arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tfgan-report: error: ") and answer in line


def test_the_command_needs_no_tensorflow(runs, tmp_path):
    script = (
        "import sys\n"
        "for name in ('tensorflow', 'keras', 'matplotlib'): sys.modules[name] = None\n"
        "from trainers.commands import report\n"
        "sys.exit(report.command().run(report.main))\n"
    )
    run = [sys.executable, "-c", script]
    for flags in (["--help"], [f"--runs={runs}"], [f"--workdir={runs}/third"]):
        done = subprocess.run([*run, *flags], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{runs}/third/report.html"
    shutil.rmtree(runs / "third" / "samples")
    output = f"--output={tmp_path}/one.html"
    done = subprocess.run([*run, f"--workdir={runs}/third", output], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = Page((tmp_path / "one.html").read_text())
    assert page.problems == [] and "No pictures yet." in page.text()
