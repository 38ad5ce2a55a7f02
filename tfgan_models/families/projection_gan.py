"""Projection discriminator: the label enters as an inner product with the features.

Source: Miyato & Koyama 2018, "cGANs with Projection Discriminator", arXiv:1802.05637, eq. 3,
section 4 and appendix, and the authors' code. h = the relu features summed over the image, psi
and V spectrally normalised, hinge on the whole:

    D(x, y) = psi(h) + <V y, h>
    L_D = E[relu(1 - D(x, y))] + E[relu(1 + D(G(z, y), y))],    L_G = -E[D(G(z, y), y)]

The generator has a gain and a bias for each class in its batch norms. Networks and departures
are `families.sngan`'s (CIFAR pair up to 47 pixels, ImageNet pair from 64 on), and: fakes have the
labels of the batch's real images (authors: uniform ones), which is the same for classes of equal
size and better for others.
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core.gan import GAN

_BATCH_NORM = (0.9, 2e-5)


@keras.saving.register_keras_serializable(package="tfgan_models")
class ProjectionGAN(GAN):
    """Class-conditional GAN with a projection discriminator.

    Args:
        image_shape: (H, W, C); (128, 128, 3) and (32, 32, 3) are the paper's.
        num_classes: Number of classes.
        latent_dim: Size of z, N(0, I).
        width: Channels of the discriminator's first block; None: the paper's, 64 (128 up to 47
            pixels).
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: (image, label) or dict: `image` (d_steps * B, H, W, C) in [-1, 1], `label` int
    (d_steps * B,). Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`.
    """

    def __init__(
        self, image_shape=(128, 128, 3), num_classes=1000, *, latent_dim=128, width=None, **kwargs
    ):
        if "generator" not in kwargs:
            up, down = networks.residual_widths(image_shape, width)
            kwargs["generator"] = networks.resnet_generator(
                image_shape, latent_dim, **up, num_classes=num_classes, batch_norm=_BATCH_NORM
            )
            kwargs["discriminator"] = networks.resnet_discriminator(
                image_shape, **down, num_classes=num_classes
            )
        super().__init__(image_shape, latent_dim=latent_dim, num_classes=num_classes, **kwargs)
        self.width = width

    def compile(
        self,
        *,
        generator_optimizer=None,
        discriminator_optimizer=None,
        loss="hinge",
        d_steps=5,
        **kwargs,
    ):
        """As `GAN.compile`; the defaults are the paper's.

        Args:
            generator_optimizer, discriminator_optimizer: None: Adam(2e-4, 0, 0.9), its rate
                falling linearly to zero from step 400,000 to 450,000; up to 47 pixels from 0 to
                100,000, as for SNGAN.
            loss, d_steps: The game; discriminator updates a step.
            **kwargs: The others of `GAN.compile`.
        """
        small = min(self.image_shape[:2]) < 48
        start, end = (0, 100_000) if small else (400_000, 450_000)
        super().compile(
            generator_optimizer=generator_optimizer or _falling_adam(start, end),
            discriminator_optimizer=discriminator_optimizer
            or _falling_adam(start * d_steps, end * d_steps),
            loss=loss,
            d_steps=d_steps,
            **kwargs,
        )

    def get_config(self):
        return {**super().get_config(), "width": self.width}


def _falling_adam(start, end):
    rate = {"name": "linear_decay", "initial": 2e-4, "start": start, "end": end}
    return {"name": "adam", "learning_rate": rate, "beta_1": 0.0, "beta_2": 0.9}
