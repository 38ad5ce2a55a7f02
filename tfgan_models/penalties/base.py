"""What a penalty sees and how it is configured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tfgan_models.core.arguments import positive_int


@dataclass(frozen=True)
class Game:
    """What a penalty may read in one update of one player.

    Attributes:
        discriminate: (images (B, H, W, C) in [-1, 1], kind="real", after=None, rows=None) ->
            logits, with the batch's labels and this update's augmentation inside, so gradients are
            with respect to the un-augmented image. `kind` ("real", "fake" or another word)
            chooses the augmentation's random numbers: the same word, the same augmentation.
            `after` is applied to the augmented images before the discriminator sees them;
            where it changes their order, `rows` says whose label each then has.
        real, fake: Images (B, H, W, C) before augmentation; `fake` carries no gradient
            in the discriminator's update. `real` is None in the generator's, unless the
            loss or a penalty there has `NEEDS_REAL`.
        real_logits, fake_logits: What the discriminator said of them (real None likewise).
        draws: Per-example random numbers (`core.random.Draws`), the same for any number
            of replicas.
        weights: Trainable variables of the player that is being updated.
        real_outputs, fake_outputs: All named outputs of the discriminator, float32.
        outputs: As `discriminate`, returning all named outputs.
        latents: What the fakes were made from, (B, latent_dim).
        generate: Latents (B, latent_dim) -> images with the batch's labels; gradients
            reach the generator.
        play: () -> (discriminator's loss, generator's loss), computed anew from `latents`
            and `real` with gradients to both networks, without penalties.
        opponent_weights: Trainable variables of the other player.
        player: "discriminator" or "generator".
        step: Generator updates so far, int64 scalar.
        network: The network that `weights` belong to, for penalties that ask what layer a
            weight is of; None: they go by the weights' names.
    """

    discriminate: Callable
    real: Any
    fake: Any
    real_logits: Any
    fake_logits: Any
    draws: Any
    weights: tuple
    real_outputs: dict | None = None
    fake_outputs: dict = field(default_factory=dict)
    outputs: Callable | None = None
    latents: Any = None
    generate: Callable | None = None
    play: Callable | None = None
    opponent_weights: tuple = ()
    player: str = "discriminator"
    step: Any = 0
    network: Any = None


class Penalty:
    """A term added to a player's loss, or a rule for its weights or latents.

    A subclass defines any of these; a term returns a scalar that `weight` multiplies:

        discriminator(game), generator(game)    the terms
        constrain(weights)                      called after each update of the discriminator
        move_latents(latents, logits_of, draws) -> latents, before every generation in
                                                training; logits_of(latents) are D(G(z))
        build_for(generator_weights, discriminator_weights)   makes its variables, at compile
        check_outputs(shapes, num_classes, latent_dim)        checks what it READS, at compile;
                                                shapes: {output: shape without the batch axis}

    `NAME` is the terms' key in the logs. One that has state is a Keras layer too.

    Attributes:
        NEEDS_REAL: `generator` reads the real images.
        PER_IMAGE_GRADIENT: It takes the gradient of one image's logit, so nothing in the
            discriminator may mix images.
        PER_LATENT_GRADIENT: It takes the gradient of one fake, so nothing in the generator
            may mix images.
        REPLAYS: It calls `game.play`, so the loss may not change its own state.
        BOUNDED: It compares logits over time, so the loss must keep them bounded.
        HIGH_IS_REAL: It takes a high logit for real, so logits may not be energies.
        READS_TURNS: It asks how an image is turned, so no augmentation may turn images.
        GLOBAL: It speaks to the other replicas, as it looks at the whole batch.
        WHOLE_BATCH: It looks at the whole batch though it is not `GLOBAL`.
        READS: Names of the discriminator's outputs that it reads besides the logits.

    Args:
        every: Interval in steps. The term is added in every k-th step, to each of its
            updates of the player, multiplied by k (lazy regularisation, Karras et al. 2020).
    """

    NAME = "penalty"
    weight = 1.0
    NEEDS_REAL = False
    PER_IMAGE_GRADIENT = False
    PER_LATENT_GRADIENT = False
    REPLAYS = False
    BOUNDED = False
    HIGH_IS_REAL = False
    READS_TURNS = False
    GLOBAL = False
    WHOLE_BATCH = False
    READS: tuple[str, ...] = ()

    def __init__(self, every: int = 1):
        self.every = positive_int("every", every)

    def get_config(self) -> dict:
        """Returns the constructor's arguments as plain data."""
        return {"every": self.every}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
