"""Data sources: files made by hand, checked against NumPy."""

import gzip
import json
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from trainers import data
from trainers.data.catalog import TOYS


def save_images(folder, classes=("ant", "bee"), count=4, size=(8, 8), mode="RGB", seed=0):
    """Random PNGs `folder/<class>/0.png`...; `classes=("",)` makes a flat folder."""
    random = np.random.default_rng(seed)
    pixels = {}
    for name in classes:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            shape = size if mode == "L" else (*size, len(mode))
            array = random.integers(0, 256, shape, dtype=np.uint8)
            Image.fromarray(array).save(folder / name / f"{number}.png")
            pixels[f"{name}/{number}.png".lstrip("/")] = array
    return pixels


def idx_bytes(array):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


def gathered(source):
    batch = source.gather(tf.range(source.num_examples, dtype=tf.int64))
    return {key: value.numpy() for key, value in batch.items()}


def unit(pixels):
    return np.asarray(pixels, np.float32) / 127.5 - 1.0


def take(dataset, count):
    return [{k: v.numpy() for k, v in batch.items()} for batch in dataset.take(count)]


def assert_same_source(left, right):
    assert left.fingerprint == right.fingerprint
    assert (left.num_examples, left.image_shape) == (right.num_examples, right.image_shape)
    assert left.class_names == right.class_names
    for key, value in gathered(left).items():
        np.testing.assert_array_equal(value, gathered(right)[key])


def assert_one_line(error, *parts):
    message = str(error.value)
    assert "\n" not in message and len(message) < 400
    for part in parts:
        assert str(part) in message, message


@pytest.fixture(scope="module")
def digits():
    return data.load("embedded:digits")


# Embedded and toy sets


def test_digits(digits):
    assert (digits.num_examples, digits.image_shape, digits.num_classes) == (5000, (28, 28, 1), 10)
    np.testing.assert_array_equal(np.bincount(digits.labels), np.full(10, 500))
    batch = gathered(digits)
    assert batch["image"].dtype == np.float32 and batch["label"].dtype == np.int32
    assert batch["image"].min() == -1.0 and batch["image"].max() == 1.0
    np.testing.assert_allclose(digits.mean_image(), batch["image"].mean(0), atol=1e-5)
    assert "CC BY-SA" in digits.licence
    assert digits.fingerprint == data.load("embedded:mnist5k").fingerprint


@pytest.mark.parametrize("name", TOYS)
def test_toys_lie_in_range_around_their_centres(name):
    source = data.load(f"toy:{name}")
    images = gathered(source)["image"]
    assert images.shape[1:] == source.image_shape == (1, 1, 1 if name == "normal" else 2)
    assert np.abs(images).max() <= 1.0
    assert source.fingerprint == data.load(f"toy:{name}").fingerprint
    if source.centres is None:
        return
    points = images.reshape(len(images), -1) * source.scale
    labels = np.zeros(len(images), int) if source.labels is None else source.labels
    offsets = points - source.centres[labels]
    np.testing.assert_allclose(offsets.std(), source.std, rtol=0.02)
    np.testing.assert_allclose(offsets.mean(0), 0.0, atol=0.02 * source.std)


# Folders


def test_class_folders_hold_exact_pixels(tmp_path):
    pixels = save_images(tmp_path)
    source = data.load(f"folder:{tmp_path}")
    assert source.class_names == ("ant", "bee") and source.licence == "unknown"
    np.testing.assert_array_equal(source.labels, [0] * 4 + [1] * 4)
    expected = unit([pixels[name] for name in sorted(pixels)])
    np.testing.assert_allclose(gathered(source)["image"], expected, atol=1e-7)


def test_flat_folder_has_no_labels_and_ignores_other_files(tmp_path):
    save_images(tmp_path, classes=("",))
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / ".hidden.png").write_text("not an image")
    source = data.load(f"folder:{tmp_path}")
    assert source.num_examples == 4 and source.num_classes is None
    assert set(gathered(source)) == {"image"}


def test_fingerprint_follows_content_not_location(tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        save_images(tmp_path / name, seed=seed)
    a, b, c = (data.load(f"folder:{tmp_path}/{name}").fingerprint for name in "abc")
    assert a == b != c


def test_split_subfolders(tmp_path):
    save_images(tmp_path / "train", count=3)
    save_images(tmp_path / "test", count=1)
    assert data.load(f"folder:{tmp_path}").num_examples == 6
    assert data.load(f"folder:{tmp_path}", split="test").num_examples == 2


@pytest.mark.parametrize(
    "table,names",
    [
        ({"0.png": "x", "1.png": "y", "2.png": "x", "3.png": "x"}, ("x", "y")),
        ({"0.png": 0, "1.png": 1, "2.png": 0, "3.png": 0}, ("0", "1")),
        (
            {
                "classes": ["x", "y", "z"],
                "labels": dict(zip(["0.png", "1.png", "2.png", "3.png"], "xyxx", strict=True)),
            },
            ("x", "y", "z"),
        ),
    ],
)
def test_json_labels(tmp_path, table, names):
    save_images(tmp_path, classes=("",))
    (tmp_path / "labels.json").write_text(json.dumps(table))
    source = data.load(f"folder:{tmp_path}", labels=tmp_path / "labels.json")
    assert source.class_names == names
    np.testing.assert_array_equal(source.labels, [0, 1, 0, 0])


def test_npy_labels_override_class_folders(tmp_path):
    save_images(tmp_path)
    np.save(tmp_path / "labels.npy", np.arange(8)[::-1])
    source = data.load(f"folder:{tmp_path}", labels=f"{tmp_path}/labels.npy")
    np.testing.assert_array_equal(source.labels, np.arange(8)[::-1])
    assert source.num_classes == 8


def test_cover_keeps_the_centre_and_stretch_all(tmp_path):
    wide = np.zeros((8, 16, 3), np.uint8)
    wide[:, 4:12] = 200  # the centre square
    Image.fromarray(wide).save(tmp_path / "wide.png")
    cover = data.load(f"folder:{tmp_path}", image_size=4)
    np.testing.assert_allclose(gathered(cover)["image"], unit(np.full((1, 4, 4, 3), 200)), atol=0.1)
    stretch = data.load(f"folder:{tmp_path}", image_size=4, resize="stretch")
    assert gathered(stretch)["image"][0, :, 0].max() < 0.0
    assert data.load(f"folder:{tmp_path}", image_size=(4, 8)).image_shape == (4, 8, 3)


def test_channels_convert_and_exif_turns(tmp_path):
    turned = np.zeros((4, 8, 3), np.uint8)
    turned[:2] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise
    Image.fromarray(turned).save(tmp_path / "turned.png", exif=exif)
    source = data.load(f"folder:{tmp_path}", channels=1)
    assert source.image_shape == (8, 4, 1)
    expected = np.rot90(turned[..., :1], -1)
    np.testing.assert_array_equal(gathered(source)["image"][0], unit(expected))
    assert data.load(f"folder:{tmp_path}", channels=4).image_shape == (8, 4, 4)


def test_palette_files_count_as_rgb(tmp_path):
    colour = Image.new("RGB", (4, 4), (255, 0, 0))
    colour.quantize(4).save(tmp_path / "palette.png")
    colour.save(tmp_path / "rgb.png")
    source = data.load(f"folder:{tmp_path}")
    np.testing.assert_array_equal(*gathered(source)["image"])


# idx and npz


@pytest.mark.parametrize("compress", [False, True])
def test_idx_pair_by_name_and_by_folder(tmp_path, compress):
    images = np.random.default_rng(0).integers(0, 256, (6, 5, 4), dtype=np.uint8)
    labels = np.array([0, 2, 1, 1, 0, 2], np.uint8)
    suffix = ".gz" if compress else ""
    for name, array in (("images-idx3", images), ("labels-idx1", labels)):
        raw = idx_bytes(array)
        path = tmp_path / f"train-{name}-ubyte{suffix}"
        path.write_bytes(gzip.compress(raw) if compress else raw)
    by_file = data.load(f"idx:{tmp_path}/train-images-idx3-ubyte{suffix}")
    np.testing.assert_allclose(gathered(by_file)["image"], unit(images[..., None]), atol=1e-7)
    np.testing.assert_array_equal(by_file.labels, labels)
    assert_same_source(by_file, data.load(f"idx:{tmp_path}"))
    assert data.load(f"idx:{tmp_path}", image_size=8).image_shape == (8, 8, 1)


def test_npz_keys_ranges_and_splits(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), dtype=np.uint8)
    path = tmp_path / "set.npz"
    np.savez(
        path,
        x_train=pixels,
        y_train=np.arange(6)[:, None] % 2,
        x_test=pixels[:2] / 255.0,
        classes=np.array(["off", "on"]),
        x_signed=unit(pixels),
        other=np.arange(6),
    )
    train = data.load(f"npz:{path}")
    assert train.class_names == ("off", "on")
    np.testing.assert_allclose(gathered(train)["image"], unit(pixels), atol=1e-7)
    test = data.load(f"npz:{path}", split="test")
    assert test.num_classes is None
    np.testing.assert_allclose(gathered(test)["image"], unit(pixels[:2]), atol=1e-6)
    signed = data.load(f"npz:{path}", split="signed")
    np.testing.assert_array_equal(gathered(signed)["image"], unit(pixels))
    assert data.load(f"npz:{path}", label_key="other").num_classes == 6


# Laziness, real data


def test_importing_the_package_loads_no_framework():
    code = (
        "import sys, trainers.data, trainers.data.catalog\n"
        "heavy = {'tensorflow', 'keras', 'numpy', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_real_mnist():
    folder = os.environ.get("TFGAN_TEST_DATA")
    if not folder:
        pytest.skip("TFGAN_TEST_DATA is not set to a folder with mnist/mnist.npz")
    path = os.path.join(folder, "mnist", "mnist.npz")
    if not os.path.exists(path):
        pytest.skip(f"{path} is not there")
    source = data.load(f"npz:{path}")
    assert (source.num_examples, source.image_shape) == (60_000, (28, 28, 1))
    np.testing.assert_array_equal(source.labels[:10], [5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
    assert data.load(f"npz:{path}", split="test").num_examples == 10_000
    batch = take(data.pipeline(source, batch_size=64, seed=1, start_step=10_000), 1)[0]
    assert batch["image"].shape == (64, 28, 28, 1)
