"""Generators that were not written by this library, read from their signature alone.

Modules of TensorFlow Hub and others with their inputs have no `metadata.json` and no
checksums here: nothing is checked, sizes come from the signature, and latents are taken
to be normal. A SavedModel is a program: load only what you trust.
"""

from __future__ import annotations

import pathlib

import numpy as np
import tensorflow as tf

from export import manifest, metadata, profiles
from export.loader import LoadedModule


def is_foreign(directory) -> bool:
    """Whether a directory holds a SavedModel with neither metadata nor a manifest of ours."""
    directory = pathlib.Path(directory).expanduser()
    ours = (manifest.NAME, metadata.NAME)
    return (directory / "saved_model.pb").is_file() and not any(
        (directory / name).is_file() for name in ours
    )


def load(handle) -> ForeignModule:
    """Loads a generator by its signature, unchecked.

    Args:
        handle: A directory, or an address that `tensorflow_hub` resolves; it downloads then.

    Raises:
        ValueError: There is no signature, or it is none of the known interfaces.
        OSError: It cannot be read or downloaded.
    """
    path = str(handle)
    if "://" in path:
        import tensorflow_hub

        path = tensorflow_hub.resolve(path)
    old = pathlib.Path(path, "tfhub_module.pb").is_file()  # the format of TensorFlow 1
    module = tf.saved_model.load(path, tags=[] if old else None)
    names = [name for name in ("default", "serving_default") if name in module.signatures]
    if not names:
        raise ValueError(f"{handle} has no signature `default` or `serving_default`.")
    return ForeignModule(module, module.signatures[names[0]], handle)


class ForeignModule(LoadedModule):
    """A generator with the inputs and outputs of one of the profiles.

    Attributes:
        module: The loaded object.
        metadata: What the signature tells.
    """

    def __init__(self, module, signature, handle):
        self._signature = signature
        self._inputs = inputs = signature.structured_input_signature[1]
        outputs = signature.structured_outputs
        profile = _profile(inputs, outputs, handle)
        self._output = profile.output
        classes = None
        if profile.labels in inputs:
            classes = inputs[profile.labels].shape.as_list()[-1]
        facts = {
            "kind": "generator",
            "profile": profile.name,
            "latent_dim": inputs[profile.latents].shape.as_list()[-1],
            "latent_distribution": "normal",
            "num_classes": classes,
            "truncation_statistics": None,
        }
        if facts["latent_dim"] is None or (profile.labels in inputs and classes is None):
            raise ValueError(f"{handle}: the signature does not tell the sizes of z and y.")
        super().__init__(module, facts)
        shape = outputs[profile.output].shape
        shape = shape[1:].as_list() if shape.rank == 4 else [None]
        if None in shape:
            y = None if classes is None else [0]
            shape = self(np.zeros((1, self.latent_dim)), y, 1.0).shape[1:]
        self.metadata["image_shape"] = list(shape)

    def _run(self, inputs):
        if "truncation" in self._inputs:
            inputs.setdefault("truncation", tf.constant(1.0))
        wanted = {name: tf.cast(inputs[name], spec.dtype) for name, spec in self._inputs.items()}
        return tf.cast(self._signature(**wanted)[self._output], tf.float32)

    def sample(self, n, seed=0, labels=None, truncation=None):
        """Draws n images; as `LoadedModule.sample`, but truncation 1 where none is given."""
        if truncation is None and "truncation" in self._inputs:
            truncation = 1.0
        return super().sample(n, seed, labels, truncation)


def _profile(inputs, outputs, handle):
    """The profile whose names a signature has."""
    for profile in profiles.PROFILES.values():
        optional = {"truncation"} if profile.truncation else set()
        required = set(profile.required(profile.conditional)) - optional
        if profile.output in outputs and not profile.class_numbers:
            if required <= set(inputs) <= required | optional:
                return profile
    raise ValueError(
        f"{handle}: the signature has {', '.join(sorted(inputs))} -> {', '.join(sorted(outputs))}; "
        "known are z, or z and y, with truncation or without, or latent_vector, -> default."
    )
