"""The examples of games and densities draw their pictures and print the numbers that matter."""

from __future__ import annotations

import math
import os
import pathlib
import re
import runpy
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "games.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"python examples/(\w+)\.py --output=docs/pictures/(\w+\.png)", PAGE)
NUMBER = r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs a script as `python examples/NAME.py` does; returns its numbers by line's first words.

    In this process, which has TensorFlow loaded already.
    """

    def one(name):
        picture = tmp_path / f"{name}.png"
        script = str(ROOT / "examples" / f"{name}.py")
        monkeypatch.setattr(sys, "argv", [script, f"--output={picture}"])
        runpy.run_path(script, run_name="__main__")
        with Image.open(picture) as image:
            assert image.width >= 700 and image.height >= 240
            assert len(np.unique(np.asarray(image))) > 10
        assert picture.stat().st_size < 60_000
        printed = capsys.readouterr().out
        assert f"Drew {picture}" in printed
        return printed

    return one


def numbers(printed, start):
    """The numbers of each line that begins with `start`."""
    lines = [line.strip() for line in printed.splitlines()]
    rests = [line[len(start) :] for line in lines if line.startswith(start)]
    assert rests, f"no line starts with {start!r} in:\n{printed}"
    return [[float(x) for x in re.findall(NUMBER, rest)] for rest in rests]


def test_update_rules(run):
    printed = run("games")
    for (simultaneous,) in numbers(printed, "simultaneous "):
        assert simultaneous > 2
    # sqrt(2) times the factors of the xy game to the 250th.
    for name, factor in (("simultaneous", 1.01), ("extragradient", 1 - 0.01 + 0.0001)):
        assert numbers(printed, name)[0][0] == pytest.approx(math.sqrt(2) * factor**125, abs=1e-3)
    for name in ("consensus", "unrolled"):
        assert max(numbers(printed, name)) < [1e-3]


def test_dirac_gan(run):
    printed = run("dirac_gan")
    for gamma, distance in ((0.0, 3.0969), (0.3, 2.6e-6), (1.0, 9.5e-22)):
        (values,) = numbers(printed, f"minimax        gamma {gamma:.1f}:")
        assert values[0] == pytest.approx(-gamma / 2, abs=1e-3)
        assert values[-1] == pytest.approx(distance, rel=0.02)


def test_rock_paper_scissors(run):
    printed = run("rock_paper_scissors")
    assert numbers(printed, "fictitious play, average: after 10000 rounds")[0][0] < 0.02
    assert numbers(printed, "gradient play: after 1001 rounds")[0][0] > 0.2
    assert numbers(printed, "extragradient: after 1001 rounds")[0][0] < 0.01


def test_generator_costs(run):
    printed = run("generator_costs")
    assert numbers(printed, "minimax ") == [[0.01, 0.5, 0.99]]
    assert numbers(printed, "non_saturating ") == [[0.99, 0.5, 0.01]]
    np.testing.assert_allclose(
        numbers(printed, "maximum_likelihood ")[0], [1 / 99, 1, 99], atol=2e-3
    )


def test_point_mass_distances(run):
    printed = run("point_mass_distances")
    assert numbers(printed, "earth mover") == [[1.0, 1.0]] * 2
    sharp, blurred = numbers(printed, "Jensen-Shannon")
    assert sharp == [0.6931, 0.0] and blurred[1] > 0.3
    np.testing.assert_allclose(numbers(printed, "KL"), [[200, 400], [2, 4]], rtol=1e-4)
    # Phi(1) - Phi(-1): two normals of deviation 1/2 at distance 1.
    assert numbers(printed, "total variation")[1][0] == pytest.approx(0.6827, abs=1e-4)


def test_densities(run):
    printed = run("densities_1d")
    mean, std = numbers(printed, "Maximum likelihood:")[0]
    assert mean == 16.4559 and std * math.sqrt(50 / 49) == pytest.approx(4.7840, abs=1e-4)
    for kind in ("normal: ", "kernels:"):
        p15, p24, p1 = numbers(printed, f"p(15), p(24), p(1) of the {kind}")[0]
        assert p15 > p24 > p1 > 0
    distances = numbers(printed, "N(0, 1) and N(1, 1):")[0]
    np.testing.assert_allclose(distances[::2][:1], 0.5)
    assert "JS 0.111421, TV 0.382925, W1 1.0000" in printed


def test_three_fits_of_a_normal(run):
    printed = run("nce_gan_mle")
    likeliest = numbers(printed, "maximum likelihood  mean")[0]
    gan = numbers(printed, "GAN, 1500 steps     mean")[0]
    np.testing.assert_allclose(gan, likeliest, atol=2e-4)
    mean, std, learned, true = numbers(printed, "noise contrast      mean")[0]
    np.testing.assert_allclose([mean, std], [4.0, 0.5], atol=0.1)
    assert learned == pytest.approx(true, abs=0.1)
    least = numbers(printed, "spread of the fitted deviation over 200 sets: maximum likelihood")[0][
        0
    ]
    spreads = dict(numbers(printed, "noise contrast, noise of deviation"))
    assert least == pytest.approx(0.5 / math.sqrt(2 * 400), rel=0.15)
    assert min(spreads.values()) > least and spreads[8.0] > spreads[2.0] > spreads[1.0]


def test_directions_of_kl(run):
    printed = run("kl_directions")
    mean, std, _ = numbers(printed, "kl ")[0]
    assert mean == pytest.approx(-0.55, abs=2e-3)  # the moments of the mixture
    assert std == pytest.approx(math.sqrt(0.49 + 0.24 * 5.5**2), abs=2e-3)
    mean, std, value = numbers(printed, "reverse_kl ")[0]
    np.testing.assert_allclose([mean, std, value], [-2.75, 0.7, -math.log(0.6)], atol=5e-3)


def test_an_example_runs_by_itself(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "rock_paper_scissors.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "games_rps.png").is_file()


def test_the_page_shows_the_picture_of_every_command():
    assert len(COMMANDS) == 8
    for name, picture in COMMANDS:
        assert (ROOT / "examples" / f"{name}.py").is_file()
        assert f"](pictures/{picture})" in PAGE
        assert (ROOT / "docs" / "pictures" / picture).stat().st_size < 60_000
