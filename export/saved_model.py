"""Objects that `tf.saved_model.save` writes: Reusable SavedModels.

A SavedModel converts nothing, so every way of calling it (dict or arguments,
float32 or float64, with or without truncation, training or not) is a small traced
function of its own; they share one traced network per value of `training`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import tensorflow as tf

_FLOATS = (tf.float32, tf.float64)
_LABELS = (*_FLOATS, tf.int32, tf.int64)


@dataclass(frozen=True)
class Export:
    """A root object with its signatures, ready to be saved.

    Attributes:
        root: Trackable object with `__call__`; `serve` (dict of inputs -> tensor) and
            `serving_default` (dict of inputs -> dict) for `keras.layers.TFSMLayer`;
            `variables`, `trainable_variables`, `regularization_losses`.
        signatures: {"default": function, "serving_default": the same}.
    """

    root: tf.train.Checkpoint
    signatures: dict

    def save(self, directory) -> None:
        """Writes the SavedModel."""
        tf.saved_model.save(self.root, str(directory), signatures=self.signatures)


def generator(model, profile) -> Export:
    """Makes the export of a model's `generator`.

    Args:
        model: A GAN.
        profile: A `profiles.Profile`.

    Callable: (z, y=None, truncation=None, training=False), or a dict of the inputs ->
        images, float32 (B, H, W, C) in [-1, 1]. z (B, latent_dim); y (B, num_classes) of a
        conditional model; truncation, a scalar, is accepted and ignored.
        Signatures: the profile's inputs -> `default`.
    """

    def synthesize(training, latents, condition=None):
        images = model.synthesize(model.generator, latents, condition, training)
        return tf.clip_by_value(images, -1.0, 1.0)

    network = _trace_network(synthesize, [(model.latent_dim,), *_label_shape(model)])

    @tf.function(autograph=False)
    def call(z, y=None, truncation=None, training=False):
        if isinstance(z, dict):
            z, y = z["z"], z.get("y")
        return network(training, z, y)

    inputs = {"z": _specs("z", (None, model.latent_dim), _FLOATS), **_label_specs(model)}
    inputs["truncation"] = [None, *_specs("truncation", (), _FLOATS)]
    return _export(call, model.generator, inputs, profile.signature, "default")


def discriminator(model) -> Export:
    """Makes the export of a model's `discriminator`.

    Args:
        model: A GAN.

    Callable: (image, y=None, training=False), or a dict of the inputs -> logits, float32
        (B, 1). image (B, H, W, C) in [-1, 1]; y (B, num_classes) of a conditional model.
        Signatures: the same inputs -> `prediction`.
    """

    def discriminate(training, image, condition=None):
        return model.discriminate(image, condition, training)

    network = _trace_network(discriminate, [model.image_shape, *_label_shape(model)])

    @tf.function(autograph=False)
    def call(image, y=None, training=False):
        if isinstance(image, dict):
            image, y = image["image"], image.get("y")
        return network(training, image, y)

    inputs = {"image": _specs("image", (None, *model.image_shape), _FLOATS), **_label_specs(model)}
    return _export(call, model.discriminator, inputs, tuple(inputs), "prediction")


def _trace_network(function, shapes):
    """Returns (training, *inputs) -> output, with `function` traced once for each training."""
    specs = [tf.TensorSpec((None, *shape), tf.float32) for shape in shapes]

    def trace(training):
        traced = tf.function(lambda *inputs: function(training, *inputs), autograph=False)
        return traced.get_concrete_function(*specs)

    traces = {training: trace(training) for training in (False, True)}

    def run(training, *inputs):
        return traces[training](*(tf.cast(value, tf.float32) for value in inputs[: len(specs)]))

    return run


def _label_shape(model):
    return [(model.num_classes,)] if model.num_classes else []


def _label_specs(model):
    if not model.num_classes:
        return {}
    return {"y": _specs("y", (None, model.num_classes), _LABELS)}


def _specs(name, shape, dtypes):
    return [tf.TensorSpec(shape, dtype, name) for dtype in dtypes]


def _export(call, network, inputs, signature, output) -> Export:
    """Traces every way of calling and puts the pieces on a root object.

    Args:
        call: The tf.function to be `__call__`; takes the inputs by name, or one dict.
        network: The Keras model whose variables it uses.
        inputs: {name: specs that are accepted; None among them: may be left out}.
        signature: Names of the signatures' inputs.
        output: Name of the signatures' output.
    """

    @tf.function(autograph=False)
    def serve(inputs):
        return call(inputs)

    @tf.function(autograph=False)
    def serving_default(inputs):
        return {output: call(inputs)}

    for specs in itertools.product(*inputs.values()):
        named = {name: spec for name, spec in zip(inputs, specs, strict=True) if spec is not None}
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

    specs = [next(spec for spec in inputs[name] if spec is not None) for name in signature]
    function = tf.function(named_call, input_signature=specs, autograph=False)
    endpoints = {"__call__": call, "serve": serve, "serving_default": serving_default}
    return Export(_root(network, endpoints), {"default": function, "serving_default": function})


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
