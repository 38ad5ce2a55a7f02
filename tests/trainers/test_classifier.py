"""Training of small classifiers, their command, and networks behind Hub handles."""

import contextlib
import functools
import http.server
import io
import json
import tarfile
import threading

import numpy as np
import pytest
import tensorflow as tf

from tfgan_models import features
from trainers import classifiers, data
from trainers.commands import classifier
from trainers.errors import UserError
from trainers.feature_networks import resolve_network


def run(*argv):
    return classifier.command().run(classifier.main, list(argv))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Directory of the network of a short training on the digits."""
    directory = tmp_path_factory.mktemp("networks")
    arguments = ("--data=embedded:digits", f"--output={directory}", "--steps=60")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert run(*arguments, "--batch_size=64", "--seed=3") == 0
    assert "% of 1000 held-out images right, 128 features" in printed.getvalue()
    assert f"classifier:{directory}/digits.npz" in printed.getvalue()
    return directory


def test_it_learns_the_digits_and_says_how_well(made):
    described = json.loads((made / "digits.json").read_text())
    network = features.get(f"classifier:{made / 'digits.npz'}", (28, 28, 1))
    assert network.description == described
    images, labels = classifiers.read_images(data.load("embedded:digits"))
    chosen, held_out = classifiers.split(5000, 3)
    assert (described["train_images"], described["test_images"]) == (4000, 1000)
    right = network(images[held_out]).probabilities.argmax(axis=1) == labels[held_out]
    assert right.mean() > 0.85
    assert abs(right.mean() - described["accuracy"]) <= 0.003  # stored as float16
    assert described["command"] == (
        "python -m trainers.commands.classifier --data=embedded:digits --name=digits --steps=60 "
        "--batch_size=64 --seed=3 --shift=2"
    )
    assert "CC BY-SA" in described["licence"]


@pytest.fixture
def pictures(tmp_path):
    """An archive of small colour pictures of three classes, with a test split."""
    random = np.random.default_rng(0)
    labels = np.arange(60) % 3
    images = (
        random.integers(0, 90, (60, 12, 12, 3)) + 80 * np.eye(3, dtype=int)[labels][:, None, None]
    )
    images = images.astype(np.uint8)
    path = tmp_path / "pictures.npz"
    np.savez(path, x_train=images, y_train=labels, x_test=images[:9], y_test=labels[:9])
    return path


def arrays(path):
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files if name != "description"}


def test_the_seed_decides(pictures, tmp_path):
    found = []
    for place in ("a", "b"):
        flags = ("--steps=3", "--batch_size=8", "--seed=1", "--flip", "--test_split=test")
        assert run(f"--data=npz:{pictures}", f"--output={tmp_path}/{place}", *flags) == 0
        found.append(arrays(tmp_path / place / "pictures.npz"))
        described = json.loads((tmp_path / place / "pictures.json").read_text())
        assert (described["train_images"], described["test_images"]) == (60, 9)
        assert described["command"].endswith("--flip") and str(tmp_path) not in str(described)
    for name in found[0]:
        np.testing.assert_array_equal(found[0][name], found[1][name])


def test_folding_batch_norm_changes_nothing(tmp_path):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (40, 12, 12, 3), dtype=np.uint8)
    model = classifiers.build((12, 12, 3), 4)
    for layer in model.layers:  # as after a long training
        if layer.name.startswith("batch_norm"):
            width = layer.gamma.shape
            layer.set_weights(
                [
                    random.uniform(0.5, 2, width),
                    random.normal(0, 0.3, width),
                    random.normal(0, 0.3, width),
                    random.uniform(0.3, 2, width),
                ]
            )
    path = classifiers.save(str(tmp_path / "new"), "net", model, {"class_names": list("abcd")})
    network = features.get(f"classifier:{path}", (12, 12, 3))
    logits = model(images / np.float32(127.5) - 1)
    found = network(images).probabilities
    assert np.ptp(found, axis=0).max() > 0.01
    np.testing.assert_allclose(found, tf.nn.softmax(logits), atol=3e-3)
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["net.json", "net.npz"]


def test_the_network_follows_the_size():
    maps = {}
    for side in (8, 28, 40, 64):
        model = classifiers.build((side, side, 1), 5)
        maps[side] = model.layers[-3].output.shape[1:]
    assert maps == {8: (4, 4, 64), 28: (7, 7, 128), 40: (5, 5, 128), 64: (8, 8, 128)}


def test_shifts_and_mirrors():
    images = np.random.default_rng(0).integers(0, 256, (300, 5, 6, 1), dtype=np.uint8)
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), "edge")
    found = classifiers._augment(padded, (5, 6), 1, True, np.random.default_rng(1))
    seen = set()
    for before, after in zip(padded, found, strict=True):
        shifted = {
            (top, left, flip): before[top : top + 5, left : left + 6][:, :: -1 if flip else 1]
            for top in range(3)
            for left in range(3)
            for flip in (False, True)
        }
        equal = [key for key, image in shifted.items() if np.array_equal(image, after)]
        assert len(equal) == 1
        seen |= set(equal)
    assert len(seen) == 18
    still = classifiers._augment(images, (5, 6), 0, False, np.random.default_rng(1))
    np.testing.assert_array_equal(still, images)


def test_split_is_a_partition():
    chosen, left = classifiers.split(101, 5)
    assert sorted([*chosen, *left]) == list(range(101)) and len(left) == 20
    assert list(classifiers.split(101, 6)[1]) != list(left)


def test_an_epoch_shows_every_image_once():
    batches = classifiers._batches(10, 3, np.random.default_rng(0))
    first, second = ([next(batches) for _ in range(3)] for _ in range(2))
    for epoch in (first, second):
        assert len(set(np.concatenate(epoch))) == 9
    assert np.any(np.concatenate(first) != np.concatenate(second))


WRONG = [
    ([], "--data is missing"),
    (["--data=embedded:digits"], "--output is missing"),
    (["--data=embedded:digit", "--output={new}"], "digits"),
    (["--data=embedded:digits", "--output={file}"], "is a file: give a directory"),
    (["--data=embedded:digits", "--output={made}"], "exists: choose another --name, or --force"),
    (["--data=embedded:digits", "--output={new}", "--name=a/b"], "--name='a/b' must be"),
    (["--data=embedded:digits", "--output={new}", "--steps=0"], "--steps=0"),
    (["--data=embedded:digits", "--output={new}", "--test_split=test"], "no split 'test'"),
    (["--data=toy:swissroll", "--output={new}"], "has no classes to learn"),
    (["--data=npz:{one}", "--output={new}"], "has no classes to learn"),
    (["--data=npz:{few}", "--output={new}"], "has 1 images to train on"),
]


@pytest.mark.parametrize(("arguments", "answer"), WRONG)
def test_wrong_input_gets_one_line(arguments, answer, made, tmp_path, capsys):
    (tmp_path / "file").write_text("text")
    np.savez(tmp_path / "one.npz", x_train=np.zeros((4, 8, 8), np.uint8))
    np.savez(tmp_path / "few.npz", x_train=np.zeros((2, 8, 8), np.uint8), y_train=np.arange(2))
    places = {name: tmp_path / name for name in ("file", "new")} | {"made": made}
    places |= {name: tmp_path / f"{name}.npz" for name in ("one", "few")}
    assert run(*[text.format(**places) for text in arguments]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and answer in lines[0]
    assert not (tmp_path / "new").exists()


def test_data_that_does_not_fit_in_memory(monkeypatch):
    monkeypatch.setenv("TFGAN_DATA_MEMORY_GB", "0.001")
    with pytest.raises(UserError, match="too large to train a small classifier on"):
        classifiers.read_images(data.load("embedded:digits"))


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("embedded:digits", "digits"),
        ("folder:/a/my photos/", "my_photos"),
        ("npz:x/cifar10.npz", "cifar10"),
        ("tfds:mnist", "mnist"),
        ("folder:..", "classifier"),
    ],
)
def test_names_from_data(spec, name):
    assert classifier.default_name(spec) == name


def test_help_shows_every_flag(capsys):
    assert run("--help") == 0
    text = capsys.readouterr().out
    assert all(f"--{flag}" in text for flag in classifier.command().flags)
    assert max(map(len, text.splitlines())) <= 100


class Mean(tf.Module):
    """Colours as features."""

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.float32)])
    def __call__(self, images):
        return tf.reduce_mean(images, axis=[1, 2])


class Hub(http.server.BaseHTTPRequestHandler):
    """Answers every request with one archive, as a model hub does."""

    def __init__(self, archive, *arguments):
        self.archive = archive
        super().__init__(*arguments)

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.archive)

    def log_message(self, *arguments):
        pass


def test_a_hub_handle_becomes_a_folder(hub, tmp_path, monkeypatch, capsys):
    tf.saved_model.save(Mean(), str(tmp_path / "module"))
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(tmp_path / "module", ".")
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    handler = functools.partial(Hub, archive.getvalue())
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        handle = f"http://127.0.0.1:{server.server_port}/mean/1"
        spec = resolve_network(f"saved_model:{handle}")
        server.shutdown()
    assert (
        spec.startswith(f"saved_model:{tmp_path / 'cache'}") and handle in capsys.readouterr().err
    )
    images = np.full((2, 4, 4, 3), 255, np.uint8)
    np.testing.assert_array_equal(features.get(spec, (4, 4, 3))(images).features, np.ones((2, 3)))


@pytest.fixture
def hub():
    return pytest.importorskip("tensorflow_hub", reason="it needs setuptools<82")


def test_handles_that_lead_nowhere(hub, monkeypatch, tmp_path):
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for spec in ("digits", "inception_2015:graph.pb", "pixels"):
        assert resolve_network(spec) == spec
    with pytest.raises(UserError, match="only inception_2015 and saved_model take a Hub handle"):
        resolve_network("keras:https://some.where/model.keras")
    with pytest.raises(UserError, match="cannot be reached .* inception_2015:FOLDER") as error:
        resolve_network("inception_2015:http://127.0.0.1:9/inception/1")
    assert "\n" not in str(error.value)
