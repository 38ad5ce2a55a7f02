"""What the doctor can find, in the order in which causes come before consequences."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Condition:
    """One condition.

    Attributes:
        title: For the line in the log.
        severity: "error" (the run should not go on), "warning" or "note".
        seen: What was seen, a format of the reading's `value`, `limit` and details.
        meaning: What it means for the run.
        causes: Conditions that explain this one, the likeliest first.
        checks: Consecutive checks that must agree.
        said: Whether it is said; what healthy runs may show is only written down.
    """

    title: str
    severity: str
    seen: str
    meaning: str
    causes: tuple[str, ...] = ()
    checks: int = 3
    said: bool = True


_EXPLODED = ("not_finite", "divergence", "exploding_penalty")

CONDITIONS = {
    "value_range": Condition(
        "value range",
        "error",
        "{what} (limit {limit:.3g})",
        "The discriminator tells real from fake by the range of the values alone.",
        checks=1,
    ),
    "sample_range": Condition(
        "value range of the samples",
        "error",
        "{what} (limit {limit:.2f})",
        "The generator's last layer cannot make the data's values.",
        causes=("value_range", *_EXPLODED),
    ),
    "stuck_pipeline": Condition(
        "stuck pipeline",
        "error",
        "{value:.0f} batches in a row hold the same images (limit {limit:.0f})",
        "The networks see a single batch of the data.",
        checks=1,
    ),
    "unshuffled": Condition(
        "unshuffled data",
        "warning",
        "Among {draws} labels in the order of training {run} in a row are equal, {value:.1f} times "
        "what chance gives (limit {limit:.1f})",
        "The networks learn one class after the other and forget.",
        checks=1,
    ),
    "labels": Condition(
        "labels",
        "error",
        "{what}",
        "The model cannot read these labels.",
        checks=1,
    ),
    "class_balance": Condition(
        "class balance",
        "warning",
        "{what}",
        "The generator learns rare classes badly, and missing ones not at all.",
        checks=1,
    ),
    "label_law": Condition(
        "label law",
        "warning",
        "The labels of the fakes are uniform, the data's are {value:.2f} from that in total "
        "variation (limit {limit:.2f})",
        "The discriminator can tell real from fake by the label alone.",
        causes=("labels", "class_balance"),
        checks=1,
    ),
    "blank_images": Condition(
        "blank images",
        "warning",
        "{value:.1%} of the images looked at are blank (limit {limit:.0%}), such as numbers "
        "{indices}",
        "The generator will learn to draw blank images.",
        checks=1,
    ),
    "repeated_images": Condition(
        "repeated images",
        "note",
        "About {value:.0%} of the images repeat another one (limit {limit:.0%})",
        "Repeated images are learnt first; copies of training images say little here.",
        checks=1,
    ),
    "not_finite": Condition(
        "not a finite number",
        "error",
        "{what}",
        "A step overflowed; everything after it is lost.",
        checks=1,
    ),
    "divergence": Condition(
        "divergence",
        "error",
        "{what} (limit {limit:.3g})",
        "Losses and logits grow without bound.",
        checks=1,
    ),
    "exploding_penalty": Condition(
        "exploding penalty",
        "error",
        "The penalty {penalty} is {value:.3g} times its usual size (limit {limit:.0f})",
        "The discriminator's slope explodes.",
        causes=("not_finite", "divergence"),
        checks=1,
    ),
    "label_ignored": Condition(
        "label ignored",
        "error",
        "Changing the label changes {value:.2f} of what it changes in the data (limit {limit:.2f})",
        "The generator does not use the label.",
        causes=(*_EXPLODED, "labels", "mode_collapse"),
    ),
    "latent_ignored": Condition(
        "latent ignored",
        "error",
        "Within a class the pictures vary {value:.2f} times as much as the data (limit "
        "{limit:.2f})",
        "The generator draws one picture a class, whatever the latent.",
        causes=("label_ignored", *_EXPLODED),
    ),
    "format_leak": Condition(
        "format leak",
        "warning",
        "{value:.0%} of the difference between real and fake logits goes away {change} (limit "
        "{limit:.0%})",
        "The discriminator looks at tiny differences of value, not at what the pictures show.",
        causes=_EXPLODED,
    ),
    "d_too_strong": Condition(
        "discriminator too strong",
        "error",
        "The discriminator is right on {accuracy:.1%} of the images and the generator's loss has "
        "{value:.3g} of its slope (limit {limit:.2f})",
        "The generator receives almost no signal.",
        causes=(*_EXPLODED, "format_leak"),
    ),
    "overfitting": Condition(
        "discriminator overfitting",
        "warning",
        "Held-out real images score {value:.2f} of the way from training images to fakes (limit "
        "{limit:.2f}): {held_out:.2f}, training images {train:.2f}, fakes {fake:.2f}",
        "The discriminator recognises the training images themselves.",
        causes=(*_EXPLODED, "d_too_strong"),
    ),
    "memorised": Condition(
        "copies of training images",
        "warning",
        "Samples are {value:.2f} times as far from the training images as held-out images (limit "
        "{limit:.2f})",
        "The generator repeats training images: no new pictures, and their privacy is at risk.",
        causes=("overfitting",),
    ),
    "augment_saturated": Condition(
        "augmentation at its limit",
        "warning",
        "The augmentation's p is {value:.2f} (limit {limit:.2f})",
        "The discriminator still recognises the training images.",
        causes=("overfitting", *_EXPLODED),
    ),
    "stalled": Condition(
        "generator stalled",
        "warning",
        "In {steps} steps the pictures changed by {value:.2g} of the data's deviation (limit "
        "{limit:.2g})",
        "The generator has stopped learning.",
        causes=(*_EXPLODED, "d_too_strong"),
        checks=4,
    ),
    "mode_collapse": Condition(
        "mode collapse",
        "error",
        "{what} (limit {limit:.2f})",
        "The generator draws a few pictures for every input.",
        causes=(
            "sample_range",
            *_EXPLODED,
            "latent_ignored",
            "d_too_strong",
            "overfitting",
            "augment_saturated",
            "stalled",
        ),
    ),
    "flat_samples": Condition(
        "flat samples",
        "warning",
        "The samples have {value:.2f} of the data's contrast (limit {limit:.2f})",
        "The generator still draws next to nothing.",
        causes=(
            "sample_range",
            *_EXPLODED,
            "latent_ignored",
            "d_too_strong",
            "stalled",
            "mode_collapse",
        ),
    ),
    "partial_collapse": Condition(
        "partial collapse",
        "warning",
        "{starved} of {groups} groups of images are hardly ever drawn; the samples' shares of the "
        "groups are {value:.2f} from the data's (limit {limit:.2f})",
        "Some kinds of images are missing from the samples.",
        causes=(
            "value_range",
            "sample_range",
            *_EXPLODED,
            "latent_ignored",
            "d_too_strong",
            "overfitting",
            "augment_saturated",
            "stalled",
            "mode_collapse",
            "oscillation",
            "batch_norm",
        ),
    ),
    "oscillation": Condition(
        "oscillation",
        "warning",
        "Real minus fake logits repeat every {period} steps (correlation {value:.2f}, limit "
        "{limit:.2f})",
        "The two networks chase each other instead of settling.",
        causes=(*_EXPLODED, "unshuffled"),
    ),
    "checkerboard": Condition(
        "checkerboard",
        "warning",
        "{what} (limit {limit:.3g})",
        "The generator's up-sampling prints a fine grid on its pictures.",
        causes=(*_EXPLODED, "mode_collapse"),
    ),
    "batch_norm": Condition(
        "batch norm",
        "warning",
        "{which} in inference differ from those of training by {value:.2f} of their deviation "
        "(limit {limit:.2f}){held}",
        "Samples and exports will look unlike what the discriminator sees.",
        causes=(*_EXPLODED, "mode_collapse"),
    ),
    "ema_lag": Condition(
        "slow average",
        "note",
        "At the end of the run the averaged generator will still hold {value:.0%} of its initial "
        "weights (limit {limit:.0%})",
        "Samples and exports use the average: they will lag behind.",
        checks=1,
    ),
    "dead_channels": Condition(
        "dead channels",
        "warning",
        "{value:.0%} of the channels of {layer} do nothing (limit {limit:.0%})",
        "That part of the network has stopped learning.",
        causes=(*_EXPLODED, "mode_collapse"),
    ),
}

ORDER = {name: place for place, name in enumerate(CONDITIONS)}
