"""Builders of the shared networks; each returns a built `keras.Model`.

Generators take z, or [z, y]; discriminators take an image, or [image, y], with y
float (B, num_classes). Images are in the range in which the paper's network ends.
"""

from tfgan_models.networks.acgan import acgan_discriminator, acgan_generator
from tfgan_models.networks.began import began_discriminator, began_generator
from tfgan_models.networks.biggan import biggan_widths
from tfgan_models.networks.biggan_deep import biggan_deep_discriminator, biggan_deep_generator
from tfgan_models.networks.biggan_weights import biggan_from_torch
from tfgan_models.networks.conditional import (
    conditional_conv_discriminator,
    conditional_conv_generator,
    conditional_mlp_discriminator,
    conditional_mlp_generator,
)
from tfgan_models.networks.dcgan import dcgan_discriminator, dcgan_generator
from tfgan_models.networks.dense import dense_discriminator, dense_generator
from tfgan_models.networks.ebgan import ebgan_discriminator, ebgan_generator
from tfgan_models.networks.goodfellow import (
    conv_discriminator,
    conv_generator,
    mlp_discriminator,
    mlp_generator,
)
from tfgan_models.networks.improved import improved_discriminator, improved_generator
from tfgan_models.networks.infogan import infogan_discriminator, infogan_generator
from tfgan_models.networks.language import language_discriminator, language_generator
from tfgan_models.networks.lapgan import lapgan_discriminator, lapgan_generator
from tfgan_models.networks.lecture import lecture_discriminator, lecture_generator
from tfgan_models.networks.lsgan import lsgan_discriminator, lsgan_generator
from tfgan_models.networks.mixtures import (
    line_discriminator,
    line_generator,
    mixture_discriminator,
    mixture_generator,
)
from tfgan_models.networks.projection import projection_discriminator, projection_generator
from tfgan_models.networks.resnet import resnet_discriminator, resnet_generator
from tfgan_models.networks.sngan import residual_widths, sngan_discriminator, sngan_generator
from tfgan_models.networks.wgan_gp import wgan_gp_discriminator, wgan_gp_generator

__all__ = [
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
]
