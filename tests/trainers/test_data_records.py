"""Conversion to TFRecord shards, reading them in any order, and damaged shards."""

import os

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.trainers.test_data import (
    assert_one_line,
    assert_same_source,
    gathered,
    save_images,
    take,
)
from trainers import data
from trainers.errors import DataError


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("classes", [("",), ("ant", "bee", "cow")])
def test_conversion_equals_the_folder(tmp_path, mode, classes):
    save_images(tmp_path / "in", classes=classes, mode=mode)
    written = data.convert_folder(tmp_path / "in", tmp_path / "out", shards=3)
    names = [f"out-train-{i:05d}-of-00003.tfrecord" for i in range(3)]
    indices = [f"{name}.index.npz" for name in names]
    assert sorted(os.listdir(tmp_path / "out")) == sorted(["dataset.json", *names, *indices])
    assert sorted(os.listdir(tmp_path)) == ["in", "out"]
    assert sum(shard["examples"] for shard in written["shards"].values()) == written["examples"]
    folder = data.load(f"folder:{tmp_path}/in")
    assert_same_source(folder, data.load(f"tfrecord:{tmp_path}/out"))
    assert_same_source(folder, data.load(f"tfrecord:{tmp_path}/out/*.tfrecord"))
    np.testing.assert_array_equal(
        folder.mean_image(), data.load(f"tfrecord:{tmp_path}/out").mean_image()
    )


@pytest.mark.parametrize("with_index", [True, False])
def test_records_beyond_memory_are_read_by_offset(tmp_path, monkeypatch, with_index):
    save_images(tmp_path / "in", count=5)
    data.convert_folder(tmp_path / "in", tmp_path / "out", shards=3)
    small = data.load(f"tfrecord:{tmp_path}/out")
    if not with_index:
        for path in (tmp_path / "out").glob("*.index.npz"):
            path.unlink()
    monkeypatch.setenv("TFGAN_DATA_MEMORY_GB", "1e-7")
    large = data.load(f"tfrecord:{tmp_path}/out")
    assert type(large).__name__ == "RecordSource" and large.random_access
    for key, value in gathered(small).items():
        np.testing.assert_array_equal(gathered(large)[key], value)
    np.testing.assert_array_equal(large.mean_image(), small.mean_image())
    settings = {"batch_size": 4, "d_steps": 2, "seed": 3, "start_step": 2}
    for left, right in zip(
        take(data.pipeline(small, **settings), 3),
        take(data.pipeline(large, **settings), 3),
        strict=True,
    ):
        np.testing.assert_array_equal(left["image"], right["image"])
        np.testing.assert_array_equal(left["label"], right["label"])


def test_records_without_index_or_description(tmp_path):
    save_images(tmp_path / "in")
    data.convert_folder(tmp_path / "in", tmp_path / "out", shards=1)
    for name in ("dataset.json", "out-train-00000-of-00001.tfrecord.index.npz"):
        (tmp_path / "out" / name).unlink()
    source = data.load(f"tfrecord:{tmp_path}/out/*.tfrecord", image_size=4)
    assert source.image_shape == (4, 4, 3) and source.class_names == ("0", "1")


def test_conversion_leaves_nothing_behind_on_failure(tmp_path):
    save_images(tmp_path / "in")
    (tmp_path / "in" / "ant" / "bad.png").write_text("text")
    with pytest.raises(DataError, match=r"bad\.png"):
        data.convert_folder(tmp_path / "in", tmp_path / "out")
    assert os.listdir(tmp_path) == ["in"]
    written = data.convert_folder(tmp_path / "in", tmp_path / "out", skip_bad_files=True)
    assert written["examples"] == 8 and written["skipped"][0][0] == "ant/bad.png"
    with pytest.raises(DataError, match="exists already"):
        data.convert_folder(tmp_path / "in", tmp_path / "out", skip_bad_files=True)


def flip_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


DAMAGE = {
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:-7]), "truncated"),
    "changed": (flip_byte, "damaged"),
    "missing": (lambda path: path.unlink(), "missing"),
    "emptied": (lambda path: path.write_bytes(b""), "truncated"),
}


@pytest.mark.parametrize(
    "case,description",  # without dataset.json nothing tells that a shard is gone or emptied
    [*((case, True) for case in DAMAGE), ("truncated", False), ("changed", False)],
)
def test_damaged_shard(tmp_path, case, description):
    save_images(tmp_path / "in")
    data.convert_folder(tmp_path / "in", tmp_path / "out", shards=2)
    name = "out-train-00001-of-00002.tfrecord"
    if not description:
        for path in (tmp_path / "out").glob("*.[jn][sp]*"):
            path.unlink()
    damage, reason = DAMAGE[case]
    damage(tmp_path / "out" / name)
    for spec in (f"tfrecord:{tmp_path}/out", f"tfrecord:{tmp_path}/out/*.tfrecord"):
        with pytest.raises(DataError) as error:
            data.load(spec)
        assert_one_line(error, name, reason)


def test_shard_of_another_set_with_valid_checksums(tmp_path):
    for name, seed in (("a", 0), ("b", 0)):
        save_images(tmp_path / f"in-{name}", classes=("",), mode="L", size=(1, 1), seed=seed)
    pixel = np.array([[[255 - int(np.asarray(Image.open(tmp_path / "in-b/0.png"))[0, 0])]]])
    Image.fromarray(pixel[0].astype(np.uint8)).save(tmp_path / "in-b/0.png")
    for name in "ab":
        data.convert_folder(tmp_path / f"in-{name}", tmp_path / name / "set", shards=1)
    shard = "set-train-00000-of-00001.tfrecord"
    other = (tmp_path / "b/set" / shard).read_bytes()
    assert len(other) == (tmp_path / "a/set" / shard).stat().st_size
    (tmp_path / "a/set" / shard).write_bytes(other)
    with pytest.raises(DataError) as error:
        data.load(f"tfrecord:{tmp_path}/a/set")
    assert_one_line(error, shard, "SHA-256")


def test_records_of_another_layout(tmp_path):
    path = str(tmp_path / "x.tfrecord")
    for record, reason in ((b"hello", "no tf.train.Example"), (b"", "image/encoded")):
        with tf.io.TFRecordWriter(path) as writer:
            writer.write(record)
        with pytest.raises(DataError) as error:
            data.load(f"tfrecord:{path}")
        assert_one_line(error, path, reason)


def test_impossible_number_of_shards(tmp_path):
    save_images(tmp_path / "in")
    with pytest.raises(DataError, match="9 files for 8 images"):
        data.convert_folder(tmp_path / "in", tmp_path / "out", shards=9)
    assert not (tmp_path / "out").exists()
