"""Exports in programs that do not have this library: one fresh process, many clients."""

import json
import math
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tfgan_models.core import standing

tf.config.experimental.enable_op_determinism()

HERE = pathlib.Path(__file__).parent
GRID = [0.0, 0.02, 0.5, 0.58, 1.0]
BETWEEN = [0.33, 0.971]


def checks(client):
    text = (HERE / client).read_text(encoding="utf-8")
    return re.findall(r"^def (check_\w+)", text, re.MULTILINE)


def _expected(conditional, unconditional):
    arrays, rng = {}, np.random.default_rng(1)
    for n in (1, 7, 64):
        z = rng.standard_normal((n, 8)).astype(np.float32)
        y = np.eye(10, dtype=np.float32)[rng.integers(0, 10, n)]
        images = conditional.generate(z, y).numpy()
        logits = conditional.discriminate(images, y).numpy()
        values = {"z": z, "y": y, "images": images, "logits": logits}
        arrays |= {f"conditional/{n}/{name}": value for name, value in values.items()}
        z = rng.uniform(-1, 1, (n, 8)).astype(np.float32)
        arrays |= {f"plain/{n}/z": z, f"plain/{n}/images": unconditional.generate(z).numpy()}
    z = rng.standard_normal((5, 8)).astype(np.float32)
    y = rng.dirichlet(np.ones(10), 5).astype(np.float32)
    arrays |= {"mixture/z": z, "mixture/y": y}
    arrays["mixture/images"] = conditional.generate(z, y).numpy()
    return arrays


def _write(model, statistics):
    """Assigns moving statistics by name."""
    for variable in model.ema_generator.variables:
        if variable.path in statistics:
            variable.assign(statistics[variable.path])


def _expected_published(conditional, unconditional, spectral):
    """Images of the models themselves, statistics interpolated here; ranges as published."""
    rng = np.random.default_rng(2)
    z = rng.standard_normal((7, 8)).astype(np.float32)
    labels = rng.integers(0, 10, 7).astype(np.int32)
    y = np.eye(10, dtype=np.float32)[labels]
    arrays = {"z": z, "labels": labels, "y": y}
    own = {v.path: v.numpy() for v in spectral.ema_generator.variables if "/moving_" in v.path}
    options = {"batches": 2, "batch_size": 8}
    table = standing.standing_table(spectral, [i / 50 for i in range(51)], **options)
    rows = {None: standing.standing_statistics(spectral, **options)}
    for truncation in GRID + BETWEEN:
        below = math.floor(round(truncation * 50, 6))
        f = truncation * 50 - below
        rows[truncation] = {
            path: (1 - f) * t[below] + f * t[min(below + 1, 50)] for path, t in table.items()
        }
    for truncation, statistics in rows.items():
        _write(spectral, statistics)
        arrays[f"biggan/{truncation}"] = spectral.generate(z, y).numpy()
    _write(spectral, own)
    images = conditional.generate(z, labels).numpy()
    logits = conditional.discriminate(images, y).numpy().astype(np.float64)
    arrays["compare_gan"] = (images + 1) / 2
    arrays["compare_gan/prediction"] = (1 / (1 + np.exp(-logits))).astype(np.float32)
    arrays["progan"] = (unconditional.generate(z).numpy() + 1) / 2
    return arrays


def _run(client, exports, expected, scratch):
    np.savez(scratch / "expected.npz", **expected)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    script, out = HERE / client, scratch / "out"
    command = [sys.executable, "-P", script, exports, scratch / "expected.npz", out]
    done = subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(out.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def results(exports, conditional, unconditional, tmp_path_factory):
    expected = _expected(conditional, unconditional)
    return _run("client.py", exports, expected, tmp_path_factory.mktemp("client"))


@pytest.fixture(scope="module")
def published_results(published, conditional, unconditional, spectral, tmp_path_factory):
    expected = _expected_published(conditional, unconditional, spectral)
    scratch = tmp_path_factory.mktemp("published_client")
    return _run("client_published.py", published, expected, scratch)


@pytest.mark.parametrize("check", checks("client.py"))
def test_client(results, check):
    assert results[check] == "ok", results[check]


@pytest.mark.parametrize("check", checks("client_published.py"))
def test_client_of_a_published_interface(published_results, check):
    assert published_results[check] == "ok", published_results[check]
