"""The benchmarks run, and compare equal mathematics. No test here looks at a time."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import cases
from benchmarks.hand_loop import HandLoop
from tfgan_models.core import random

ROOT = pathlib.Path(__file__).parents[2]
SGD = {"name": "sgd", "learning_rate": 0.05}


def library_draws(model, case):
    """Latents of a step of the library: (step, player) -> (B, latent_dim)."""
    purposes = {"critic": "critic_0/latents", "generator": "generator/latents"}

    def draw(step, player):
        key = random.key(model.seed, purposes[player], step)
        return random.latents(model.latent_distribution, key, case.batch, model.latent_dim)

    return draw


@pytest.mark.parametrize("name", ["quickstart", "dcgan_28_narrow"])
def test_both_sides_make_the_same_step(name):
    case = cases.CASES[name]
    model = cases.make_model(
        case, compile__generator_optimizer=SGD, compile__discriminator_optimizer=SGD
    )
    hand = HandLoop(model, case, latents=library_draws(model, case))
    before = [w.numpy() for w in model.generator.trainable_variables]

    model.fit(cases.make_dataset(case), steps_per_epoch=1, verbose=0)
    hand.run(iter(cases.make_dataset(case)), 1)

    pairs = [(model.generator, hand.generator), (model.discriminator, hand.discriminator)]
    if hand.average is not None:
        pairs.append((model.ema_generator, hand.average))
    for ours, theirs in pairs:
        for a, b in zip(ours.weights, theirs.weights, strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-5, err_msg=a.path)
    moved = [
        float(tf.reduce_max(tf.abs(w - b)))
        for w, b in zip(model.generator.trainable_variables, before, strict=True)
    ]
    assert max(moved) > 1e-4


@pytest.mark.slow
def test_fit_overhead_prints_its_table():
    command = [sys.executable, "-m", "benchmarks.fit_overhead", "--rounds=1", "--seconds=0.2"]
    command += ["--cases=mlp_toy", "--determinism_rounds=0"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    header, row = done.stdout.splitlines()
    assert header.split()[:2] == ["case", "ms/step"]
    assert row.split()[0] == "mlp_toy"
