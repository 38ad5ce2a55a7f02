"""The table of families: name, class, one-line summary, source.

Imports neither TensorFlow nor Keras, so that lists, help and near matches are
instant; a family's module is imported when its class is first asked for.
"""

from __future__ import annotations

import difflib
import importlib
import json
import pathlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One row of a table.

    Attributes:
        target: "module:Class", imported when first asked for.
        summary: One line for lists and help.
        source: The paper.
        model_fields, compile_fields: A family's own constructor and `compile` arguments,
            besides those that every family takes; a test compares them with the class.
    """

    target: str
    summary: str
    source: str
    model_fields: tuple[str, ...] = ()
    compile_fields: tuple[str, ...] = ()

    @property
    def class_name(self) -> str:
        return self.target.partition(":")[2]

    def load(self) -> type:
        """Imports the module and returns the class."""
        return getattr(importlib.import_module(self.target.partition(":")[0]), self.class_name)


FAMILIES: dict[str, Entry] = {
    "gan": Entry(
        "tfgan_models.families.original_gan:OriginalGAN",
        "the 2014 GAN: maxout discriminator, non-saturating game",
        "Goodfellow et al. 2014, arXiv:1406.2661",
        model_fields=("architecture", "width"),
        compile_fields=("discriminator_loss_weight",),
    ),
    "conditional_gan": Entry(
        "tfgan_models.families.conditional_gan:ConditionalGAN",
        "generator and discriminator that both see the class label",
        "Mirza & Osindero 2014, arXiv:1411.1784",
        model_fields=("architecture", "width"),
    ),
    "dcgan": Entry(
        "tfgan_models.families.dcgan:DCGAN",
        "strided convolutions and batch norm, 28 to 128 pixels",
        "Radford et al. 2015, arXiv:1511.06434",
        model_fields=("width", "port"),
    ),
}

LOSSES: dict[str, Entry] = {
    "minimax": Entry(
        "tfgan_models.losses.adversarial:Minimax",
        "the game as written; saturates when the discriminator wins",
        "Goodfellow et al. 2014, arXiv:1406.2661, eq. 1",
    ),
    "non_saturating": Entry(
        "tfgan_models.losses.adversarial:NonSaturating",
        "the generator maximises log D(G(z)); what everyone trains with",
        "Goodfellow et al. 2014, arXiv:1406.2661, section 3",
    ),
    "maximum_likelihood": Entry(
        "tfgan_models.losses.adversarial:MaximumLikelihood",
        "generator gradient of KL(data || model) for an optimal discriminator",
        "Goodfellow 2014, arXiv:1412.6515",
    ),
}

PENALTIES: dict[str, Entry] = {
    "gradient_penalty": Entry(
        "tfgan_models.penalties.gradient:GradientPenalty",
        "slope one between real and fake images (WGAN-GP)",
        "Gulrajani et al. 2017, arXiv:1704.00028, eq. 3",
    ),
    "lecam": Entry(
        "tfgan_models.penalties.lecam:LeCam",
        "logits kept near moving averages of the other side's; for little data",
        "Tseng et al. 2021, arXiv:2104.03310, eq. 4",
    ),
    "r1": Entry(
        "tfgan_models.penalties.gradient:R1",
        "small gradients at real images",
        "Mescheder et al. 2018, arXiv:1801.04406, eq. 9",
    ),
    "weight_decay": Entry(
        "tfgan_models.penalties.weight:WeightDecay",
        "L2 on every weight of both players, through the loss",
        "Radford et al. 2015, the authors' code",
    ),
}

AUGMENTATIONS: dict[str, Entry] = {
    "flip": Entry(
        "tfgan_models.augment.flip:Flip",
        "left-right flips of everything the discriminator sees",
        "Karras et al. 2020, arXiv:2006.06676, appendix B",
    ),
}

METRICS: dict[str, Entry] = {
    "parzen_log_likelihood": Entry(
        "tfgan_models.metrics.parzen:parzen_log_likelihood",
        "mean log density of real data under Gaussian kernels on samples, in nats",
        "Goodfellow et al. 2014, arXiv:1406.2661, section 5",
    ),
}

CLASSES: dict[str, str] = {family.class_name: name for name, family in FAMILIES.items()}


def near_matches(name: str, known: Iterable[str]) -> str:
    """Returns ' Did you mean ...?' with the closest names, else the full list."""
    known = sorted(known)
    close = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
    if close:
        return f" Did you mean {' or '.join(map(repr, close))}?"
    return f" Known: {', '.join(known)}."


def list_families() -> dict[str, str]:
    """Returns {registry name: one-line summary}."""
    return {name: family.summary for name, family in FAMILIES.items()}


def family_class(name: str) -> type:
    """Returns the class of a family, importing its module.

    Raises:
        ValueError: The name is unknown; near matches are listed.
    """
    if name not in FAMILIES:
        raise ValueError(f"Unknown family {name!r}.{near_matches(name, FAMILIES)}")
    return FAMILIES[name].load()


def load(path) -> object:
    """Loads a `.keras` file; see `tfgan_models.load`."""
    path = pathlib.Path(path)
    if not path.is_file():
        raise ValueError(f"No such file: {path}. Give a .keras file written by model.save().")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is not a .keras archive (a zip file written by model.save()).")
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
    class_name = config.get("class_name")
    if class_name not in CLASSES:
        raise ValueError(f"{path} holds a {class_name}, which is no family of this library.")
    family_class(CLASSES[class_name])
    import keras

    return keras.saving.load_model(path)
