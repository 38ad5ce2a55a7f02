"""Checks of an architecture and of a compiled combination, before anything long."""

from __future__ import annotations

import keras

from tfgan_models.core import random
from tfgan_models.updates import Updates


def check_architecture(model, generator, discriminator, output_ranges) -> None:
    """Checks the constructor's arguments against the networks.

    Raises:
        ValueError: One line that says which shape is wrong and what it should be.
    """
    shape = model.image_shape
    if len(shape) != 3 or not 1 <= shape[2] <= 4 or min(shape) < 1:
        raise ValueError(f"image_shape must be (H, W, C) with 1 to 4 channels; got {shape}.")
    if model.output_range not in output_ranges:
        raise ValueError(
            f"output_range must be one of {', '.join(output_ranges)}; got {model.output_range!r}."
        )
    random.uniform_bounds(model.latent_distribution)
    codes = sum(random.code_sizes(model.latent_distribution))
    if codes > model.latent_dim:
        raise ValueError(
            f"latent_distribution {model.latent_distribution!r} has {codes} columns of codes, more "
            f"than latent_dim {model.latent_dim}."
        )
    labels = () if model.num_classes is None else ((model.num_classes,),)
    _check_inputs("generator", generator, ((model.latent_dim,), *labels))
    sees_labels = len(discriminator.inputs) == 2  # else a loss reads them, as in AC-GAN
    _check_inputs("discriminator", discriminator, (shape, *labels) if sees_labels else (shape,))
    made = tuple(generator.output_shape[1:])
    if made != shape:
        raise ValueError(f"The generator makes images of shape {made}, image_shape is {shape}.")


def _check_inputs(name, network, expected) -> None:
    given = tuple(tuple(tensor.shape[1:]) for tensor in network.inputs)
    if given != expected:
        raise ValueError(
            f"The {name} must take inputs of shape {' and '.join(map(str, expected))} "
            f"(without the batch axis); it takes {' and '.join(map(str, given))}."
        )


def check_losses(chosen) -> None:
    """Refuses losses that do not make one game.

    Raises:
        ValueError: No game or several; one name twice.
    """
    games = [loss.NAME for loss in chosen if loss.ADVERSARIAL]
    names = [loss.NAME for loss in chosen]
    if not games:
        raise ValueError(
            f"{names[0]!r} is added to a game: give one too, loss=['non_saturating', {names[0]!r}]."
        )
    if len(games) > 1:
        raise ValueError(f"loss names {len(games)} games, {' and '.join(games)}: choose one.")
    _check_once("Loss", names)


def check_combination(model) -> None:
    """Refuses what cannot work together, each with its reason.

    Raises:
        ValueError: One line: which two things, why, what to do.
    """
    chosen, penalties = model._chosen_losses(), model._penalties()
    _check_once("Penalty", [penalty.NAME for penalty in penalties])
    _check_outputs(model, [*chosen, *penalties])
    _check_labels(model, chosen)
    for penalty in penalties:
        _check_mixing(model, penalty)
        _check_penalty_with_loss(penalty, model.adversarial_loss)
    for group, reason in EXCLUSIVE:
        both = [penalty.NAME for penalty in penalties if penalty.NAME in group]
        if len(both) > 1:
            raise ValueError(f"Penalties {' and '.join(map(repr, both))}: {reason}; choose one.")
    if getattr(model.augment, "CONTROLLED", False) and not model.adversarial_loss.CENTERED:
        raise ValueError(
            f"The augmentation adapts to the sign of the logits, which loss "
            f"{model.adversarial_loss.NAME!r} leaves free; use augment='diff_augment', or a "
            "centred loss such as 'non_saturating' or 'hinge'."
        )
    _check_turns(penalties, model.augment)
    _check_updates(model)


_TWICE = "they ask for one thing, which would count twice"
_MOVED = "one moves the latents, of which the other takes the fakes to be made as drawn"
EXCLUSIVE = (
    ({"consistency", "balanced_consistency"}, _TWICE),
    ({"generator_gradient_norm", "consensus"}, _TWICE),
    ({"latent_optimization", "latent_consistency"}, _MOVED),
    ({"latent_optimization", "jacobian_clamping"}, _MOVED),
)


def _check_once(kind, names) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{kind} {name!r} is given twice; add their weights instead.")


def output_shapes(discriminator) -> dict:
    """Returns {output name: shape without the batch axis}; a single output is `logits`."""
    outputs = discriminator.output
    outputs = outputs if isinstance(outputs, dict) else {"logits": outputs}
    return {name: tuple(tensor.shape[1:]) for name, tensor in outputs.items()}


def _check_outputs(model, terms) -> None:
    shapes = output_shapes(model.discriminator)
    for term in terms:
        for name in term.READS:
            if name not in shapes:
                raise ValueError(
                    f"{term.NAME!r} reads the discriminator's output {name!r}, which has "
                    f"{', '.join(sorted(shapes))}: build it with a dict of named outputs."
                )
        if hasattr(term, "check_outputs"):
            term.check_outputs(shapes, model.num_classes, model.latent_dim)


def _check_labels(model, chosen) -> None:
    reads = [loss.NAME for loss in chosen if loss.NEEDS_LABELS]
    if model.num_classes is None and reads:
        raise ValueError(f"Loss {reads[0]!r} needs labels: create the model with num_classes.")
    sees = len(model.discriminator.inputs) == 2
    if model.num_classes is not None and not sees and not reads:
        raise ValueError(
            "The discriminator does not see the labels: give it a second input, or add a loss "
            "that reads them, such as 'auxiliary_classifier'."
        )


def _check_mixing(model, penalty) -> None:
    for asked, network, what, player in (
        (penalty.PER_IMAGE_GRADIENT, model.discriminator, "image", "discriminator"),
        (penalty.PER_LATENT_GRADIENT, model.generator, "fake", "generator"),
    ):
        mixing = [layer for layer in network._flatten_layers() if mixes_batch(layer)]
        if asked and mixing:
            raise ValueError(
                f"Penalty {penalty.NAME!r} needs each {what}'s own gradient, but the {player} "
                f"has {_kind(mixing[0])} ({mixing[0].name}), which mixes images; build it "
                f"without {_kind(mixing[0])}."
            )


def _kind(layer) -> str:
    name = type(layer).__name__
    return "batch norm" if "BatchNorm" in name else name


def _check_penalty_with_loss(penalty, loss) -> None:
    if penalty.REPLAYS and getattr(loss, "variables", None):
        raise ValueError(
            f"Penalty {penalty.NAME!r} plays the game a second time, but loss {loss.NAME!r} "
            "changes its own state each time; use a loss without state."
        )
    if penalty.HIGH_IS_REAL and loss.ENERGY:
        raise ValueError(
            f"Penalty {penalty.NAME!r} takes a high logit for real, but loss {loss.NAME!r} makes "
            "logits energies, low for real; leave one of them out."
        )
    if penalty.BOUNDED and loss.UNBOUNDED:
        raise ValueError(
            f"Penalty {penalty.NAME!r} compares logits over time, but loss {loss.NAME!r} "
            "leaves their offset and scale free; use 'hinge' or a cross-entropy loss."
        )


def _check_turns(penalties, augment) -> None:
    names = [penalty.NAME for penalty in penalties if penalty.READS_TURNS]
    if names and getattr(augment, "TURNS", False):
        raise ValueError(
            f"Penalty {names[0]!r} asks how an image is turned, but the augmentation turns "
            "images; leave its turning operations out (for 'ada' their multipliers are 0)."
        )


def _check_updates(model) -> None:
    rule = model.update_rule
    if rule.CONTROLLED and not model.adversarial_loss.CENTERED:
        raise ValueError(
            f"updates={type(rule).__name__} counts signs of logits, which loss "
            f"{model.adversarial_loss.NAME!r} leaves free; use a centred loss such as "
            "'non_saturating' or 'hinge'."
        )
    if rule.SIMULTANEOUS and model.d_steps > 1:
        raise ValueError(
            f"Simultaneous updates are one of each player: d_steps=1, not {model.d_steps}."
        )
    if model.share_fakes and not rule.SIMULTANEOUS and type(rule) is not Updates:
        raise ValueError(
            f"share_fakes makes both updates of a step from one batch, but updates="
            f"{type(rule).__name__} may skip one; use share_fakes=False."
        )


def meets_mixing(model, penalty) -> bool:
    """Whether a penalty may run a layer that mixes images, whose statistics are all replicas'.

    One that takes the gradient of single images runs the discriminator alone, which then has
    none.
    """
    networks = () if penalty.PER_IMAGE_GRADIENT else (model.generator, model.discriminator)
    return any(mixes_batch(layer) for network in networks for layer in network._flatten_layers())


def mixes_batch(layer) -> bool:
    """Whether what a layer says of one image depends on the rest of the batch."""
    return isinstance(layer, keras.layers.BatchNormalization) or getattr(
        layer, "MIXES_BATCH", False
    )
