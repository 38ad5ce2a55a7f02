"""Feature networks by name, the shipped classifiers, and whether their distances rank faults."""

import json

import numpy as np
import pytest
import scipy.ndimage

from tfgan_models import features, registry
from tfgan_models.features import base, classifier, efficientnet
from tfgan_models.metrics import frechet_distance
from trainers import classifiers, data

from .packed_pictures import read_pictures

SHIPPED = {"digits": (28, 28, 1), "garments": (28, 28, 1), "cifar10": (32, 32, 3)}


@pytest.fixture(scope="module")
def digits():
    """The 5,000 digits: images and labels."""
    return classifiers.read_images(data.load("embedded:digits"))


def test_pixels():
    images = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4, 1) * 10
    network = features.get("pixels", (3, 4, 1))
    found = network(images)
    np.testing.assert_allclose(found.features, images.reshape(2, 12) / 127.5 - 1, atol=1e-6)
    assert found.probabilities is None and (network.dim, network.digest) == (12, "none")
    with pytest.raises(ValueError, match=r"pixels expects images \(3, 4, 1\); got \(4, 3, 1\)"):
        network(images.reshape(2, 4, 3, 1))
    assert features.get(network, (9, 9, 9)) is network


def test_batches_are_put_together(digits):
    images = digits[0][:10]
    network = features.get("digits", (28, 28, 1))
    whole = network(images)
    network.batch_size = 4
    parts = network(images)
    np.testing.assert_allclose(parts.features, whole.features, atol=1e-5)
    np.testing.assert_allclose(parts.probabilities, whole.probabilities, atol=1e-5)


@pytest.mark.parametrize(
    ("spec", "shape", "message"),
    [
        ("digit", (28, 28, 1), "Unknown feature network 'digit'. Did you mean 'digits'"),
        ("digits:5", (28, 28, 1), "digits takes nothing after its name; got 'digits:5'"),
        ("classifier", (28, 28, 1), "classifier needs what it reads: give classifier:PATH"),
        ("classifier:none.npz", (28, 28, 1), "No such file: none.npz"),
        ("digits", (28, 28, 3), "reads grey images .channels: 1.; got 3"),
        ("cifar10", (32, 32, 1), "reads colour images .channels: 3.; got 1"),
    ],
)
def test_wrong_names_and_shapes(spec, shape, message):
    with pytest.raises(ValueError, match=message):
        features.get(spec, shape)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 28, 28, 1), np.float32), "reads uint8 images in .0, 255.; got float32"),
        (np.zeros((28, 28, 1), np.uint8), "reads images of shape .n, H, W, C., n > 0; got"),
        (np.zeros((0, 28, 28, 1), np.uint8), "n > 0"),
        (np.zeros((2, 28, 28, 3), np.uint8), "got 3: use a network for such images"),
        (np.zeros((2, 14, 14, 1), np.uint8), "was made for images of .28, 28.; got .14, 14."),
    ],
)
def test_wrong_images(images, message):
    with pytest.raises(ValueError, match=message):
        features.get("digits", (28, 28, 1))(images)


@pytest.mark.parametrize(
    ("shape", "source", "name"),
    [
        ((28, 28, 1), "embedded:digits", "digits"),
        ((32, 32, 1), "idx:data/MNIST", "digits"),
        ((16, 16, 1), "npz:usps.npz", "digits"),
        ((28, 28, 1), "tfds:fashion_mnist", "garments"),
        ((28, 28, 1), "folder:letters", "pixels"),
        ((1, 1, 2), "toy:ring8", "pixels"),
        ((4, 4, 3), "folder:dots", "pixels"),
        ((64, 64, 4), "folder:icons", "pixels"),
    ],
)
def test_choice(shape, source, name):
    assert features.choose(shape, source) == name
    assert features.get(features.choose(shape, source), shape).name == name


def test_choice_for_colour_depends_on_the_package(monkeypatch):
    for missing, name in ((True, "cifar10"), (False, "efficientnet_lite0")):
        path = None if missing else classifier.WEIGHTS / "any.pth"
        monkeypatch.setattr(efficientnet, "weights_path", lambda path=path: path)
        assert features.choose((64, 64, 3), "folder:cats") == name


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_files(name):
    files = {suffix: classifier.WEIGHTS / f"{name}.{suffix}" for suffix in ("npz", "json")}
    assert files["npz"].stat().st_size < 1e6
    network = features.get(name, SHIPPED[name])
    described = json.loads(files["json"].read_text())
    assert network.description == described and network.name == name
    assert (network.dim, network.num_classes) == (described["features"], 10)
    assert network.resize == "none" and len(network.digest) == 16 and not network.reference
    for field in ("accuracy", "command", "seed", "data_digest", "licence", "train_images"):
        assert described[field] not in (None, "")
    assert name in registry.FEATURES


def accuracy(network, images, labels):
    return np.mean(network(images).probabilities.argmax(axis=1) == labels)


def test_digits_reads_the_held_out_digits(digits):
    images, labels = digits
    network = features.get("digits", (28, 28, 1))
    _, held_out = classifiers.split(len(images), network.description["seed"])
    found = accuracy(network, images[held_out], labels[held_out])
    assert found >= 0.98
    # Stored as float16: no more than two of the 1,000 may change.
    assert abs(found - network.description["accuracy"]) <= 0.002


def test_garments_reads_held_out_garments(test_data):
    archive = np.load(test_data / "fashion_mnist" / "fashion_mnist.npz")
    images, labels = archive["x_test"][..., None][:2000], archive["y_test"][:2000]
    assert accuracy(features.get("garments", (28, 28, 1)), images, labels) >= 0.89


def test_cifar10_reads_held_out_pictures(test_data):
    images, labels = read_pictures(test_data / "cifar10" / "test.npz", range(1500))
    assert accuracy(features.get("cifar10", (32, 32, 3)), images, labels) >= 0.68


def test_another_size_is_resized(digits):
    images, labels = digits[0][::25], digits[1][::25]
    large = images.repeat(2, axis=1).repeat(2, axis=2)
    network = features.get("digits", (56, 56, 1))
    assert network.resize == "bilinear_antialias_28"
    assert accuracy(network, large, labels) >= 0.97


def test_the_distance_ranks_faults(digits):
    """Unseen real digits are nearest; noise, blur and missing classes grow with their amount."""
    random = np.random.default_rng(0)
    order = random.permutation(5000)[:1200]
    images, labels = digits[0][order], digits[1][order]
    real, other, labels = images[:600], images[600:], labels[600:]
    network = features.get("digits", (28, 28, 1))
    reference = network(real).features

    def distance(fakes):
        fakes = np.clip(np.round(fakes), 0, 255).astype(np.uint8)
        return float(frechet_distance(reference, network(fakes).features))

    same = distance(other)
    noise = [distance(other + random.normal(0, s, other.shape)) for s in (20, 50)]
    blur = [
        distance(scipy.ndimage.gaussian_filter(other.astype(float), (0, s, s, 0)))
        for s in (0.8, 1.6)
    ]
    classes = [distance(other[labels < count]) for count in (7, 4)]
    for faults in (noise, blur, classes):
        assert 5 * same < faults[0] and 2 * faults[0] < faults[1]


def test_the_forward_pass_is_what_it_says(tmp_path):
    """One convolution of stride 2 and a dense layer, by hand."""
    random = np.random.default_rng(0)
    arrays = {
        "kernel_0": random.normal(size=(1, 1, 1, 3)),
        "bias_0": random.normal(size=3),
        "dense_kernel": random.normal(size=(3, 2)),
        "dense_bias": random.normal(size=2),
    }
    description = {"image_shape": [4, 4, 1], "strides": [2], "class_names": ["a", "b"]}
    classifier.write(tmp_path / "own.npz", description, arrays)
    network = features.get(f"classifier:{tmp_path / 'own.npz'}", (4, 4, 1))
    images = random.integers(0, 256, (3, 4, 4, 1), dtype=np.uint8)
    w = {name: array.astype(np.float16).astype(float) for name, array in arrays.items()}
    x = images[:, ::2, ::2] / 127.5 - 1
    pooled = np.maximum(x * w["kernel_0"][0, 0, 0] + w["bias_0"], 0).mean(axis=(1, 2))
    logits = np.exp(pooled @ w["dense_kernel"] + w["dense_bias"])
    found = network(images)
    np.testing.assert_allclose(found.features, pooled, atol=1e-6)
    np.testing.assert_allclose(
        found.probabilities, logits / logits.sum(axis=1, keepdims=True), atol=1e-6
    )
    assert network.name == "classifier:own"


def test_other_archives_are_refused(tmp_path):
    (tmp_path / "text.npz").write_text("text")
    np.savez(tmp_path / "images.npz", x_train=np.zeros(3))
    np.savez(tmp_path / "objects.npz", description=np.array([{}], dtype=object))
    description = {"image_shape": [4, 4, 1], "strides": [1, 1], "class_names": ["a", "b"]}
    classifier.write(tmp_path / "short.npz", description, {"kernel_0": np.zeros((1, 1, 1, 1))})
    for name in ("text", "images", "objects", "short"):
        with pytest.raises(ValueError, match="is no classifier of") as error:
            features.get(f"classifier:{tmp_path / name}.npz", (4, 4, 1))
        assert "\n" not in str(error.value)


def test_digest_tells_shapes_types_and_values_apart():
    arrays = [np.zeros((2, 3)), np.zeros((3, 2)), np.zeros((2, 3), np.float32), np.ones((2, 3))]
    digests = {base.digest([array]) for array in arrays}
    assert len(digests) == 4
    assert base.digest([np.zeros((3, 2)).T]) == base.digest([np.zeros((2, 3))])
