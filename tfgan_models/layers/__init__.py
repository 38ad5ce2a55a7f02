"""Layers that Keras lacks, or has in a form that does not serve GANs."""

from tfgan_models.layers.attention import SelfAttention2D
from tfgan_models.layers.batch_norm import BatchNorm
from tfgan_models.layers.blur import BlurPooling2D, BlurUpsampling2D
from tfgan_models.layers.conditional_norm import ConditionalBatchNorm, SelfModulatedBatchNorm
from tfgan_models.layers.energy import ReconstructionEnergy, reconstruction_energy
from tfgan_models.layers.equalized import EqualizedLearningRate
from tfgan_models.layers.gradient_reversal import GradientReversal, reverse_gradient
from tfgan_models.layers.gumbel import GumbelSoftmax, gumbel_softmax, straight_through
from tfgan_models.layers.instance_norm import AdaIN, InstanceNorm, adaptive_instance_norm
from tfgan_models.layers.labels import ConcatenateLabels
from tfgan_models.layers.maxout import Maxout
from tfgan_models.layers.minibatch import (
    MinibatchDiscrimination,
    MinibatchStddev,
    minibatch_similarities,
)
from tfgan_models.layers.modulation import FiLM
from tfgan_models.layers.noise import Dropout, GaussianNoise
from tfgan_models.layers.pixel_norm import PixelNorm
from tfgan_models.layers.pooling import GlobalSumPooling2D
from tfgan_models.layers.residual import VanishingResidual
from tfgan_models.layers.spectral_norm import SpectralNorm, hold_spectral_state
from tfgan_models.layers.virtual_batch_norm import (
    ReferenceBatch,
    ReferenceBatchNorm,
    VirtualBatchNorm,
)
from tfgan_models.layers.weight_norm import WeightNorm

__all__ = [
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
]
