"""tfgan-evaluate: tables, files, comparisons, sweeps; one line for whatever is wrong."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from trainers.commands import evaluate, export, train
from trainers.evaluation import read_scores

FAST = ("--network=pixels", "--samples=120", "--reals=600")


def run(module, *argv):
    """Runs a command in this process; returns its exit code."""
    return module.command().run(module.main, list(argv))


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TFGAN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """A finished run of the tiny conditional preset, its scores at step 20."""
    directory = tmp_path_factory.mktemp("evaluate") / "run"
    assert run(train, "--preset=cgan_tiny", f"--workdir={directory}") == 0
    assert run(evaluate, f"--workdir={directory}", *FAST) == 0
    return directory


@pytest.fixture(scope="module")
def module(workdir):
    """Its export."""
    directory = workdir.parent / "module"
    assert run(export, f"--workdir={workdir}", f"--output={directory}") == 0
    return directory


@pytest.fixture(scope="module")
def unconditional(tmp_path_factory):
    """A run without classes and with uniform latents."""
    directory = tmp_path_factory.mktemp("plain") / "run"
    assert run(train, "--preset=dcgan_tiny", "--steps=5", f"--workdir={directory}") == 0
    return directory


# Every wrong input that was tried: (arguments, a part of the answer).
WRONG = [
    ([], "--workdir=DIR of a run or --module=DIR"),
    (["--workdir={run}", "--module={module}"], "one of them"),
    (["--workdir={run}", "--metric=mind"], "Did you mean: metrics"),
    (["{run}"], "unexpected argument"),
    (["--workdir=/no/such"], "No such directory"),
    (["--workdir={folder}"], "no run directory"),
    (["--workdir={started}"], "has no checkpoint yet"),
    (["--workdir={run}", "--step=3"], "no checkpoint of step 3"),
    (["--module={folder}"], "manifest"),
    (["--module={module}", "--step=20"], "--step belongs to --workdir"),
    (["--module={module}", "--standing_batches=2"], "belongs to --workdir"),
    (["--workdir={run}", "--standing_batches=-1"], "--standing_batches"),
    (["--workdir={run}", "--metrics=frechet"], "Did you mean 'frechet_distance'"),
    (["--workdir={run}", "--metrics=parzen_log_likelihood"], "call tfgan_models.metrics.parzen"),
    (["--workdir={run}", "--network=digit"], "Did you mean 'digits'"),
    (["--workdir={run}", "--network=keras:/no/such.keras"], "/no/such.keras"),
    (["--workdir={run}", "--network=efficientnet_lite0"], "reads colour images"),
    (["--workdir={run}", "--network=pixels", "--metrics=inception_score"], "pixels has none"),
    (["--workdir={run}", "--data=embedded:digit"], "digits"),
    (["--workdir={run}", "--data=folder:/no/such"], "/no/such"),
    (["--workdir={run}", "--data=toy:ring8"], "images of shape (1, 1, 2), the generator makes"),
    (["--workdir={run}", "--split=test"], "no split 'test'"),
    (["--workdir={run}", "--samples=1"], "--samples"),
    (["--workdir={run}", "--samples=many"], "--samples"),
    (["--workdir={run}", "--samples=3"], "needs 10 generated images"),
    (["--workdir={run}", "--reals=5001"], "has 5000"),
    (["--workdir={run}", "--seed=-1"], "--seed"),
    (["--workdir={run}", "--labels=balanced"], "data|uniform"),
    (["--workdir={run}", "--truncation=2"], "in (0, 1]"),
    (["--workdir={run}", "--sweep=1.0,high"], "--sweep takes truncations"),
    (["--workdir={run}", "--sweep=1.0,0"], "--sweep takes truncations"),
    (["--workdir={run}", "--sweep=1.0", "--truncation=1"], "one of them"),
    (["--module={module}", "--sweep=1.0"], "needs --output"),
    (["--workdir={plain}", "--sweep=1.0,0.5"], "needs normal latents; this generator's"),
    (["--workdir={plain}", "--metrics=label_consistency"], "needs a generator with classes"),
    (["--workdir={plain}", "--metrics=mode_coverage"], "needs a toy mixture"),
    (["--workdir={run}", "--output=scores.txt"], "must end in .json"),
    (["--workdir={run}", "--output=/no/such/x.json"], "no such directory: /no/such"),
    (["--workdir={run}", "--output={folder}.json"], "is a directory"),
    (["--workdir={run}", "--compare=/no/such"], "No such directory"),
    (["--workdir={run}", "--compare={folder}"], "has no scores"),
    (["--workdir={run}", "--step=7", "--compare={run}"], "no scores of step 7"),
    (["--module={module}", "--compare={run}"], "give its directory as --workdir"),
]


@pytest.mark.parametrize(("arguments", "answer"), WRONG, ids=range(len(WRONG)))
def test_wrong_input_gets_one_line_and_exit_code_2(
    arguments, answer, workdir, module, unconditional, tmp_path, capsys
):
    places = {"run": workdir, "module": module, "plain": unconditional}
    for name in ("folder", "folder.json", "started"):
        (tmp_path / name).mkdir()
    (tmp_path / "started" / "config.json").write_text((workdir / "config.json").read_text())
    places |= {"folder": tmp_path / "folder", "started": tmp_path / "started"}
    for name, path in places.items():
        arguments = [text.replace("{" + name + "}", str(path)) for text in arguments]
    assert run(evaluate, *arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert "error: " in lines[0] and answer in lines[0]


def test_help_and_wrong_flags_need_no_tensorflow():
    script = (
        "import sys\n"
        "for name in ('tensorflow', 'keras', 'numpy', 'matplotlib'): sys.modules[name] = None\n"
        "from trainers.commands import evaluate\n"
        "def run(*argv): return evaluate.command().run(evaluate.main, list(argv))\n"
        "assert run('--help') == 0\n"
        "for wrong in ('--metrics=mnid', '--sweep=2', '--output=x.png', '--compare=/no/such'):\n"
        "    assert run('--workdir=.', wrong) == 2\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert all(f"--{flag}" in done.stdout for flag in evaluate.command().flags)
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert len(done.stderr.splitlines()) == 4


def test_a_run_and_its_export_measure_alike(workdir, module, tmp_path, capsys):
    paths = [tmp_path / "run.json", tmp_path / "sub" / "module.json"]
    paths[1].parent.mkdir()
    for where, path in zip((f"--workdir={workdir}", f"--module={module}"), paths, strict=True):
        assert run(evaluate, where, f"--output={path}", "--cache=none", *FAST) == 0
    ours, theirs = (json.loads(path.read_text()) for path in paths)
    assert ours["step"] == theirs["step"] == 20
    for a, b in zip(ours["scores"], theirs["scores"], strict=True):
        assert a["protocol"] == b["protocol"]
        assert a["value"] == pytest.approx(b["value"], rel=1e-4, abs=1e-6)
    assert (tmp_path / "sub" / "scores.csv").is_file()
    assert len(read_scores(str(tmp_path / "sub"))) == len(theirs["scores"])
    table = capsys.readouterr().out
    assert "proxy_fid" in table and "lower" in table and "pixels" in table


def test_other_data_is_brought_to_the_shape(workdir, tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for i in range(40):
        pixels = rng.integers(0, 255, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "pictures" / f"{i}.png")
    flags = (f"--workdir={workdir}", f"--data=folder:{tmp_path}/pictures", "--metrics=mind")
    output = tmp_path / "scores.json"
    assert run(evaluate, *flags, "--network=pixels", f"--output={output}") == 0
    protocol = json.loads(output.read_text())["scores"][0]["protocol"]
    assert protocol["reference"] == "folder:pictures train" and protocol["labels"] == "uniform"
    assert protocol["n_real"] == protocol["n_fake"] == 40


def test_a_sweep_draws_curves_and_stamps_truncations(workdir):
    before = len(read_scores(str(workdir)))
    assert run(evaluate, f"--workdir={workdir}", "--sweep=1.0,0.5", *FAST) == 0
    rows = read_scores(str(workdir))[before:]
    assert [score.protocol.truncation for _, score in rows] == [1.0] * 5 + [0.5] * 5
    picture = np.asarray(Image.open(workdir / "truncation.png").convert("L"), np.float32)
    assert picture.shape[1] > 1000 and (picture < 128).mean() > 0.005


def test_standing_statistics_of_a_run_and_of_its_export(workdir, tmp_path):
    flags = (f"--workdir={workdir}", f"--output={tmp_path}/module", "--standing_batches=2")
    assert run(export, *flags) == 0
    found = []
    for i, flags in enumerate(
        (
            (f"--workdir={workdir}", "--standing_batches=2"),
            (f"--module={tmp_path}/module",),
            (f"--workdir={workdir}",),
        )
    ):
        path = tmp_path / f"{i}.json"
        flags = (*flags, f"--output={path}", "--metrics=frechet_distance", *FAST)
        assert run(evaluate, *flags) == 0
        (score,) = json.loads(path.read_text())["scores"]
        found.append(score)
    a, b, moving = found
    assert a["protocol"] == b["protocol"] and a["protocol"]["standing_batches"] == 2
    assert a["value"] == pytest.approx(b["value"], rel=1e-4)
    assert moving["protocol"]["standing_batches"] == 0
    assert abs(moving["value"] - a["value"]) > 1e-3 * a["value"]
    metadata = json.loads((tmp_path / "module" / "metadata.json").read_text())
    assert metadata["standing_statistics"] == {"batches": 2, "batch_size": 64, "seed": 0}
    assert metadata["metrics"] == {}  # those at hand had the moving averages
    card = (tmp_path / "module" / "README.md").read_text()
    assert "standing statistics: means over 2 batches of 64 images" in card


def test_comparing_runs(workdir, tmp_path, capsys):
    lines = (workdir / "scores.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines[:6]]  # the default set, without truncation
    rows.append(json.loads(lines[0]))
    rows[-1]["protocol"]["truncation"] = 0.5
    for name, shift, density_fakes in (("ours", 0.0, 120), ("theirs", 0.5, 121)):
        (tmp_path / name).mkdir()
        for row in rows:
            row["value"] += shift
            if row["name"].startswith("density"):
                row["protocol"]["n_fake"] = density_fakes
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / name / "scores.jsonl").write_text(text)
    assert run(evaluate, f"--workdir={tmp_path}/ours", f"--compare={tmp_path}/theirs") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    found = {" ".join(line[:-5]): line[-2:-4:-1] for line in lines}
    assert found["proxy_fid[pixels]"] == found["proxy_fid[pixels] at 0.5"] == ["this", "-0.5"]
    assert found["recall[pixels]"] == ["other", "-0.5"]
    (refused,) = [" ".join(line) for line in lines if line[:2] == ["not", "compared:"]]
    assert "density[pixels]" in refused and "n_fake: 120 / 121" in refused


def test_unlike_measurements_are_not_compared(workdir, unconditional, capsys):
    flags = (f"--workdir={unconditional}", "--network=pixels", "--samples=110", "--reals=600")
    assert run(evaluate, *flags, "--metrics=birthday_paradox") == 0
    assert run(evaluate, f"--workdir={unconditional}", f"--compare={workdir}") == 2
    assert "share no metric" in capsys.readouterr().err
    assert run(evaluate, *flags, "--metrics=frechet_distance") == 0
    assert run(evaluate, f"--workdir={unconditional}", f"--compare={workdir}") == 2
    answer = capsys.readouterr().err
    for field in ("n_fake: 110 / 120", "labels: 'none' / 'data'", "weights: 'raw' / 'ema'"):
        assert field in answer


def test_broken_weights_are_named(workdir, tmp_path, capsys, monkeypatch):
    from trainers import run as runs

    model, stored, step = runs.load_run(str(workdir))
    model.ema_generator.weights[0].assign(model.ema_generator.weights[0] * float("nan"))
    monkeypatch.setattr(runs, "load_run", lambda *_: (model, stored, step))
    assert run(evaluate, f"--workdir={workdir}", *FAST) == 3
    assert "produced NaN at step 20" in capsys.readouterr().err


def test_an_export_carries_the_scores(workdir, module):
    metadata = json.loads((module / "metadata.json").read_text())
    first = dict(read_scores(str(workdir))[:1])[20]
    entry = metadata["metrics"]["proxy_fid[pixels]"]
    assert entry["value"] == first.value and entry["protocol"]["n_fake"] == 120
    card = (module / "README.md").read_text()
    (line,) = [line for line in card.splitlines() if line.startswith("| proxy_fid[pixels] ")]
    for part in ("120 fakes of the ema weights", "600 reals of embedded:digits train", "seed 0"):
        assert part in line
