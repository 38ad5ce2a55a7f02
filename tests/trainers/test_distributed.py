"""Several replicas and several processes through the whole training command."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import trainers
from trainers import strategies
from trainers.errors import UserError

# SGD, since Adam divides rounding differences by tiny second moments.
_SGD = json.dumps({"name": "sgd", "learning_rate": 0.05})
_FLAGS = (
    "--preset=cgan_tiny",
    "--steps=6",
    "--set=run.checkpoint_every=4",
    f"--set=compile.generator_optimizer={_SGD}",
    f"--set=compile.discriminator_optimizer={_SGD}",
)


def _state(workdir, step=6):
    reader = tf.train.load_checkpoint(f"{workdir}/checkpoints/step-{step:08d}/state")
    names = set(reader.get_variable_to_shape_map()) - {"_CHECKPOINTABLE_OBJECT_GRAPH"}
    return {name: reader.get_tensor(name) for name in names}


def _free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("localhost", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def _two_workers(workdir, *flags):
    """Runs the command in two processes that form one cluster."""
    cluster = {"worker": [f"localhost:{port}" for port in _free_ports(2)]}
    command = [sys.executable, "-m", "trainers.commands.train", f"--workdir={workdir}", *flags]
    processes = []
    for index in range(2):
        task = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(task)}
        processes.append(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE))
    for process in processes:
        errors = process.communicate(timeout=180)[1].decode()
        assert process.returncode == 0, errors


@pytest.mark.slow
def test_two_processes_equal_two_replicas_and_resume(tmp_path, mirrored):
    """Synchronised batch norm, lazy R1, LeCam, two critic steps and an average; the doctor
    watches the processes alone, so it changes nothing either."""
    cluster, single = tmp_path / "cluster", tmp_path / "mirrored"
    flags = (*_FLAGS, "--strategy=multi_worker", "--doctor=log", "--set=run.doctor_every=2")
    _two_workers(cluster, *flags, "--steps=4")
    _two_workers(cluster, *flags)
    sgd = {"name": "sgd", "learning_rate": 0.05}
    trainers.fit_preset(
        "cgan_tiny",
        single,
        strategy="mirrored",
        steps=6,
        run__checkpoint_every=4,
        compile__generator_optimizer=sgd,
        compile__discriminator_optimizer=sgd,
    )
    ours, theirs = _state(cluster), _state(single)
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        if "log_means" not in name:  # the stop at step 4 ended a row there
            np.testing.assert_allclose(ours[name], value, atol=1e-6, err_msg=name)
    assert len(list((cluster / "samples").iterdir())) > 0
    remembered = json.loads((cluster / "checkpoints/step-00000006/doctor.json").read_text())
    assert remembered["looked"] == 3 and remembered["checks"]["weights"]


def test_batch_must_divide_by_the_replicas(tmp_path, mirrored):
    with pytest.raises(UserError, match="batch_size=7 does not divide by 2 replicas"):
        trainers.fit_preset("dcgan_tiny", tmp_path / "run", strategy="mirrored", batch_size=7)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "needs TF_CONFIG"),
        ("{", "needs TF_CONFIG"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 3}}', "index 3"),
    ],
)
def test_clusters_that_cannot_be_read(monkeypatch, text, message):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if text is not None:
        monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UserError, match=message):
        strategies.make("multi_worker")


@pytest.mark.parametrize("cluster", ["slurm", "kubernetes"])
def test_foreign_clusters_say_what_is_missing(monkeypatch, cluster):
    monkeypatch.delenv("SLURM_STEP_NUM_TASKS", raising=False)
    with pytest.raises(UserError, match=f"run.cluster={cluster}"):
        strategies.make("multi_worker", cluster)


def test_slurm_names_its_hosts(monkeypatch):
    """The resolver reads the allocation; no Slurm was run."""
    for name, value in {
        "SLURM_STEP_NUM_TASKS": "2",
        "SLURM_PROCID": "1",
        "SLURM_STEP_NODELIST": "node[1-2]",
        "SLURM_STEP_TASKS_PER_NODE": "1(x2)",
        "CUDA_VISIBLE_DEVICES": "",
    }.items():
        monkeypatch.setenv(name, value)
    resolver = strategies._resolver("slurm")
    assert resolver.cluster_spec().as_dict() == {"worker": ["node1:8888", "node2:8888"]}
    assert (resolver.task_type, resolver.task_id) == ("worker", 1)


def test_no_tpu_here():
    with pytest.raises(UserError, match="found no TPU"):
        strategies.make("tpu")
