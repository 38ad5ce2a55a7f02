"""The 2015 Inception network's wrapper, on small stand-ins with the nodes of the published files.

The published files themselves are not here: what is tested is the resize, the normalisation,
the layers that are read and how they are found, against NumPy.
"""

import tarfile

import numpy as np
import pytest
import tensorflow as tf

from tfgan_models import features
from tfgan_models.metrics.protocol import score_name

from .test_features_resizing import tf1_bilinear

SHAPE = (20, 24, 3)
DIM, CLASSES, PATCH = 6, 8, 23  # 299 is 13 patches of 23 pixels
EPSILON = 0.001


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (2, *SHAPE), dtype=np.uint8)


@pytest.fixture(scope="module")
def large(images):
    return np.stack([tf1_bilinear(image.astype(float), (299, 299)) for image in images])


@pytest.fixture(scope="module")
def weights():
    random = np.random.default_rng(1)
    shapes = {
        "kernel": (PATCH, PATCH, 3, DIM),
        "mean": (DIM,),
        "beta": (DIM,),
        "w": (DIM, CLASSES),
        "b": (CLASSES,),
    }
    drawn = {name: random.normal(size=shape) for name, shape in shapes.items()}
    drawn["kernel"] *= 0.1
    drawn["variance"] = random.uniform(0.5, 2.0, DIM)
    return {name: array.astype(np.float32) for name, array in drawn.items()}


def expected(large, weights, bias):
    """Features and probabilities of resized images by NumPy."""
    patches = ((large - 128) / 128).reshape(len(large), 13, PATCH, 13, PATCH, 3)
    maps = np.einsum("nipjqc,pqcd->nijd", patches, weights["kernel"])
    norm = (maps - weights["mean"]) / np.sqrt(weights["variance"] + EPSILON) + weights["beta"]
    pooled = np.maximum(norm, 0).mean(axis=(1, 2))
    logits = np.exp(pooled @ weights["w"] + bias)
    return pooled, logits / logits.sum(axis=1, keepdims=True)


class Graph:
    """A GraphDef written node by node."""

    def __init__(self):
        self.graph = tf.compat.v1.GraphDef()
        # As the published graph: batch norm was an operation of its own before version 9.
        self.graph.versions.producer = 8

    def node(self, name, operation, *inputs, **attributes):
        node = self.graph.node.add(name=name, op=operation, input=inputs)
        for key, value in attributes.items():
            attribute = node.attr[key]
            if isinstance(value, tf.DType):
                attribute.type = value.as_datatype_enum
            elif isinstance(value, np.ndarray):
                attribute.tensor.CopyFrom(tf.make_tensor_proto(value))
            elif isinstance(value, list):
                attribute.list.i.extend(value)
            elif isinstance(value, bool):
                attribute.b = value
            elif isinstance(value, float):
                attribute.f = value
            else:
                attribute.s = value
        return self

    def constant(self, name, value):
        value = np.asarray(value)
        return self.node(name, "Const", dtype=tf.as_dtype(value.dtype), value=value)


def frozen_graph(weights) -> bytes:
    """The published graph with one convolution for its ninety-four."""
    it, real = Graph(), {"T": tf.float32}
    it.node("DecodeJpeg/contents", "Placeholder", dtype=tf.string)
    it.node("DecodeJpeg", "DecodeJpeg", "DecodeJpeg/contents")
    it.node("Cast", "Cast", "DecodeJpeg", SrcT=tf.uint8, DstT=tf.float32)
    it.constant("ExpandDims/dim", np.int32(0))
    it.node("ExpandDims", "ExpandDims", "Cast", "ExpandDims/dim", **real)
    it.constant("ResizeBilinear/size", np.int32([299, 299]))
    it.node("ResizeBilinear", "ResizeBilinear", "ExpandDims", "ResizeBilinear/size", **real)
    it.constant("Sub/y", np.float32(128))
    it.node("Sub", "Sub", "ResizeBilinear", "Sub/y", **real)
    it.constant("Mul/y", np.float32(1 / 128))
    it.node("Mul", "Mul", "Sub", "Mul/y", **real)
    it.constant("conv/conv2d_params", weights["kernel"])
    steps = {"strides": [1, PATCH, PATCH, 1], "padding": b"VALID"}
    it.node("conv/Conv2D", "Conv2D", "Mul", "conv/conv2d_params", **real, **steps)
    for name in ("mean", "variance", "beta"):
        it.constant(f"conv/{name}", weights[name])
    it.constant("conv/gamma", np.ones(DIM, np.float32))
    names = [f"conv/{name}" for name in ("mean", "variance", "beta", "gamma")]
    options = {"variance_epsilon": EPSILON, "scale_after_normalization": False}
    norm = "BatchNormWithGlobalNormalization"
    it.node("conv/batchnorm", norm, "conv/Conv2D", *names, **real, **options)
    it.node("conv", "Relu", "conv/batchnorm", **real)
    pool = {"ksize": [1, 13, 13, 1], "strides": [1, 1, 1, 1], "padding": b"VALID"}
    it.node("pool_3", "AvgPool", "conv", **real, **pool)
    it.constant("pool_3/_reshape/shape", np.int32([1, DIM]))
    it.node("pool_3/_reshape", "Reshape", "pool_3", "pool_3/_reshape/shape", **real)
    it.constant("softmax/weights", weights["w"])
    it.constant("softmax/biases", weights["b"])
    it.node("softmax/logits/MatMul", "MatMul", "pool_3/_reshape", "softmax/weights", **real)
    it.node("softmax/logits", "BiasAdd", "softmax/logits/MatMul", "softmax/biases", **real)
    it.node("softmax", "Softmax", "softmax/logits", **real)
    return it.graph.SerializeToString()


@pytest.fixture(scope="module")
def graph_file(tmp_path_factory, weights):
    path = tmp_path_factory.mktemp("inception") / "classify_image_graph_def.pb"
    path.write_bytes(frozen_graph(weights))
    return path


def test_the_frozen_graph_is_resized_scaled_and_cut(graph_file, images, large, weights):
    network = features.get(f"inception_2015:{graph_file}", SHAPE)
    network.batch_size = 2  # more than the one image of the published graph
    found = network(images)
    pooled, probabilities = expected(large, weights, bias=0)
    np.testing.assert_allclose(found.features, pooled, atol=1e-3)
    np.testing.assert_allclose(found.probabilities, probabilities, atol=1e-4)
    assert (network.dim, network.num_classes) == (DIM, CLASSES)
    assert network.resize == "tf1_bilinear_299" and network.reference
    assert score_name("frechet_distance", network.name) == "fid"


def test_the_archive_and_its_folder_are_the_file(graph_file, images, tmp_path):
    with tarfile.open(tmp_path / "inception-2015-12-05.tgz", "w:gz") as archive:
        archive.add(graph_file, "./classify_image_graph_def.pb")
    whole = features.get(f"inception_2015:{graph_file}", SHAPE)
    for place in (graph_file.parent, tmp_path / "inception-2015-12-05.tgz"):
        other = features.get(f"inception_2015:{place}", SHAPE)
        np.testing.assert_array_equal(other(images).features, whole(images).features)
    assert features.get(f"inception_2015:{graph_file.parent}", SHAPE).digest == whole.digest


class TFGAN(tf.Module):
    """The signature of TF-GAN's module: images in [-1, 1], 299 pixels, two outputs."""

    def __init__(self, weights):
        super().__init__()
        self.weights = {name: tf.constant(array) for name, array in weights.items()}

    @tf.function(input_signature=[tf.TensorSpec([None, 299, 299, 3], tf.float32)])
    def __call__(self, images):
        w = self.weights
        maps = tf.nn.conv2d(images, w["kernel"], PATCH, "VALID") - w["mean"]
        maps = tf.nn.relu(maps / tf.sqrt(w["variance"] + EPSILON) + w["beta"])
        pooled = tf.reduce_mean(maps, axis=[1, 2], keepdims=True)
        return {"pool_3": pooled, "logits": pooled[:, 0, 0] @ w["w"] + w["b"]}


def test_tf_gans_module_is_resized_and_scaled_before_it(tmp_path, images, large, weights):
    tf.saved_model.save(TFGAN(weights), str(tmp_path / "module"))
    network = features.get(f"inception_2015:{tmp_path / 'module'}", SHAPE)
    found = network(images)
    pooled, probabilities = expected(large, weights, bias=weights["b"])
    np.testing.assert_allclose(found.features, pooled, atol=1e-3)
    np.testing.assert_allclose(found.probabilities, probabilities, atol=1e-4)
    assert network.resize == "tf1_bilinear_299" and network.reference
    assert (network.dim, network.num_classes) == (DIM, CLASSES)


def test_what_does_not_fit_is_refused(tmp_path, graph_file, weights):
    def refused(place, message, shape=SHAPE):
        with pytest.raises(ValueError, match=message) as error:
            features.get(f"inception_2015:{place}" if place else "inception_2015", shape)
        assert "\n" not in str(error.value)

    refused("", "inception_2015 needs what it reads: give inception_2015:PATH")
    refused(tmp_path / "none.pb", "no such file: .*classify_image_graph_def.pb of inception")
    refused(graph_file, "reads colour images .channels: 3.; got 1", (28, 28, 1))
    (tmp_path / "text.pb").write_bytes(b"\xff\xff not a graph")
    refused(tmp_path / "text.pb", "not the Inception graph of 2015 .no GraphDef")
    (tmp_path / "other.pb").write_bytes(Graph().constant("pool_3", 1.0).graph.SerializeToString())
    refused(tmp_path / "other.pb", "no node ExpandDims, softmax/logits/MatMul")
    (tmp_path / "broken.tgz").write_bytes(b"no archive")
    refused(tmp_path / "broken.tgz", "not the Inception graph of 2015")
    module = tf.Module()
    module.__call__ = tf.function(
        lambda x: {"other": tf.reduce_mean(x, axis=[1, 2])},
        input_signature=[tf.TensorSpec([None, 299, 299, 3], tf.float32)],
    )
    tf.saved_model.save(module, str(tmp_path / "other"))
    refused(tmp_path / "other", "its outputs are other, not pool_3 and logits")
