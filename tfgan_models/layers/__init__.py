"""Layers that Keras lacks, or has in a form that does not serve GANs."""

from tfgan_models.layers.batch_norm import BatchNorm
from tfgan_models.layers.labels import ConcatenateLabels
from tfgan_models.layers.maxout import Maxout
from tfgan_models.layers.pooling import GlobalSumPooling2D

__all__ = ["BatchNorm", "ConcatenateLabels", "GlobalSumPooling2D", "Maxout"]
