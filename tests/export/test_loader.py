"""The loader: refuses a damaged export, samples as the model does."""

import os
import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

import export

tf.config.experimental.enable_op_determinism()

FILES = [
    "README.md",
    "fingerprint.pb",
    "manifest.sha256",
    "metadata.json",
    "saved_model.pb",
    "variables/variables.data-00000-of-00001",
    "variables/variables.index",
]


@pytest.fixture
def damaged(exports, tmp_path):
    return pathlib.Path(shutil.copytree(exports / "plain", tmp_path / "copy"))


def test_list_of_files_is_complete(exports):
    found = (p for p in (exports / "plain").rglob("*") if p.is_file())
    assert sorted(p.relative_to(exports / "plain").as_posix() for p in found) == FILES


@pytest.mark.parametrize("name", FILES)
def test_flipped_byte_is_refused(damaged, name):
    path = damaged / name
    whole = path.read_bytes()
    for position in (0, len(whole) // 2, len(whole) - 1):
        for bit in (0x01, 0x20):
            data = bytearray(whole)
            data[position] ^= bit
            path.write_bytes(bytes(data))
            with pytest.raises(export.ManifestError) as caught:
                export.load(damaged)
            assert "\n" not in str(caught.value)
            if name != "manifest.sha256":
                assert f"{name} was changed" in str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_missing_file_is_refused(damaged, name):
    (damaged / name).unlink()
    with pytest.raises(export.ManifestError, match=f"{name} is missing"):
        export.load(damaged)


def test_extra_file_is_refused(damaged):
    (damaged / "assets" / "more.txt").write_text("x")
    with pytest.raises(export.ManifestError, match="assets/more.txt is not in the manifest"):
        export.load(damaged)
    (damaged / "assets" / "more.txt").unlink()
    os.symlink(damaged / "variables", damaged / "linked")
    with pytest.raises(export.ManifestError, match="linked is not in the manifest"):
        export.load(damaged)


def test_link_in_place_of_a_file_is_refused(damaged, exports):
    (damaged / "README.md").unlink()
    os.symlink(exports / "plain" / "README.md", damaged / "README.md")
    with pytest.raises(export.ManifestError, match="README.md was changed"):
        export.verify_manifest(damaged)


def test_no_export(tmp_path):
    with pytest.raises(export.ManifestError, match="manifest.sha256 is missing"):
        export.load(tmp_path)
    with pytest.raises(export.ManifestError, match="No such directory"):
        export.load(tmp_path / "nothing")


@pytest.mark.parametrize("labels", [None, 3, np.arange(8), np.full((8, 10), 0.1, np.float32)])
@pytest.mark.parametrize("truncation", [None, 0.5])
def test_conditional_samples_are_the_models(exports, conditional, labels, truncation):
    loaded = _cached(exports / "conditional")
    made = loaded.sample(8, seed=1, labels=labels, truncation=truncation)
    wanted = conditional.sample(8, seed=1, labels=labels, truncation=truncation)
    assert made.dtype == np.float32 and made.shape == (8, 8, 8, 1) and abs(made).max() <= 1
    np.testing.assert_allclose(made, wanted, atol=1e-5)


def test_plain_samples_are_the_models(exports, unconditional):
    loaded = _cached(exports / "plain")
    np.testing.assert_allclose(loaded.sample(300, 1), unconditional.sample(300, 1), atol=1e-5)
    assert loaded.num_classes is None and loaded.image_shape == (8, 8, 1)
    assert loaded.sample(0).shape == (0, 8, 8, 1)


def test_call(exports, conditional):
    loaded = _cached(exports / "conditional")
    z, labels = conditional.sample_latents(3), [4, 5, 6]
    wanted = conditional.generate(z, labels)
    np.testing.assert_allclose(loaded(z.numpy().astype(np.float64), labels, 0.5), wanted, atol=1e-5)
    y = tf.one_hot(labels, 10)
    with tf.GradientTape() as tape:
        tape.watch([z, y])
        images = loaded(z, y)
    np.testing.assert_allclose(images, wanted, atol=1e-5)
    assert all(float(tf.norm(g)) > 0 for g in tape.gradient(images, [z, y]))
    assert loaded.num_classes == 10 and loaded.metadata["kind"] == "generator"


def test_wrong_arguments(exports):
    loaded, plain = _cached(exports / "conditional"), _cached(exports / "plain")
    for call, message in (
        (lambda: loaded(np.zeros((2, 7))), r"z must be \(n, 8\)"),
        (lambda: loaded(np.zeros((2, 8))), "10 classes"),
        (lambda: loaded(np.zeros((2, 8)), [1, 10]), "0..9"),
        (lambda: loaded.sample(2, labels=[1, 2, 3]), "shape"),
        (lambda: loaded.sample(2, truncation=1.5), "truncation"),
        (lambda: plain.sample(2, labels=1), "unconditional"),
        (lambda: plain.sample(2, truncation=0.5), "uniform"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


_LOADED = {}


def _cached(directory):
    if directory not in _LOADED:
        _LOADED[directory] = export.load(directory)
    return _LOADED[directory]
