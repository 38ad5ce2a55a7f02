"""`Evaluation`: a protocol, checked before the long work, that measures generators."""

from __future__ import annotations

import contextlib
import sys

import numpy as np

from tfgan_models import features
from tfgan_models.core import standing
from tfgan_models.metrics import Score
from tfgan_models.metrics.protocol import score_name
from tfgan_models.metrics.rows import Rows
from trainers.errors import UserError
from trainers.evaluation import comparisons, reals, stamps, table
from trainers.evaluation.fakes import Fakes
from trainers.evaluation.measurements import Job
from trainers.feature_networks import resolve_network

_MOST = 10_000  # images by default: what a CPU does in minutes; papers take 50,000
LABELS = ("data", "uniform")


def evaluate(
    model,
    source,
    metrics=None,
    network="auto",
    n_fake: int | None = None,
    n_real: int | None = None,
    seed: int = 0,
    labels: str = "data",
    truncation: float | None = None,
    split: str = "train",
    cache: str | None = None,
    standing_batches: int = 0,
) -> list[Score]:
    """Measures a generator against data.

    Args:
        model: A GAN or an exported generator (`export.load`).
        source: A `trainers.data` source; None where no metric reads real images.
        metrics: Names of `table.METRICS`; None: the default set, "all": all that fit.
        network: Feature network, a name or an object; "auto" fits the images.
        n_fake: Fakes; None: as many as `n_real`, at most 10,000.
        n_real: Real images, a fixed random subset; None: all, at most 10,000 or `n_fake`.
        seed: Of latents, labels and subsets, 0 or more.
        labels: Law of the fakes' labels: "data", the frequencies of the data, or "uniform".
        truncation: Of normal latents, in (0, 1]; None: none.
        split: Name of the source's split, for the stamp.
        cache: Directory of kept statistics of the reals (`reals.default_cache`); None: none.
        standing_batches: Batches of 64 that standing statistics of the generator's batch norms
            are taken of, at the truncation (`core.standing`); 0: its own statistics.

    Returns:
        A `metrics.Score` for each number, with its protocol.

    Raises:
        UserError: Bad input, in one line; NonFiniteError for images with NaN.
    """
    evaluation = Evaluation(
        metrics,
        source,
        network,
        image_shape=model.image_shape,
        num_classes=model.num_classes,
        n_fake=n_fake,
        n_real=n_real,
        seed=seed,
        labels=labels,
        split=split,
        cache=cache,
        standing_batches=standing_batches,
    )
    return evaluation.measure(model, truncation)


class Evaluation:
    """One protocol for any number of generators of one shape; all input is checked first.

    Args:
        metrics, source, network, n_fake, n_real, seed, labels, split, cache, standing_batches:
            See `evaluate`.
        image_shape: (H, W, C) of the generators' images.
        num_classes: Of the generators, None for unconditional ones.
        tell: Called with each note, once; the default prints to the standard error.
        progress: Called with (iterable, count, word); wraps what takes long.

    Attributes:
        metrics: Names, in order.
        network: The feature network, None where no metric reads features.
        n_fake, n_real: Numbers of images.

    Raises:
        UserError: Bad input, in one line.
    """

    def __init__(
        self,
        metrics,
        source,
        network="auto",
        *,
        image_shape,
        num_classes,
        n_fake=None,
        n_real=None,
        seed=0,
        labels="data",
        split="train",
        cache=None,
        standing_batches=0,
        tell=None,
        progress=lambda pieces, count, word: pieces,
    ):
        self.source, self.split, self.seed, self.cache = source, split, seed, cache
        self.standing_batches = standing_batches
        self.image_shape, self.num_classes = tuple(image_shape), num_classes
        self._tell, self._progress, self._told = tell or _print, progress, set()
        self._check_source()
        network = self._network(network)
        self.metrics = self._names(metrics, network)
        used = any(table.METRICS[name].needs_network for name in self.metrics)
        self.network = network if used else None
        self._count(n_fake, n_real)
        self._check_metrics()
        self.labels, self._shares = self._law(labels)
        self._reference = None

    def _check_source(self):
        if self.source is not None and self.source.image_shape != self.image_shape:
            raise UserError(
                f"{self.source.spec} has images of shape {self.source.image_shape}, the generator "
                f"makes {self.image_shape}: give data of that shape."
            )

    def _network(self, spec):
        if spec == "auto":
            spec = features.choose(self.image_shape, getattr(self.source, "spec", ""))
        if isinstance(spec, str):
            spec = resolve_network(spec)
        try:
            return features.get(spec, self.image_shape)
        except ValueError as error:
            raise UserError(" ".join(str(error).split())) from error

    def _names(self, metrics, network):
        if metrics is None or metrics == "all":
            subject = table.Subject(
                side=min(self.image_shape[:2]),
                mixture=getattr(self.source, "centres", None) is not None,
                network_classes=network.num_classes,
                data_classes=getattr(self.source, "num_classes", None),
                num_classes=self.num_classes,
                real=self.source is not None,
            )
            return table.everything(subject) if metrics == "all" else table.default(subject)
        return table.check_names(metrics)

    def _count(self, n_fake, n_real):
        have = 0 if self.source is None else self.source.num_examples
        for name, value in (("generated", n_fake), ("real", n_real)):
            if value is not None and value < 2:
                raise UserError(f"{value} {name} images are too few: give 2 or more.")
        if n_real is None:
            n_real = min(have, max(_MOST, n_fake or 0))
        if n_real > have > 0:
            raise UserError(f"{n_real} real images were asked for; {self.source.spec} has {have}.")
        self.n_real = n_real
        self.n_fake = n_fake or min(_MOST, n_real) or _MOST

    def _check_metrics(self):
        if not self.metrics:
            raise UserError(f"no metric fits: give some of {', '.join(table.METRICS)}.")
        for name in self.metrics:
            metric = table.METRICS[name]
            if metric.conditional and not self.num_classes:
                raise UserError(
                    f"{name} needs a generator with classes; this one is unconditional: leave it "
                    "out of --metrics."
                )
            if min(self.image_shape[:2]) < metric.side:
                raise UserError(
                    f"{name} needs images of {metric.side} pixels a side or more; these are "
                    f"{self.image_shape}: leave it out of --metrics."
                )
            if metric.reads == "probabilities" and not self.network.num_classes:
                raise UserError(
                    f"{name} needs class probabilities; {self.network.name} has none: choose "
                    "another --network, such as classifier:FILE.npz."
                )
            if name == "label_consistency" and self.network.num_classes != self.num_classes:
                raise UserError(
                    f"label_consistency needs a network of the generator's {self.num_classes} "
                    f"classes; {self.network.name} has {self.network.num_classes}: use "
                    "--network=classifier:FILE.npz trained on this data."
                )
            if (metric.reals or name == "mode_coverage") and self.source is None:
                raise UserError(f"{name} compares with real images: give --data=SPEC.")
            self._check_enough(name, metric)

    def _check_enough(self, name, metric):
        needed = metric.minimum
        if metric.needs_network:
            needed = max(needed, metric.per_dimension * self.network.dim)
            needed = max(needed, metric.per_class * (self.network.num_classes or 0))
        for count, kind in ((self.n_fake, "generated"), (self.n_real, "real")):
            if count < needed and (kind == "generated" or metric.reals == "features"):
                raise UserError(
                    f"{name} needs {needed:,} {kind} images or more; got {count:,}: raise "
                    f"--{'samples' if kind == 'generated' else 'reals'}, or leave {name} out of "
                    "--metrics."
                )

    def _law(self, labels):
        """Returns (stamp, shares) of the fakes' labels."""
        if labels not in LABELS:
            raise UserError(f"labels is one of {', '.join(LABELS)}; got {labels!r}.")
        if not self.num_classes:
            return "none", None
        uniform = "uniform", np.ones(self.num_classes)
        known = None if self.source is None else self.source.labels
        if labels == "uniform":
            return uniform
        if known is None or self.source.num_classes != self.num_classes:
            self._say("labels of the fakes are drawn uniformly: the data's are not known.")
            return uniform
        return "data", np.bincount(known, minlength=self.num_classes)

    @property
    def names(self) -> list[str]:
        """Names that the scores will have."""
        names = []
        for name in self.metrics:
            metric = table.METRICS[name]
            network = self.network.name if metric.needs_network else "none"
            for part in metric.parts:
                names.append(score_name(f"{name}.{part}" if part else name, network))
        return names

    def measure(self, model, truncation: float | None = None, step: int | None = None):
        """Measures a generator.

        Args:
            model: A GAN or an exported generator.
            truncation: Of its latents, in (0, 1]; None: none.
            step: Of the generator, for messages.

        Returns:
            A list of `Score`.

        Raises:
            UserError: Latents that cannot be truncated; no batch norm to take statistics of;
                images with NaN; a metric's own.
        """
        check_truncation(model, truncation)
        try:
            with self._statistics(model, truncation):
                job = self._job(model, truncation, step)
                kinds = [comparisons.MEASUREMENTS[name] for name in self.metrics]
                measurements = [kind(job) for kind in kinds]
                self._read_fakes(job, measurements)
                found = [measurement.result() for measurement in measurements]
        except ValueError as error:
            raise UserError(" ".join(str(error).split())) from error
        scores = []
        for name, numbers in zip(self.metrics, found, strict=True):
            if numbers.note:
                self._say(numbers.note)
            for part, value in numbers.values.items():
                scores.append(stamps.score(self, name, part, value, numbers, job))
        return scores

    def _statistics(self, model, truncation):
        if not self.standing_batches:
            return contextlib.nullcontext()
        if not hasattr(model, "ema_generator"):
            raise ValueError("standing statistics are taken of a run; an export has its own.")
        return standing.applied(model, truncation, self.standing_batches)

    def _job(self, model, truncation, step):
        kinds = {table.METRICS[name].reals for name in self.metrics}
        if self._reference is None and self.network is not None and kinds & {"moments", "features"}:
            self._reference = reals.reference(
                self.source,
                self.split,
                self.network,
                self.n_real,
                "features" if "features" in kinds else "moments",
                self.cache,
                lambda pieces: self._progress(pieces, self.n_real, "real"),
            )
        fakes = Fakes(model, self.n_fake, self.seed, self._shares, truncation, step)
        return Job(self.source, self.network, self._reference, fakes, self.n_real, Rows("fake"))

    def _read_fakes(self, job, measurements):
        if all(table.METRICS[name].reads == "path" for name in self.metrics):
            return
        keeps = any(measurement.keeps for measurement in measurements)
        pieces = job.fakes.pieces(self.network)
        for piece in self._progress(pieces, self.n_fake, "generated"):
            if keeps:
                job.kept.append(piece.features)
            for measurement in measurements:
                measurement.update(piece)

    def _say(self, note):
        if note not in self._told:
            self._told.add(note)
            self._tell(note)


def check_truncation(model, truncation: float | None) -> None:
    """Raises UserError where a model's latents cannot be truncated like this."""
    if truncation is None:
        return
    if not 0.0 < truncation <= 1.0:
        raise UserError(f"truncation must be in (0, 1]; got {truncation}.")
    if model.latent_distribution != "normal":
        raise UserError(
            f"truncation needs normal latents; this generator's are {model.latent_distribution}: "
            "leave truncation and --sweep out."
        )


def _print(note):
    print(f"note: {note}", file=sys.stderr)
