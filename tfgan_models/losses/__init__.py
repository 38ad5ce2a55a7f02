"""Adversarial losses: pure functions of raw discriminator outputs, and named objects.

losses.get("non_saturating").discriminator(real_logits, fake_logits)  -> scalar
losses.get("non_saturating").generator(fake_logits)                   -> scalar
"""

from tfgan_models.core.lookup import resolve
from tfgan_models.losses.adversarial import (
    MaximumLikelihood,
    Minimax,
    NonSaturating,
    cross_entropy_discriminator_loss,
    maximum_likelihood_generator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
)
from tfgan_models.losses.base import Loss
from tfgan_models.losses.classifier import (
    AuxiliaryClassifier,
    AuxiliaryDiscriminativeClassifier,
    TwinAuxiliaryClassifier,
    class_cross_entropy,
    real_fake_class_cross_entropy,
    real_fake_class_generator_loss,
)
from tfgan_models.losses.contrastive import (
    D2DCE,
    Contrastive2C,
    DualContrastive,
    contrastive_2c,
    d2d_ce,
    dual_contrastive_loss,
)
from tfgan_models.losses.energy import (
    BoundaryEquilibrium,
    EnergyMargin,
    PullingAway,
    energy_margin_discriminator_loss,
    energy_margin_generator_loss,
    pulling_away,
)
from tfgan_models.losses.f_divergence import (
    FDivergence,
    f_divergence_discriminator_loss,
    f_divergence_generator_loss,
)
from tfgan_models.losses.feature_matching import FeatureMatching, feature_matching_loss
from tfgan_models.losses.integral import (
    Fisher,
    Wasserstein,
    fisher_discriminator_loss,
    fisher_statistics,
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)
from tfgan_models.losses.least_squares import (
    LeastSquares,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
)
from tfgan_models.losses.margin import Hinge, hinge_discriminator_loss, hinge_generator_loss
from tfgan_models.losses.multi_class import (
    MultiHinge,
    SemiSupervised,
    complement_hinge,
    multi_class_hinge,
    semi_supervised_discriminator_loss,
    semi_supervised_generator_loss,
)
from tfgan_models.losses.mutual_information import (
    InfoMax,
    MutualInformation,
    discrete_bound,
    gaussian_negative_log_likelihood,
    info_max,
)
from tfgan_models.losses.relativistic import (
    RelativisticAverage,
    RelativisticAverageHinge,
    RelativisticAverageLeastSquares,
    RelativisticPairing,
    relativistic_average_hinge_loss,
    relativistic_average_least_squares_loss,
    relativistic_average_loss,
    relativistic_pairing_loss,
)
from tfgan_models.losses.top_k import TopK, among_top_k
from tfgan_models.registry import LOSSES


def get(spec) -> Loss:
    """Returns a loss from a name, a config dict or an object.

    Raises:
        ValueError: Unknown name or argument; near matches are listed.
    """
    return resolve("loss", spec, LOSSES)


__all__ = [
    "AuxiliaryClassifier",
    "AuxiliaryDiscriminativeClassifier",
    "BoundaryEquilibrium",
    "Contrastive2C",
    "D2DCE",
    "DualContrastive",
    "EnergyMargin",
    "FDivergence",
    "FeatureMatching",
    "Fisher",
    "Hinge",
    "InfoMax",
    "LeastSquares",
    "Loss",
    "MaximumLikelihood",
    "Minimax",
    "MultiHinge",
    "MutualInformation",
    "NonSaturating",
    "PullingAway",
    "RelativisticAverage",
    "RelativisticAverageHinge",
    "RelativisticAverageLeastSquares",
    "RelativisticPairing",
    "SemiSupervised",
    "TopK",
    "TwinAuxiliaryClassifier",
    "Wasserstein",
    "among_top_k",
    "class_cross_entropy",
    "complement_hinge",
    "contrastive_2c",
    "cross_entropy_discriminator_loss",
    "d2d_ce",
    "discrete_bound",
    "dual_contrastive_loss",
    "energy_margin_discriminator_loss",
    "energy_margin_generator_loss",
    "f_divergence_discriminator_loss",
    "f_divergence_generator_loss",
    "feature_matching_loss",
    "fisher_discriminator_loss",
    "fisher_statistics",
    "gaussian_negative_log_likelihood",
    "get",
    "hinge_discriminator_loss",
    "hinge_generator_loss",
    "info_max",
    "least_squares_discriminator_loss",
    "least_squares_generator_loss",
    "maximum_likelihood_generator_loss",
    "minimax_generator_loss",
    "multi_class_hinge",
    "non_saturating_generator_loss",
    "pulling_away",
    "real_fake_class_cross_entropy",
    "real_fake_class_generator_loss",
    "relativistic_average_hinge_loss",
    "relativistic_average_least_squares_loss",
    "relativistic_average_loss",
    "relativistic_pairing_loss",
    "semi_supervised_discriminator_loss",
    "semi_supervised_generator_loss",
    "wasserstein_discriminator_loss",
    "wasserstein_generator_loss",
]
