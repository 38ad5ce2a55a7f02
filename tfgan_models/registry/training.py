"""Penalties, augmentations and update rules."""

from __future__ import annotations

from tfgan_models.registry.entry import Entry

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
        arguments=("weight", "shift", "padding", "flip"),
    ),
    "balanced_consistency": Entry(
        "tfgan_models.penalties.consistency:BalancedConsistency",
        "consistency for real and for fake images",
        "Zhao et al. 2021, arXiv:2002.04724",
        arguments=("real_weight", "fake_weight", "shift", "padding", "flip"),
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
