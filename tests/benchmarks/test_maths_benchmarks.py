"""The benchmarks of the maths: their statistics against known samples, and their tables.

No test here looks at a time.
"""

from __future__ import annotations

import argparse
import io
import math

import numpy as np
import pytest
from PIL import Image

from benchmarks import maths_cost, modes
from tfgan_models import penalties
from tfgan_models.metrics.modes import mode_coverage
from tfgan_models.registry import AUGMENTATIONS, PENALTIES, Entry
from trainers import data

HIGH_QUALITY = 1.0 - math.exp(-4.5)  # of the target: chi with 2 degrees of freedom under 3
SETS = {"ring8": 8, "grid25": 25}
# Centres on a square of side 2: half the distance between neighbours is 1.
SQUARE = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])


class ReadsEmbedding(penalties.Penalty):
    NAME = "reads_embedding"
    READS = ("embedding",)


def mixture(source, n, seed):
    generator = np.random.default_rng(seed)
    mode = generator.integers(len(source.centres), size=n)
    return source.centres[mode] + source.std * generator.standard_normal((n, 2))


@pytest.fixture
def quiet_start(monkeypatch):
    """The session has set up TensorFlow already; doing it again after use is refused."""
    monkeypatch.setattr("benchmarks.cases.start", lambda deterministic=True: None)


# === Statistics ===


@pytest.mark.parametrize("name", SETS)
def test_the_target_itself_has_every_mode_and_the_known_quality(name):
    source = data.load(f"toy:{name}")
    n = 20_000
    found = mode_coverage(mixture(source, n, 0), source.centres, source.std)
    noise = 3.0 * math.sqrt(HIGH_QUALITY * (1.0 - HIGH_QUALITY) / n)
    assert found.modes == found.loose == SETS[name]
    assert found.quality == pytest.approx(HIGH_QUALITY, abs=noise)
    # 2 n KL is chi-squared with (modes - 1) degrees of freedom: its mean and 5 deviations.
    free = SETS[name] - 1
    assert 0.0 <= found.reverse_kl < (free + 5.0 * math.sqrt(2.0 * free)) / (2.0 * n)


@pytest.mark.parametrize("name", SETS)
def test_the_first_row_is_drawn_from_the_data(name):
    source = data.load(f"toy:{name}")
    points = modes._points(source, "target", seed=3, flags=None)
    found = mode_coverage(points, source.centres, source.std)
    noise = 3.0 * math.sqrt(HIGH_QUALITY * (1.0 - HIGH_QUALITY) / modes.POINTS)
    assert points.shape == (modes.POINTS, 2)
    assert found.modes == found.loose == SETS[name]
    assert found.quality == pytest.approx(HIGH_QUALITY, abs=noise)


@pytest.mark.parametrize("name", SETS)
def test_a_cloud_finds_every_mode_with_the_quality_of_chance(name):
    source = data.load(f"toy:{name}")
    points = modes._points(source, "cloud", seed=0, flags=None)
    found = mode_coverage(points, source.centres, source.std)
    chance = SETS[name] * math.pi * (3.0 * source.std) ** 2 / (2.0 * source.scale) ** 2
    noise = 3.0 * math.sqrt(chance * (1.0 - chance) / modes.POINTS)
    assert found.quality == pytest.approx(chance, abs=noise)
    assert found.loose == SETS[name] and found.reverse_kl < 0.03


def test_collapse_to_one_centre():
    source = data.load("toy:ring8")
    points = np.repeat(source.centres[2:3], 100, axis=0)
    found = mode_coverage(points, source.centres, source.std)
    assert (found.modes, found.quality, found.loose) == (1, 1.0, 1)
    assert found.reverse_kl == pytest.approx(math.log(8.0))


def test_a_mode_counts_with_one_good_point_and_never_without():
    points = np.array([[0.29, 0.0], [2.0, 0.31], [0.0, 2.0], [1.9, 1.8]])
    found = mode_coverage(points, SQUARE, std=0.1)
    assert (found.modes, found.quality) == (3, 0.75)  # 3 std is 0.3: 0.31 is not good
    assert found.reverse_kl == pytest.approx(0.0, abs=1e-12)  # one point nearest to each


def test_loose_modes_need_a_hundredth_of_the_points_within_half_the_distance():
    points = np.concatenate(
        [
            np.tile([0.0, 0.9], (980, 1)),
            np.tile([2.9, 0.0], (10, 1)),  # exactly a hundredth
            np.tile([-0.9, 2.0], (9, 1)),  # one too few
            np.tile([2.0, 3.1], (1, 1)),  # too far
        ]
    )
    found = mode_coverage(points, SQUARE, std=0.1)
    assert (found.modes, found.quality, found.loose) == (0, 0.0, 2)
    share = np.array([0.98, 0.01, 0.009, 0.001])
    assert found.reverse_kl == pytest.approx(np.sum(share * np.log(4.0 * share)))
    shifted = np.concatenate([points, np.tile([2.0, 2.9], (1, 1))])
    assert mode_coverage(shifted, SQUARE, std=0.1).loose == 1  # 10 of 1,001 are too few


def test_reverse_kl_of_two_of_four_modes():
    points = np.repeat(SQUARE[:2], [3, 1], axis=0)
    expected = 0.75 * math.log(3.0) + 0.25 * math.log(1.0)
    assert mode_coverage(points, SQUARE, std=0.1).reverse_kl == pytest.approx(expected)


# === Networks ===


@pytest.mark.parametrize("name", SETS)
def test_networks_of_the_protocol(name):
    source = data.load(f"toy:{name}")
    model = modes.make_model(source, modes.METHODS["plain"], seed=0)
    assert model.generator.count_params() == 49_666
    assert model.discriminator.count_params() == 513
    kernel = model.discriminator.layers[-2].kernel.numpy()
    np.testing.assert_allclose(kernel @ kernel.T, 0.64 * np.eye(2), atol=1e-5)
    # In the set's own units: D sees x / 4, G's last layer makes points.
    point = np.array([[0.6, -1.2]], np.float32)
    bias, last = model.discriminator.layers[-2].bias.numpy(), model.discriminator.layers[-1]
    hidden = np.maximum(point / 4.0 @ kernel + bias, 0.0)
    expected = hidden @ last.kernel.numpy() + last.bias.numpy()
    image = (point / source.scale).reshape(1, 1, 1, 2)
    np.testing.assert_allclose(model.discriminator(image), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", modes.METHODS)
def test_every_method_compiles_with_its_betas(name):
    source = data.load("toy:ring8")
    model = modes.make_model(source, modes.METHODS[name], seed=0, rate=2e-3)
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        assert (optimizer.beta_1, optimizer.beta_2) == modes.METHODS[name].betas
        assert float(optimizer.learning_rate) == pytest.approx(2e-3)


# === Commands ===


def test_modes_prints_its_table_and_draws(quiet_start, capsys, tmp_path):
    modes.main(
        ["--sets=ring8", "--methods=rpgan_r1_r2", "--seeds=1", "--steps=50", f"--out={tmp_path}"]
    )
    lines = capsys.readouterr().out.splitlines()
    assert "1 seed(s), 50 generator steps of batch 128" in lines[0]
    header, target, cloud, row = lines[-4:]
    assert header.split() == ["set", "method", "modes", "%HQ", "loose", "reverse", "KL"]
    assert target.split()[:2] == ["ring8", "target"]
    assert target.split()[2] == target.split()[8] == "8.0"
    assert cloud.split()[:2] == ["ring8", "cloud"]
    assert row.split()[:2] == ["ring8", "rpgan_r1_r2"]
    assert row.split()[3::3] == ["+-"] * 4
    with Image.open(tmp_path / "modes_ring8.png") as image:
        assert image.format == "PNG" and min(image.size) > 200


def test_the_picture_has_a_panel_a_method():
    source = data.load("toy:grid25")
    shown = {str(i): mixture(source, 50, i) for i in range(5)}
    with Image.open(io.BytesIO(modes.picture(shown, source))) as five:
        five = five.size
    with Image.open(io.BytesIO(modes.picture({"0": shown["0"]}, source))) as one:
        one = one.size
    assert five == (4 * one[0], 2 * one[1])


@pytest.mark.parametrize(
    ("command", "argument", "reason"),
    [
        (modes, "--sets=ring9", "unknown set 'ring9'. Did you mean 'ring8'?"),
        (modes, "--methods=plain,wgan", "unknown method 'wgan'. Did you mean 'wgan_gp'?"),
        (modes, "--seeds=0", "'0' is not a positive int"),
        (modes, "--steps=75", "75 is not a multiple of 50"),
        (maths_cost, "--only=rr1", "'rr1' is neither a penalty nor an augmentation. Did you"),
        (maths_cost, "--rounds=-1", "'-1' is not a positive int"),
    ],
)
def test_a_wrong_argument_gives_one_line(command, argument, reason, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main([argument])
    printed = capsys.readouterr()
    assert stop.value.code == 2 and printed.out == ""
    last = printed.err.splitlines()[-1]
    assert reason in last and argument.partition("=")[0] in last


def test_cost_has_a_row_for_every_entry_of_the_registry():
    names = [spec["name"] for spec in maths_cost._specs([])]
    assert list(dict.fromkeys(names)) == [*PENALTIES, *AUGMENTATIONS]
    assert maths_cost._specs(["r1"])[:2] == [{"name": "r1"}, {"name": "r1", "every": 16}]


@pytest.mark.slow
def test_cost_prints_its_table(quiet_start, capsys):
    maths_cost.main(["--only=rotation,flip", "--rounds=2", "--steps=1", "--batch=4", "--width=4"])
    lines = capsys.readouterr().out.splitlines()
    assert "width 4, batch 4" in lines[0]
    header, first, second = lines[-3:]
    assert header.split() == ["term", "median", "min", "max", "rounds"]
    for row, name in ((first, "rotation"), (second, "flip")):
        label, median, low, high, rounds = row.split()
        assert label == name and rounds == "2"
        assert 0.0 < float(low) <= float(median) <= float(high)


def test_a_lazy_term_is_labelled_with_its_interval():
    assert maths_cost._label({"name": "path_length"}, 4) == "path_length every=4"
    assert maths_cost._label({"name": "r1", "every": 16}, 16) == "r1 every=16"
    assert maths_cost._label({"name": "ada", "pipeline": "bgcfnc"}, 1) == "ada pipeline=bgcfnc"


def test_cost_says_what_the_networks_cannot_serve(monkeypatch):
    entry = Entry("tests.benchmarks.test_maths_benchmarks:ReadsEmbedding", "", "")
    monkeypatch.setitem(PENALTIES, "reads_embedding", entry)
    flags = argparse.Namespace(width=4, batch=4, rounds=1, steps=1)
    row = maths_cost._row({"name": "reads_embedding"}, None, flags)
    assert row.startswith("reads_embedding")
    assert "skipped: 'reads_embedding' reads the discriminator's output 'embedding'" in row


def test_the_pair_has_no_batch_norm_and_keeps_its_size():
    generator, discriminator = maths_cost._networks(8, {"rotation_logits": 4})
    kinds = {type(layer).__name__ for net in (generator, discriminator) for layer in net.layers}
    assert "BatchNorm" not in kinds and "InstanceNorm" in kinds
    assert generator.output_shape[1:] == discriminator.input_shape[1:] == (64, 64, 3)
    shapes = {name: tensor.shape[1] for name, tensor in discriminator.output.items()}
    assert shapes == {"logits": 1, "rotation_logits": 4}
