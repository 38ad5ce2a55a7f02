"""Consensus optimisation: both players also shrink the norm of both gradients.

Source: Mescheder, Nowozin & Geiger 2017, "The Numerics of GANs", arXiv:1705.10461,
algorithm 2. With R = (||dL_D/dw_D||^2 + ||dL_G/dw_G||^2) / 2, at one point for both,

    w <- w - h (dL/dw + alpha dR/dw)    for D with L_D and for G with L_G

Departures: the default networks are those of the unrolled GAN's mixtures in the plane
(arXiv:1611.02163, appendix A); images take networks of your own,
without batch norm, as in the paper.
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core.gan import GAN


@keras.saving.register_keras_serializable(package="tfgan_models")
class ConsensusGAN(GAN):
    """GAN trained by consensus optimisation.

    Args:
        image_shape: (1, 1, d) for the networks of points; any with networks of your own.
        latent_dim: Size of z, N(0, I).
        scale: Points are images times this: 2.5 for `toy:ring8`, 5 for `toy:grid25`.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C).
    Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`, `consensus` before weighting.
    """

    def __init__(self, image_shape=(1, 1, 2), *, latent_dim=256, scale=2.5, **kwargs):
        if "generator" not in kwargs:
            kwargs["generator"] = networks.mixture_generator(image_shape, latent_dim, scale=scale)
            kwargs["discriminator"] = networks.mixture_discriminator(image_shape, scale=scale)
            kwargs.setdefault("output_range", "unbounded")
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.scale = scale

    def compile(self, **kwargs):
        """As `GAN.compile`; the defaults are RMSprop(1e-4) for both,
        simultaneous updates and `consensus` with alpha 10."""
        rmsprop = {"name": "rmsprop", "learning_rate": 1e-4}
        defaults = {
            "generator_optimizer": rmsprop,
            "discriminator_optimizer": rmsprop,
            "penalties": [{"name": "consensus", "alpha": 10.0}],
            "updates": "simultaneous",
        }
        super().compile(**{**defaults, **kwargs})

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}
