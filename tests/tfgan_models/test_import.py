"""What an import loads, what it does without, and the public names."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

import tfgan_models as tfgan
from tfgan_models import registry

ROOT = pathlib.Path(__file__).resolve().parents[2]
# TensorFlow itself needs absl; of what else we depend on, the models need none.
OPTIONAL = (
    "PIL",
    "matplotlib",
    "mlxtend",
    "pandas",
    "scipy",
    "tensorboard",
    "tensorflow_datasets",
    "tensorflow_hub",
    "tf_keras",
    "tqdm",
)
PUBLIC = [
    "ACGAN",
    "BEGAN",
    "BigGAN",
    "BigGANDeep",
    "ConditionalGAN",
    "ConsensusGAN",
    "DCGAN",
    "DRAGAN",
    "EBGAN",
    "FisherGAN",
    "GaussianGAN",
    "GradientRegularizedGAN",
    "ImprovedGAN",
    "InfoGAN",
    "LAPGAN",
    "LSGAN",
    "LectureGAN",
    "OriginalGAN",
    "ProjectionGAN",
    "RelativisticGAN",
    "SAGAN",
    "SNGAN",
    "UnrolledGAN",
    "WGAN",
    "WGANGP",
    "analysis",
    "augment",
    "create",
    "features",
    "from_preset",
    "layers",
    "list_families",
    "load",
    "losses",
    "metrics",
    "networks",
    "penalties",
    "presets",
    "updates",
]
PUBLIC_OF = {
    "analysis": [
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
    ],
    "augment": [
        "ADA",
        "APA",
        "Augmentation",
        "Chain",
        "DiffAugment",
        "Flip",
        "InstanceNoise",
        "Replay",
        "flip",
        "get",
        "translate",
    ],
    "layers": [
        "AdaIN",
        "BatchNorm",
        "BlurPooling2D",
        "BlurUpsampling2D",
        "ConcatenateLabels",
        "ConditionalBatchNorm",
        "Dropout",
        "EqualizedLearningRate",
        "FiLM",
        "GaussianNoise",
        "GlobalSumPooling2D",
        "GradientReversal",
        "GumbelSoftmax",
        "InstanceNorm",
        "Maxout",
        "MinibatchDiscrimination",
        "MinibatchStddev",
        "PixelNorm",
        "ReconstructionEnergy",
        "ReferenceBatch",
        "ReferenceBatchNorm",
        "SelfAttention2D",
        "SelfModulatedBatchNorm",
        "SpectralNorm",
        "VanishingResidual",
        "VirtualBatchNorm",
        "WeightNorm",
        "adaptive_instance_norm",
        "gumbel_softmax",
        "hold_spectral_state",
        "minibatch_similarities",
        "reconstruction_energy",
        "reverse_gradient",
        "straight_through",
    ],
    "features": [
        "Classifier",
        "EfficientNetLite0",
        "FeatureNetwork",
        "Features",
        "Inception2015",
        "KerasFile",
        "Pixels",
        "SavedModelNetwork",
        "choose",
        "get",
    ],
    "losses": [
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
    ],
    "metrics": [
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
    ],
    "networks": [
        "acgan_discriminator",
        "acgan_generator",
        "began_discriminator",
        "began_generator",
        "biggan_deep_discriminator",
        "biggan_deep_generator",
        "biggan_from_torch",
        "biggan_widths",
        "conditional_conv_discriminator",
        "conditional_conv_generator",
        "conditional_mlp_discriminator",
        "conditional_mlp_generator",
        "conv_discriminator",
        "conv_generator",
        "dcgan_discriminator",
        "dcgan_generator",
        "dense_discriminator",
        "dense_generator",
        "ebgan_discriminator",
        "ebgan_generator",
        "improved_discriminator",
        "improved_generator",
        "infogan_discriminator",
        "infogan_generator",
        "language_discriminator",
        "language_generator",
        "lapgan_discriminator",
        "lapgan_generator",
        "lecture_discriminator",
        "lecture_generator",
        "line_discriminator",
        "line_generator",
        "lsgan_discriminator",
        "lsgan_generator",
        "mixture_discriminator",
        "mixture_generator",
        "mlp_discriminator",
        "mlp_generator",
        "projection_discriminator",
        "projection_generator",
        "residual_widths",
        "resnet_discriminator",
        "resnet_generator",
        "sngan_discriminator",
        "sngan_generator",
        "wgan_gp_discriminator",
        "wgan_gp_generator",
    ],
    "penalties": [
        "BalancedConsistency",
        "Consensus",
        "Consistency",
        "Dragan",
        "Drift",
        "Game",
        "GeneratorGradientNorm",
        "GradientPenalty",
        "HistoricalAveraging",
        "JacobianClamping",
        "LatentConsistency",
        "LatentOptimization",
        "LeCam",
        "MaxGradient",
        "Orthogonal",
        "PathLength",
        "Penalty",
        "R1",
        "R2",
        "Rotation",
        "WeightClipping",
        "WeightDecay",
        "ZeroCenteredGradientPenalty",
        "both_gradient_norms",
        "clip_weights",
        "consistency_loss",
        "discriminator_gradient_norm",
        "dragan",
        "drift",
        "flip_and_shift",
        "get",
        "gradient_penalty",
        "jacobian_clamping",
        "kernel_matrix",
        "latent_diversity",
        "latent_step",
        "lazy_optimizer",
        "lecam",
        "masked_class_loss",
        "max_gradient",
        "orthogonality",
        "path_lengths",
        "r1",
        "r2",
        "rotate",
        "rotated_batch",
        "rotation_loss",
        "weight_decay",
        "zero_centered_gradient_penalty",
    ],
    "presets": [
        "PRESETS",
        "Preset",
        "build",
        "get",
        "list_presets",
    ],
    "updates": [
        "AccuracyGate",
        "Bursts",
        "CriticConvergence",
        "LossRatio",
        "Simultaneous",
        "Updates",
        "get",
    ],
}


def python(code):
    """Runs code in a process of its own; returns the JSON that it prints last."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


LOADED = (
    "import json, sys; heavy = {'tensorflow', 'keras', 'numpy', 'tf_keras'} & set(sys.modules); "
    "print(json.dumps(sorted(heavy)))"
)


@pytest.mark.parametrize(
    "statement",
    [
        "import tfgan_models",
        "import trainers",
        "import trainers.data",
        "import trainers; trainers.data",
        "import export; dir(export)",
        "import tfgan_models as t; t.list_families(); dir(t)",
        "import tfgan_models as t; t.presets.list_presets(); t.presets.get('quickstart')",
        "import tfgan_models as t; t.presets.get('dcgan_tiny').override({'compile.d_steps': 2})",
    ],
)
def test_imports_and_lists_load_no_framework(statement):
    assert python(f"{statement}\n{LOADED}") == []


@pytest.mark.parametrize(
    "call, message",
    [
        ("t.create('dcgam')", "Did you mean 'dcgan'"),
        ("t.from_preset('quickstar')", "Did you mean 'quickstart'"),
        ("t.load('missing.keras')", "No such file: missing.keras"),
    ],
)
def test_a_wrong_name_is_answered_before_any_framework_loads(call, message):
    code = f"""
import tfgan_models as t
try:
    {call}
except ValueError as error:
    assert {message!r} in str(error), error
else:
    raise SystemExit("no error")
{LOADED}
"""
    assert python(code) == []


BLOCKED = f"""
import importlib.abc, json, sys

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {OPTIONAL!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocker())
import numpy as np
import tfgan_models as t

model = t.create("conditional_gan", image_shape=(8, 8, 1), num_classes=3, latent_dim=4, width=8)
model.compile(penalties=["lecam"], augment="flip")
images = np.zeros((8, 8, 8, 1), "float32")
history = model.fit(images, np.arange(8) % 3, batch_size=4, verbose=0).history
t.metrics.parzen_log_likelihood(images, model.sample(2), 1.0)
blocked = sorted(set({OPTIONAL!r}) & set(sys.modules))
print(json.dumps([list(model.sample(2).shape), sorted(history), blocked]))
"""


def test_a_model_trains_without_the_optional_packages():
    shape, logs, loaded = python(BLOCKED)
    assert shape == [2, 8, 8, 1] and loaded == []
    assert {"d_loss", "g_loss", "d_real", "d_fake", "lecam"} <= set(logs)


def test_public_names_of_the_package():
    assert sorted(tfgan.__all__) == PUBLIC
    assert dir(tfgan) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_resolve(name):
    value = getattr(tfgan, name)
    if name in registry.CLASSES:
        assert value is registry.family_class(registry.CLASSES[name])
        assert value.__name__ == name


@pytest.mark.parametrize("module", PUBLIC_OF)
def test_public_names_of_the_modules(module):
    found = getattr(tfgan, module)
    assert sorted(found.__all__) == PUBLIC_OF[module]
    for name in PUBLIC_OF[module]:
        assert getattr(found, name).__doc__ or name == "PRESETS"


def test_other_names_raise():
    for name in ("DCGam", "loss", "keras_layers"):
        with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
            getattr(tfgan, name)


def test_load_refuses_what_is_no_keras_file(tmp_path):
    path = tmp_path / "model.keras"
    path.write_text("text")
    with pytest.raises(ValueError, match="not a .keras archive"):
        tfgan.load(path)


def test_load_gives_the_family_back(tmp_path):
    model = tfgan.create("dcgan", image_shape=(8, 8, 1), width=2, latent_dim=4)
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = tfgan.load(path)
    assert type(loaded) is tfgan.DCGAN
    assert (loaded.sample(2, seed=1).numpy() == model.sample(2, seed=1).numpy()).all()
