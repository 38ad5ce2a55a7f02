"""The families."""

from __future__ import annotations

from tfgan_models.registry.entry import Entry

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
    "biggan": Entry(
        "tfgan_models.families.biggan:BigGAN",
        "large class-conditional pair: shared embedding, skip-z, orthogonal regularisation",
        "Brock et al. 2019, arXiv:1809.11096",
        model_fields=(
            "width",
            "shared_dim",
            "hierarchical",
            "attention_size",
            "head",
            "rotation",
            "layout",
        ),
    ),
    "biggan_deep": Entry(
        "tfgan_models.families.biggan:BigGANDeep",
        "BigGAN of bottleneck blocks, twice as deep with half the weights",
        "Brock et al. 2019, arXiv:1809.11096, appendix B",
        model_fields=("width", "layout", "shared_dim", "attention_size", "head", "rotation"),
    ),
    "lapgan": Entry(
        "tfgan_models.families.lapgan:LAPGAN",
        "a pyramid of GANs, each adds the details of one size",
        "Denton et al. 2015, arXiv:1506.05751",
        model_fields=("levels", "coarse_latent_dim", "width", "units"),
    ),
}
