"""The benchmark against PyTorch compares equal mathematics, and its statistics are right.

No test here looks at a time.
"""

from __future__ import annotations

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks import cases, peer, peer_library, peer_table
from benchmarks.peer_critic import CriticLoop
from benchmarks.peer_table import Round
from tfgan_models.core.random import Draws
from tfgan_models.layers import SpectralNorm

SGD = {"name": "sgd", "learning_rate": 0.05}
ROOT = pathlib.Path(__file__).parents[2]
NARROW = (
    "dcgan_28_narrow",
    "mlp_128",
    "dcgan_64_port_narrow",
    "resnet_wgan_gp_narrow",
    "biggan_narrow",
)
needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="PyTorch is not installed"
)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """{case: (folder of the twin's files, losses of two steps of `fit`)}."""
    made = {}
    for name in NARROW:
        folder = tmp_path_factory.mktemp(name)
        made[name] = folder, peer_library.export(cases.CASES[name], folder)["losses"]
    return made


@pytest.fixture
def twin_of():
    """Returns the class; with one thread, because OpenMP's wait for each other when it is busy."""
    # Triton comes with PyTorch for GPUs; its LLVM crashes in a process that holds TensorFlow's.
    sys.modules.setdefault("triton", None)
    import torch

    from benchmarks.peer_torch import Twin

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Twin
    torch.set_num_threads(threads)


# === Equal mathematics ===


@needs_torch
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
@pytest.mark.parametrize("name", NARROW)
def test_the_twin_makes_the_steps_of_fit(exported, twin_of, name, layout):
    folder, losses = exported[name]
    theirs = twin_of(folder, layout, "float32").check()
    peer.check_losses(name, losses, theirs, "float32")
    assert len(theirs["d_loss"]) == 2 and theirs["d_loss"][0] != theirs["d_loss"][1]


@needs_torch
@pytest.mark.parametrize("change", ["unrotated", "no update of G", "no penalty"])
def test_other_mathematics_is_refused(exported, twin_of, tmp_path, change):
    name = "resnet_wgan_gp_narrow"
    folder, losses = exported[name]
    with np.load(folder / "arrays.npz") as file:
        arrays = dict(file)
    settings = json.loads((folder / "settings.json").read_text())
    if change == "unrotated":
        arrays["batch"] = arrays["batch"][:, ::-1, ::-1]
    elif change == "no penalty":
        settings["penalty"] = 1e-9
    np.savez(tmp_path / "arrays.npz", **arrays)
    (tmp_path / "settings.json").write_text(json.dumps(settings))
    twin = twin_of(tmp_path, "channels_last", "float32")
    if change == "no update of G":
        twin.networks[0].requires_grad_(False)
        twin.networks[0][0].bias.requires_grad_(True)
    with pytest.raises(ValueError, match="not equal"):
        peer.check_losses(name, losses, twin.check(), "float32")


@needs_torch
def test_weights_without_a_place_are_refused(exported):
    from benchmarks import peer_networks

    settings = json.loads((exported["mlp_128"][0] / "settings.json").read_text())
    generator, _ = peer_networks.build(settings)
    weights = [p.detach().numpy().T for p in generator.parameters()]
    with pytest.raises(ValueError, match="1 of 9 weights"):
        peer_networks.load(generator, [*weights, np.zeros(3, "float32")])


def test_the_hand_written_critic_makes_the_step_of_fit():
    case = cases.CASES["resnet_wgan_gp_narrow"]
    model = cases.make_model(
        case, compile__generator_optimizer=SGD, compile__discriminator_optimizer=SGD
    )
    batch = next(iter(cases.make_dataset(case)))
    draws = Draws(model.seed, 0, case.batch)
    of = {"critic": draws.at("critic_0"), "generator": draws.at("generator")}
    hand = CriticLoop(
        model,
        case,
        latents=lambda step, player: model.draw_latents({"draws": of[player]}),
        mix=lambda step: of["critic"].uniform("gradient_penalty"),
    )
    model.fit(tf.data.Dataset.from_tensors(batch), verbose=0)
    hand.run(iter(tf.data.Dataset.from_tensors(batch)), 1)
    for a, b in ((model.generator, hand.generator), (model.discriminator, hand.discriminator)):
        for ours, theirs in zip(a.weights, b.weights, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5, err_msg=ours.path)


# === Statistics ===


def rounds_of(rates, others=0.0, peak=1e9):
    """Rounds from {contender: rates of the rounds}; a step takes two cores."""
    sides = list(rates)
    count = len(rates[sides[0]])
    others = [others] * count if np.isscalar(others) else others
    return [
        Round(
            {s: rates[s][i] for s in sides},
            {s: 2.0 / rates[s][i] for s in sides},
            dict.fromkeys(sides, others[i]),
            peak,
        )
        for i in range(count)
    ]


def columns(line):
    """([median, min, max], rounds) of a row, whose ratio of CPU time is the median too."""
    middle = line[42:].split()
    assert middle[4] == middle[1]
    return [float(n) for n in middle[1:4]], middle[5]


def test_ratios_are_paired_with_the_better_layout():
    rates = {
        "fit": [10.0, 12.0, 30.0, 8.0, 9.0],
        "hand": [10.0, 10.0, 10.0, 10.0, 10.0],
        "torch channels_last": [10.0, 8.0, 10.0, 10.0, 6.0],
        "torch channels_first": [5.0, 99.0, 5.0, 5.0, 5.0],
    }
    fit, hand, last, first = peer_table.rows("dcgan_28", "float32", rounds_of(rates), 64, 1e6)
    assert columns(fit) == ([1.5, 0.8, 3.0], "5/5")  # of 1.0, 1.5, 3.0, 0.8, 1.5
    assert columns(hand)[0] == [1.0, 1.0, 1.667]
    assert columns(last)[0] == [1.0, 1.0, 1.0] and last.endswith("the peer")
    assert columns(first)[0][2] == pytest.approx(99.0 / 8.0, abs=1e-3)
    assert fit.endswith("1.20 pass")


def test_busy_rounds_are_left_out_while_enough_are_quiet():
    rates = {"fit": [1.0] * 5 + [9.0] * 4, "torch channels_last": [1.0] * 9}
    others = [0.05] * 5 + [0.06] * 4
    lines = peer_table.rows("dcgan_64", "float32", rounds_of(rates, others), 1, 9e8)
    assert columns(lines[0]) == ([1.0, 1.0, 1.0], "5/9")
    assert lines[0].endswith("1.03 below, 82 % of peak pass")  # 1.0 x 9e8 / 1e9
    assert len(lines) == 2

    others = [0.05] * 4 + [0.06] * 5
    lines = peer_table.rows("dcgan_64", "float32", rounds_of(rates, others), 1, 8e8)
    assert columns(lines[0]) == ([1.0, 1.0, 9.0], "9/9")
    assert lines[0].endswith("1.03 below, 82 % of peak below")
    assert lines[2].strip().startswith("not quiet") and "5 rounds" in lines[2]


def test_the_header_stands_over_its_columns():
    rates = {"fit": [12_345.6], "hand": [12_345.6]}
    row = peer_table.rows("resnet_wgan_gp", "bfloat16", rounds_of(rates), 1, 1e4)[0]
    header = peer_table.header()
    for title, value in (("images/s", "12346"), ("median", "1.000"), ("rounds", "1/1")):
        end = header.index(title) + len(title)
        assert row[:end].endswith(value)


def test_flops_of_a_step_by_hand():
    case = cases.CASES["mlp_128"]
    hidden = 2 * 2 * 128 * 128
    generator = 2 * (16 * 128 + 128 * 2) + hidden
    discriminator = 2 * (2 * 128 + 128) + hidden
    expected = case.batch * (3 * generator + 8 * discriminator)  # one batch of fakes
    assert peer_library.step_flops(cases.make_model(case), case.batch) == expected


def test_flops_of_convolutions_by_hand():
    generator = keras.Sequential(
        [
            keras.Input((2, 2, 3)),
            keras.layers.Conv2DTranspose(5, 4, 2, "same"),  # 2x2 inputs, 4x4 taps each
            keras.layers.Conv2D(7, 3, 2, "same"),  # 2x2 outputs, 3x3 taps each
        ]
    )
    expected = 2 * (4 * 16 * 3 * 5 + 4 * 9 * 5 * 7)
    assert peer_library.forward_flops(generator) == expected
    normalised = SpectralNorm(keras.layers.Conv2D(7, 3, 2, "same"))
    network = keras.Sequential([keras.Input((4, 4, 5)), normalised])
    assert peer_library.forward_flops(network) == 2 * 4 * 9 * 5 * 7


# === The command ===


def test_a_missing_peer_is_said_with_the_way_to_install_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    peer.main(["--cases="])
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("PyTorch is not installed") and "pip install torch" in first


@pytest.mark.slow
@needs_torch
def test_the_table_of_a_toy():
    command = [sys.executable, "-m", "benchmarks.peer", "--cases=mlp_128", "--rounds=1"]
    command += ["--seconds=0.2", "--precision=float32"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=240, env=os.environ
    )
    assert done.returncode == 0, done.stderr
    title, header, *lines = done.stdout.splitlines()
    assert title.startswith("float32") and header.split()[0] == "case"
    sides = [line[20:42].strip() for line in lines[:4]]
    assert sides == ["fit", "hand", "torch channels_last", "torch channels_first"]
