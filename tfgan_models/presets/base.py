"""The Preset dataclass and typed overrides of its fields by dotted name."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass, field

from tfgan_models.registry import (
    AUGMENTATIONS,
    FAMILIES,
    LOSSES,
    PENALTIES,
    UPDATES,
    near_matches,
)

# Arguments that every family's `compile` and constructor take, settable though a
# preset leaves them at their default.
COMPILE_FIELDS = (
    "generator_optimizer",
    "discriminator_optimizer",
    "loss",
    "penalties",
    "augment",
    "updates",
    "d_steps",
    "share_fakes",
    "ema_half_life_images",
    "ema_start_images",
    "fake_labels",
    "accumulation",
    "freeze_discriminator",
    "jit_compile",
    "steps_per_execution",
)
MODEL_FIELDS = (
    "image_shape",
    "latent_dim",
    "num_classes",
    "latent_distribution",
    "output_range",
    "seed",
    "name",
)
DATA_FIELDS = (
    "source",
    "image_size",
    "channels",
    "labels",
    "label_key",
    "split",
    "resize",
    "held_out",
    "labelled",
)
TABLES = {"loss": LOSSES, "penalties": PENALTIES, "augment": AUGMENTATIONS, "updates": UPDATES}
OPTIMIZER_FIELDS = ("name", "learning_rate", "beta_1", "beta_2", "epsilon", "momentum")


@dataclass(frozen=True)
class Preset:
    """A complete recipe.

    Attributes:
        family: Registry name.
        summary: One line for lists.
        source: Paper, table, file or constant names the values come from.
        model: Constructor arguments of the family.
        compile: Arguments of `compile`, as plain data.
        data: `source` (a `--data` spec) and options of `trainers.data.load`.
        batch_size: B, images in one update.
        steps: Generator updates.
        expected: The result and its protocol, or "unverified".
        run: Overrides of the run options (`trainers.config.RUN_DEFAULTS`).
    """

    family: str
    summary: str
    source: str
    data: dict
    batch_size: int
    steps: int
    model: dict = field(default_factory=dict)
    compile: dict = field(default_factory=dict)
    expected: str = "unverified"
    run: dict = field(default_factory=dict)

    def override(self, values: dict) -> Preset:
        """Returns a copy with fields replaced by dotted name.

        Args:
            values: Such as {"compile.d_steps": 2, "batch_size": 32,
                "compile.penalties.0.gamma": 1.0, "model.width": 16}.

        Raises:
            ValueError: Unknown field or a value of another type; near matches are listed.
        """
        tree = copy.deepcopy(dataclasses.asdict(self))
        for path, value in values.items():
            _set(tree, path.split("."), value, path, self.family)
        return Preset(**tree)


def _set(node, parts: list[str], value, path: str, family: str) -> None:
    known = _known(node, path.split(".")[: -len(parts)], family)
    head, rest = parts[0], parts[1:]
    if isinstance(node, list):
        if not head.isdigit() or int(head) >= len(node):
            raise ValueError(f"'{path}': {head!r} is no index into a list of {len(node)}.")
        key = int(head)
    else:
        if head not in known:
            raise ValueError(f"Unknown field '{path}'.{near_matches(head, known)}")
        key = head
    if not rest:
        old = node[key] if isinstance(node, list) else node.get(key)
        node[key] = _typed(path, old, value)
        return
    child = node[key] if isinstance(node, list) else node.setdefault(key, {})
    if isinstance(child, str) and child in TABLES.get(head, TABLES.get(path.split(".")[1], ())):
        child = node[key] = {"name": child}  # "hinge" and {"name": "hinge"} are the same
    if child is None or not isinstance(child, (dict, list)):
        raise ValueError(f"'{path}': '{head}' is {child!r} and has no fields.")
    _set(child, rest, value, path, family)


def _known(node, above: list[str], family: str) -> list[str]:
    if isinstance(node, list):
        return []
    own = FAMILIES[family]
    static = {
        (): (),
        ("model",): (*MODEL_FIELDS, *own.model_fields),
        ("compile",): (*COMPILE_FIELDS, *own.compile_fields),
        ("data",): DATA_FIELDS,
        ("compile", "generator_optimizer"): OPTIMIZER_FIELDS,
        ("compile", "discriminator_optimizer"): OPTIMIZER_FIELDS,
    }
    fields = (*static.get(tuple(above), ()), *_arguments(node, above))
    return list(dict.fromkeys((*node, *fields)))


def _arguments(node, above: list[str]) -> tuple[str, ...]:
    """What a loss, penalty, augmentation or update rule takes, from the tables."""
    table = TABLES.get(above[1]) if len(above) > 1 and above[0] == "compile" else None
    if table is None:
        return ()
    rows = [table[node["name"]]] if node.get("name") in table else table.values()
    return ("name", *(argument for row in rows for argument in row.arguments))


def _typed(path: str, old, value):
    """Checks a value against the type it replaces; ints pass as floats, lists as tuples."""
    if isinstance(old, bool) or isinstance(value, bool):
        fits = old is None or isinstance(old, bool) and isinstance(value, bool)
    elif isinstance(old, int):
        fits = (
            isinstance(value, int) or value is None or isinstance(value, float) and value % 1 == 0
        )
        value = int(value) if fits and isinstance(value, float) else value
    elif isinstance(old, float):
        fits = isinstance(value, (int, float, dict)) or value is None
        value = float(value) if isinstance(value, int) else value
    elif isinstance(old, (list, tuple)):
        fits = isinstance(value, (list, tuple)) or value is None
    elif isinstance(old, str):
        fits = isinstance(value, (str, dict)) or value is None
    else:
        fits = True
    if not fits:
        raise ValueError(f"'{path}' must be {type(old).__name__}, such as {old!r}; got {value!r}.")
    return value
