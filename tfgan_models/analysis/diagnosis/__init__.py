"""Numbers that tell a sick training from a healthy one: pure functions of NumPy arrays.

The training doctor (`trainers.doctor`) computes them during a run and says which are
beyond their limits; here they are for anyone's own loop or notebook. Images are in
[-1, 1], logits high for real images; most numbers are ratios to the same number of real
data, so that one limit fits all data.
"""

from tfgan_models.analysis.diagnosis.classes import (
    class_share,
    expected_run,
    label_effect,
    latent_effect,
    law_distance,
    longest_run,
)
from tfgan_models.analysis.diagnosis.pixels import (
    blank_images,
    constant_pixels,
    corner_power,
    digest,
    grid_strength,
    repeated_share,
    value_range,
)
from tfgan_models.analysis.diagnosis.scores import (
    accuracy,
    gap_shrink,
    mean_sign,
    overfitting,
    separation,
)
from tfgan_models.analysis.diagnosis.series import (
    Oscillation,
    autocorrelation,
    oscillation,
    times_usual,
)
from tfgan_models.analysis.diagnosis.states import (
    dead_share,
    initial_share,
    initial_share_of_average,
    mode_mismatch,
    movement,
    relative_step,
)
from tfgan_models.analysis.diagnosis.variety import (
    Clusters,
    nearest_among,
    nearest_in_batch,
    pooled,
    total_variance,
    variance_ratio,
)

__all__ = [
    "Clusters",
    "Oscillation",
    "accuracy",
    "autocorrelation",
    "blank_images",
    "class_share",
    "constant_pixels",
    "corner_power",
    "dead_share",
    "digest",
    "expected_run",
    "gap_shrink",
    "grid_strength",
    "initial_share",
    "initial_share_of_average",
    "label_effect",
    "latent_effect",
    "law_distance",
    "longest_run",
    "mean_sign",
    "mode_mismatch",
    "movement",
    "nearest_among",
    "nearest_in_batch",
    "oscillation",
    "overfitting",
    "pooled",
    "relative_step",
    "repeated_share",
    "separation",
    "times_usual",
    "total_variance",
    "value_range",
    "variance_ratio",
]
