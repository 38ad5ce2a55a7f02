"""The games and the terms added to them."""

from __future__ import annotations

from tfgan_models.registry.entry import Entry

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
