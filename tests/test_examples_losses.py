"""The comparison of losses on the digits runs and refuses names it does not know."""

import pathlib
import runpy
import sys

import numpy as np
import pytest
from PIL import Image

SCRIPT = str(pathlib.Path(__file__).parent.parent / "examples" / "compare_losses.py")


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", [SCRIPT, *arguments])
    runpy.run_path(SCRIPT, run_name="__main__")


def test_a_row_of_samples_a_loss(monkeypatch, tmp_path, capsys):
    picture = tmp_path / "losses.png"
    run(monkeypatch, "--losses=hinge,top_k", "--steps=1", f"--output={picture}")
    assert capsys.readouterr().out.split("\n")[:2] == ["hinge trained", "top_k trained"]
    with Image.open(picture) as image:
        assert image.width > 300 and len(np.unique(np.asarray(image))) > 4


def test_an_unknown_loss_stops_before_training(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        run(monkeypatch, "--losses=hinges")
    assert "no loss 'hinges' here; give some of minimax" in capsys.readouterr().err
