"""What goes together: the rules, a covering set of rows, the networks, the page of tables.

`python -m tests.conformance.composition` writes the tables of docs/composition.md.
"""

from __future__ import annotations

import itertools
import pathlib

import keras

from tfgan_models import layers, losses, registry
from tfgan_models.core.gan import GAN

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "composition.md"
SHAPE, CLASSES, LATENT = (8, 8, 1), 3, 12

ADDED = {
    "pulling_away",
    "auxiliary_classifier",
    "twin_auxiliary_classifier",
    "auxiliary_discriminative_classifier",
    "contrastive_2c",
    "d2d_ce",
    "mutual_information",
    "info_max",
}
LABELLED = {
    "semi_supervised",
    "multi_hinge",
    "auxiliary_classifier",
    "twin_auxiliary_classifier",
    "auxiliary_discriminative_classifier",
    "contrastive_2c",
    "d2d_ce",
}
ENERGIES = {"energy_margin", "boundary_equilibrium"}
OPTIONS = {
    "mutual_information": {"continuous": 2},
    "top_k": {"loss": "non_saturating"},
    "boundary_equilibrium": {"rate": 0.1},
    "path_length": {"every": 1},
    "lecam": {"weight": 0.1},
    "latent_optimization": {"weight": 0.1},
    "weight_clipping": {"clip": 0.5},
    "replay": {"size": 4},
    "apa": {"initial_p": 0.3},
    "ada": {"initial_p": 0.3},
}
AXES = {
    "loss": tuple(registry.LOSSES),
    "penalty": tuple(registry.PENALTIES),
    "augmentation": tuple(registry.AUGMENTATIONS),
    "normalisation": (
        "none",
        "batch",
        "instance",
        "layer",
        "spectral",
        "weight",
        "minibatch_stddev",
        "minibatch_discrimination",
    ),
    "conditioning": ("unconditional", "concatenation", "projection", "head"),
}
PAIRS = (
    ("loss", "penalty"),
    ("loss", "augmentation"),
    ("penalty", "augmentation"),
    ("penalty", "normalisation"),
    ("loss", "conditioning"),
)

# (first axis, names or None for all), (second axis, names or None), words of the refusal, reason.
_SLOPES = {
    "gradient_penalty",
    "zero_centered_gradient_penalty",
    "dragan",
    "r1",
    "r2",
    "max_gradient",
}
_OFFSET_FREE = {
    "wasserstein",
    "relativistic_pairing",
    "relativistic_average",
    "relativistic_average_least_squares",
    "relativistic_average_hinge",
    "dual_contrastive",
}
RULES = (
    (
        ("penalty", _SLOPES),
        ("normalisation", {"batch", "minibatch_discrimination"}),
        "needs each image's own gradient",
        "the gradient of one image's logit does not exist where the discriminator mixes images",
    ),
    (
        ("loss", {"fisher", "boundary_equilibrium", "top_k"}),
        ("penalty", {"consensus", "generator_gradient_norm"}),
        "changes its own state",
        "the penalty plays the game a second time in an update, which would move the loss's "
        "state twice",
    ),
    (
        ("loss", _OFFSET_FREE),
        ("penalty", {"lecam"}),
        "leaves their offset and scale free",
        "averages over time mean nothing where the loss leaves the logits' offset or scale free",
    ),
    (
        ("loss", ENERGIES),
        ("penalty", {"lecam", "latent_optimization"}),
        "takes a high logit for real",
        "the penalty takes a high logit for real; an energy is low there",
    ),
    (
        ("loss", _OFFSET_FREE | ENERGIES | {"fisher", "least_squares", "f_divergence"}),
        ("augmentation", {"ada", "apa"}),
        "adapts to the sign of the logits",
        "the controller counts signs of logits, and zero does not mean undecided with this loss "
        "(least squares with targets -1, 1 and every f-divergence but KL are centred: allowed)",
    ),
    (
        ("penalty", {"rotation"}),
        ("augmentation", {"ada"}),
        "asks how an image is turned",
        "ADA turns images, so the rotation cannot be told (allowed with rotate_90, pre_rotation "
        "and post_rotation at 0)",
    ),
    (
        ("loss", LABELLED),
        ("conditioning", {"unconditional"}),
        "needs labels",
        "the loss reads labels",
    ),
    (
        ("loss", set(registry.LOSSES) - LABELLED),
        ("conditioning", {"head"}),
        "does not see the labels",
        "neither the discriminator's input nor the loss would bring the labels in",
    ),
)
# Never two of a group, whatever the rest.
OVERLAPS = (
    {"consistency", "balanced_consistency"},
    {"consensus", "generator_gradient_norm"},
    {"latent_optimization", "latent_consistency"},
    {"latent_optimization", "jacobian_clamping"},
)


def rule_of(axes, pair):
    """The rule that forbids a pair of names on two axes, None where it is allowed."""
    for (axis_a, names_a), (axis_b, names_b), *rest in RULES:
        if axes == (axis_a, axis_b) and pair[0] in names_a and pair[1] in names_b:
            return rest
    return None


def pairs(allowed: bool):
    """[(axes, pair)] over all five kinds of pairs."""
    return [
        (axes, pair)
        for axes in PAIRS
        for pair in itertools.product(AXES[axes[0]], AXES[axes[1]])
        if (rule_of(axes, pair) is None) == allowed
    ]


def _fits(row, axis, name):
    """Whether a name may join a row."""
    for other, chosen in row.items():
        for there in chosen:
            for axes, pair in (((axis, other), (name, there)), ((other, axis), (there, name))):
                if rule_of(axes, pair) is not None:
                    return False
    if axis == "penalty":
        return not any(
            name in group and there in group for group in OVERLAPS for there in row["penalty"]
        )
    return True


def _gain(row, axis, name, missing):
    new = {axes for axes in PAIRS if axis in axes}
    return sum(
        (axes, pair) in missing
        for axes in new
        for there in row[axes[1] if axes[0] == axis else axes[0]]
        for pair in [(name, there) if axes[0] == axis else (there, name)]
    )


def covering_rows(penalties_a_row=10, augmentations_a_row=2):
    """Rows {axis: names} in which every allowed pair occurs; greedy, always the same.

    A row is one model: one loss, normalisation and conditioning, several penalties and
    augmentations.
    """
    missing, rows = set(pairs(allowed=True)), []
    sizes = {"loss": 1, "conditioning": 1, "normalisation": 1}
    sizes |= {"augmentation": augmentations_a_row, "penalty": penalties_a_row}
    while missing:
        row = {axis: [] for axis in AXES}
        first_axes, first = min(missing)  # so that every round covers something
        for axis, name in zip(first_axes, first, strict=True):
            row[axis].append(name)
        for axis, size in sizes.items():
            while len(row[axis]) < size:
                left = [n for n in AXES[axis] if n not in row[axis] and _fits(row, axis, n)]
                if not left:
                    break
                best = max(left, key=lambda n: (_gain(row, axis, n, missing), -left.index(n)))
                if size > 1 and row[axis] and not _gain(row, axis, best, missing):
                    break
                row[axis].append(best)
        for axes in PAIRS:
            missing -= {(axes, pair) for pair in itertools.product(row[axes[0]], row[axes[1]])}
        rows.append(row)
    return rows


# === The models ===


def spec(name):
    """A name with the options that this size needs."""
    return {"name": name, **OPTIONS.get(name, {})}


def loss_specs(name):
    """What to give `compile`: a game, or a game and the term added to it."""
    return [spec(name)] if name not in ADDED else ["hinge", spec(name)]


def generator(conditional):
    """A small generator without batch norm."""
    z = keras.Input((LATENT,))
    inputs, x = z, z
    if conditional:
        y = keras.Input((CLASSES,))
        inputs, x = [z, y], layers.ConcatenateLabels()([z, y])
    x = keras.layers.Dense(2 * 2 * 8, activation="softplus")(x)
    x = keras.layers.Reshape((2, 2, 8))(x)
    x = keras.layers.Conv2DTranspose(6, 4, 2, "same", activation="softplus")(x)
    x = keras.layers.Conv2DTranspose(SHAPE[2], 4, 2, "same", activation="tanh")(x)
    return keras.Model(inputs, x)


def _wrapped(layer, normalisation):
    wrappers = {"spectral": layers.SpectralNorm, "weight": layers.WeightNorm}
    return wrappers[normalisation](layer) if normalisation in wrappers else layer


def _normalised(x, normalisation):
    made = {
        "batch": layers.BatchNorm,
        "instance": layers.InstanceNorm,
        "layer": keras.layers.LayerNormalization,
        "minibatch_stddev": layers.MinibatchStddev,
    }
    return made[normalisation]()(x) if normalisation in made else x


def discriminator(conditioning, normalisation, reads, energy=False, class_columns=CLASSES):
    """A small discriminator with the named outputs that are asked for."""
    image = keras.Input(SHAPE)
    inputs, x, label = image, image, None
    if conditioning in ("concatenation", "projection") or (
        conditioning == "head" and "proxy" in reads
    ):
        label = keras.Input((CLASSES,))
        inputs = [image, label]
    if conditioning == "concatenation":
        x = layers.ConcatenateLabels()([x, label])
    for channels in (6, 8):
        conv = keras.layers.Conv2D(channels, 4, 2, "same")
        x = _normalised(_wrapped(conv, normalisation)(x), normalisation)
        x = keras.layers.Activation("softplus")(x)
    maps = x
    features = layers.GlobalSumPooling2D()(x)
    if normalisation == "minibatch_discrimination":
        features = layers.MinibatchDiscrimination(3, 2)(features)
    if conditioning == "projection":
        features = keras.layers.Multiply()(
            [features, keras.layers.Dense(features.shape[-1])(label)]
        )
    heads = {
        "code": lambda: features,
        "features": lambda: features,
        "class_logits": lambda: keras.layers.Dense(class_columns)(features),
        "mutual_class_logits": lambda: keras.layers.Dense(CLASSES)(features),
        "embedding": lambda: keras.layers.Dense(4)(features),
        "proxy": lambda: keras.layers.Dense(4)(features if label is None else label),
        "codes": lambda: keras.layers.Dense(4)(features),
        "rotation_logits": lambda: keras.layers.Dense(4)(features),
        "local_features": lambda: keras.layers.Conv2D(4, 1)(maps),
        "global_features": lambda: keras.layers.Dense(4)(features),
    }
    if energy:
        decoded = keras.layers.Dense(SHAPE[0] * SHAPE[1] * SHAPE[2])(features)
        decoded = keras.layers.Reshape(SHAPE)(decoded)
        logits = layers.ReconstructionEnergy()([image, decoded])
    else:
        logits = keras.layers.Dense(1)(features)
    heads["logits"] = lambda: logits
    return keras.Model(inputs, {name: heads[name]() for name in reads})


def build(row, seed=0):
    """The uncompiled model of a row, with the outputs that its terms read."""
    (name,) = row["loss"]
    conditioning = (row["conditioning"] or ["unconditional"])[0]
    normalisation = (row["normalisation"] or ["none"])[0]
    chosen = [losses.get(s) for s in loss_specs(name)]
    reads = dict.fromkeys(r for loss in chosen for r in loss.READS)
    if name not in ("semi_supervised", "multi_hinge"):  # these make the logits of other outputs
        reads["logits"] = None
    if "rotation" in row["penalty"]:
        reads["rotation_logits"] = None
    columns = {"multi_hinge": CLASSES + 1, "auxiliary_discriminative_classifier": 2 * CLASSES}
    conditional = conditioning != "unconditional"
    keras.utils.set_random_seed(seed)
    return GAN(
        SHAPE,
        generator=generator(conditional),
        discriminator=discriminator(
            conditioning, normalisation, reads, name in ENERGIES, columns.get(name, CLASSES)
        ),
        latent_dim=LATENT,
        num_classes=CLASSES if conditional else None,
        seed=seed,
    )


def compile_arguments(row):
    """What a row gives `compile`."""
    augment = [spec(n) for n in row["augmentation"]]
    return {
        "loss": loss_specs(row["loss"][0]),
        "penalties": [spec(n) for n in row["penalty"]],
        "augment": augment or None,
    }


# === The page ===


def _cell(axes, pair):
    rule = rule_of(axes, pair)
    reasons = [reason for *_, reason in RULES]
    return "yes" if rule is None else f"no ({reasons.index(rule[1]) + 1})"


def _groups(names, key):
    """Names with the same key together, in the order of their first."""
    groups = {}
    for name in names:
        groups.setdefault(key(name), []).append(name)
    return list(groups.values())


def table(axes) -> str:
    """One Markdown table; names that behave alike share a row or a column."""
    firsts, seconds = AXES[axes[0]], AXES[axes[1]]
    rows = _groups(firsts, lambda a: tuple(_cell(axes, (a, b)) for b in seconds))
    columns = _groups(seconds, lambda b: tuple(_cell(axes, (a, b)) for a in firsts))
    heads = [", ".join(group) for group in columns]
    lines = [f"| {axes[0]} | {' | '.join(heads)} |", "|---" * (len(columns) + 1) + "|"]
    for group in rows:
        cells = [_cell(axes, (group[0], column[0])) for column in columns]
        lines.append(f"| {', '.join(group)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def tables() -> str:
    """All tables and the reasons, as they stand in docs/composition.md."""
    parts = []
    for axes in PAIRS:
        parts.append(f"### {axes[0].capitalize()} and {axes[1]}\n\n{table(axes)}\n")
    reasons = [f"{i}. {rest[1]}" for i, (_, _, *rest) in enumerate(RULES, 1)]
    return "\n".join([*parts, "### Why not\n", *reasons]) + "\n"


MARK = "<!-- tables -->\n"

if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.split(MARK)[0] + MARK + "\n" + tables(), encoding="utf-8")
