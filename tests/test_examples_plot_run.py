"""The example that draws columns of a run."""

import importlib.util
import json
import pathlib

import numpy as np
import pytest
from PIL import Image

PATH = pathlib.Path(__file__).parent.parent / "examples" / "plot_run.py"


@pytest.fixture
def plot_run():
    spec = importlib.util.spec_from_file_location("plot_run", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def test_columns_are_drawn_and_unknown_ones_refused(plot_run, tmp_path, capsys):
    rows = [{"step": step, "d_real": 1 / step, "d_fake": 1.0} for step in range(1, 9)]
    (tmp_path / "metrics.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    output, place = tmp_path / "out.png", f"--workdir={tmp_path}"
    pictures = []
    for columns in ("d_real", "d_real,d_fake"):
        plot_run([place, f"--columns={columns}", f"--output={output}"])
        pictures.append(np.asarray(Image.open(output)))
    assert pictures[0].shape == pictures[1].shape and np.any(pictures[0] != pictures[1])
    with pytest.raises(SystemExit):
        plot_run([place, "--columns=d_rael"])
    assert "no column 'd_rael'; it has d_fake, d_real, step" in capsys.readouterr().err
