"""Metrics that need all features of both sets, or images, or the generator itself."""

from __future__ import annotations

import numpy as np

from tfgan_models import metrics
from tfgan_models.metrics import neighbours
from tfgan_models.metrics.intervals import normal_interval
from tfgan_models.metrics.means import wilson_interval
from tfgan_models.metrics.support import birthday_support
from trainers.evaluation import measurements, reals
from trainers.evaluation.measurements import LEVEL, Measurement, Numbers

_BLOCKS = 5  # of the kernel distance, at least
_BLOCK = 1000  # samples in one, at most
_MOST_IMAGES = 4096  # of the sliced Wasserstein distance: patches are many
_REALS = 2000  # that the threshold of near duplicates is taken from


class TwoSets(Measurement):
    """Base: `value(real, fake)` of the features of both sets."""

    keeps = True

    def result(self):
        return self.value(self.job.reference.features, self.job.kept.array())

    def value(self, real, fake) -> Numbers:
        """Returns the numbers of features, float32 (N, d) and (M, d)."""
        raise NotImplementedError

    def _of(self, statistic, real, fake):
        statistic.update(real=real, fake=fake)
        return statistic.result()

    def _share(self, share, trials):
        return wilson_interval(round(share * trials), trials, LEVEL)


class FrechetInfinity(Measurement):
    """Interval: of the line's intercept; the subsets overlap, so it is too small."""

    keeps = True

    def result(self):
        seed = self.job.fakes.seed
        statistic = metrics.FrechetDistanceInfinity(seed=seed, reference=self.job.reference.moments)
        statistic.update(fake=self.job.kept.array())
        found = statistic.result()
        value = normal_interval(found.value, found.standard_error, LEVEL)
        return Numbers({"": value}, {"points": statistic.points}, stamps={"covariance": "n - 1"})


class InceptionInfinity(Measurement):
    """Interval: as of `FrechetInfinity`."""

    def __init__(self, job):
        super().__init__(job)
        self._statistic = metrics.InceptionScoreInfinity(seed=job.fakes.seed)

    def update(self, piece):
        self._statistic.update(piece.probabilities)

    def result(self):
        found = self._statistic.result()
        value = normal_interval(found.value, found.standard_error, LEVEL)
        return Numbers({"": value}, {"points": self._statistic.points})


class Kernel(TwoSets):
    """Disjoint blocks, whose scatter gives the interval."""

    def value(self, real, fake):
        smaller = min(len(real), len(fake))
        size = max(2, min(_BLOCK, smaller // _BLOCKS))
        options = {"form": "blocks", "subset_size": size, "degree": 3}
        statistic = metrics.KernelDistance(**options, seed=self.job.fakes.seed)
        mean, std = self._of(statistic, real, fake)
        error = std / np.sqrt(smaller // size - 1)
        return Numbers({"": normal_interval(mean, float(error), LEVEL)}, options)


class Mind(TwoSets):
    """No interval."""

    def value(self, real, fake):
        statistic = metrics.Mind(seed=self.job.fakes.seed)
        value = self._of(statistic, real, fake)
        return Numbers({"": value}, {"projections": statistic.projections})


class PrecisionRecall(TwoSets):
    """Intervals: Wilson's of each share, the other set held fixed."""

    def value(self, real, fake):
        statistic = metrics.PrecisionRecall()
        precision, recall = self._of(statistic, real, fake)
        values = {
            "precision": self._share(precision, len(fake)),
            "recall": self._share(recall, len(real)),
        }
        return Numbers(values, statistic.options())


class DensityCoverage(TwoSets):
    """Interval of the coverage: Wilson's, the fakes held fixed; none of the density."""

    def value(self, real, fake):
        statistic = metrics.DensityCoverage()
        density, coverage = self._of(statistic, real, fake)
        best = neighbours.expected_coverage(len(real), len(fake), statistic.k)
        note = f"coverage of exact fakes at these numbers: {best:.3f}."
        values = {"density": density, "coverage": self._share(coverage, len(real))}
        return Numbers(values, statistic.options(), note)


class PrecisionRecallCurve(TwoSets):
    """No interval."""

    def value(self, real, fake):
        statistic = metrics.PrecisionRecallCurve(seed=self.job.fakes.seed)
        found = self._of(statistic, real, fake)
        options = {"clusters": statistic.clusters, "runs": statistic.runs}
        return Numbers({"f_8": found.f_8, "f_1_8": found.f_1_8}, options)


class Memorisation(TwoSets):
    """Cosine distances; each real against the others takes the place of held-out ones."""

    def value(self, real, fake):
        statistic = metrics.Memorisation()
        note = "memorisation: about 1 for new images, below 0.5 is suspicious."
        ratio = self._of(statistic, real, fake).ratio
        return Numbers({"": ratio}, {**statistic.options(), "held_out": "none"}, note)


class BirthdayParadox(TwoSets):
    """A near duplicate: nearer than half the median distance of a real to the next real."""

    def value(self, real, fake):
        some = neighbours.Prepared(real[:_REALS], shift=real[:_REALS].mean(axis=0))
        squared = neighbours.nearest(some, some, 1, itself=False)[0]
        threshold = float(0.5 * np.sqrt(np.median(squared)))
        statistic = metrics.BirthdayParadox(threshold, seed=self.job.fakes.seed)
        statistic.update(fake)
        found = statistic.result()
        values, note = {"collision": found.collision}, ""
        if found.pairs:
            values["support"] = found.support
        else:
            least = birthday_support(len(fake))
            note = f"birthday_paradox: no near duplicates; support likely above {least:,.0f}."
        return Numbers(values, {"threshold": float(f"{threshold:.6g}")}, note)


class SlicedWasserstein(Measurement):
    """As many reals as fakes, at most 4,096 of each; no interval."""

    def __init__(self, job):
        super().__init__(job)
        self._count = min(job.fakes.count, job.n_real, _MOST_IMAGES)
        self._statistic = metrics.SlicedWasserstein(seed=job.fakes.seed)

    def update(self, piece):
        images = piece.images[: max(0, self._count - piece.start)]
        if len(images):
            self._statistic.update(fake=_floats(images))

    def result(self):
        for images, _ in reals.pieces(self.job.source, self._count):
            self._statistic.update(real=_floats(images))
        options = {k: v for k, v in self._statistic.options().items() if k != "seed"}
        stamps = {"n_real": self._count, "n_fake": self._count}
        return Numbers({"": self._statistic.result().mean}, options, stamps=stamps)


def _floats(images):
    return images.astype(np.float32) / 127.5 - 1.0


class PathLength(Measurement):
    """Squared differences of pixels; a pair a path, two fakes' worth of images.

    Normal latents move on the sphere of radius sqrt(d), others and truncated ones on lines.
    """

    def result(self):
        fakes, model = self.job.fakes, self.job.fakes.model
        pairs = fakes.count // 2
        latents = np.asarray(model.sample_latents(2 * pairs, fakes.seed, fakes.truncation))
        sphere = model.latent_distribution == "normal" and fakes.truncation is None
        space, radius = ("z", float(np.sqrt(latents.shape[1]))) if sphere else ("w", 1.0)

        def generate(points, labels=None):
            return np.asarray(model.generate(points.astype(np.float32), labels))

        value = metrics.perceptual_path_length(
            generate,
            lambda a, b: np.sum(np.square(a.astype(np.float64) - b), axis=(1, 2, 3)),
            latents,
            space=space,
            labels=fakes.labels,
            radius=radius,
            batch_size=reals.PIECE // 2,
            seed=fakes.seed,
        )
        options = {"space": space, "epsilon": 1e-4, "pairs": pairs, "distance": "squared pixels"}
        stamps = {"quantisation": "none", "network": "pixels"}
        return Numbers({"": value}, options, stamps=stamps)


MEASUREMENTS = {
    "frechet_distance": measurements.Frechet,
    "frechet_distance_infinity": FrechetInfinity,
    "kernel_distance": Kernel,
    "mind": Mind,
    "inception_score": measurements.InceptionScore,
    "inception_score_infinity": InceptionInfinity,
    "precision_recall": PrecisionRecall,
    "density_coverage": DensityCoverage,
    "precision_recall_curve": PrecisionRecallCurve,
    "intra_class_frechet_distance": measurements.IntraClass,
    "label_consistency": measurements.LabelConsistency,
    "class_coverage": measurements.ClassCoverage,
    "memorisation": Memorisation,
    "birthday_paradox": BirthdayParadox,
    "sliced_wasserstein": SlicedWasserstein,
    "ms_ssim": measurements.MsSsim,
    "mode_coverage": measurements.ModeCoverage,
    "perceptual_path_length": PathLength,
}
