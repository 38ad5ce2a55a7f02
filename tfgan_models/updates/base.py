"""What decides which player is updated when."""

from __future__ import annotations


class Updates:
    """The base's order: every update of the discriminator, then one of the generator.

    A subclass overrides the questions and, to have a memory, is a Keras layer too. Its
    variables change in `observe` and in the answers themselves.

    Attributes:
        SIMULTANEOUS: Both gradients are taken at the same weights before either is applied.
        CONTROLLED: It counts signs of logits, so the loss must be centred.
        WATCHES_SKIPPED: `observe` is called for skipped updates of the discriminator too.
    """

    SIMULTANEOUS = False
    CONTROLLED = False
    WATCHES_SKIPPED = False

    def discriminator(self, i: int):
        """Whether critic update i (0 .. d_steps - 1) of this step takes place: True or bool
        scalar tensor."""
        return True

    def generator(self):
        """Whether this step's generator update takes place: True or bool scalar tensor."""
        return True

    def observe(self, player: str, game, loss):
        """Sees one update.

        Args:
            player: "discriminator" or "generator".
            game: `penalties.Game` of the update.
            loss: The player's adversarial loss, scalar of this replica's examples.
        """

    def get_config(self) -> dict:
        """Returns the constructor's arguments as plain data."""
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
