"""SAGAN: self-attention, spectral normalisation in both networks, two time scales.

Source: Zhang et al. 2019, "Self-Attention Generative Adversarial Networks", arXiv:1805.08318,
eqs. 1 to 4, section 4, and the authors' code. In each network one map passes
`layers.SelfAttention2D`, y = x + gamma o with gamma from zero: at 32 rows for 128 pixels.
Hinge, with the label as a projection (Miyato & Koyama 2018, arXiv:1802.05637):

    L_D = E[relu(1 - D(x, y))] + E[relu(1 + D(G(z, y), y))],    L_G = -E[D(G(z, y), y)]

One update of each player a step; the discriminator learns four times as fast as the generator
(two time scales, Heusel et al. 2017, arXiv:1706.08500). Blocks of the discriminator widen in
their first convolution.

Departures: every call of the discriminator in training renews the singular vectors (the authors'
code: on real images alone); beta_2 is the paper's 0.9 (code: 0.999); fakes have the labels of
the batch's real images.
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core.gan import GAN

_RATES = {"generator": 1e-4, "discriminator": 4e-4}


@keras.saving.register_keras_serializable(package="tfgan_models")
class SAGAN(GAN):
    """GAN with self-attention.

    Args:
        image_shape: (H, W, C); (128, 128, 3) is the paper's. Channels of other sizes are those
            of `networks.residual_widths`.
        num_classes: Number of classes, None without.
        latent_dim: Size of z, N(0, I).
        width: Channels of the discriminator's first block; None: 64 (128 up to 47 pixels).
        attention_size: Rows of the maps with attention, which both networks must have; None:
            a quarter of the image's, 32 for 128 pixels; half of them up to 47 pixels.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: (image, label) or dict: `image` (d_steps * B, H, W, C) in [-1, 1], with classes
    `label` int (d_steps * B,). Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`.
    """

    def __init__(
        self,
        image_shape=(128, 128, 3),
        num_classes=1000,
        *,
        latent_dim=128,
        width=None,
        attention_size=None,
        **kwargs,
    ):
        if "generator" not in kwargs:
            up, down = networks.residual_widths(image_shape, width)
            shared = {
                "num_classes": num_classes,
                "attention_size": attention_size or _attention_size(image_shape),
                "spectral_norm": True,
            }
            kwargs["generator"] = networks.resnet_generator(image_shape, latent_dim, **up, **shared)
            kwargs["discriminator"] = networks.resnet_discriminator(
                image_shape, **down, **shared, narrow=False
            )
        super().__init__(image_shape, latent_dim=latent_dim, num_classes=num_classes, **kwargs)
        self.width, self.attention_size = width, attention_size

    def compile(self, *, loss="hinge", **kwargs):
        """As `GAN.compile`; the defaults are Adam(1e-4, 0, 0.9), discriminator 4e-4, and hinge."""
        defaults = {
            f"{player}_optimizer": {
                "name": "adam",
                "learning_rate": rate,
                "beta_1": 0.0,
                "beta_2": 0.9,
            }
            for player, rate in _RATES.items()
        }
        super().compile(loss=loss, **{**defaults, **kwargs})

    def get_config(self):
        return {
            **super().get_config(),
            "width": self.width,
            "attention_size": self.attention_size,
        }


def _attention_size(image_shape):
    return image_shape[0] // (2 if min(image_shape[:2]) < 48 else 4)
