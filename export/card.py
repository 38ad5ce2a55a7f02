"""The model card, `README.md` of an export, in the layout of TensorFlow Hub's cards."""

from __future__ import annotations

import json
import math

from tfgan_models import presets, registry
from tfgan_models.core.random import code_sizes, uniform_bounds

NAME = "README.md"
_TRUST = (
    "A SavedModel is a program: load only what you trust. `manifest.sha256` shows damage, not "
    "malice; `sha256sum -c manifest.sha256` or `export.load` check it."
)
_INTENDED = {
    "generator": "Research, teaching and tests of generative models; drawing images like its data.",
    "discriminator": "Research and teaching; scoring images, a start for fine-tuning.",
}
_LIMITS = (
    "The images are made up; they can resemble training images and carry the biases of the "
    "data. Do not present them as real. Nothing is promised for inputs outside the ranges above."
)


def render(name: str, facts: dict) -> str:
    """Returns the card of an export as Markdown.

    Args:
        name: Name of the directory; the examples load it from beside.
        facts: The entries of `metadata.json`.
    """
    example = _generator_example if facts["kind"] == "generator" else _discriminator_example
    sections = [
        f"# {name}\n\n{_summary(facts)}\n\n{_comment(facts)}",
        "## Overview\n\n" + _overview(facts),
        "## Example use\n\n" + example(name, facts),
        "## Inputs and outputs\n\n" + _interface(facts),
        "## Training\n\n" + _training(facts),
        "## Metrics\n\n" + _metrics(facts.get("metrics")),
        "## Licence\n\n" + _licence(facts),
        "## Intended use\n\n" + facts.get("intended_use", _INTENDED[facts["kind"]]),
        "## Limitations\n\n" + facts.get("limitations", _LIMITS) + "\n\n" + _TRUST,
        "## References\n\n" + _references(facts),
    ]
    return "\n\n".join(sections) + "\n"


def _size(facts) -> str:
    return "x".join(map(str, facts["image_shape"]))


def _family(facts) -> str:
    return facts["family"] or facts["class"]


def _summary(facts) -> str:
    kind = "Class-conditional" if facts["num_classes"] else "Unconditional"
    return f"{kind} {facts['kind']} of {_size(facts)} images ({_family(facts)})."


def _comment(facts) -> str:
    entries = {
        "task": "image-generator" if facts["kind"] == "generator" else "image-classification",
        "network-architecture": facts["class"],
        "dataset": facts.get("data", "not stated"),
        "fine-tunable": "true",
        "format": "saved_model_2",
        "license": facts.get("licence", "not stated"),
        "language": "en",
    }
    return "\n".join(f"<!-- {key}: {_one_line(value)} -->" for key, value in entries.items())


def _one_line(value) -> str:
    return " ".join(str(value).split()).replace("--", "-")


def _overview(facts) -> str:
    summary = registry.FAMILIES[facts["family"]].summary if facts["family"] else ""
    half_life = facts.get("ema_half_life_images")
    rows = [
        f"- family: {_family(facts)}" + (f", {summary}" if summary else ""),
        f"- parameters: {facts['parameters']:,}",
        f"- written with tfgan-models {facts['tfgan_models_version']}, TensorFlow "
        f"{facts['tensorflow_version']}, Keras {facts['keras_version']}; needs TensorFlow alone",
    ]
    if facts["kind"] == "generator":
        average = (
            f"moving average with a half-life of {half_life:,} generated images"
            if half_life
            else "as trained, no moving average"
        )
        rows.insert(2, f"- weights: {average}")
    return "\n".join(rows)


# === Examples ===


def _generator_example(name, facts) -> str:
    setup = [f"z = {_draw(facts)}"]
    if facts["num_classes"]:
        setup.append(_labels_example(facts))
    signature = ", ".join(
        f"{x}=tf.constant(1.0)" if x == "truncation" else f"{x}={x}"
        for x in facts["signature_inputs"]
    )
    names = [x for x in facts["signature_inputs"] if x != "truncation"]
    after = (
        "As bytes: `tf.cast(tf.clip_by_value((images + 1.0) * 128.0, 0.0, 255.0), tf.uint8)`.\n\n"
        f"With tfgan-models: `export.load({json.dumps(name)}).sample(4, seed=1)`, a NumPy array."
    )
    return _example(name, setup, names, signature, "images", "default") + "\n\n" + after


def _discriminator_example(name, facts) -> str:
    setup = [f"image = tf.random.uniform([4, *{tuple(facts['image_shape'])}], -1.0, 1.0)"]
    if facts["num_classes"]:
        setup.append(_labels_example(facts))
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


def _labels_example(facts) -> str:
    classes = [i % facts["num_classes"] for i in range(4)]
    return f"y = tf.one_hot({classes}, {facts['num_classes']})"


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


# === Facts ===


def _interface(facts) -> str:
    rows = ["| | name | shape | range |", "|---|---|---|---|"]
    for name, info in facts["input_info"].items():
        rows.append(f"| input | `{name}` | {_shape(info['shape'])} | {_input_range(name, info)} |")
    for name, info in facts["output_info"].items():
        ends = info["range"]
        span = f"[{ends[0]:g}, {ends[1]:g}]" if ends else "logits, larger for more real"
        rows.append(f"| output | `{name}` | {_shape(info['shape'])} | {span} |")
    notes = [
        "All are float32; a call also takes float64 arrays and Python numbers. B is free. The "
        "signatures `default` and `serving_default` take exactly "
        + ", ".join(f"`{name}`" for name in facts["signature_inputs"])
        + ". `training=True` uses the statistics of the batch and is for fine-tuning.",
    ]
    if "truncation" in facts["input_info"]:
        note = (
            "`truncation` is accepted and ignored: this model has no truncation statistics, and "
            "z is never scaled."
        )
        if facts["latent_distribution"] == "normal":
            note += (
                " To truncate, draw z from a normal cut at +-2 and multiply it by the truncation."
            )
        notes.append(note)
    return "\n".join(rows) + "\n\n" + "\n\n".join(notes)


def _shape(shape) -> str:
    return "(" + ", ".join("B" if n is None else str(n) for n in shape) + ")" if shape else "scalar"


def _input_range(name, info) -> str:
    if "distribution" in info:
        bounds = uniform_bounds(info["distribution"])
        codes = "".join(f"one-hot of {n}, then " for n in code_sizes(info["distribution"]))
        if bounds is None:
            return f"{codes}normal, mean 0, variance 1"
        return f"{codes}uniform in [{bounds[0]:g}, {bounds[1]:g}]"
    if "range" in info:
        return f"[{info['range'][0]:g}, {info['range'][1]:g}]"
    if name == "truncation":
        return "optional, ignored"
    return f"{info['meaning']}: rows sum to 1"


def _training(facts) -> str:
    rows = [
        f"- preset: {facts.get('preset', 'not stated')}",
        f"- data: {facts.get('data', 'not stated')}",
        f"- steps (generator updates): {facts['steps']:,}",
    ]
    preset = presets.PRESETS.get(str(facts.get("preset")))
    source = facts.get("preset_source", preset.source if preset else None)
    if source:
        rows.insert(1, f"- preset's source: {source}")
    if facts.get("class_names"):
        rows.append("- classes: " + ", ".join(map(str, facts["class_names"])))
    return "\n".join(rows)


def _metrics(metrics) -> str:
    if not metrics:
        return "None measured."
    rows = ["| metric | value | protocol |", "|---|---|---|"]
    for name, entry in metrics.items():
        entry = entry if isinstance(entry, dict) else {"value": entry}
        value = entry.get("value", "not stated")
        if isinstance(value, float) and math.isfinite(value):
            value = f"{value:.6g}"
        if entry.get("low") is not None:
            value += f" ({entry['low']:.4g} to {entry['high']:.4g})"
        rows.append(f"| {name} | {value} | {_protocol(entry.get('protocol', 'not stated'))} |")
    return "\n".join(rows)


def _protocol(protocol) -> str:
    """A protocol in a line; a dict is that of `tfgan_models.metrics.Protocol`."""
    if not isinstance(protocol, dict):
        return _one_line(protocol)
    parts = [f"{protocol['n_fake']:,} fakes of the {protocol['weights']} weights"]
    if protocol["n_real"]:
        parts.append(f"{protocol['n_real']:,} reals of {protocol['reference']}")
    if protocol["network"] != "none":
        resize = "" if protocol["resize"] == "none" else f", resized {protocol['resize']}"
        parts.append(f"network {protocol['network']} {protocol['network_digest']}{resize}")
    parts += [f"{name} {value}" for name, value in protocol["options"]]
    parts += [f"labels {protocol['labels']}", f"seed {protocol['seed']}"]
    return _one_line("; ".join(parts) + "; all of it in metadata.json")


def _licence(facts) -> str:
    return (
        f"- weights: {facts.get('licence', 'not stated by the exporter')}\n"
        f"- data: {facts.get('data_licence', 'not stated by the exporter')}\n"
        "- library that made them: Apache-2.0"
    )


def _references(facts) -> str:
    rows = []
    if facts["family"]:
        rows.append(f"- {registry.FAMILIES[facts['family']].source}")
    if facts["kind"] == "generator" and facts.get("profile") == "biggan":
        rows.append("- interface: Brock et al. 2019, arXiv:1809.11096, modules on TensorFlow Hub")
    return "\n".join(rows) or "None."
