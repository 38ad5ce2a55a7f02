"""A TensorFlow Datasets set prepared in a temporary folder, in memory and streamed."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from trainers import data
from trainers.errors import DataError

pytest.importorskip("importlib_resources", reason="TFDS 4.9 needs it to prepare a set")

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 6, 6, 3), dtype=np.uint8)


class TinyPatches(tfds.core.GeneratorBasedBuilder):
    """Twelve random patches of three classes; the name is known to no catalogue."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(6, 6, 3), encoding_format="png"),
                "label": tfds.features.ClassLabel(names=["red", "green", "blue"]),
                "name": tfds.features.Text(),
            }
        )
        return tfds.core.DatasetInfo(builder=self, features=features, license="CC0")

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples()}

    def _generate_examples(self):
        for number, image in enumerate(PIXELS):
            yield number, {"image": image, "label": number % 3, "name": str(number)}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfds")
    TinyPatches(data_dir=folder).download_and_prepare()
    return folder


@pytest.fixture
def spec(prepared, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(prepared))
    return "tfds:tiny_patches"


def test_small_set_is_held_in_memory(spec):
    source = data.load(spec)
    assert source.random_access and source.num_examples == 12
    assert source.class_names == ("red", "green", "blue") and source.licence == "CC0"
    batch = source.gather(tf.range(12, dtype=tf.int64))
    expected = {image.tobytes(): number % 3 for number, image in enumerate(PIXELS)}
    for image, label in zip(batch["image"].numpy(), batch["label"].numpy(), strict=True):
        original = np.round((image + 1.0) * 127.5).astype(np.uint8)
        assert expected.pop(original.tobytes()) == label
    assert not expected
    assert data.load(spec, image_size=4, channels=1).image_shape == (4, 4, 1)


def test_large_set_is_streamed_and_resumes_exactly(spec, monkeypatch):
    mean = data.load(spec).mean_image()
    monkeypatch.setenv("TFGAN_DATA_MEMORY_GB", "1e-7")
    source = data.load(spec)
    assert not source.random_access and source.num_classes == 3
    np.testing.assert_allclose(source.mean_image(), mean, atol=1e-6)
    settings = {"batch_size": 4, "d_steps": 2, "seed": 1}
    dataset = data.pipeline(source, **settings)
    assert dataset.element_spec == {
        "image": tf.TensorSpec((8, 6, 6, 3), tf.float32),
        "label": tf.TensorSpec((8,), tf.int32),
    }
    straight = list(dataset.take(6).as_numpy_iterator())
    epoch = np.concatenate([batch["label"] for batch in straight])[:12]
    np.testing.assert_array_equal(np.bincount(epoch), [4, 4, 4])
    resumed = list(data.pipeline(source, start_step=4, **settings).take(2).as_numpy_iterator())
    for expected, found in zip(straight[4:], resumed, strict=True):
        np.testing.assert_array_equal(found["image"], expected["image"])
        np.testing.assert_array_equal(found["label"], expected["label"])


@pytest.mark.parametrize(
    "name,settings,part",
    [
        ("tiny_patches", {"split": "test"}, "it has train"),
        ("tiny_patches", {"label_key": "name"}, "is no integer"),
        ("tiny_patches", {"label_key": "x"}, "no feature 'x'"),
        ("tiny_patches", {"image_size": 4, "resize": "none"}, "6x6, not 4x4"),
        ("no_such_set", {}, "no_such_set"),
    ],
)
def test_bad_requests(spec, name, settings, part):
    with pytest.raises(DataError) as error:
        data.load(f"tfds:{name}", **settings)
    assert "\n" not in str(error.value) and part in str(error.value), str(error.value)


def test_unprepared_set_says_how_to_prepare_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    with pytest.raises(DataError, match=r"run once: python -c .*tfds\.load\('tiny_patches'\)"):
        data.load("tfds:tiny_patches")
    assert not list(tmp_path.iterdir())
