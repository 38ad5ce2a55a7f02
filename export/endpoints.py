"""What a SavedModel needs of a callable: every way of calling it traced, and a root object.

A SavedModel converts nothing, so every way of calling it (dict or arguments,
float32 or float64, with or without truncation, training or not) is a small traced
function of its own; they share one traced network per value of `training`, and
one more where truncation selects statistics.
"""

from __future__ import annotations

import inspect
import itertools
import pathlib
from dataclasses import dataclass

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.saved_model import fingerprinting_utils

FLOATS, INTS = (tf.float32, tf.float64), (tf.int32, tf.int64)


@dataclass(frozen=True)
class Export:
    """A root object with its signatures, ready to be saved.

    Attributes:
        root: Trackable object with `__call__`; `serve` (dict of inputs -> tensor) and
            `serving_default` (dict of inputs -> dict) for `keras.layers.TFSMLayer`;
            `variables`, `trainable_variables`, `regularization_losses`.
        signatures: {name: function}.
    """

    root: tf.train.Checkpoint
    signatures: dict

    def save(self, directory) -> None:
        """Writes the SavedModel."""
        tf.saved_model.save(self.root, str(directory), signatures=self.signatures)
        _hold_root(pathlib.Path(directory))


def _hold_root(directory: pathlib.Path) -> None:
    """Gives each signature an attribute that is the module.

    TensorFlow's signatures hold their variables weakly, so that in the one line
    `load(path).signatures["default"]`, which old clients have, the module would be collected.
    """
    path = directory / "saved_model.pb"
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString(path.read_bytes())
    (graph,) = saved.meta_graphs
    nodes = graph.object_graph_def.nodes
    children = {child.local_name: child.node_id for child in nodes[0].children}
    for signature in nodes[children["signatures"]].children:
        nodes[signature.node_id].children.add(node_id=0, local_name="module")
    path.write_bytes(saved.SerializeToString(deterministic=True))
    fingerprinting_utils.write_fingerprint(str(directory))


def trace_network(function, dtypes):
    """Returns (training, *inputs) -> output, with `function` traced once for each sort of call.

    Args:
        function: (training, *inputs) -> tensor; an input of None is left out.
        dtypes: What the inputs are cast to.
    """
    traces = {}

    def run(training, *inputs):
        values = [
            None if x is None else tf.cast(x, dtype)
            for x, dtype in zip(inputs, dtypes, strict=True)
        ]
        given = tuple(i for i, value in enumerate(values) if value is not None)

        def spread(*tensors):
            arguments = [None] * len(inputs)
            for i, tensor in zip(given, tensors, strict=True):
                arguments[i] = tensor
            return function(training, *arguments)

        if (training, given) not in traces:
            wanted = [tf.TensorSpec(values[i].shape, values[i].dtype) for i in given]
            with tf.init_scope():
                traced = tf.function(spread, autograph=False).get_concrete_function(*wanted)
            traces[training, given] = traced
        return traces[training, given](*(values[i] for i in given))

    return run


def callable_of(names, run):
    """Returns the tf.function (*names, training=False) -> run(training, *values).

    All arguments but the first default to None. The first may be a dict of them.
    """

    def call(*values, **named):
        training = named.pop("training", False)
        if len(values) > len(names):
            *values, training = values
        given = dict(zip(names, values, strict=False)) | named
        if isinstance(given[names[0]], dict):
            given = given[names[0]]
        return run(training, *(given.get(name) for name in names))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    first, *rest = names
    call.__signature__ = inspect.Signature(
        [
            inspect.Parameter(first, kind),
            *(inspect.Parameter(name, kind, default=None) for name in rest),
            inspect.Parameter("training", kind, default=False),
        ]
    )
    return tf.function(call, autograph=False)


def specs(name, shape, dtypes) -> list[tf.TensorSpec]:
    """Returns the specs of an input that may be of several types."""
    return [tf.TensorSpec(shape, dtype, name) for dtype in dtypes]


def export(
    call, network, inputs, signature, output, names=("default", "serving_default")
) -> Export:
    """Traces every way of calling and puts the pieces on a root object.

    Args:
        call: The tf.function to be `__call__`; takes the inputs by name, or one dict.
        network: The Keras model whose variables it uses.
        inputs: {name: specs that are accepted; None among them: may be left out}.
        signature: Names of the signatures' inputs.
        output: Name of the signatures' output.
        names: Names of the signatures.
    """

    @tf.function(autograph=False)
    def serve(inputs):
        return call(inputs)

    @tf.function(autograph=False)
    def serving_default(inputs):
        return {output: call(inputs)}

    for choice in itertools.product(*inputs.values()):
        named = {name: spec for name, spec in zip(inputs, choice, strict=True) if spec is not None}
        for training in (False, True):
            call.get_concrete_function(**named, training=training)
            call.get_concrete_function(named, training=training)
        if any(spec.dtype == tf.float64 for spec in named.values()):
            continue  # Keras layers cast floats before they call an endpoint
        for endpoint in (serve, serving_default):
            endpoint.get_concrete_function(named)
            if len(named) == 1:
                endpoint.get_concrete_function(*named.values())

    def named_call(*values):
        return {output: call(dict(zip(signature, values, strict=True)))}

    firsts = [next(spec for spec in inputs[name] if spec is not None) for name in signature]
    function = tf.function(named_call, input_signature=firsts, autograph=False)
    endpoints = {"__call__": call, "serve": serve, "serving_default": serving_default}
    return Export(_root(network, endpoints), dict.fromkeys(names, function))


def _root(network, endpoints) -> tf.train.Checkpoint:
    root = _Root()
    for name, function in endpoints.items():
        setattr(root, name, function)
    root.variables = [v.value for v in network.variables]
    root.trainable_variables = [v.value for v in network.trainable_variables]
    root.regularization_losses = [
        _regularization(v) for v in network.trainable_variables if v.regularizer is not None
    ]
    return root


def _regularization(variable):
    @tf.function(autograph=False, input_signature=[])
    def loss():
        return variable.regularizer(variable.value)

    return loss


class _Root(tf.train.Checkpoint):
    """The root of the saved object graph; its attributes are what clients see."""
