"""The generator and the discriminator as Reusable SavedModels.

Callables take the profile's names; `endpoints` makes what a SavedModel needs of them.
"""

from __future__ import annotations

import tensorflow as tf

from export import endpoints, tables
from export.endpoints import FLOATS, INTS, Export


def generator(model, profile, measured=None, with_discriminator=False) -> Export:
    """Makes the export of a model's `generator`.

    Args:
        model: A GAN.
        profile: A `profiles.Profile`.
        measured: A `tables.Measured`; None: `truncation` is accepted and ignored.
        with_discriminator: Put the discriminator beside it, as such a profile asks.

    Callable: (latents, labels=None, truncation=None, training=False) under the profile's
        names, as far as it has them, or a dict of the inputs -> images, float32
        (B, H, W, C) in its range.
        Signatures: the profile's inputs -> its output.
    """
    statistics = measured and tables.Tables(model.generator, measured)

    def synthesize(training, latents, labels=None, truncation=None):
        condition = _condition(model, profile, labels)
        if truncation is None:
            images = model.synthesize(model.generator, latents, condition, training)
        else:
            with statistics.at(truncation):
                images = model.synthesize(model.generator, latents, condition, training)
        return profile.to_range(tf.clip_by_value(images, -1.0, 1.0))

    network = endpoints.trace_network(synthesize, [tf.float32, _label_type(profile), tf.float32])

    def run(training, latents, labels=None, truncation=None):
        if training or statistics is None:
            truncation = None
        return network(training, latents, labels, truncation)

    inputs = {profile.latents: endpoints.specs(profile.latents, (None, model.latent_dim), FLOATS)}
    inputs |= _label_specs(model, profile)
    if profile.truncation:
        inputs["truncation"] = [None, *endpoints.specs("truncation", (), FLOATS)]
    call = endpoints.callable_of(profile.arguments(), run)
    signature = profile.signature(model.num_classes)
    made = endpoints.export(
        call, model.generator, inputs, signature, profile.output, profile.signatures
    )
    if statistics is not None:
        made.root.variables = [*made.root.variables, *statistics.variables]
    if with_discriminator and profile.with_discriminator:
        made.root.discriminator = (beside := discriminator_beside(model, profile)).root
        made.signatures.update(beside.signatures)
    return made


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

    call = endpoints.callable_of(
        ("image", "y"), endpoints.trace_network(discriminate, [tf.float32] * 2)
    )
    inputs = {"image": endpoints.specs("image", (None, *model.image_shape), FLOATS)}
    inputs |= _label_specs(model)
    return endpoints.export(call, model.discriminator, inputs, tuple(inputs), "prediction")


def discriminator_beside(model, profile) -> Export:
    """Makes the discriminator that goes into the module of a generator.

    Args:
        model: A GAN.
        profile: A `profiles.Profile` with `with_discriminator`.

    Callable: (images, labels=None, training=False), or a dict of the inputs -> the
        probability of being real, float32 (B, 1). images (B, H, W, C) in the profile's range.
        Signature `discriminator`: the same inputs -> `prediction`.
    """

    def discriminate(training, images, labels=None):
        condition = _condition(model, profile, labels)
        logits = model.discriminate(profile.from_range(images), condition, training)
        return tf.sigmoid(logits)

    network = endpoints.trace_network(discriminate, [tf.float32, _label_type(profile)])
    call = endpoints.callable_of(("images", profile.labels), network)
    inputs = {"images": endpoints.specs("images", (None, *model.image_shape), FLOATS)}
    inputs |= _label_specs(model, profile)
    names = ("discriminator",)
    return endpoints.export(call, model.discriminator, inputs, tuple(inputs), "prediction", names)


def _condition(model, profile, labels):
    """Labels as the network takes them, float32 (B, num_classes)."""
    if labels is None or not profile.class_numbers:
        return labels
    last = model.num_classes - 1
    inside = tf.reduce_all((labels >= 0) & (labels <= last))
    text = f"{profile.labels} must be classes from 0 to {last}; got"
    with tf.control_dependencies([tf.debugging.Assert(inside, [text, labels])]):
        return tf.one_hot(labels, model.num_classes)


def _label_type(profile):
    return tf.int64 if profile.class_numbers else tf.float32


def _label_specs(model, profile=None):
    if not model.num_classes:
        return {}
    if profile is not None and profile.class_numbers:
        return {profile.labels: endpoints.specs(profile.labels, (None,), INTS)}
    name = "y" if profile is None else profile.labels
    return {name: endpoints.specs(name, (None, model.num_classes), (*FLOATS, *INTS))}
