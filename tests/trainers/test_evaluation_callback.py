"""Measuring during training: rows, the best checkpoints, resuming, replicas."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import tensorflow as tf

import trainers
from trainers import config
from trainers.commands import evaluate as command
from trainers.errors import UserError
from trainers.evaluation import read_scores, scores

PRESET = "gan_tiny"  # 20 steps
OPTIONS = {
    "run__evaluate": ["frechet_distance", "precision_recall"],
    "run__evaluate_network": "pixels",
    "run__evaluate_samples": 150,
    "run__evaluate_every": 5,
    "run__checkpoint_every": 5,
    "run__keep": 1,
    "run__keep_best": 1,
    "run__best_metric": "frechet_distance",
}


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFGAN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A run that measured itself at steps 5, 10, 15 and 20."""
    workdir = tmp_path_factory.mktemp("measured") / "run"
    trainers.fit_preset(PRESET, workdir, **OPTIONS)
    return workdir


def state(workdir, step=20):
    reader = tf.train.load_checkpoint(f"{workdir}/checkpoints/step-{step:08d}/state")
    names = set(reader.get_variable_to_shape_map()) - {"_CHECKPOINTABLE_OBJECT_GRAPH"}
    return {name: reader.get_tensor(name) for name in names}


def assert_same_state(ours, theirs):
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[key], value) for key, value in theirs.items())


def test_rows_of_a_run(measured):
    rows = [json.loads(line) for line in (measured / "scores.jsonl").read_text().splitlines()]
    names = ["proxy_fid[pixels]", "precision[pixels]", "recall[pixels]"]
    assert [(row["step"], row["name"]) for row in rows] == [
        (step, name) for step in (5, 10, 15, 20) for name in names
    ]
    assert rows[0]["protocol"]["labels"] == "none" and rows[0]["protocol"]["weights"] == "raw"
    assert rows[0]["protocol"]["n_fake"] == 150 and rows[0]["protocol"]["n_real"] == 5000
    table = list(csv.reader((measured / "scores.csv").read_text().splitlines()))
    assert tuple(table[0]) == scores.COLUMNS and len(table) == 1 + len(rows)
    found = read_scores(str(measured))
    assert {row[-1] for row in table[1:]} == {scores.digest(score) for _, score in found}
    assert [float(row[2]) for row in table[1:]] == [score.value for _, score in found]


def test_the_best_checkpoint_is_the_best_measured(measured):
    rows = read_scores(str(measured))
    distances = {step: s.value for step, s in rows if s.protocol.metric == "frechet_distance"}
    best = min(distances, key=distances.get)
    assert {p.name for p in (measured / "checkpoints").iterdir()} == {
        f"step-{step:08d}" for step in {best, 20}
    }
    stored = json.loads((measured / "checkpoints" / f"step-{best:08d}" / "run.json").read_text())
    assert stored["score"] == distances[best]


def test_measuring_changes_nothing_and_resumes_exactly(measured, tmp_path):
    plain = tmp_path / "plain"
    trainers.fit_preset(PRESET, plain, run__checkpoint_every=5)
    assert_same_state(state(plain), state(measured))
    resumed = tmp_path / "resumed"
    trainers.fit_preset(PRESET, resumed, steps=10, **OPTIONS)
    # A kill after the row of step 15 and inside the next one, before the checkpoint.
    rows = (measured / "scores.jsonl").read_text().splitlines(keepends=True)
    with open(resumed / "scores.jsonl", "a") as file:
        file.write("".join(rows[6:9]) + rows[9][:50])
    trainers.fit_preset(PRESET, resumed, **OPTIONS)
    assert_same_state(state(resumed), state(measured))
    for name in ("scores.jsonl", "scores.csv", "metrics.jsonl"):
        assert (resumed / name).read_text() == (measured / name).read_text(), name


def test_the_command_measures_the_same(measured):
    before = read_scores(str(measured))
    flags = ["--network=pixels", "--metrics=frechet_distance,precision_recall", "--samples=150"]
    assert command.command().run(command.main, [f"--workdir={measured}", *flags]) == 0
    new = read_scores(str(measured))[len(before) :]
    assert len(new) == 3
    for (step, score), (old_step, old) in zip(new, before[-3:], strict=True):
        assert step == old_step == 20 and score.protocol == old.protocol
        assert score.value == pytest.approx(old.value, rel=1e-9)


@pytest.mark.slow
def test_replicas_measure_what_one_does(measured, tmp_path, mirrored):
    options = {**OPTIONS, "run__best_metric": "recall", "strategy": "mirrored"}
    trainers.fit_preset(PRESET, tmp_path / "run", steps=5, **options)
    for (_, ours), (_, theirs) in zip(
        read_scores(str(tmp_path / "run")), read_scores(str(measured)), strict=False
    ):
        assert ours.protocol == theirs.protocol
        assert ours.value == pytest.approx(theirs.value, rel=1e-3, abs=1e-2)


def test_text_and_direction_of_a_best_metric():
    resolved = config.resolve(PRESET, {"run.evaluate": "mind, precision_recall"})
    assert resolved.run["evaluate"] == ["mind", "precision_recall"]
    for best, mode in (("mind", "min"), ("recall", "max"), ("precision[pixels]", "max")):
        run = {**resolved.run, "keep_best": 1, "best_metric": best}
        assert config.best_mode(run) == mode
    assert config.best_mode(config.resolve(PRESET, {}).run) == "min"


# Contradictions that are refused before training: (fields of run, a part of the answer).
WRONG = [
    ({"evaluate": ["recal"]}, "Unknown metric 'recal'"),
    ({"evaluate": ["realism"]}, "is not measured by an evaluation"),
    ({"evaluate": 3}, "must be a list of metrics"),
    ({"keep_best": 1, "best_metric": "mind"}, "add mind to run.evaluate"),
    ({"best_metric": "fid", "keep_best": 1, "evaluate": ["mind"]}, "add frechet_distance"),
    (
        {"evaluate": ["mind"], "keep_best": 1, "best_metric": "mind", "best_mode": "max"},
        "would keep the worst: mind is better lower",
    ),
    (
        {"evaluate": ["memorisation"], "keep_best": 1, "best_metric": "memorisation"},
        "has no better direction",
    ),
    (
        {"evaluate": ["mind"], "keep_best": 1, "best_metric": "mind", "evaluate_every": 20},
        "must be a multiple of run.evaluate_every=20",
    ),
    ({"keep_best": 1, "best_metric": "d_los"}, "d_los is never measured: it is one of d_loss"),
    (
        {"evaluate": ["mind"], "keep_best": 1, "best_metric": "mind[digits]"},
        "mind[digits] is never measured",
    ),
    ({"evaluate": ["mind"], "evaluate_network": "pixls"}, "Did you mean 'pixels'"),
    ({"evaluate": ["ms_ssim"]}, "needs images of 16 pixels a side"),
    ({"evaluate": ["precision_recall"], "evaluate_samples": 3}, "needs 4 generated images"),
]


@pytest.mark.parametrize(("fields", "answer"), WRONG, ids=range(len(WRONG)))
def test_what_does_not_fit_is_refused_before_training(fields, answer, tmp_path):
    fields = {"evaluate_network": "pixels", "checkpoint_every": 10, **fields}
    options = {f"run__{name}": value for name, value in fields.items()}
    with pytest.raises(UserError) as error:
        trainers.fit_preset(PRESET, tmp_path / "run", **options)
    assert answer in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "run" / "metrics.jsonl").exists()
