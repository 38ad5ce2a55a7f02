"""The examples of model cards: the program that a reader starts from."""

from __future__ import annotations

import json

from export import profiles
from tfgan_models.core.random import code_sizes, uniform_bounds


def render(name: str, facts: dict) -> str:
    """Returns the section as Markdown.

    Args:
        name: Name of the directory; the example loads it from beside.
        facts: The entries of `metadata.json`.
    """
    return (_generator_example if facts["kind"] == "generator" else _discriminator_example)(
        name, facts
    )


def _generator_example(name, facts) -> str:
    profile = profiles.PROFILES[facts["profile"]]
    setup = [f"{profile.latents} = {_draw(facts)}"]
    if facts["num_classes"]:
        setup.append(_labels_example(facts, profile.labels, profile.class_numbers))
    signature = ", ".join(
        f"{x}=tf.constant(1.0)" if x == "truncation" else f"{x}={x}"
        for x in facts["signature_inputs"]
    )
    names = profile.required(facts["num_classes"])
    low, _ = profile.value_range
    values = "images * 256.0" if low == 0.0 else "(images + 1.0) * 128.0"
    after = (
        f"As bytes: `tf.cast(tf.clip_by_value({values}, 0.0, 255.0), tf.uint8)`.\n\n"
        f"With tfgan-models: `export.load({json.dumps(name)}).sample(4, seed=1)`, a NumPy array "
        "in [-1, 1]."
    )
    example = _example(name, setup, names, signature, "images", profile.output)
    return example + "\n\n" + after


def _discriminator_example(name, facts) -> str:
    setup = [f"image = tf.random.uniform([4, *{tuple(facts['image_shape'])}], -1.0, 1.0)"]
    if facts["num_classes"]:
        setup.append(_labels_example(facts, "y", False))
    names = facts["signature_inputs"]
    signature = ", ".join(f"{x}={x}" for x in names)
    return _example(name, setup, names, signature, "logits", "prediction")


def _draw(facts) -> str:
    """The expression that draws four latent vectors."""
    bounds = uniform_bounds(facts["latent_distribution"])
    sizes = code_sizes(facts["latent_distribution"])
    shape = f"[4, {facts['latent_dim'] - sum(sizes)}]"
    draw = f"tf.random.normal({shape})"
    if bounds:
        draw = f"tf.random.uniform({shape}, {bounds[0]!r}, {bounds[1]!r})"
    if not sizes:
        return draw
    codes = [f"tf.one_hot(tf.random.uniform([4], 0, {n}, tf.int32), {n})" for n in sizes]
    return f"tf.concat([{', '.join([*codes, draw])}], axis=1)"


def _labels_example(facts, name, numbers) -> str:
    classes = [i % facts["num_classes"] for i in range(4)]
    if numbers:
        return f"{name} = tf.constant({classes})"
    return f"{name} = tf.one_hot({classes}, {facts['num_classes']})"


def _example(name, setup, names, signature, result, output) -> str:
    path, entries = json.dumps(name), ", ".join(f'"{x}": {x}' for x in names)
    lines = [
        "import tensorflow as tf",
        "",
        f"module = tf.saved_model.load({path})",
        *setup,
        f"{result} = module({', '.join(names)})",
        f"{result} = module({{{entries}}})  # the same, with a dict",
        f'{result} = module.signatures["default"]({signature})["{output}"]',
        "",
        "import keras  # a layer of a Keras 3 model",
        "",
        f'layer = keras.layers.TFSMLayer({path}, call_endpoint="serve")',
        f"{result} = layer({{{entries}}})",
        "",
        "import tensorflow_hub as hub  # wants a string; hub.KerasLayer is for tf_keras",
        "",
        f"module = hub.load({path})",
        f"{result} = module({{{entries}}})",
    ]
    return "\n".join(["```python", *lines, "```"])
