"""Export profiles: which inputs an exported generator has. Imports no TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass

from tfgan_models.registry import near_matches


@dataclass(frozen=True)
class Profile:
    """The interface of an exported generator.

    Attributes:
        name: As in the table.
        conditional: Whether it takes class labels `y`.
        signature: Names of the signatures' inputs, in order.
        summary: One line for the card.
    """

    name: str
    conditional: bool
    signature: tuple[str, ...]
    summary: str


PROFILES: dict[str, Profile] = {
    "plain": Profile("plain", False, ("z",), "latents in, images in [-1, 1] out"),
    "biggan": Profile(
        "biggan",
        True,
        ("z", "y", "truncation"),
        "the inputs of the BigGAN modules of TensorFlow Hub: z, y (one-hot or mixtures) and "
        "truncation in, images in [-1, 1] out",
    ),
}


def resolve(name: str | None, num_classes: int | None) -> Profile:
    """Returns the profile of an export.

    Args:
        name: A name of `PROFILES`, or None for the one that fits the model.
        num_classes: The model's; None for an unconditional one.

    Raises:
        ValueError: The name is unknown (near matches are listed) or does not fit.
    """
    fitting = "biggan" if num_classes else "plain"
    if name is None:
        return PROFILES[fitting]
    if name not in PROFILES:
        raise ValueError(f"Unknown profile {name!r}.{near_matches(name, PROFILES)}")
    profile = PROFILES[name]
    if profile.conditional != bool(num_classes):
        kind = "class-conditional" if num_classes else "unconditional"
        raise ValueError(f"Profile {name!r} does not fit a {kind} model; use {fitting!r}.")
    return profile
