"""A user's own networks: .keras files and SavedModels."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models import features

SHAPE = (12, 12, 3)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (5, *SHAPE), dtype=np.uint8)


def classifier(*first, shape=SHAPE, softmax=True):
    layers = [
        *first,
        keras.layers.Conv2D(4, 3, activation="relu", name="maps"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(7, activation="relu", name="hidden"),
        keras.layers.Dense(3, activation="softmax" if softmax else None),
    ]
    return keras.Sequential([keras.Input(shape), *layers])


@pytest.fixture
def saved(tmp_path):
    def save(model, name="net"):
        model.save(tmp_path / f"{name}.keras")
        return f"keras:{tmp_path / name}.keras"

    return save


def test_keras_features_are_what_the_last_layer_reads(saved, images):
    model = classifier()
    network = features.get(saved(model), SHAPE)
    x = images / np.float32(127.5) - 1
    hidden = keras.Model(model.inputs, model.get_layer("hidden").output)(x)
    found = network(images)
    np.testing.assert_allclose(found.features, hidden, atol=1e-6)
    np.testing.assert_allclose(found.probabilities, model(x), atol=1e-6)
    assert (network.name, network.resize, network.dim) == ("keras:net", "none", 7)
    assert network.num_classes == 3 and not network.reference


def test_keras_layer_by_name_and_no_softmax(saved, images):
    model = classifier(softmax=False)
    network = features.get(saved(model) + "#maps", SHAPE)
    found = network(images)
    maps = keras.Model(model.inputs, model.get_layer("maps").output)
    mean = np.asarray(maps(images / np.float32(127.5) - 1)).mean(axis=(1, 2))
    np.testing.assert_allclose(found.features, mean, atol=1e-6)
    assert found.probabilities is None and network.name == "keras:net#maps"


def test_a_model_that_rescales_gets_0_to_255(saved, images):
    model = classifier(keras.layers.Rescaling(1 / 255))
    found = features.get(saved(model), SHAPE)(images)
    np.testing.assert_allclose(found.probabilities, model(images.astype("float32")), atol=1e-6)


def test_another_size_is_resized_and_says_so(saved, images):
    network = features.get(saved(classifier(shape=(24, 16, 3))), SHAPE)
    assert network.resize == "bilinear_antialias_24x16"
    assert network(images).features.shape == (5, 7)
    free = features.get(saved(classifier(shape=(None, None, 3))), SHAPE)
    assert free.resize == "none"


def test_digests_tell_weights_apart(saved):
    first, second = classifier(), classifier()
    specs = [saved(first, "a"), saved(first, "b"), saved(second, "c")]
    digests = [features.get(spec, SHAPE).digest for spec in specs]
    assert digests[0] == digests[1] != digests[2] and len(digests[0]) == 16


def test_keras_files_that_do_not_fit_are_refused(saved, tmp_path):
    def refused(spec, message, shape=SHAPE):
        with pytest.raises(ValueError, match=message) as error:
            features.get(spec, shape)
        assert "\n" not in str(error.value)

    refused("keras", "keras needs what it reads: give keras:ARGUMENT")
    refused(f"keras:{tmp_path}/none.keras", "is no .keras file")
    (tmp_path / "text.keras").write_text("text")
    refused(f"keras:{tmp_path}/text.keras", "is no .keras file")
    spec = saved(classifier())
    refused(f"{spec}#fc", "no layer 'fc'. Its layers: maps, global_average")
    refused(spec, "reads colour images .channels: 3.; got 1", (12, 12, 1))
    inputs = keras.Input((4,))
    flat = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    refused(saved(flat, "flat"), "reads inputs .None, 4.: a feature network reads")
    two = [keras.Input((12, 12, 3)), keras.Input((12, 12, 3))]
    both = keras.Model(two, keras.layers.Add()(two))
    refused(saved(both, "both"), "has 2 inputs and 1 outputs")
    gan = tfgan.OriginalGAN(image_shape=SHAPE, latent_dim=2, width=4)
    refused(saved(gan, "gan"), "holds OriginalGAN: a functional or sequential model is needed")


class Net(tf.Module):
    """Mean colours as features; a softmax of them."""

    def __init__(self):
        super().__init__()
        self.scale = tf.Variable(3.0)

    @tf.function
    def outputs(self, images):
        mean = tf.reduce_mean(tf.cast(images, tf.float32), axis=[1, 2]) * self.scale
        return {"features": mean, "probabilities": tf.nn.softmax(mean)}

    def save(self, path, dtype=tf.float32, size=(None, None), keys=None):
        @tf.function(input_signature=[tf.TensorSpec([None, *size, 3], dtype, name="images")])
        def serve(images):
            found = self.outputs(images)
            return {key: found[name] for key, name in (keys or {k: k for k in found}).items()}

        tf.saved_model.save(self, str(path), signatures=serve)
        return f"saved_model:{path}"


def test_saved_model_outputs_by_name(tmp_path, images):
    network = features.get(Net().save(tmp_path / "net"), SHAPE)
    found = network(images)
    mean = (images / 127.5 - 1).mean(axis=(1, 2)) * 3
    np.testing.assert_allclose(found.features, mean, atol=1e-5)
    soft = np.exp(mean) / np.exp(mean).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found.probabilities, soft, atol=1e-5)
    assert (network.name, network.dim, network.num_classes) == ("saved_model:net", 3, 3)


def test_saved_model_of_bytes_of_another_size(tmp_path, images):
    spec = Net().save(tmp_path / "net", tf.uint8, (6, 6), {"any": "features"})
    network = features.get(spec, SHAPE)
    found = network(images)
    assert network.resize == "bilinear_antialias_6" and found.probabilities is None
    small = np.round(tf.image.resize(images, (6, 6), antialias=True))
    np.testing.assert_allclose(found.features, small.mean(axis=(1, 2)) * 3, atol=0.1)


def test_saved_model_that_is_called(tmp_path, images):
    module = tf.Module()
    module.__call__ = tf.function(
        lambda x: tf.reshape(x, [tf.shape(x)[0], 12 * 12, 3]),
        input_signature=[tf.TensorSpec([None, *SHAPE], tf.float32)],
    )
    tf.saved_model.save(module, str(tmp_path / "called"))
    found = features.get(f"saved_model:{tmp_path / 'called'}", SHAPE)(images)
    mean = (images / 127.5 - 1).mean(axis=(1, 2))
    np.testing.assert_allclose(found.features, mean, atol=1e-5)


def test_a_changed_saved_model_has_another_digest(tmp_path):
    net = Net()
    first = features.get(net.save(tmp_path / "a"), SHAPE).digest
    net.scale.assign(4.0)
    assert features.get(net.save(tmp_path / "b"), SHAPE).digest != first


def test_saved_models_that_do_not_fit_are_refused(tmp_path):
    def refused(spec, message, shape=SHAPE):
        with pytest.raises(ValueError, match=message) as error:
            features.get(spec, shape)
        assert "\n" not in str(error.value)

    refused(f"saved_model:{tmp_path}", "is no SavedModel")
    two = {"a": "features", "b": "features"}
    refused(Net().save(tmp_path / "two", keys=two), "has the outputs a, b: name one 'features'")
    bad = {"features": "features", "probabilities": "features"}
    refused(Net().save(tmp_path / "bad", keys=bad), "probabilities that do not sum to 1")
    refused(Net().save(tmp_path / "grey"), "reads colour images", (12, 12, 1))
    module = tf.Module()
    tf.saved_model.save(module, str(tmp_path / "empty"))
    refused(f"saved_model:{tmp_path / 'empty'}", "cannot be called")
    module.__call__ = tf.function(
        lambda x: tf.reshape(x, [-1, 7]),
        input_signature=[tf.TensorSpec([None, None, None, 3], tf.float32)],
    )
    tf.saved_model.save(module, str(tmp_path / "odd"))
    refused(f"saved_model:{tmp_path / 'odd'}", "cannot be called with images")
    module.__call__ = tf.function(
        lambda x, y: x + y, input_signature=[tf.TensorSpec([None, 8, 8, 3], tf.float32)] * 2
    )
    tf.saved_model.save(module, str(tmp_path / "pair"))
    refused(f"saved_model:{tmp_path / 'pair'}", "has 2 inputs: it must have one")
