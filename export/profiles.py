"""Export profiles: names, types and ranges of an exported generator's inputs and outputs.

Each but "plain" has those of modules that were published on TensorFlow Hub, so that
programs written for them run with another address. Imports no TensorFlow.
"""

from __future__ import annotations

from dataclasses import dataclass

from tfgan_models.registry import near_matches


@dataclass(frozen=True)
class Profile:
    """The interface of an exported generator.

    Attributes:
        name: As in the table.
        conditional: Whether the model has classes; None: either.
        latents: Name of the input for z, float32 (B, latent_dim).
        labels: Name of the input for classes, None if it takes none.
        class_numbers: Labels are int32 (B,), not float32 (B, num_classes).
        truncation: "signature": an input `truncation` everywhere; "call": of the calls but not
            of the signatures; None: nowhere.
        output: Name of the signatures' output.
        value_range: Of the images.
        signatures: Names of the signatures, all alike.
        with_discriminator: The discriminator goes into the same module, as the signature
            `discriminator` and the object `module.discriminator`.
        summary: One line.
    """

    name: str
    conditional: bool | None
    summary: str
    latents: str = "z"
    labels: str | None = "y"
    class_numbers: bool = False
    truncation: str | None = None
    output: str = "default"
    value_range: tuple[float, float] = (-1.0, 1.0)
    signatures: tuple[str, ...] = ("default", "serving_default")
    with_discriminator: bool = False

    def arguments(self) -> tuple[str, ...]:
        """Names of the arguments of a call, in order; all but the first default to None."""
        truncation = "truncation" if self.truncation else None
        return tuple(name for name in (self.latents, self.labels, truncation) if name)

    def required(self, num_classes) -> tuple[str, ...]:
        """Names of what a call needs, in order."""
        return (self.latents, self.labels) if num_classes else (self.latents,)

    def signature(self, num_classes) -> tuple[str, ...]:
        """Names of the signatures' inputs."""
        truncation = ("truncation",) if self.truncation == "signature" else ()
        return (*self.required(num_classes), *truncation)

    def to_range(self, images):
        """Maps images in [-1, 1] to `value_range`; works on tensors and arrays."""
        low, high = self.value_range
        if (low, high) == (-1.0, 1.0):
            return images
        return (images + 1.0) * ((high - low) / 2.0) + low

    def from_range(self, images):
        """The inverse of `to_range`."""
        low, high = self.value_range
        if (low, high) == (-1.0, 1.0):
            return images
        return (images - low) * (2.0 / (high - low)) - 1.0


_TABLE = (
    Profile("plain", False, "latents in, images in [-1, 1] out", truncation="call"),
    Profile(
        "biggan",
        True,
        "the BigGAN modules: z, y (one-hot or mixtures) and truncation in, images in [-1, 1] out",
        truncation="signature",
    ),
    Profile(
        "progan",
        False,
        "the ProGAN module: latent_vector in, images in [0, 1] out",
        latents="latent_vector",
        labels=None,
        value_range=(0.0, 1.0),
    ),
    Profile(
        "compare_gan",
        None,
        "the modules of compare_gan (S3GAN, SSGAN): z and class numbers in, images in [0, 1] "
        "out; with the discriminator, whose prediction is a probability",
        labels="labels",
        class_numbers=True,
        output="generated",
        value_range=(0.0, 1.0),
        signatures=("default", "serving_default", "generator"),
        with_discriminator=True,
    ),
)
PROFILES: dict[str, Profile] = {profile.name: profile for profile in _TABLE}


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
    if name == "bigbigan":
        raise ValueError(
            f"Profile 'bigbigan' needs an encoder, which no family here has; use {fitting!r}."
        )
    if name not in PROFILES:
        raise ValueError(f"Unknown profile {name!r}.{near_matches(name, PROFILES)}")
    profile = PROFILES[name]
    if profile.conditional not in (None, bool(num_classes)):
        kind = "class-conditional" if num_classes else "unconditional"
        raise ValueError(f"Profile {name!r} does not fit a {kind} model; use {fitting!r}.")
    return profile
