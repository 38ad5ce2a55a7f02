"""Bad input: one line that names the file and the reason, before any training."""

import gzip
import json

import numpy as np
import pytest
from PIL import Image

from tests.trainers.test_data import assert_one_line, idx_bytes, save_images
from trainers import data
from trainers.errors import DataError

PIXELS = np.zeros((4, 8, 8), np.uint8)


# Files of a folder: (name, how it is made, part of the reason)


def truncated_jpeg(path):
    noise = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:-40])


BAD_FILES = {
    "truncated.jpg": (truncated_jpeg, "truncated"),
    "text.png": (lambda path: path.write_text("hello"), "not an image"),
    "empty.png": (lambda path: path.write_bytes(b""), "not an image"),
    "dangling.png": (lambda path: path.symlink_to("nowhere"), "No such file"),
    "folder.png": (lambda path: path.mkdir(), "directory"),
    "odd.png": (lambda path: Image.new("RGB", (9, 8)).save(path), "8x9 but most are 8x8"),
    "grey.png": (lambda path: Image.new("L", (8, 8)).save(path), "1 channels but most have 3"),
    "deep.png": (lambda path: Image.new("I;16", (8, 8)).save(path), "not 8 bits"),
}


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("classes", [("",), ("ant", "bee")])
def test_bad_file_is_named_or_skipped(tmp_path, name, classes):
    save_images(tmp_path, classes=classes)
    make, reason = BAD_FILES[name]
    make(tmp_path / classes[0] / name)
    with pytest.raises(DataError) as error:
        data.load(f"folder:{tmp_path}")
    assert_one_line(error, name, reason)
    source = data.load(f"folder:{tmp_path}", skip_bad_files=True)
    assert source.num_examples == 4 * len(classes)
    assert len(source.skipped) == 1
    assert source.skipped[0][0].endswith(name) and reason in source.skipped[0][1]


def test_all_files_bad_is_an_error_even_when_skipping(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_text("hello")
    with pytest.raises(DataError) as error:
        data.load(f"folder:{tmp_path}", skip_bad_files=True)
    assert_one_line(error, tmp_path, "none of its 2 images")


def test_empty_class_folder(tmp_path):
    save_images(tmp_path)
    (tmp_path / "cow").mkdir()
    with pytest.raises(DataError) as error:
        data.load(f"folder:{tmp_path}")
    assert_one_line(error, "cow", "without images")
    assert data.load(f"folder:{tmp_path}", skip_bad_files=True).class_names == ("ant", "bee")


def test_size_rule_none_names_the_file(tmp_path):
    save_images(tmp_path, classes=("",), count=1)
    with pytest.raises(DataError) as error:
        data.load(f"folder:{tmp_path}", image_size=4, resize="none")
    assert_one_line(error, "0.png", "8x8, not 4x4")


def test_folder_beyond_memory_says_what_to_do(tmp_path, monkeypatch):
    save_images(tmp_path)
    monkeypatch.setenv("TFGAN_DATA_MEMORY_GB", "1e-7")
    with pytest.raises(DataError) as error:
        data.load(f"folder:{tmp_path}")
    assert_one_line(error, tmp_path, "convert_folder")


# Labels of a folder: (content of the file, parts of the message)

BAD_LABELS = {
    "missing": (None, ["No such file"]),
    "no json": ("{", ["cannot be read"]),
    "no table": ("[1]", ["not a table"]),
    "one left out": ({"0.png": 0}, ["no label for 1.png"]),
    "negative": ({"0.png": 0, "1.png": -1}, ["-1", "1.png"]),
    "beyond": ({"classes": ["a"], "labels": {"0.png": 0, "1.png": 1}}, ["1.png", "out of range"]),
    "unknown": ({"classes": ["a"], "labels": {"0.png": "a", "1.png": "b"}}, ["'b'", "1.png"]),
    "fraction": ({"0.png": 0, "1.png": 0.5}, ["0.5", "1.png"]),
    "mixed": ({"0.png": "a", "1.png": True}, ["True", "1.png"]),
}


@pytest.mark.parametrize("case", BAD_LABELS)
def test_bad_json_labels(tmp_path, case):
    save_images(tmp_path, classes=("",), count=2)
    content, parts = BAD_LABELS[case]
    path = tmp_path / "labels.json"
    if content is not None:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(DataError) as error:
        data.load(f"folder:{tmp_path}", labels=path)
    assert_one_line(error, path, *parts)


@pytest.mark.parametrize(
    "labels,reason",
    [
        (np.zeros(3, int), "shape (3,) for 2 images"),
        (np.zeros(2), "float64"),
        (np.array([0, -1]), "label -1 of image 1"),
        (np.array(["a", "b"]), "type"),
    ],
)
def test_bad_npy_labels(tmp_path, labels, reason):
    save_images(tmp_path, classes=("",), count=2)
    np.save(tmp_path / "labels.npy", labels)
    with pytest.raises(DataError) as error:
        data.load(f"folder:{tmp_path}", labels=f"{tmp_path}/labels.npy")
    assert_one_line(error, "labels.npy", reason)


# idx

BAD_IDX = {
    "zero length": (b"", "not an idx file"),
    "no examples": (idx_bytes(PIXELS[:0]), "no examples"),
    "truncated": (idx_bytes(PIXELS)[:-1], "truncated (271 bytes, 272 expected)"),
    "header cut": (idx_bytes(PIXELS)[:9], "truncated in its header"),
    "too long": (idx_bytes(PIXELS) + b"x", "longer"),
    "text": (b"hello world", "not an idx file"),
    "labels": (idx_bytes(PIXELS[:, 0, 0]), "give the images file"),
    "floats": (b"\0\0\x0d\x01\0\0\0\1" + bytes(4), "0x0d"),
    "gzip cut": (gzip.compress(idx_bytes(PIXELS))[:-9], "cannot be read"),
}


@pytest.mark.parametrize("case", BAD_IDX)
def test_bad_idx(tmp_path, case):
    content, reason = BAD_IDX[case]
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        data.load(f"idx:{path}")
    assert_one_line(error, path, reason)


def test_idx_labels_that_do_not_fit(tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx_bytes(PIXELS))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(PIXELS[:3, 0, 0]))
    with pytest.raises(DataError) as error:
        data.load(f"idx:{tmp_path}")
    assert_one_line(error, "train-labels-idx1-ubyte", "(3,) for 4 images")
    with pytest.raises(DataError) as error:
        data.load(f"idx:{tmp_path}", split="test")
    assert_one_line(error, tmp_path, "'test'")


# npz

BAD_NPZ = {
    "range": ({"images": PIXELS.astype(float) + 255}, "from 255 to 255"),
    "nan": ({"images": np.full((2, 4, 4), np.nan)}, "NaN"),
    "objects": ({"images": np.array([{}, {}], object)}, "'images' cannot be read"),
    "strings": ({"images": np.full((2, 4, 4), "a")}, "type <U1"),
    "integers": ({"images": PIXELS.astype(np.int64)}, "int64"),
    "rank": ({"images": PIXELS[0]}, "shape (8, 8)"),
    "empty": ({"images": PIXELS[:0]}, "shape (0, 8, 8, 1)"),
    "channels": ({"images": np.zeros((2, 4, 4, 5), np.uint8)}, "shape (2, 4, 4, 5)"),
    "no images": ({"pictures": PIXELS}, "has no images"),
    "labels": ({"images": PIXELS, "labels": np.array([0, 1, 2, -1])}, "label -1 of image 3"),
    "classes": (
        {"images": PIXELS, "labels": np.arange(4), "classes": np.array(["a", "b"])},
        "label 2 of image 2",
    ),
}


@pytest.mark.parametrize("case", BAD_NPZ)
def test_bad_npz(tmp_path, case):
    arrays, reason = BAD_NPZ[case]
    np.savez(tmp_path / "set.npz", **arrays)
    with pytest.raises(DataError) as error:
        data.load(f"npz:{tmp_path}/set.npz")
    assert_one_line(error, "set.npz", reason)


def test_npz_truncated_missing_key_and_float_resize(tmp_path):
    path = tmp_path / "set.npz"
    np.savez(path, images=np.linspace(0, 1, 64).reshape(1, 8, 8), labels=np.zeros(1, int))
    for settings, reason in (
        ({"label_key": "label"}, "did you mean 'labels'"),
        ({"image_size": 4}, "store uint8"),
    ):
        with pytest.raises(DataError) as error:
            data.load(f"npz:{path}", **settings)
        assert_one_line(error, "set.npz", reason)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError) as error:
        data.load(f"npz:{path}")
    assert_one_line(error, "set.npz", "cannot be read")


# Specs and settings


@pytest.mark.parametrize(
    "spec,parts",
    [
        ("embeded:digits", ["'embeded'", "did you mean 'embedded'?"]),
        ("embedded:digit", ["'digit'", "did you mean 'digits'?"]),
        ("toy:ring", ["did you mean 'ring8'?"]),
        ("toy:", ["nothing after 'toy'"]),
        ("xyz", ["unknown kind", "known: embedded"]),
        ("folder:{tmp}/none", ["none", "does not exist"]),
        ("folder:{tmp}", ["has no images"]),
        ("folder:{tmp}/file.txt", ["file.txt", "not a folder"]),
        ("{tmp}", ["write folder:"]),
        ("idx:{tmp}/none", ["none", "No such file"]),
        ("idx:{tmp}", ["no idx images file"]),
        ("npz:{tmp}/none.npz", ["none.npz", "No such file"]),
        ("npz:{tmp}/file.txt", ["file.txt", "cannot be read"]),
        ("tfrecord:{tmp}/*.tfrecord", ["*.tfrecord", "no such TFRecord files"]),
    ],
)
def test_bad_spec(tmp_path, spec, parts):
    (tmp_path / "file.txt").write_text("hello")
    with pytest.raises(DataError) as error:
        data.load(spec.format(tmp=tmp_path))
    assert_one_line(error, *parts)


@pytest.mark.parametrize(
    "settings,parts",
    [
        ({"image_size": 0}, ["image_size", "0"]),
        ({"image_size": (4, 4, 4)}, ["image_size"]),
        ({"channels": 2}, ["channels", "2"]),
        ({"resize": "covr"}, ["did you mean 'cover'?"]),
        ({"labels": "x.json"}, ["takes no labels file"]),
        ({"label_key": "x"}, ["no label key"]),
        ({"split": "test"}, ["no split 'test'"]),
    ],
)
def test_bad_settings(settings, parts):
    with pytest.raises(DataError) as error:
        data.load("embedded:digits", **settings)
    assert_one_line(error, *parts)
