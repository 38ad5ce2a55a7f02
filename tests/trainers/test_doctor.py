"""The doctor in real runs: it changes nothing, goes on exactly, names what is wrong and acts."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

import trainers
from benchmarks import doctor_validation
from trainers import callbacks, config, run
from trainers.data.source import ArraySource
from trainers.data.subset import Subset
from trainers.errors import DoctorStop, NonFiniteError

PRESET = "cgan_tiny"  # 20 steps, checkpoints every 10
WATCHED = {"run__doctor": "log", "run__doctor_every": 5, "run__log_every": 4}
FAST = {"name": "adam", "learning_rate": 0.05}
WITHOUT_BOUND = {
    "steps": 600,
    "compile__loss": "wasserstein",
    "compile__penalties": [],
    "compile__generator_optimizer": FAST,
    "compile__discriminator_optimizer": FAST,
    "run__checkpoint_every": 25,
    "run__report": False,
}


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """The directory of an uninterrupted run that the doctor watched."""
    workdir = tmp_path_factory.mktemp("doctor") / "watched"
    trainers.fit_preset(PRESET, workdir, **WATCHED)
    return workdir


def state(workdir, step=20):
    """{name: value} of a checkpoint's variables."""
    reader = tf.train.load_checkpoint(f"{workdir}/checkpoints/step-{step:08d}/state")
    names = set(reader.get_variable_to_shape_map()) - {"_CHECKPOINTABLE_OBJECT_GRAPH"}
    return {name: reader.get_tensor(name) for name in names}


def remembered(workdir, step=20):
    """What the doctor wrote into a checkpoint."""
    return json.loads((workdir / f"checkpoints/step-{step:08d}/doctor.json").read_text())


def found(workdir):
    """Names that were found, in order."""
    rows = callbacks.read_rows(str(workdir / "doctor.jsonl"))
    return [row["name"] for row in rows if row["state"] == "found"]


def test_a_watched_run_is_the_same_run(watched, tmp_path):
    trainers.fit_preset(PRESET, tmp_path / "off", **{**WATCHED, "run__doctor": "off"})
    ours, theirs = state(watched), state(tmp_path / "off")
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], value) for name, value in theirs.items())
    rows = [(path / "metrics.jsonl").read_text() for path in (watched, tmp_path / "off")]
    assert rows[0] == rows[1]


def test_a_resumed_doctor_remembers_what_an_uninterrupted_one_does(watched, tmp_path):
    """From a checkpoint inside a row of the log, as after a power cut."""
    workdir = tmp_path / "resumed"
    shutil.copytree(watched, workdir)
    shutil.rmtree(workdir / "checkpoints" / "step-00000020")
    trainers.fit_preset(PRESET, workdir, **WATCHED)
    assert remembered(workdir) == remembered(watched)
    assert remembered(workdir)["looked"] == 4
    assert (workdir / "doctor.jsonl").read_text() == (watched / "doctor.jsonl").read_text()


def test_the_doctor_looks_at_replicas(mirrored, tmp_path):
    trainers.fit_preset(PRESET, tmp_path, strategy="mirrored", steps=10, **WATCHED)
    assert remembered(tmp_path, 10)["looked"] == 2


def test_wrong_values_stop_the_run_before_its_first_step(tmp_path):
    settings = config.resolve("gan_tiny", {"run.doctor": "stop"})
    settings, source = run.prepare(settings)
    images = source.gather(tf.range(source.num_examples))["image"].numpy()
    bytes_ = ArraySource("bytes", (images + 1.0) * 127.5)
    model = run.build(settings)
    with pytest.raises(DoctorStop, match="value range, since step 0. Store the images"):
        run.fit(settings, bytes_, model, str(tmp_path))
    assert found(tmp_path)[0] == "value_range" and int(model.step.numpy()) == 0


def test_a_value_that_is_not_finite_is_traced_to_its_tensor(tmp_path, capsys):
    rate = {"name": "adam", "learning_rate": 1e30}
    overrides = {**WATCHED, "compile__generator_optimizer": rate}
    with pytest.raises(NonFiniteError):
        trainers.fit_preset("gan_tiny", tmp_path / "run", **overrides)
    row = callbacks.read_rows(str(tmp_path / "run" / "doctor.jsonl"))[-1]
    assert row["name"] == "not_finite" and "was not finite at step" in row["message"]
    assert "doctor: findings" in capsys.readouterr().err


def test_roll_back_leaves_the_last_checkpoint_before_the_fault(tmp_path):
    overrides = {**WITHOUT_BOUND, "run__doctor": "roll_back"}
    with pytest.raises(DoctorStop, match="--doctor=log goes on here from step") as stopped:
        trainers.fit_preset("gan_tiny", tmp_path / "run", **overrides)
    assert "\n" not in str(stopped.value)
    assert found(tmp_path / "run") == ["divergence"]
    row = callbacks.read_rows(str(tmp_path / "run" / "doctor.jsonl"))[-1]
    kept = max(int(p.name[-8:]) for p in (tmp_path / "run" / "checkpoints").glob("step-*"))
    assert kept == row["step"] - 25
    assert f"from step {kept}" in str(stopped.value)


def test_forty_images_are_enough_to_look_at(tmp_path):
    settings = config.resolve(
        PRESET, {"run.doctor": "log", "run.doctor_every": 10, "run.report": False}
    )
    settings, source = run.prepare(settings)
    few = Subset(source, np.arange(0, source.num_examples, source.num_examples // 40)[:40])
    run.fit(settings, few, run.build(settings), str(tmp_path))
    assert remembered(tmp_path)["looked"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["strong generator", "ring"])
def test_a_collapse_is_named_and_a_healthy_run_is_not(name):
    case = {**doctor_validation.BROKEN, **doctor_validation.HEALTHY}[name]
    named = [row["name"] for row in doctor_validation.run(case, seed=0)]
    assert named[:1] == ([case.expected] if case.expected else [])
