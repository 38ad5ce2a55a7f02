"""What can be measured of a generator: a table of plain data.

Imports neither TensorFlow nor NumPy, so that help, names and directions answer at once.
"""

from __future__ import annotations

import dataclasses

from tfgan_models import registry
from trainers.errors import UserError


@dataclasses.dataclass(frozen=True)
class Metric:
    """One metric of `registry.METRICS` as an evaluation runs it.

    Attributes:
        reads: What it reads of the fakes: "features" or "probabilities" of a network,
            "images", "points" (images of one pixel, before quantisation), "path" (the
            generator itself).
        parts: {part: which values are better, "low", "high" or "none"}; the part of a
            metric of one number is "".
        reals: What it needs of the real images: "" (nothing), "moments", "features",
            "images".
        minimum: Fewest fakes.
        per_dimension: Fakes needed for each dimension of the features.
        per_class: Fakes needed for each class of the network.
        conditional: Whether it needs a generator with classes.
        side: Smallest side of an image, in pixels.
    """

    reads: str
    parts: dict[str, str]
    reals: str = ""
    minimum: int = 2
    per_dimension: int = 0
    per_class: int = 0
    conditional: bool = False
    side: int = 1

    @property
    def needs_network(self) -> bool:
        """Whether a feature network has to look at the images."""
        return self.reads in ("features", "probabilities")


_LOW, _HIGH = {"": "low"}, {"": "high"}
_MODES = {"modes": "high", "reverse_kl": "low", "js": "low"}
METRICS: dict[str, Metric] = {
    "frechet_distance": Metric("features", _LOW, "moments"),
    "frechet_distance_infinity": Metric("features", _LOW, "moments", per_dimension=4),
    "kernel_distance": Metric("features", _LOW, "features", minimum=10),
    "mind": Metric("features", _LOW, "features"),
    "inception_score": Metric("probabilities", _HIGH, minimum=100),
    "inception_score_infinity": Metric("probabilities", _HIGH, minimum=20, per_class=4),
    "precision_recall": Metric(
        "features", {"precision": "high", "recall": "high"}, "features", minimum=4
    ),
    "density_coverage": Metric(
        "features", {"density": "high", "coverage": "high"}, "features", minimum=6
    ),
    "precision_recall_curve": Metric(
        "features", {"f_8": "high", "f_1_8": "high"}, "features", minimum=20
    ),
    "intra_class_frechet_distance": Metric(
        "features", _LOW, "features", minimum=20, conditional=True
    ),
    "label_consistency": Metric("probabilities", _HIGH, conditional=True),
    "class_coverage": Metric("probabilities", _MODES),
    "memorisation": Metric("features", {"": "none"}, "features"),
    "birthday_paradox": Metric("features", {"collision": "low", "support": "high"}, "features"),
    "sliced_wasserstein": Metric("images", _LOW, "images", side=7),
    "ms_ssim": Metric("images", {"": "none"}, side=16),
    "mode_coverage": Metric("points", {"modes": "high", "quality": "high", **_MODES}),
    "perceptual_path_length": Metric("path", _LOW, minimum=200),
}
SWEPT = ("frechet_distance", "precision_recall", "density_coverage")
_DEFAULT = ("frechet_distance", "kernel_distance", "precision_recall", "density_coverage")


def check_names(names) -> tuple[str, ...]:
    """Returns metric names, each once, in the order given.

    Raises:
        UserError: One is unknown, or is not a number about one set of fakes.
    """
    for name in names:
        if name in METRICS:
            continue
        if name in registry.METRICS:
            raise UserError(
                f"{name} is not measured by an evaluation: call tfgan_models.metrics.{name}. "
                f"Measured are {', '.join(METRICS)}."
            )
        raise UserError(f"Unknown metric {name!r}.{registry.near_matches(name, METRICS)}")
    return tuple(dict.fromkeys(names))


@dataclasses.dataclass(frozen=True)
class Subject:
    """What decides which metrics fit.

    Attributes:
        side: Smaller side of the images, in pixels; 1 of points.
        mixture: The data are points around known modes.
        network_classes: Classes of the feature network, None without.
        data_classes: Classes of the data, None without.
        num_classes: Classes of the generator, None without.
        real: Whether there are real images to compare with.
    """

    side: int
    mixture: bool
    network_classes: int | None
    data_classes: int | None
    num_classes: int | None
    real: bool


def default(subject: Subject) -> tuple[str, ...]:
    """Returns the names of the default set that fit: what takes seconds beside the images."""
    if subject.mixture:
        return ("mode_coverage",)
    names = [*_DEFAULT]
    if subject.network_classes:
        names.append("inception_score")
        names += ["class_coverage"] if subject.network_classes == subject.data_classes else []
        names += ["label_consistency"] if subject.network_classes == subject.num_classes else []
    return tuple(name for name in names if subject.real or not METRICS[name].reals)


def everything(subject: Subject) -> tuple[str, ...]:
    """Returns all names that fit, the slow ones too."""
    return tuple(name for name in METRICS if _fits(name, METRICS[name], subject))


def _fits(name, metric, subject):
    if metric.reads == "points":
        return subject.mixture
    if metric.reals and not subject.real or metric.conditional and not subject.num_classes:
        return False
    if name == "label_consistency":
        return subject.network_classes == subject.num_classes
    if name == "intra_class_frechet_distance":
        return subject.data_classes == subject.num_classes
    has_network = metric.reads != "probabilities" or bool(subject.network_classes)
    return has_network and subject.side >= metric.side


def names_of(metric: str) -> dict[str, str]:
    """Returns {name that `EvaluationCallback.newest` offers: better} without the network.

    Args:
        metric: Its name.
    """
    from tfgan_models.metrics.protocol import score_name

    found = {}
    for part, better in METRICS[metric].parts.items():
        full = f"{metric}.{part}" if part else metric
        for name in (full, part, score_name(full, "inception_2015"), score_name(full, "none")):
            if name:
                found[name] = better
    return found


def metrics_of(name: str) -> dict[str, str]:
    """Returns {metric: better} of those that give a number of this name; empty for none.

    Args:
        name: Such as "frechet_distance", "precision", "proxy_fid[digits]", "fid".
    """
    base = str(name).partition("[")[0]
    known = {metric: names_of(metric) for metric in METRICS}
    return {metric: names[base] for metric, names in known.items() if base in names}
