"""Relativistic GANs: is a real image more real than a fake?

Source: Jolicoeur-Martineau 2018, "The relativistic discriminator: a key element missing from
standard GAN", arXiv:1807.00734, sections 4.1 and 4.2, and the author's code. r = D(x), f = D(G(z))
are numbers without a zero of their own, sp(t) = log(1 + exp(t)):

    RpGAN    L_D = E[sp(f - r)]
    RaGAN    L_D = E[sp(E[f] - r)] + E[sp(f - E[r])]

and L_G is L_D with r and f exchanged. RaLSGAN and RaHingeGAN put squares and hinges for sp. The
generator also lowers the real images' numbers, so it reads real images in its update.

Departures: the averages' losses are the paper's sums, which the code halves. The generator's
update sees the discriminator's last real images, not new ones; the SNGAN pair has batch norm after
the generator's dense layer and spectral norm on the discriminator's, which the author's has not.
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core.arguments import one_of
from tfgan_models.core.gan import GAN

ARCHITECTURES = ("dcgan", "cnn")


@keras.saving.register_keras_serializable(package="tfgan_models")
class RelativisticGAN(GAN):
    """GAN whose discriminator compares real and fake images.

    Args:
        image_shape: (H, W, C); square sides 16, 32, 64, ... for "dcgan".
        architecture: "dcgan" (the Torch port, the author's for cats) or "cnn" (SNGAN's, with
            spectral norm, the author's for CIFAR-10).
        latent_dim: Size of z, N(0, I).
        width: Channels of the outermost hidden maps; None: 64.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C) in [-1, 1].
    Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`, whose difference alone has a meaning.
    """

    def __init__(
        self,
        image_shape=(64, 64, 3),
        *,
        architecture="dcgan",
        latent_dim=128,
        width=None,
        **kwargs,
    ):
        one_of("architecture", architecture, ARCHITECTURES)
        if "generator" not in kwargs:
            pair = _networks(architecture, image_shape, latent_dim, width or 64)
            kwargs |= dict(zip(("generator", "discriminator"), pair, strict=True))
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.architecture, self.width = architecture, width

    def compile(self, *, loss="relativistic_average", **kwargs):
        """As `GAN.compile`, with the author's Adam(2e-4, 0.5).

        Args:
            loss: "relativistic_average", "relativistic_pairing",
                "relativistic_average_least_squares" or "relativistic_average_hinge".
            **kwargs: The others of `GAN.compile`.
        """
        super().compile(loss=loss, **kwargs)

    def get_config(self):
        return {**super().get_config(), "architecture": self.architecture, "width": self.width}


def _networks(architecture, image_shape, latent_dim, width):
    if architecture == "cnn":
        return (
            networks.sngan_generator(image_shape, latent_dim, width=width),
            networks.sngan_discriminator(image_shape, width=width),
        )
    options = {"width": width, "port": True}
    return (
        networks.dcgan_generator(image_shape, latent_dim, **options),
        networks.dcgan_discriminator(image_shape, **options),
    )
