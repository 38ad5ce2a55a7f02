"""What to set next: one setting of this library for each condition.

A suggestion is a flag of tfgan-train that `trainers.config.resolve` accepts for the run's
own preset, or, where no setting helps, what to do with the data or the network.
"""

from __future__ import annotations

import json
import math
import shlex

import tensorflow as tf

from trainers.doctor.probe import layers_of

_BOUNDS = {
    "r1",
    "r2",
    "gradient_penalty",
    "zero_centered_gradient_penalty",
    "weight_clipping",
    "dragan",
    "max_gradient",
}
_FLAGS = ("--batch_size=", "--steps=", "--precision=", "--data=")


def parse(suggestion: str) -> dict:
    """Reads the overrides out of a suggestion, as `trainers.config.resolve` takes them.

    Returns:
        {dotted name: value}; empty for one in words.
    """
    from trainers import config as configs

    overrides = {}
    _, dashes, flags = suggestion.partition("--")
    for word in shlex.split(dashes + flags):
        if word.startswith("--set="):
            overrides |= configs.parse_assignments([word.removeprefix("--set=")])
        elif word.startswith(_FLAGS):
            name, _, value = word.removeprefix("--").partition("=")
            name = "data.source" if name == "data" else name
            overrides[name] = configs.parse_value(value)
    return overrides


def learning_rate(optimizer) -> float:
    """The rate of an optimizer now, under any strategy."""
    return float(tf.convert_to_tensor(optimizer.learning_rate))


class Suggestions:
    """The next setting for the configuration of one run.

    Args:
        config: The run's `trainers.config.Config`.
        model: Its compiled model.
    """

    def __init__(self, config, model):
        self.config, self.model = config, model
        self.compile = config.recipe.compile

    def __call__(self, name: str, details: dict) -> str:
        """Returns the suggestion for a condition of `conditions.CONDITIONS`."""
        return getattr(self, f"_{name}")(details)

    # === Data ===

    def _value_range(self, details):
        return "Store the images as bytes, or as floats in [-1, 1]: images / 127.5 - 1."

    def _sample_range(self, details):
        if self.model.output_range == "symmetric":
            return (
                "End the generator with tanh, or say what it makes: --set=model.output_range=unit"
            )
        return "End the generator with a sigmoid, or: --set=model.output_range=symmetric"

    def _stuck_pipeline(self, details):
        return "Let the source's `gather` use the indices that it is given."

    def _unshuffled(self, details):
        return "Shuffle the files, or use a source with random access: folder, npz or TFRecords."

    def _labels(self, details):
        return "Number the classes from 0, or give the right file: --set=data.labels=FILE"

    def _class_balance(self, details):
        return "Add images of the rare classes, or use an unconditional preset."

    def _label_law(self, details):
        return "--set=compile.fake_labels=data"

    def _blank_images(self, details):
        return "Remove these images from the data set."

    def _repeated_images(self, details):
        return "Remove the repetitions from the data set."

    # === Exploding ===

    def _not_finite(self, details):
        if self.config.precision == "mixed_float16":
            return "--precision=mixed_bfloat16"
        return self._slower("discriminator", 0.3)

    def _divergence(self, details):
        if self.model.adversarial_loss.UNBOUNDED and not self._is_bounded():
            name = "weight_clipping" if self._mixes() else "gradient_penalty"
            return self._more_penalties({"name": name})
        return self._slower("discriminator", 0.3)

    def _exploding_penalty(self, details):
        return self._slower("discriminator", 0.5)

    # === Labels ===

    def _label_ignored(self, details):
        if self.config.recipe.family == "conditional_gan" and (
            getattr(self.model, "architecture", "projection") != "projection"
        ):
            return "--set=model.architecture=projection"
        return "Check that the labels reach both networks, images first: [image, y], [z, y]."

    def _latent_ignored(self, details):
        return self._mode_collapse(details)

    # === Balance of the two networks ===

    def _d_too_strong(self, details):
        if self.model.adversarial_loss.NAME == "minimax":
            return "--set=compile.loss=non_saturating"
        return self._smoother()

    def _format_leak(self, details):
        noise = {"name": "instance_noise", "sigma": 0.05}
        return self._more_augmentation(noise)

    def _overfitting(self, details):
        if self.model.augment is not None:
            return self._less_recognised()
        if self.model.adversarial_loss.CENTERED:
            return _set("compile.augment", "ada")
        return _set("compile.augment", "color,translation,cutout")

    def _memorised(self, details):
        return self._overfitting(details)

    def _mode_collapse(self, details):
        return self._smoother()

    def _flat_samples(self, details):
        return self._slower("discriminator", 0.3)

    def _partial_collapse(self, details):
        return f"--batch_size={2 * self.config.recipe.batch_size}"

    def _oscillation(self, details):
        if not self._penalty("r1"):
            return self._smoother()
        optimizer = self.compile.get("discriminator_optimizer")
        if isinstance(optimizer, dict) and optimizer.get("beta_1"):
            return "--set=compile.discriminator_optimizer.beta_1=0.0"
        return self._slower("discriminator", 0.5)

    def _stalled(self, details):
        return self._slower("generator", 2.0)

    def _augment_saturated(self, details):
        return self._less_recognised()

    # === Networks ===

    def _checkerboard(self, details):
        height, width, _ = self.model.image_shape
        square = height == width and height >= 16 and height & (height - 1) == 0
        if self.config.recipe.family == "dcgan" and square and not self.model.port:
            return "--set=model.port=true"
        return (
            "Use kernels that are a multiple of the stride (4x4 for 2), or up-sample and convolve, "
            "as networks.resnet_generator does."
        )

    def _batch_norm(self, details):
        momentum = details.get("momentum")
        if details.get("held") and momentum:
            steps = math.ceil(math.log(0.05) / math.log(momentum) / 100) * 100
            if steps > self.config.recipe.steps and steps < 1e6:
                return f"--steps={steps}"
        return "Build the generator's BatchNorm with momentum=0.9."

    def _ema_lag(self, details):
        images = self.config.recipe.steps * self.config.recipe.batch_size
        return f"--set=compile.ema_half_life_images={max(1, images // 20)}"

    def _dead_channels(self, details):
        network = "discriminator" if "discriminator" in details["layer"] else "generator"
        return self._slower(network, 0.5)

    # === Building blocks ===

    def _is_bounded(self) -> bool:
        """Whether something bounds the discriminator's slope."""
        return bool(_BOUNDS & {p.NAME for p in self.model._penalties()})

    def _mixes(self) -> bool:
        """Whether the discriminator's batch norm rules penalties of its gradient out."""
        return any(hasattr(x, "moving_mean") for x in layers_of(self.model.discriminator))

    def _penalty(self, name):
        return next((p for p in self.model._penalties() if p.NAME == name), None)

    def _listed_penalties(self) -> list:
        """The run's penalties as plain data, those of the family's default too."""
        if self.compile.get("penalties") is not None:
            return list(self.compile["penalties"])
        return [{"name": p.NAME, **p.get_config()} for p in self.model._penalties()]

    def _more_penalties(self, new) -> str:
        kept = [p for p in self._listed_penalties() if _name_of(p) != new["name"]]
        return _set("compile.penalties", [*kept, new])

    def _less_recognised(self) -> str:
        """For little data, where augmentation is not enough."""
        if self._penalty("lecam"):
            return self._slower("discriminator", 0.5)
        return self._more_penalties({"name": "lecam"})

    def _more_augmentation(self, new) -> str:
        old = self.compile.get("augment")
        if old is None:
            return _set("compile.augment", new)
        return _set("compile.augment", [*(old if isinstance(old, list) else [old]), new])

    def _smoother(self) -> str:
        """R1, or ten times as much of it; with batch norm, which R1 cannot have, a game that
        compares; then a slower player."""
        height, width, _ = self.model.image_shape
        strength = float(f"{max(0.05, 0.0002 * height * width):.2g}")
        found = self._penalty("r1")
        if not self._is_bounded() and not self._mixes():
            return self._more_penalties({"name": "r1", "gamma": strength, "every": 4})
        controlled = getattr(self.model.augment, "CONTROLLED", False)
        if self._mixes() and self.model.adversarial_loss.CENTERED and not controlled:
            return "--set=compile.loss=relativistic_pairing"
        if found is not None and found.gamma < 10.0 * strength:
            gamma = float(f"{10.0 * found.gamma:.2g}")
            return self._more_penalties({"name": "r1", "gamma": gamma, "every": found.every})
        return self._slower("generator", 0.5)

    def _slower(self, network, factor) -> str:
        """The learning rate of one optimizer times a factor."""
        field = f"{network}_optimizer"
        rate, given = self._rate(network), self.compile.get(field)
        new = float(f"{factor * rate:.2g}") if rate else 1e-4
        if isinstance(given, dict) and isinstance(given.get("learning_rate"), float):
            return f"--set=compile.{field}.learning_rate={new:g}"
        return _set(f"compile.{field}", {"name": "adam", "learning_rate": new, "beta_1": 0.5})

    def _rate(self, network) -> float:
        return learning_rate(getattr(self.model, f"{network}_optimizer"))


def _name_of(spec) -> str:
    return spec if isinstance(spec, str) else spec["name"]


def _set(path: str, value) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f"--set={path}={shlex.quote(text)}"
