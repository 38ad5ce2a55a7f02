"""Statistics of samples: NumPy in, float64 numbers out. Real first, fake second.

Each is a function, and a class of the same name with `update`, `merge` and `result` for
samples that come in parts: shards merge to what the whole gives. Features are whatever
network made them; only Inception's own make the Frechet distance an FID.
"""

from tfgan_models.metrics.extrapolation import (
    FrechetDistanceInfinity,
    InceptionScoreInfinity,
    frechet_distance_infinity,
    inception_score_infinity,
)
from tfgan_models.metrics.frechet import (
    FrechetDistance,
    Gaussian,
    Moments,
    frechet_distance,
    frechet_distance_of_moments,
    moments,
)
from tfgan_models.metrics.inception import InceptionScore, inception_score
from tfgan_models.metrics.intervals import Interval, bootstrap, subset_interval
from tfgan_models.metrics.intra_class import IntraClassFrechetDistance, intra_class_frechet_distance
from tfgan_models.metrics.kernel import KernelDistance, kernel_distance
from tfgan_models.metrics.labels import (
    LabelConsistency,
    classification_accuracy_score,
    label_consistency,
)
from tfgan_models.metrics.modes import ClassCoverage, ModeCoverage, class_coverage, mode_coverage
from tfgan_models.metrics.movement import (
    EquivarianceRotation,
    EquivarianceTranslation,
    equivariance,
    equivariance_rotation,
    equivariance_translation,
)
from tfgan_models.metrics.neighbours import (
    DensityCoverage,
    PrecisionRecall,
    Realism,
    density_coverage,
    precision_recall,
    realism,
)
from tfgan_models.metrics.parzen import parzen_log_likelihood, select_parzen_width
from tfgan_models.metrics.patches import SlicedWasserstein, sliced_wasserstein
from tfgan_models.metrics.path_length import PerceptualPathLength, perceptual_path_length
from tfgan_models.metrics.prd import PrecisionRecallCurve, precision_recall_curve
from tfgan_models.metrics.protocol import Protocol, Score
from tfgan_models.metrics.similarity import MsSsim, ms_ssim
from tfgan_models.metrics.slices import Mind, mind
from tfgan_models.metrics.support import (
    BirthdayParadox,
    Memorisation,
    NearestNeighbours,
    birthday_paradox,
    memorisation,
    nearest_neighbours,
)

__all__ = [
    "BirthdayParadox",
    "ClassCoverage",
    "DensityCoverage",
    "EquivarianceRotation",
    "EquivarianceTranslation",
    "FrechetDistance",
    "FrechetDistanceInfinity",
    "Gaussian",
    "InceptionScore",
    "InceptionScoreInfinity",
    "Interval",
    "IntraClassFrechetDistance",
    "KernelDistance",
    "LabelConsistency",
    "Memorisation",
    "Mind",
    "ModeCoverage",
    "Moments",
    "MsSsim",
    "NearestNeighbours",
    "PerceptualPathLength",
    "PrecisionRecall",
    "PrecisionRecallCurve",
    "Protocol",
    "Realism",
    "Score",
    "SlicedWasserstein",
    "birthday_paradox",
    "bootstrap",
    "class_coverage",
    "classification_accuracy_score",
    "density_coverage",
    "equivariance",
    "equivariance_rotation",
    "equivariance_translation",
    "frechet_distance",
    "frechet_distance_infinity",
    "frechet_distance_of_moments",
    "inception_score",
    "inception_score_infinity",
    "intra_class_frechet_distance",
    "kernel_distance",
    "label_consistency",
    "memorisation",
    "mind",
    "mode_coverage",
    "moments",
    "ms_ssim",
    "nearest_neighbours",
    "parzen_log_likelihood",
    "perceptual_path_length",
    "precision_recall",
    "precision_recall_curve",
    "realism",
    "select_parzen_width",
    "sliced_wasserstein",
    "subset_interval",
]
