"""The model card, `README.md` of an export, in the layout of TensorFlow Hub's cards."""

from __future__ import annotations

import math

from export import examples
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

_INTERFACES = {
    "biggan": "Brock et al. 2019, arXiv:1809.11096",
    "progan": "Karras et al. 2018, arXiv:1710.10196",
    "compare_gan": "Kurach et al. 2019, arXiv:1807.04720",
}


def render(name: str, facts: dict) -> str:
    """Returns the card of an export as Markdown.

    Args:
        name: Name of the directory; the examples load it from beside.
        facts: The entries of `metadata.json`.
    """
    sections = [
        f"# {name}\n\n{_summary(facts)}\n\n{_comment(facts)}",
        "## Overview\n\n" + _overview(facts),
        "## Example use\n\n" + examples.render(name, facts),
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


def _interface(facts) -> str:
    rows = ["| | name | shape | range |", "|---|---|---|---|"]
    rows += _rows(facts, "")
    types = {info["dtype"] for info in facts["input_info"].values()}
    kinds = "float32" if types == {"float32"} else "float32, class numbers int32"
    notes = [
        f"All are {kinds}; a call also takes float64 arrays and Python numbers. B is free. The "
        "signatures `default` and `serving_default` take exactly "
        + ", ".join(f"`{name}`" for name in facts["signature_inputs"])
        + ". `training=True` uses the statistics of the batch and is for fine-tuning.",
    ]
    if "truncation" in facts["input_info"]:
        notes.append(_truncation(facts))
    if standing := facts.get("standing_statistics"):
        notes.append(
            f"Batch norm has standing statistics: means over {standing['batches']} batches of "
            f"{standing['batch_size']} images (seed {standing['seed']}) of untruncated z."
        )
    if facts.get("discriminator"):
        rows += _rows(facts["discriminator"], "discriminator ")
        notes.append(
            "The discriminator is `module.discriminator` and the signature `discriminator`; its "
            "prediction is the probability of being real."
        )
    return "\n".join(rows) + "\n\n" + "\n\n".join(notes)


def _rows(facts, prefix) -> list[str]:
    rows = []
    for name, info in facts["input_info"].items():
        span = _input_range(name, info)
        rows.append(f"| {prefix}input | `{name}` | {_shape(info['shape'])} | {span} |")
    for name, info in facts["output_info"].items():
        ends = info["range"]
        span = f"[{ends[0]:g}, {ends[1]:g}]" if ends else "logits, larger for more real"
        rows.append(f"| {prefix}output | `{name}` | {_shape(info['shape'])} | {span} |")
    return rows


def _truncation(facts) -> str:
    table = facts.get("truncation_statistics")
    if table:
        note = (
            "`truncation` selects batch-norm statistics and never scales z: "
            f"{table['truncations']} tables from 0 to 1, step {table['step']:.4g}, "
            f"interpolated linearly, each of {table['batches']} batches of "
            f"{table['batch_size']} images (seed {table['seed']}) "
            "with z truncated so, at 0 with z = 0. A call without it uses those of untruncated z."
        )
    else:
        note = (
            "`truncation` is accepted and ignored: this model has no truncation statistics, and "
            "z is never scaled."
        )
    if facts["latent_distribution"] == "normal":
        note += " To truncate, draw z from a normal cut at +-2 and multiply it by the truncation."
    return note


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
        return "[0, 1], optional in calls" if info["used"] else "optional, ignored"
    return info["meaning"] + (": rows sum to 1" if len(info["shape"]) == 2 else "")


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
    interface = _INTERFACES.get(facts.get("profile"))
    if interface:
        rows.append(f"- interface: {interface}, modules on TensorFlow Hub")
    return "\n".join(rows) or "None."
