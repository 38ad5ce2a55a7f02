"""tfgan-sample on modules of other makers: plain TensorFlow with the inputs of BigGAN."""

import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import export
from export import foreign
from trainers import walks
from trainers.commands import sample

CLASSES, DIM = 5, 6


class Painter(tf.Module):
    """Images of one colour: red z[0] / 2, green the mean class, blue the truncation."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, DIM], tf.float32, "z"),
            tf.TensorSpec([None, CLASSES], tf.float32, "y"),
            tf.TensorSpec([], tf.float32, "truncation"),
        ]
    )
    def paint(self, z, y, truncation):
        green = tf.linalg.matvec(y, tf.linspace(-1.0, 1.0, CLASSES))
        blue = tf.fill(tf.shape(green), truncation * 2.0 - 1.0)
        colour = tf.stack([z[:, 0] / 2.0, green, blue], axis=1)
        size = tf.cast(tf.math.ceil(truncation * 0.0) + 4.0, tf.int32)  # not known in the signature
        return {"default": tf.tile(colour[:, None, None], tf.stack([1, size, size, 1]))}


class Unconditional(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, "z")])
    def paint(self, z):
        return {"default": tf.reshape(tf.tanh(tf.repeat(z[:, :1], 16, axis=1)), [-1, 4, 4, 1])}


class Classifier(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, "x")])
    def classify(self, x):
        return {"probabilities": tf.nn.softmax(x)}


@pytest.fixture(scope="module")
def painter(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("foreign") / "painter")
    module = Painter()
    tf.saved_model.save(module, path, signatures={"default": module.paint})
    return path


def write_tensorflow_1(path):
    """The painter in the format of TensorFlow 1: a graph and a session, no tags, a marker file."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        z = v1.placeholder(tf.float32, [None, DIM])
        y = v1.placeholder(tf.float32, [None, CLASSES])
        truncation = v1.placeholder(tf.float32, [])
        greens = tf.linspace(-1.0, 1.0, CLASSES)
        green = tf.linalg.matvec(y, v1.get_variable("w", initializer=greens, use_resource=False))
        blue = tf.fill(tf.shape(green), truncation * 2.0 - 1.0)
        colour = tf.stack([z[:, 0] / 2.0, green, blue], axis=1)
        images = tf.tile(colour[:, None, None], [1, 4, 4, 1])
        session.run(v1.global_variables_initializer())
        signature = v1.saved_model.predict_signature_def(
            {"z": z, "y": y, "truncation": truncation}, {"default": images}
        )
        builder = v1.saved_model.Builder(path)
        builder.add_meta_graph_and_variables(session, [], {"default": signature})
        builder.save()
    pathlib.Path(path, "tfhub_module.pb").write_bytes(b"\x08\x03")  # version 3


def run(module, output, *flags):
    argv = [f"--module={module}", f"--output={output}", *flags]
    return sample.command().run(sample.main, argv)


def colours(path, rows, columns):
    """The colour in the middle of each tile, in [-1, 1], (rows, columns, 3)."""
    pixels = np.asarray(Image.open(path).convert("RGB"), float) / 127.5 - 1.0
    y = (np.arange(rows) + 0.5) * pixels.shape[0] / rows
    x = (np.arange(columns) + 0.5) * pixels.shape[1] / columns
    return pixels[y.astype(int)][:, x.astype(int)]


def test_rows_of_classes_at_a_truncation(painter, tmp_path, capsys):
    output = tmp_path / "x.png"
    assert run(painter, output, "--labels=1,4", "--columns=12", "--truncation=0.25") == 0
    assert "unchecked" in capsys.readouterr().err
    found = colours(output, 2, 12)
    np.testing.assert_allclose(found[..., 1], np.repeat([[-0.5], [1.0]], 12, axis=1), atol=0.01)
    np.testing.assert_allclose(found[..., 2], -0.5, atol=0.01)
    assert 0.05 < np.abs(found[..., 0]).max() <= 0.26  # |z| is at most 2 * 0.25


def test_without_a_truncation_it_is_one(painter, tmp_path):
    assert run(painter, tmp_path / "x.png", "--mode=grid", "--count=64") == 0
    found = colours(tmp_path / "x.png", 8, 8)
    np.testing.assert_allclose(found[..., 2], 1.0, atol=0.01)
    assert 0.5 < np.abs(found[..., 0]).max() <= 1.0


def test_module_of_tensorflow_1_draws_the_same(painter, tmp_path):
    old = str(tmp_path / "old")
    write_tensorflow_1(old)
    for mode in (("--labels=1,4", "--truncation=0.25"), ("--mode=interpolation", "--columns=3")):
        for module, output in ((painter, "new.png"), (old, "old.png")):
            assert run(module, tmp_path / output, "--seed=3", *mode) == 0
        assert (tmp_path / "old.png").read_bytes() == (tmp_path / "new.png").read_bytes()


def test_sweep_of_truncations(painter, tmp_path):
    assert run(painter, tmp_path / "x.png", "--mode=truncation", "--columns=5") == 0
    found = colours(tmp_path / "x.png", 6, 5)
    wanted = np.array([1.0, 0.8, 0.6, 0.4, 0.2, 0.1])
    np.testing.assert_allclose(found[..., 2], np.repeat(wanted[:, None] * 2 - 1, 5, 1), atol=0.01)
    np.testing.assert_allclose(found[..., 0], found[:1, :, 0] * wanted[:, None], atol=0.01)
    np.testing.assert_allclose(found[0, :, 1], np.linspace(-1, 1, 5), atol=0.01)


def test_interpolation_hands_the_truncation_on(painter, tmp_path):
    flags = ("--mode=interpolation", "--columns=3", "--truncation=0.5", "--labels=2")
    assert run(painter, tmp_path / "x.png", *flags) == 0
    found = colours(tmp_path / "x.png", 8, 3)
    np.testing.assert_allclose(found[..., 1:], 0.0, atol=0.01)
    middle = (found[:, 0, 0] + found[:, 2, 0]) / np.sqrt(2.0)
    np.testing.assert_allclose(found[:, 1, 0], middle, atol=0.02)


def test_mixtures_go_from_class_to_class_at_one_latent(painter, tmp_path):
    flags = ("--mode=mixture", "--columns=5", "--labels=0,4,2", "--truncation=0.5")
    assert run(painter, tmp_path / "x.png", *flags) == 0
    found = colours(tmp_path / "x.png", 8, 5)
    wanted = [-1.0, 0.0, 1.0, 0.5, 0.0]  # the painter's green is its class, 0 to 4
    np.testing.assert_allclose(found[..., 1], np.tile(wanted, (8, 1)), atol=0.01)
    np.testing.assert_allclose(found[..., 0], np.repeat(found[:, :1, 0], 5, 1), atol=0.01)
    assert np.ptp(found[:, 0, 0]) > 0.05


def test_walk_through_classes(painter, tmp_path):
    flags = ("--mode=walk", "--columns=4", "--labels=0,4", "--truncation=0.5", "--seed=2")
    assert run(painter, tmp_path / "x.gif", *flags) == 0
    with Image.open(tmp_path / "x.gif") as picture:
        assert (picture.n_frames, picture.size, picture.info["loop"]) == (8, (56, 56), 0)
        green = []
        for i in range(8):
            picture.seek(i)
            green.append(np.asarray(picture.convert("RGB"), float)[28, 28, 1] / 127.5 - 1)
    np.testing.assert_allclose(green, [-1, -0.5, 0, 0.5, 1, 0.5, 0, -0.5], atol=0.05)


def test_points_between():
    a, b = np.eye(2)
    t = np.linspace(0, 1, 5)[:, None]
    points = walks.between(a, b, t, normal=True)
    np.testing.assert_allclose(points[[0, 4]], [a, b])
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1.0)
    np.testing.assert_allclose(walks.between(a, b, t, normal=False)[1], [0.75, 0.25])


def test_unconditional_module_and_an_address(tmp_path):
    module = Unconditional()
    path = tmp_path / "m"
    tf.saved_model.save(module, path, signatures={"serving_default": module.paint})
    for where in (path, f"file://{path}"):
        assert run(where, tmp_path / "x.png", "--mode=grid", "--count=4") == 0
        loaded = foreign.load(where)
        assert (loaded.latent_dim, loaded.num_classes, loaded.image_shape) == (3, None, (4, 4, 1))
        z = loaded.sample_latents(5, seed=1).numpy()
        np.testing.assert_allclose(loaded.sample(5, 1)[:, 0, 0, 0], np.tanh(z[:, 0]), atol=1e-6)


def test_image_size_that_the_signature_does_not_tell(painter):
    loaded = foreign.load(painter)
    signature = loaded.module.signatures["default"]
    assert signature.structured_outputs["default"].shape.as_list()[1:3] == [None, None]
    assert loaded.image_shape == (4, 4, 3) and loaded.num_classes == CLASSES


def test_refusals(tmp_path, painter, capsys):
    module = Classifier()
    tf.saved_model.save(module, tmp_path / "c", signatures={"default": module.classify})
    tf.saved_model.save(tf.Module(), tmp_path / "empty")
    output = tmp_path / "x.png"
    for where, flags, answer in (
        (tmp_path / "c", (), "the signature has x -> probabilities"),
        (tmp_path / "empty", (), "has no signature"),
        (painter, ("--labels=5",), "classes 0 to 4"),
        (painter, ("--truncation=1.5",), "in (0, 1]"),
    ):
        assert run(where, output, *flags) == 2
        lines = capsys.readouterr().err.splitlines()
        lines = [line for line in lines if not line.startswith("note: ")]
        assert len(lines) == 1 and answer in lines[0], lines
    assert not output.exists()


def test_an_export_without_its_manifest_is_not_foreign(tmp_path, painter):
    shutil.copytree(painter, tmp_path / "m")
    (tmp_path / "m" / "metadata.json").write_text("{}")
    assert not foreign.is_foreign(tmp_path / "m") and foreign.is_foreign(painter)
    with pytest.raises(export.ManifestError, match="manifest.sha256 is missing"):
        export.load(tmp_path / "m")
