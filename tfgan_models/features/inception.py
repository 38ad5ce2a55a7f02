"""The 2015 Inception network, the only one with which a Frechet distance is an FID.

Its published weights come in two forms, neither of which is part of this library:

    classify_image_graph_def.pb, in inception-2015-12-05.tgz: the frozen graph of the code of
        Salimans et al. 2016 and Heusel et al. 2017. Images in [0, 255] enter at "ExpandDims"; its
        own nodes resize to 299 x 299 as TensorFlow 1 did and map x to (x - 128) / 128.
        Probabilities are softmax(pool_3 @ W) without the bias, as in the code of both papers.
    tensorflow/tfgan/eval/inception/1: TF-GAN's SavedModel. Images are resized here by
        "tf1_bilinear" and mapped to (x - 128) / 128; probabilities are softmax(logits).

No hash of either was published that could be checked against; the digest says which file made
a number.
"""

from __future__ import annotations

import pathlib
import tarfile

import numpy as np

from tfgan_models.features import files
from tfgan_models.features.base import FeatureNetwork, Features, check_channels
from tfgan_models.features.resizing import Resize

_SIDE = 299
_GRAPH = "classify_image_graph_def.pb"
_INPUT, _POOL, _LOGITS = "ExpandDims:0", "pool_3:0", "softmax/logits/MatMul"


class Inception2015(FeatureNetwork):
    """2,048 features of pool_3 and the 1,008 class probabilities of the graph.

    Args:
        image_shape: (H, W, 3) of the images it will read.
        path: classify_image_graph_def.pb, inception-2015-12-05.tgz, a folder with the former,
            or the folder of TF-GAN's SavedModel.

    Raises:
        ValueError: Grey images, no such file, or a file of something else.
    """

    name = "inception_2015"
    channels = 3
    reference = True
    batch_size = 64

    def __init__(self, image_shape, path):
        check_channels(image_shape[-1], self.channels, self.name)
        path = pathlib.Path(path)
        if not path.exists():
            raise ValueError(
                f"{self.name}: no such file: {path}. Give {_GRAPH} of inception-2015-12-05.tgz "
                "or the folder of tensorflow/tfgan/eval/inception/1."
            )
        if (path / "saved_model.pb").is_file():
            self._resize = Resize(image_shape[:2], (_SIDE, _SIDE), "tf1_bilinear")
            self._loaded, _, outputs = files.load_saved_model(path, self.name)
            self._forward = _saved_model_function(outputs, path)
        else:
            path = path / _GRAPH if path.is_dir() else path
            self._resize = Resize(image_shape[:2], image_shape[:2], "tf1_bilinear")
            self._forward = _graph_function(_read_graph(path), path)
        self.resize = f"tf1_bilinear_{_SIDE}"
        self.digest = files.file_digest(path)
        probe = self._run(np.zeros((1, *image_shape), np.uint8))
        self.dim, self.num_classes = probe.features.shape[1], probe.probabilities.shape[1]

    def _run(self, images):
        return Features(*self._forward(self._resize(images)))


def _read_graph(path: pathlib.Path):
    """Returns the GraphDef of a .pb file, or of one inside a .tgz."""
    import tensorflow as tf

    try:
        if path.suffix in (".tgz", ".gz"):
            with tarfile.open(path) as archive:
                member = next((m for m in archive if m.name.split("/")[-1] == _GRAPH), None)
                if member is None:
                    raise ValueError(f"it holds no {_GRAPH}")
                data = archive.extractfile(member).read()
        else:
            data = path.read_bytes()
    except (OSError, tarfile.TarError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(":")
        raise ValueError(f"{path} is not the Inception graph of 2015 ({reason}).") from None
    try:
        graph = tf.compat.v1.GraphDef.FromString(data)
    except Exception:  # protobuf's own DecodeError, which only protobuf could name
        raise ValueError(f"{path} is not the Inception graph of 2015 (no GraphDef).") from None
    names = {node.name for node in graph.node}
    missing = {name.partition(":")[0] for name in (_INPUT, _POOL, _LOGITS)} - names
    if missing:
        raise ValueError(
            f"{path} is not the Inception graph of 2015 (no node {', '.join(sorted(missing))})."
        )
    return graph


def _graph_function(graph, path):
    """A function of the part of the graph between images in [0, 255] and its last layer."""
    import tensorflow as tf

    v1 = tf.compat.v1
    # A session and no tf.function: functions run as graphs of today's version, in which the
    # graph's BatchNormWithGlobalNormalization no longer exists; a session keeps the graph's own.
    inside = tf.Graph()
    try:
        with inside.as_default():
            # Imported with another input, the nodes take any number of images.
            images = v1.placeholder(tf.float32, [None, None, None, 3])
            pool, logits = v1.import_graph_def(
                graph, input_map={_INPUT: images}, return_elements=[_POOL, _LOGITS], name=""
            )
            features = tf.squeeze(pool, [1, 2])
            outputs = [features, tf.nn.softmax(features @ logits.inputs[1])]
    except ValueError as error:
        raise ValueError(f"{path} is not the Inception graph of 2015 ({error}).") from None
    session = v1.Session(graph=inside)
    return lambda batch: session.run(outputs, {images: batch})


def _saved_model_function(outputs, path):
    import tensorflow as tf

    def forward(images):
        found = outputs((tf.constant(images) - 128.0) / 128.0)
        if not {"pool_3", "logits"} <= set(found):
            raise ValueError(
                f"{path} is not tensorflow/tfgan/eval/inception/1: its outputs are "
                f"{', '.join(sorted(found))}, not pool_3 and logits."
            )
        features = tf.reshape(found["pool_3"], [len(images), -1])
        probabilities = tf.nn.softmax(tf.reshape(found["logits"], [len(images), -1]))
        return features.numpy(), probabilities.numpy()

    return forward
