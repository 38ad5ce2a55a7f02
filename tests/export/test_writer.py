"""What the writer puts on disk, what it refuses, and that it leaves nothing half done."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import export
import tfgan_models as tfgan
from export import staging
from tfgan_models.core.gan import GAN

tf.config.experimental.enable_op_determinism()

ROOT = pathlib.Path(export.__file__).parents[1]


def snapshot(directory):
    return {p: p.read_bytes() for p in pathlib.Path(directory).rglob("*") if p.is_file()}


def small_gan(output_range="unbounded"):
    """Networks with a regulariser, dropout and an output beyond [-1, 1]."""
    z = keras.Input((4,))
    h = keras.layers.Dropout(0.5)(keras.layers.Dense(6, kernel_regularizer="l2")(z))
    image = keras.layers.Reshape((2, 2, 1))(keras.layers.Dense(4, kernel_initializer="ones")(h))
    x = keras.Input((2, 2, 1))
    logits = keras.layers.Dense(1)(keras.layers.Flatten()(x))
    return GAN(
        (2, 2, 1),
        generator=keras.Model(z, image),
        discriminator=keras.Model(x, logits),
        latent_dim=4,
        output_range=output_range,
    )


# === Contents ===


def test_metadata(exports, conditional):
    entries = json.loads((exports / "conditional" / "metadata.json").read_text())
    wanted = {
        "kind": "generator",
        "family": "conditional_gan",
        "class": "ConditionalGAN",
        "image_shape": [8, 8, 1],
        "latent_dim": 8,
        "latent_distribution": "normal",
        "num_classes": 10,
        "profile": "biggan",
        "value_range": [-1.0, 1.0],
        "steps": 2,
        "ema_half_life_images": 100,
        "parameters": conditional.ema_generator.count_params(),
        "tensorflow_version": tf.__version__,
        "keras_version": keras.__version__,
        "tfgan_models_version": tfgan.__version__,
        "preset": "cgan_tiny",
        "data_licence": "CC0",
    }
    assert {name: entries[name] for name in wanted} == wanted
    assert entries["input_info"]["y"]["shape"] == [None, 10]
    assert entries["class_names"][3] == "class 3"


def test_card(exports):
    text = (exports / "conditional" / "README.md").read_text()
    for part in (
        "# conditional\n",
        "<!-- task: image-generator -->",
        "`truncation` is accepted and ignored",
        "arXiv:1411.1784",
        "| distance | 1.25 | 64 samples |",
        "- preset: cgan_tiny",
        "- data: CC0",
        "A SavedModel is a program: load only what you trust",
    ):
        assert part in text, part
    plain = (exports / "plain" / "README.md").read_text()
    assert "None measured." in plain and "uniform in [-1, 1]" in plain


def test_manifest_suits_sha256sum(exports):
    command = ["sha256sum", "--strict", "--quiet", "-c", "manifest.sha256"]
    subprocess.run(command, cwd=exports / "conditional", check=True)


def test_nothing_but_the_exports_is_left(exports):
    assert sorted(os.listdir(exports)) == ["conditional", "plain"]


def test_regularisation_clipping_and_dropout(tmp_path):
    model = small_gan()
    export.export_generator(model, tmp_path / "m", verify=False)
    module = tf.saved_model.load(str(tmp_path / "m"))
    (loss,) = module.regularization_losses
    kernel = model.generator.layers[1].kernel
    np.testing.assert_allclose(loss(), 0.01 * np.sum(np.square(kernel)), rtol=1e-5)
    z = np.random.default_rng(0).normal(size=(50, 4)) * 5
    assert np.abs(module(z)).max() == 1.0
    np.testing.assert_allclose(module(z), model(z), atol=1e-6)
    assert not np.array_equal(module(z, training=True), module(z, training=True))


def test_unit_range_and_model_method(tmp_path):
    model = small_gan("unit")
    model.export(tmp_path / "m", verify=False)
    loaded = export.load(tmp_path / "m")
    np.testing.assert_allclose(loaded.sample(5), model.sample(5), atol=1e-6)


def test_model_of_a_strategy(tmp_path):
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        model = tfgan.from_preset("dcgan_tiny")
    export.export_generator(model, tmp_path / "m", verify=False)
    loaded = export.load(tmp_path / "m")
    np.testing.assert_allclose(loaded.sample(5), model.sample(5), atol=1e-6)


def test_discriminator_alone(tmp_path, unconditional):
    path = export.export_discriminator(unconditional, tmp_path / "d", verify=False)
    loaded = export.load(path)
    images = unconditional.sample(3)
    np.testing.assert_allclose(loaded(images), unconditional.discriminate(images), atol=1e-5)
    with pytest.raises(ValueError, match="image must be"):
        loaded(images[:, :4])


def test_import_is_light():
    code = "import export, sys; export.verify_manifest; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


# === Refusals ===


def test_existing_directory_is_refused_and_untouched(exports, conditional):
    before = snapshot(exports)
    with pytest.raises(ValueError, match="exists"):
        export.export_generator(conditional, exports / "conditional")
    assert snapshot(exports) == before


def test_overwrite_replaces_exports_only(tmp_path, unconditional):
    place = tmp_path / "m"
    place.mkdir()
    (place / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="no export"):
        export.export_generator(unconditional, place, overwrite=True)
    assert (place / "notes.txt").read_text() == "mine"
    (place / "notes.txt").unlink()
    export.export_generator(unconditional, place, overwrite=True, verify=False)
    first = snapshot(place)
    export.export_generator(
        unconditional, place, overwrite=True, verify=False, metadata={"data": "b"}
    )
    export.verify_manifest(place)
    assert snapshot(place) != first and os.listdir(tmp_path) == ["m"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"profile": "bigan"}, "Did you mean 'biggan'"),
        ({"profile": "plain"}, "does not fit a class-conditional model"),
        ({"metadata": {"latent_dim": 9}}, r"'latent_dim'.* is 9"),
        ({"metadata": {"x": object()}}, "plain JSON"),
        ({"metadata": {"class_names": ["a"]}}, "has 1 names"),
        ({"metadata": {"metrics": [1]}}, "metrics"),
    ],
)
def test_wrong_arguments(conditional, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message) as caught:
        export.export_generator(conditional, tmp_path / "m", **arguments)
    assert "\n" not in str(caught.value) and not os.listdir(tmp_path)


def test_other_refusals(tmp_path, unconditional):
    with pytest.raises(ValueError, match="unconditional"):
        export.export_generator(unconditional, tmp_path / "m", profile="biggan")
    with pytest.raises(ValueError, match="local path"):
        export.export_generator(unconditional, "gs://bucket/m")
    with pytest.raises(TypeError, match="Only a GAN"):
        export.export_generator(unconditional.generator, tmp_path / "m")
    model = small_gan()
    model.generator.layers[1].kernel.assign(np.full((4, 6), np.nan))
    with pytest.raises(ValueError, match="kernel is not finite"):
        export.export_generator(model, tmp_path / "m")
    assert not os.listdir(tmp_path)


# === Verification ===


class Inconsistent(tfgan.DCGAN):
    """Its own images are not those of its generator."""

    def call(self, inputs, labels=None, training=False):
        return 0.5 - super().call(inputs, labels, training)


def test_failed_verification_leaves_nothing(tmp_path, unconditional):
    model = Inconsistent.from_config(unconditional.get_config())
    with pytest.raises(export.ExportError, match="keywords: differs by") as caught:
        export.export_generator(model, tmp_path / "m")
    assert "\n" not in str(caught.value) and not os.listdir(tmp_path)


def test_verify_script_finds_a_tampered_reference(exports, unconditional, tmp_path):
    z = unconditional.sample_latents(3).numpy()
    images = unconditional.generate(z).numpy()
    images[1, 2, 3, 0] += 2e-5
    reference = {"names": ["z"], "output": "default", "tolerance": 1e-5, "3/z": z}
    reference |= {"signatures": ["default"], "part": ""}
    np.savez(tmp_path / "r.npz", **reference, **{"3/expected": images})
    script = ROOT / "export" / "verify.py"
    command = [sys.executable, "-P", script, exports / "plain", tmp_path / "r.npz"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "batch 3, keywords: differs by 2" in done.stdout


# === Kills ===


def test_killed_writer_leaves_no_export(tmp_path):
    code = (
        "import os, signal, sys; from export import staging\n"
        "with staging.staged(sys.argv[1]) as (temporary, place):\n"
        "    (temporary / 'saved_model.pb').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "m"], cwd=ROOT)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "m").exists() and len(os.listdir(tmp_path)) == 1
    with staging.staged(tmp_path / "m") as (temporary, _):
        (temporary / "new").write_text("whole")
    assert os.listdir(tmp_path) == ["m"] and os.listdir(tmp_path / "m") == ["new"]


def test_replacement_killed_half_way_is_put_back(tmp_path):
    with staging.staged(tmp_path / "m") as (temporary, _):
        (temporary / "manifest.sha256").write_text("old")
    (tmp_path / "m").rename(tmp_path / ".m.tmp-old")
    with pytest.raises(ValueError, match="exists"), staging.staged(tmp_path / "m"):
        pass
    assert os.listdir(tmp_path) == ["m"] and (tmp_path / "m" / "manifest.sha256").is_file()
