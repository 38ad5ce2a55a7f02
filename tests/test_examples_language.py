"""The language example writes its text for the command, and trains on it."""

import pathlib
import runpy
import sys

import numpy as np
import pytest

from tfgan_models import analysis, presets
from trainers import data

SCRIPT = str(pathlib.Path(__file__).parent.parent / "examples" / "wgan_gp_language.py")


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", [SCRIPT, *arguments])
    return runpy.run_path(SCRIPT, run_name="__main__")


def test_the_written_text_fits_the_preset(monkeypatch, tmp_path, capsys):
    path = tmp_path / "text.npz"
    found = run(monkeypatch, f"--write={path}")
    assert "texts of 32 characters" in capsys.readouterr().out
    source = data.load(f"npz:{path}")
    lines = found["corpus"]()
    assert source.num_examples == len(lines) > 5_000
    images = source.gather(np.arange(20))["image"].numpy()
    assert images.shape[1:] == presets.get("wgan_gp_language").model["image_shape"]
    assert analysis.decode_text(images) == lines[:20]
    assert analysis.ngram_divergence(lines[::2], lines[1::2], 2) < 0.01


@pytest.mark.slow
def test_it_trains_and_prints(monkeypatch, capsys):
    run(monkeypatch, "--steps=2", "--preset=wgan_gp_language_small")
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0].strip() for line in printed[1:4]] == [
        "real text",
        "step 1",
        "step 2",
    ]
    assert all(len(line) == 32 for line in printed[4:]) and len(printed) == 20
