"""What a trained discriminator can do for samples, small worlds whose theory is computed, and
numbers that tell a sick training from a healthy one.

analysis.rejection_sample(generate, score, 64, latent_dim=100)          better samples
analysis.play(analysis.xy_game(), start=(1, 1), steps=100, rate=0.1)    games of two players
analysis.js(p, q, x), analysis.optimal_discriminator(log_p, log_q)      densities on the line
analysis.diagnosis.nearest_in_batch(images)                             is a training sick?
analysis.decode_text(model.sample(8))                                   text of WGAN-GP
"""

from tfgan_models.analysis import diagnosis
from tfgan_models.analysis.calibration import calibrate, calibration_z, isotonic_regression
from tfgan_models.analysis.densities import (
    DIVERGENCES,
    Cost,
    Mixture,
    Normal,
    f_divergence,
    fisher_ipm,
    fit_log_ratio,
    guided_cost,
    js,
    kernel_density,
    kl,
    log_normal_density,
    mixture_density,
    mixture_mle,
    nearest_normal,
    noise_contrastive_estimate,
    normal_density,
    normal_mle,
    optimal_discriminator,
    total_variation,
    wasserstein1,
    wasserstein1_densities,
)
from tfgan_models.analysis.drawn import Drawn
from tfgan_models.analysis.games import (
    MATCHING_PENNIES,
    ROCK_PAPER_SCISSORS,
    UPDATES,
    TwoPlayerGame,
    dirac_gan,
    eigenvalues,
    fictitious_play,
    matching_pennies,
    matrix_game,
    normal_gan,
    play,
    rock_paper_scissors,
    saddle,
    strategies,
    vector_field,
    xy_game,
)
from tfgan_models.analysis.langevin import atypical_share, langevin_sample, langevin_step
from tfgan_models.analysis.samplers import (
    for_model,
    metropolis_hastings_probabilities,
    metropolis_hastings_sample,
    rejection_logits,
    rejection_probabilities,
    rejection_sample,
)
from tfgan_models.analysis.text import decode_text, encode_text, ngram_divergence

__all__ = [
    "Cost",
    "DIVERGENCES",
    "Drawn",
    "MATCHING_PENNIES",
    "Mixture",
    "Normal",
    "ROCK_PAPER_SCISSORS",
    "TwoPlayerGame",
    "UPDATES",
    "atypical_share",
    "calibrate",
    "calibration_z",
    "decode_text",
    "diagnosis",
    "dirac_gan",
    "eigenvalues",
    "encode_text",
    "f_divergence",
    "fictitious_play",
    "fisher_ipm",
    "fit_log_ratio",
    "for_model",
    "guided_cost",
    "isotonic_regression",
    "js",
    "kernel_density",
    "kl",
    "langevin_sample",
    "langevin_step",
    "log_normal_density",
    "matching_pennies",
    "matrix_game",
    "metropolis_hastings_probabilities",
    "metropolis_hastings_sample",
    "mixture_density",
    "mixture_mle",
    "nearest_normal",
    "ngram_divergence",
    "noise_contrastive_estimate",
    "normal_density",
    "normal_gan",
    "normal_mle",
    "optimal_discriminator",
    "play",
    "rejection_logits",
    "rejection_probabilities",
    "rejection_sample",
    "rock_paper_scissors",
    "saddle",
    "strategies",
    "total_variation",
    "vector_field",
    "wasserstein1",
    "wasserstein1_densities",
    "xy_game",
]
