"""The traversal example draws a block a code and prints what Q and a classifier read."""

import io
import math
import pathlib
import runpy
import sys

import numpy as np
import pytest
from PIL import Image

import trainers

SCRIPT = str(pathlib.Path(__file__).parent.parent / "examples" / "infogan_traversal.py")


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", [SCRIPT, *arguments])
    return runpy.run_path(SCRIPT)["main"](list(arguments))


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    path = tmp_path_factory.mktemp("run") / "digits"
    small = {"model.width": 2, "steps": 2, "batch_size": 8}
    trainers.fit_preset("infogan_digits", str(path), **small)
    return path


def test_picture_and_numbers(monkeypatch, workdir, tmp_path, capsys):
    picture = tmp_path / "codes.png"
    result = run(
        monkeypatch, f"--workdir={workdir}", f"--output={picture}", "--rows=2", "--samples=100"
    )
    pixels = np.asarray(Image.open(io.BytesIO(picture.read_bytes())))
    assert pixels.shape[1] // 10 >= 28
    assert pixels.shape[0] // (3 * 2 + 2) >= 28  # two rows a code and a black one between
    assert 0.0 <= result["error"] <= 1.0 and result["information"] <= math.log(10)
    printed = capsys.readouterr().out
    assert "of 2.303 nats" in printed and printed.count("% of its images") == 10


def test_refusals(monkeypatch, tmp_path):
    with pytest.raises(SystemExit, match="infogan_traversal: error: "):
        run(monkeypatch, f"--workdir={tmp_path / 'none'}")
    trainers.fit_preset("dcgan_tiny", str(tmp_path / "run"), steps=1)
    with pytest.raises(SystemExit, match="holds no InfoGAN"):
        run(monkeypatch, f"--workdir={tmp_path / 'run'}")
