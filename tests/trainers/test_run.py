"""Runs: what a directory holds, exact resume, damage, signals, locks, full disks."""

from __future__ import annotations

import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import trainers
from trainers import callbacks, config, run
from trainers.checkpoints import Checkpoints, damage
from trainers.errors import NonFiniteError, UserError

PRESET = "cgan_tiny"  # 20 steps, checkpoints every 10, d_steps 2, lazy R1, LeCam, average


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The directory of an uninterrupted run."""
    workdir = tmp_path_factory.mktemp("runs") / "finished"
    trainers.fit_preset(PRESET, workdir)
    return workdir


def state(workdir, step=20) -> dict[str, np.ndarray]:
    """All variables of a checkpoint."""
    reader = tf.train.load_checkpoint(f"{workdir}/checkpoints/step-{step:08d}/state")
    names = set(reader.get_variable_to_shape_map()) - {"_CHECKPOINTABLE_OBJECT_GRAPH"}
    return {name: reader.get_tensor(name) for name in names}


def assert_same_run(workdir, reference):
    ours, theirs = state(workdir), state(reference)
    assert ours.keys() == theirs.keys()
    for key, value in theirs.items():
        assert np.array_equal(ours[key], value), key
    assert (workdir / "metrics.jsonl").read_text() == (reference / "metrics.jsonl").read_text()


def test_what_a_run_leaves(finished):
    names = {p.name for p in finished.iterdir()}
    assert {"config.json", "metrics.jsonl", "timings.jsonl", "losses.png", "logits.png"} <= names
    assert "penalties.png" in names
    grids = sorted(p.name for p in (finished / "samples").iterdir())
    assert grids == [f"step-{n:08d}.png" for n in (1, 2, 5, 10, 20)]
    sheet = np.asarray(Image.open(finished / "samples" / grids[-1]))
    assert sheet.shape[0] >= 10 * 8 and sheet.std() > 1
    rows = callbacks.read_rows(str(finished / "metrics.jsonl"))
    assert [row["step"] for row in rows] == [5, 10, 15, 20]
    assert {"d_loss", "g_loss", "d_real", "d_fake", "r1", "lecam"} <= set(rows[0])
    stored = json.loads((finished / "config.json").read_text())
    assert stored["preset"] == PRESET and stored["run"]["log_every"] == 5


def test_rows_are_means_of_the_steps(finished, tmp_path):
    trainers.fit_preset(PRESET, tmp_path / "single", run__log_every=1)
    single = callbacks.read_rows(str(tmp_path / "single" / "metrics.jsonl"))
    for row in callbacks.read_rows(str(finished / "metrics.jsonl")):
        window = [r for r in single if row["step"] - 5 < r["step"] <= row["step"]]
        for name in ("d_loss", "g_loss"):
            np.testing.assert_allclose(row[name], np.mean([r[name] for r in window]), rtol=1e-5)
        lazy = [r["r1"] for r in window if "r1" in r]
        assert 0 < len(lazy) < len(window)
        np.testing.assert_allclose(row["r1"], np.mean(lazy), rtol=1e-5)


@pytest.mark.parametrize("stop", [7, 10])
def test_resume_is_exact(finished, tmp_path, stop):
    """Stopped inside a row's window (7) and at a checkpoint (10)."""
    workdir = tmp_path / "resumed"
    trainers.fit_preset(PRESET, workdir, steps=stop)
    trainers.fit_preset(PRESET, workdir)
    ours, theirs = state(workdir), state(finished)
    assert all(np.array_equal(ours[k], v) for k, v in theirs.items())
    if stop == 10:
        assert_same_run(workdir, finished)


@pytest.mark.slow
def test_resume_with_dropout_is_exact(tmp_path):
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    trainers.fit_preset("gan_tiny", whole)
    trainers.fit_preset("gan_tiny", resumed, steps=10)
    trainers.fit_preset("gan_tiny", resumed)
    assert_same_run(resumed, whole)


def test_damaged_checkpoint_falls_back_with_a_warning(finished, tmp_path, capsys):
    workdir = tmp_path / "damaged"
    trainers.fit_preset(PRESET, workdir)
    newest = workdir / "checkpoints" / "step-00000020"
    data = next(newest.glob("state.data*"))
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    data.write_bytes(content)
    assert damage(str(newest)) == f"{data.name} has another checksum"
    trainers.fit_preset(PRESET, workdir)
    assert "is damaged" in capsys.readouterr().err
    (workdir / "checkpoints" / "step-00000010" / "state.index").unlink()
    data = next(newest.glob("state.data*"))
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(UserError, match="Every checkpoint"):
        trainers.fit_preset(PRESET, workdir)


def test_half_written_checkpoint_is_never_loaded_and_swept(tmp_path, finished):
    workdir = tmp_path / "half"
    trainers.fit_preset(PRESET, workdir, steps=10)
    half = workdir / "checkpoints" / "step-00000015"
    half.mkdir()
    (half / "state.index").write_bytes(b"half")
    trainers.fit_preset(PRESET, workdir)
    assert_same_run(workdir, finished)
    assert not half.exists()


def test_rotation_keeps_the_newest_and_the_best(tmp_path):
    model = run.build(config.resolve("dcgan_tiny"))
    kept = Checkpoints(tmp_path, model, keep=2, keep_best=1, mode="min")
    for step, score in enumerate([0.5, 0.1, 0.7, None, 0.9], start=1):
        kept.save(step, score)
    assert kept.steps() == [2, 4, 5]


def test_other_configuration_is_refused_and_free_fields_are_not(finished, tmp_path):
    with pytest.raises(UserError, match="compile.d_steps: 2 -> 1"):
        trainers.fit_preset(PRESET, finished, compile__d_steps=1)
    before = sorted((finished / "checkpoints").iterdir())
    trainers.fit_preset(PRESET, finished, run__keep=7)
    assert sorted((finished / "checkpoints").iterdir()) == before
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("precious")
    with pytest.raises(UserError, match="not empty"):
        trainers.fit_preset(PRESET, foreign)
    assert (foreign / "thesis.txt").read_text() == "precious"


def test_non_finite_loss_stops_and_keeps_the_last_checkpoint(tmp_path):
    """Rates explode after step 12 (the discriminator updates twice a step)."""
    workdir = tmp_path / "explodes"

    def exploding(updates):
        rate = {"name": "piecewise_constant_decay", "boundaries": [updates], "values": [1e-3, 1e30]}
        return {"name": "sgd", "learning_rate": rate}

    with pytest.raises(NonFiniteError, match="_loss.* not finite at step 1[3-9]") as caught:
        trainers.fit_preset(
            PRESET,
            workdir,
            compile__generator_optimizer=exploding(12),
            compile__discriminator_optimizer=exploding(24),
        )
    assert caught.value.exit_code == 3
    assert [p.name for p in (workdir / "checkpoints").iterdir()] == ["step-00000010"]
    assert damage(str(workdir / "checkpoints" / "step-00000010")) is None
    rows = callbacks.read_rows(str(workdir / "metrics.jsonl"))
    assert [row["step"] for row in rows] == [5, 10]


def test_weights_that_are_not_finite_are_never_saved(tmp_path):
    model = run.build(config.resolve("dcgan_tiny"))
    kept = Checkpoints(tmp_path, model)
    kept.save(1)
    weight = model.generator.trainable_weights[0]
    weight.assign(weight.numpy() * np.nan)
    with pytest.raises(NonFiniteError, match=weight.path):
        kept.save(2)
    assert kept.steps() == [1] and damage(kept.path(1)) is None


def start(workdir, *flags, **options):
    """Starts the command in a process of its own."""
    command = [sys.executable, "-m", "trainers.commands.train", f"--workdir={workdir}", *flags]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, **options)


def wait_for_rows(workdir, count, process):
    """Waits until the run has written so many rows."""
    path = pathlib.Path(workdir) / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if path.exists() and len(path.read_text().splitlines()) >= count:
            return
        assert process.poll() is None, process.stderr.read().decode()
        time.sleep(0.02)
    raise AssertionError("the run wrote no rows")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_save_and_a_second_process_is_refused(tmp_path, number):
    workdir = tmp_path / "long"
    flags = (f"--preset={PRESET}", "--steps=100000", "--set=run.checkpoint_every=100000")
    process = start(workdir, *flags)
    wait_for_rows(workdir, 3, process)
    if number == signal.SIGTERM:
        second = start(workdir, *flags)
        message = second.communicate(timeout=120)[1].decode()
        assert second.returncode == 2 and f"in use by process {process.pid}" in message
    process.send_signal(number)
    message = process.communicate(timeout=120)[1].decode()
    assert process.returncode == 75, message
    step = int(message.rsplit("after step ", 1)[1].split(";")[0])
    assert "Traceback" not in message
    assert damage(str(workdir / "checkpoints" / f"step-{step:08d}")) is None
    assert ">stopped<" in (workdir / "report.html").read_text()


@pytest.mark.slow
def test_full_disk_stops_with_one_line_and_damages_nothing(tmp_path):
    """A limit on the size of files stands in for a full disk."""
    workdir = tmp_path / "full"
    trainers.fit_preset(PRESET, workdir, steps=10)

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    process = start(workdir, f"--preset={PRESET}", preexec_fn=limit)
    message = process.communicate(timeout=120)[1].decode()
    assert process.returncode == 4, message
    assert "disk is full" in message.splitlines()[-1]
    assert "Traceback" not in message
    assert [p.name for p in (workdir / "checkpoints").iterdir()] == ["step-00000010"]
    assert damage(str(workdir / "checkpoints" / "step-00000010")) is None


def test_loading_a_run(finished):
    model, stored, step = run.load_run(str(finished))
    assert step == 20 and stored["preset"] == PRESET
    older = run.load_run(str(finished), 10)[0]
    assert not np.array_equal(model.sample(2, labels=1), older.sample(2, labels=1))
    with pytest.raises(UserError, match="no checkpoint of step 3"):
        run.load_run(str(finished), 3)
    with pytest.raises(UserError, match="no run directory"):
        run.load_run(str(finished / "samples"))


def test_data_decides_the_classes_and_wrong_sizes_are_refused(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "three.npz"
    np.savez(
        path,
        images=rng.integers(0, 255, (30, 8, 8, 1), dtype=np.uint8),
        labels=np.arange(30) % 3,
    )
    model = trainers.fit_preset(PRESET, tmp_path / "run", steps=2, data__source=f"npz:{path}")
    assert model.num_classes == 3
    with pytest.raises(UserError, match="shape"):
        run.prepare(config.resolve("quickstart", {"data.source": "toy:ring8"}))
    np.savez(tmp_path / "plain.npz", images=rng.integers(0, 255, (9, 8, 8, 1), dtype=np.uint8))
    with pytest.raises(UserError, match="no labels"):
        run.prepare(config.resolve(PRESET, {"data.source": f"npz:{tmp_path}/plain.npz"}))


def test_log_spaced_grids():
    due = [n for n in range(1, 1001) if callbacks.grid_due(n, None)]
    assert due == [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    together = [n for n in range(50, 1001, 50) if callbacks.grid_due(n, None, 50)]
    assert together == [50, 100, 200, 500, 1000]


@pytest.mark.parametrize("lines", ["", '{"step": 5}\n{"step": 10}\n{"st'])
def test_rows_after_the_step_and_half_lines_are_cut(tmp_path, lines):
    path = tmp_path / "metrics.jsonl"
    path.write_text(lines)
    callbacks.truncate_rows(str(path), 5)
    assert path.read_text() == ('{"step": 5}\n' if lines else "")
    assert os.listdir(tmp_path) == ["metrics.jsonl"]
