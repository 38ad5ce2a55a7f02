"""The commands: what they print, and one line with exit code 2 for whatever is wrong."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from trainers import pictures
from trainers import run as run_module
from trainers.commands import convert, export, sample, train
from trainers.commands import list as listing

COMMANDS = {"train": train, "sample": sample, "export": export, "convert": convert}


def run(module, *argv):
    """Runs a command in this process; returns its exit code."""
    if module is listing:
        return listing.command().run(listing.main, list(argv), positional=True)
    return module.command().run(module.main, list(argv))


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """A finished run of the tiny conditional preset."""
    directory = tmp_path_factory.mktemp("cli") / "run"
    assert run(train, "--preset=cgan_tiny", f"--workdir={directory}") == 0
    return directory


@pytest.fixture(scope="module")
def module(workdir):
    """Its export."""
    directory = workdir.parent / "module"
    assert run(export, f"--workdir={workdir}", f"--output={directory}") == 0
    return directory


# Every wrong input that was tried: (command, arguments, a part of the answer).
WRONG = [
    (train, ["--presett=quickstart"], "Did you mean: preset"),
    (train, ["--preset"], "Missing value"),
    (train, [], "--preset is missing"),
    (train, ["quickstart"], "unexpected argument 'quickstart'"),
    (train, ["--preset=quikstart"], "Did you mean 'quickstart'"),
    (train, ["--preset=quickstart"], "--workdir is missing"),
    (train, ["--preset=quickstart", "--steps=many"], "--steps"),
    (train, ["--preset=cgan_tiny", "--workdir={new}", "--set=data.labelled=0.5"], "=uniform"),
    (train, ["--preset=gan_tiny", "--workdir={new}", "--set=data.labelled=0.5"], "reads none"),
    (train, ["--preset=biggan_tiny", "--workdir={new}", "--set=data.labelled=0"], "in (0, 1]"),
    (train, ["--preset=quickstart", "--steps=0"], "--steps=0: 0 is not a positive"),
    (train, ["--preset=quickstart", "--steps=-5"], "not a positive"),
    (train, ["--preset=quickstart", "--batch_size=1.5"], "--batch_size"),
    (train, ["--preset=quickstart", "--seed=x"], "--seed"),
    (train, ["--preset=quickstart", "--strategy=mirored"], "mirrored"),
    (train, ["--preset=quickstart", "--precision=fp16"], "mixed_float16"),
    (train, ["--preset=quickstart", "--dry_run=perhaps"], "dry_run"),
    (train, ["--preset=quickstart", "--set=run.keep"], "--set takes field=value"),
    (train, ["--preset=quickstart", "--set==3"], "--set takes field=value"),
    (train, ["--preset=quickstart", "--set=run.kep=3"], "Did you mean 'keep'"),
    (train, ["--preset=quickstart", "--set=run.keep=0"], "positive whole number"),
    (train, ["--preset=quickstart", "--set=run.keep=lots"], "positive whole number"),
    (train, ["--preset=quickstart", "--set=compile.d_step=2"], "Did you mean 'd_steps'"),
    (train, ["--preset=quickstart", "--set=compile.share_fakes=7"], "must be bool"),
    (train, ["--preset=quickstart", "--set=model.width=wide"], "must be int"),
    (train, ["--preset=quickstart", "--set=steps=ten"], "must be int"),
    (train, ["--preset=quickstart", "--data=embeded:digits"], "embedded"),
    (train, ["--preset=quickstart", "--data=/some/folder"], "kind"),
    (train, ["--preset=quickstart", "--data=folder:"], "folder"),
    (train, ["--preset=quickstart", "--set=run.log_every=1e3"], "positive whole number"),
    (train, ["--preset=gan_ring8", "--steps=70"], "multiple of compile.steps_per_execution"),
    (train, ["--preset=quickstart", "--workdir={file}"], "is a file"),
    (train, ["--preset=cgan_tiny", "--workdir={new}", "--data=folder:/no/such"], "/no/such"),
    (train, ["--preset=cgan_tiny", "--workdir={new}", "--data=npz:{file}"], "notes.txt"),
    (train, ["--preset=cgan_tiny", "--workdir={new}", "--data=tfds:nothing_here"], "nothing_here"),
    (train, ["--preset=cgan_tiny", "--workdir={new}", "--data=embedded:digit"], "digits"),
    (train, ["--preset=cgan_tiny", "--workdir={new}", "--data=toy:ring8"], "shape"),
    (train, ["--preset=cgan_tiny", "--workdir={run}", "--seed=9"], "seed: 0 -> 9"),
    (train, ["--preset=gan_tiny", "--workdir={run}"], "another configuration"),
    (
        train,
        ["--preset=cgan_tiny", "--workdir={new}", "--set=compile.loss=hinges"],
        "Unknown loss 'hinges'",
    ),
    (
        train,
        ["--preset=cgan_tiny", "--workdir={new}", '--set=compile.penalties=[{"name": "r3"}]'],
        "Unknown penalty 'r3'. Did you mean",
    ),
    (
        train,
        ["--preset=dcgan_tiny", "--workdir={new}", "--set=compile.augment=colour"],
        "Did you mean 'color'",
    ),
    (
        train,
        ["--preset=dcgan_tiny", "--workdir={new}", "--set=compile.updates=burst"],
        "Did you mean 'bursts'",
    ),
    (
        train,
        ["--preset=dcgan_tiny", "--workdir={new}", '--set=compile.loss=["hinge", "minimax"]'],
        "names 2 games",
    ),
    (
        train,
        [
            "--preset=dcgan_tiny",
            "--workdir={new}",
            "--set=compile.loss=hinge",
            "--set=compile.loss.margin=2",
        ],
        "Unknown field 'compile.loss.margin'",
    ),
    (
        train,
        [
            "--preset=dcgan_tiny",
            "--workdir={new}",
            "--set=compile.loss=wasserstein",
            "--set=compile.augment=ada",
        ],
        "adapts to the sign of the logits",
    ),
    (
        train,
        ["--preset=dcgan_tiny", "--workdir={new}", '--set=compile.penalties=["r1"]'],
        "batch norm",
    ),
    (
        train,
        ["--preset=dcgan_tiny", "--workdir={new}", "--set=model.image_shape=[9, 9, 1]"],
        "Nearest that works: 8x8",
    ),
    (
        train,
        [
            "--preset=cgan_tiny",
            "--workdir={new}",
            '--set=compile.generator_optimizer={"name": "adem"}',
        ],
        "Did you mean",
    ),
    (sample, [], "--workdir=DIR of a run or --module=DIR"),
    (sample, ["--workdir={run}", "--module={run}", "--output=x.png"], "one of them"),
    (sample, ["--workdir={run}"], "--output is missing"),
    (sample, ["--workdir=/no/such", "--output=x.png"], "No such directory"),
    (sample, ["--workdir={new}", "--output=x.png"], "No such directory"),
    (sample, ["--workdir={run}", "--output=x.jpg"], "must end in .png"),
    (sample, ["--workdir={run}", "--output=x.png", "--mode=walk"], "must end in .gif"),
    (sample, ["--workdir={run}", "--output=x.png", "--mode=mixture", "--labels=3"], "two classes"),
    (sample, ["--workdir={run}", "--output=/no/such/x.png"], "no such directory"),
    (sample, ["--workdir={run}", "--output=x.png", "--mode=sheet"], "rows"),
    (sample, ["--workdir={run}", "--output=x.png", "--labels=12"], "classes 0 to 9"),
    (sample, ["--workdir={run}", "--output=x.png", "--labels=cat"], "classes 0 to 9"),
    (sample, ["--workdir={run}", "--output=x.png", "--truncation=2"], "in (0, 1]"),
    (sample, ["--workdir={run}", "--output=x.png", "--step=3"], "no checkpoint of step 3"),
    (sample, ["--workdir={folder}", "--output=x.png"], "no run directory"),
    (sample, ["--module={folder}", "--output=x.png"], "manifest"),
    (sample, ["--workdir={run}", "--output=x.png", "--count=0"], "not a positive"),
    (sample, ["--module={folder}", "--output=x.png", "--standing_batches=2"], "to --workdir"),
    (export, [], "--workdir is missing"),
    (export, ["--workdir={run}"], "--output is missing"),
    (export, ["--workdir={folder}", "--output={new}"], "no run directory"),
    (export, ["--workdir={run}", "--output={folder}"], "exists"),
    (export, ["--workdir={run}", "--output={new}", "--profile=bigan"], "biggan"),
    (export, ["--workdir={run}", "--output={new}", "--profile=progan"], "does not fit"),
    (export, ["--workdir={run}", "--output={new}", "--truncations=1"], "at least 2"),
    (export, ["--workdir={run}", "--output={new}", "--standing_batches=0"], "not a positive"),
    (convert, ["--folder=/no/such", "--output={new}"], "/no/such"),
    (convert, ["--output={new}"], "--folder is missing"),
    (convert, ["--folder={folder}", "--output={run}"], "exists already"),
    (listing, [], "give one of families"),
    (listing, ["preset"], "Did you mean 'presets'"),
    (listing, ["families", "presets"], "give one of"),
    (listing, ["--all"], "all"),
]


@pytest.mark.parametrize(
    ("module_", "arguments", "answer"),
    WRONG,
    ids=[f"{a[0].__name__}-{i}" for i, a in enumerate(WRONG)],
)
def test_wrong_input_gets_one_line_and_exit_code_2(
    module_, arguments, answer, workdir, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("not an archive")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "notes.txt").write_text("no image")
    places = {
        "file": tmp_path / "notes.txt",
        "folder": tmp_path / "folder",
        "new": tmp_path / "new",
        "run": workdir,
    }
    arguments = [_fill(text, places) for text in arguments]
    assert run(module_, *arguments) == 2
    lines = [
        line
        for line in capsys.readouterr().err.splitlines()
        if not line.startswith('{"preset"')  # the resolved configuration
    ]
    assert len(lines) == 1, lines
    assert "error: " in lines[0] and answer in lines[0]
    assert not (tmp_path / "x.png").exists()


def _fill(text, places):
    for name, path in places.items():
        text = text.replace("{" + name + "}", str(path))
    return text


def test_help_and_lists_need_no_tensorflow():
    script = (
        "import sys\n"
        "for name in ('tensorflow', 'keras', 'numpy', 'matplotlib'): sys.modules[name] = None\n"
        "from trainers.commands import train, list as listing\n"
        "assert train.command().run(train.main, ['--help']) == 0\n"
        "for table in listing.TABLES:\n"
        "    assert listing.command().run(listing.main, [table], positional=True) == 0\n"
        "assert train.command().run(train.main, ['--preset=nothing']) == 2\n"
        "assert train.command().run(train.main, ['--preset=quickstart', '--dry_run']) == 0\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    for expected in ("--preset", "quickstart", "conditional_gan", "r1", "embedded:digits"):
        assert expected in done.stdout


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_shows_every_flag(name, capsys):
    assert run(COMMANDS[name], "--help") == 0
    text = capsys.readouterr().out
    command = COMMANDS[name].command()
    assert all(f"--{flag}" in text for flag in command.flags)
    assert max(map(len, text.splitlines())) <= 100


def test_dry_run_writes_nothing(tmp_path, capsys):
    workdir = tmp_path / "run"
    flags = ("--preset=quickstart", f"--workdir={workdir}", "--set=model.width=8", "--dry_run")
    assert run(train, *flags) == 0
    assert json.loads(capsys.readouterr().out)["model"]["width"] == 8
    assert not workdir.exists()


def test_a_finished_run_says_so(workdir, capsys):
    assert run(train, "--preset=cgan_tiny", f"--workdir={workdir}") == 0
    assert "has done its 20 steps" in capsys.readouterr().err


@pytest.mark.parametrize("mode", sorted(set(sample.MODES) - {"walk"}))
def test_sampling_a_run_and_its_export_agree(workdir, module, tmp_path, mode):
    pictures = []
    for flag in (f"--workdir={workdir}", f"--module={module}"):
        output = tmp_path / f"{len(pictures)}{'' if mode == 'images' else '.png'}"
        flags = [f"--mode={mode}", "--count=9", "--seed=3", "--labels=1,4", f"--output={output}"]
        assert run(sample, flag, *flags) == 0
        paths = sorted(output.iterdir()) if mode == "images" else [output]
        pictures.append([np.asarray(Image.open(path), "int16") for path in paths])
    assert len(pictures[0]) == (9 if mode == "images" else 1)
    for ours, theirs in zip(*pictures, strict=True):
        assert np.abs(ours - theirs).max() <= 1
        assert ours.std() > 1


def test_export_carries_where_it_came_from(module):
    metadata = json.loads((module / "metadata.json").read_text())
    assert metadata["preset"] == "cgan_tiny" and metadata["steps"] == 20
    card = (module / "README.md").read_text()
    assert "embedded:digits" in card and "CC BY-SA 3.0" in card
    assert metadata["class_names"] == [str(k) for k in range(10)]


def test_export_with_statistics_for_truncations(workdir, tmp_path):
    flags = ("--truncations=3", "--standing_batches=2", "--standing_batch_size=4")
    assert run(export, f"--workdir={workdir}", f"--output={tmp_path}/m", *flags) == 0
    metadata = json.loads((tmp_path / "m" / "metadata.json").read_text())
    table = metadata["truncation_statistics"]
    assert [table[k] for k in ("truncations", "batches", "batch_size")] == [3, 2, 4]


def test_samples_with_standing_statistics(workdir, tmp_path):
    model = run_module.load_run(str(workdir))[0]
    for truncation, flags in ((None, ()), (0.5, ("--truncation=0.5",))):
        model.recompute_statistics(truncation, batches=2)
        wanted = model.sample(4, 0, np.arange(4), truncation)
        flags = ("--mode=grid", "--count=4", "--standing_batches=2", *flags)
        assert run(sample, f"--workdir={workdir}", f"--output={tmp_path}/x.png", *flags) == 0
        assert (tmp_path / "x.png").read_bytes() == pictures.grid(wanted, 2)
    flags = ("--mode=truncation", "--columns=3", "--labels=3")
    for name, more in (("standing", ("--standing_batches=2",)), ("moving", ())):
        output = f"--output={tmp_path}/{name}.png"
        assert run(sample, f"--workdir={workdir}", output, *flags, *more) == 0
    rows = []
    for truncation in (1.0, 0.8, 0.6, 0.4, 0.2, 0.1):
        model.recompute_statistics(truncation, batches=2)
        rows.append(model.sample(3, 0, np.full(3, 3), truncation))
    assert (tmp_path / "standing.png").read_bytes() == pictures.grid(np.concatenate(rows), 3)
    assert (tmp_path / "moving.png").read_bytes() != (tmp_path / "standing.png").read_bytes()


def test_walk(workdir, tmp_path):
    flags = ("--mode=walk", "--columns=4", "--labels=3,5,8", f"--output={tmp_path}/x.gif")
    assert run(sample, f"--workdir={workdir}", *flags) == 0
    with Image.open(tmp_path / "x.gif") as picture:
        assert (picture.n_frames, picture.size, picture.info["loop"]) == (12, (56, 56), 0)
        picture.seek(3)
        last = np.asarray(picture.convert("L"), float)
        picture.seek(0)
        first = np.asarray(picture.convert("L"), float)
    assert first.std() > 1 and np.abs(first - last).max() > 0


def test_export_of_an_unconditional_model_of_labelled_data(tmp_path):
    flags = ("--preset=dcgan_tiny", "--steps=2", "--set=run.log_every=1")
    assert run(train, *flags, f"--workdir={tmp_path}/run") == 0
    flags = (f"--workdir={tmp_path}/run", f"--output={tmp_path}/module")
    assert run(export, *flags, "--with_discriminator") == 0
    assert (tmp_path / "module" / "discriminator" / "saved_model.pb").is_file()


def test_convert_then_train(tmp_path, capsys):
    rng = np.random.default_rng(0)
    for k in ("a", "b"):
        (tmp_path / "images" / k).mkdir(parents=True)
        for i in range(6):
            pixels = rng.integers(0, 255, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / k / f"{i}.png")
    (tmp_path / "images" / "a" / "broken.png").write_text("not a picture")
    flags = (f"--folder={tmp_path}/images", f"--output={tmp_path}/records")
    assert run(convert, *flags) == 2
    assert "broken.png" in capsys.readouterr().err
    assert run(convert, *flags, "--skip_bad_files") == 0
    assert "12 images, 1 skipped" in capsys.readouterr().out
    flags = ("--preset=cgan_tiny", f"--workdir={tmp_path}/run", "--steps=4")
    assert run(train, *flags, f"--data=tfrecord:{tmp_path}/records") == 0
    stored = json.loads((tmp_path / "run" / "config.json").read_text())
    assert stored["model"]["num_classes"] == 2


def test_debug_shows_the_traceback(capsys):
    assert run(train, "--preset=nothing", "--debug") == 2
    assert "Traceback" in capsys.readouterr().err
