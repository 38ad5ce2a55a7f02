"""What every augmentation has in common."""

from __future__ import annotations


class Augmentation:
    """Changes what the discriminator sees.

    A subclass overrides what it does; one that has state is a Keras layer too.

    Attributes:
        CONTROLLED: It adapts to the signs of the logits, so the loss must be centred
            (`losses.Loss.CENTERED`).
        TURNS: It turns images.
        ACCUMULATES: Its state, if it has one, moves by an update's whole batch where
            `observe` sees that batch in parts (`draws.parts`).
    """

    CONTROLLED = False
    TURNS = False
    ACCUMULATES = False

    def __call__(self, images, draws):
        """Returns images (B, H, W, C) as given, augmented; in every pass of the discriminator.

        Args:
            images: Float32 in [-1, 1].
            draws: `core.random.Draws`, other ones for real and for fake images.
        """
        return images

    def mix(self, batch, fake, draws):
        """Chooses what the discriminator's update takes for real and for fake.

        Args:
            batch: Dict with `image` (B, H, W, C) and, conditional, `label` (B,), and
                `fake_label` where the fakes have other labels.
            fake: The fakes of this update, same shape.
            draws: `core.random.Draws`.

        Returns:
            (batch, fake); a new dict where `image` is replaced, with `fake_label` where
            the fakes do not have the batch's labels.
        """
        return batch, fake

    def observe(self, game):
        """Adapts to one update of the discriminator; `game` as penalties see it."""

    def build_for(self, image_shape, num_classes=None):
        """Makes variables that depend on the data, at compile."""

    def get_config(self) -> dict:
        """Returns the constructor's arguments as plain data."""
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
