"""The league takes in what fits by itself, runs nothing twice, and counts as NumPy does."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from benchmarks import league
from tests.trainers.report_pages import Page
from tfgan_models import presets, registry
from tfgan_models.networks.heads import HEADS
from trainers.errors import UserError
from trainers.evaluation import read_scores, scores


def result(name, **scores):
    """A result of a made-up entry."""
    return league.Result(league.Entry(name, "dcgan_digits", {}), 1234, 50, scores, [])


def test_every_fitting_preset_and_loss_is_a_candidate():
    found = {entry.name for entry in league.all_entries("presets")}
    for name, preset in presets.PRESETS.items():
        shape = tuple(preset.model.get("image_shape", ()))
        assert (name in found) == (shape in ((28, 28, 1), (32, 32, 1)))
    assert {"quickstart", "dcgan_digits", "gan_digits", "wgan_digits"} <= found
    assert [entry.name for entry in league.all_entries("losses")] == list(registry.LOSSES)


@pytest.mark.parametrize("kind", ["heads", "additions"])
def test_what_is_put_on_one_backbone(kind):
    entries = {entry.name: entry for entry in league.all_entries(kind)}
    expected = {*HEADS, "contrastive_2c"} if kind == "heads" else {"nothing", "lecam", "apa"}
    assert expected <= set(entries)
    recipes = [entry.recipe() for entry in entries.values()]
    assert {recipe.family for recipe in recipes} == {"biggan"}
    settings = [(recipe.model, recipe.compile) for recipe in recipes]
    assert all(a != b for i, a in enumerate(settings) for b in settings[:i])


def test_losses_that_need_more_than_a_logit_do_not_stand_alone():
    entries = {entry.name: entry for entry in league.all_entries("losses")}
    alone = league.count_weights(entries["hinge"])
    assert alone == league.count_weights(entries["f_divergence"])
    for name in ("auxiliary_classifier", "multi_hinge", "energy_margin"):
        with pytest.raises(ValueError):
            league.count_weights(entries[name])


@pytest.mark.parametrize("images, steps", [(1, 1), (63, 1), (128, 2), (40_000, 625)])
def test_the_budget_counts_images(images, steps):
    values = league.Entry("x", "dcgan_digits", {"compile.loss": "hinge"}).within(images)
    assert values["steps"] == steps and values["compile.loss"] == "hinge"
    assert values["compile.ema_half_life_images"] == max(1, images // 20)
    together = league.Entry("x", "dcgan_digits", {"compile.steps_per_execution": 10})
    assert together.within(images)["steps"] == max(10, steps // 10 * 10)
    assert "compile.ema_half_life_images" not in league.Entry("x", "lecture_mlp", {}).within(99)


def test_the_table_holds_means_and_spreads():
    first, second = "proxy_fid[digits]", "coverage[digits]"
    results = [
        result("worse", **{first: [30.0, 50.0], second: [0.25, 0.75]}),
        result("better", **{first: [10.0, 16.0, 13.0]}),
        result("failed")._replace(failures=["seed 0: not finite"]),
    ]
    lines = league.table(league.ranked(results)).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:5]]
    assert cells[0] == ["entry", "weights", "steps", first, second]
    assert cells[2] == ["better", "1,234", "50", f"13 +- {np.std([10, 16, 13], ddof=1):.3g}", ""]
    assert cells[3] == ["worse", "1,234", "50", "40 +- 14.1", "0.5 +- 0.354"]
    assert cells[4] == ["failed", "1,234", "50", "", ""]
    assert lines[-1] == "failed, seed 0: not finite"


@pytest.mark.parametrize(
    "arguments, answer",
    [
        ([], "give --out=DIR"),
        (["--list", "--only=dcgan_digit"], "Did you mean 'dcgan_digits'"),
        (["--list", "--entries=losses", "--only=hinges"], "Did you mean 'hinge'"),
        (["--list", "--images=0"], "not a positive int"),
    ],
)
def test_wrong_flags_get_one_line(capsys, arguments, answer):
    with pytest.raises(SystemExit):
        league.main(arguments)
    assert answer in capsys.readouterr().err


@pytest.mark.slow
def test_a_small_league(tmp_path, capsys):
    flags = [f"--out={tmp_path}", "--only=lecture_mlp", "--images=256"]
    league.main([*flags, "--seeds=1"])
    run = tmp_path / "runs" / "lecture_mlp-0"
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.suffix != ".html"}
    first = (tmp_path / "league.md").read_text().splitlines()[4].split("|")

    league.main([*flags, "--seeds=2"])
    after = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.suffix != ".html"}
    assert after == before  # the finished seed was not run again
    row = (tmp_path / "league.md").read_text().splitlines()[4].split("|")
    assert row[:4] == first[:4] and "+-" in row[4] and "+-" not in first[4]

    sheet = np.asarray(Image.open(io.BytesIO((tmp_path / "league.png").read_bytes())).convert("L"))
    assert sheet.std() > 1
    page = Page((tmp_path / "league.html").read_text(encoding="utf-8"))
    assert page.problems == [] and page.text("tbody").count("lecture_mlp-") == 2
    assert "proxy_fid[digits]" in page.text("thead")
    with pytest.raises(UserError, match="holds a longer run"):
        league.score("lecture_mlp", {"data.source": league.DATA, "steps": 1}, run)

    steps = int(row[3])
    (step, score), *_ = read_scores(str(run))
    scores.append(str(run), step, [dataclasses.replace(score, value=score.value + 1.0)])
    kept = league.score("lecture_mlp", {"data.source": league.DATA, "steps": steps}, run)
    assert kept[score.name] == score.value  # what is measured later is not the league's
