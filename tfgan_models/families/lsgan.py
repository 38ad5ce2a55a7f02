"""LSGAN: squared distances instead of a cross entropy.

Source: Mao et al. 2017, "Least Squares Generative Adversarial Networks", arXiv:1611.04076,
eq. 9 and the authors' code. r = D(x), f = D(G(z)), linear:

    L_D = 1/2 E[(r - b)^2] + 1/2 E[(f - a)^2],    L_G = 1/2 E[(f - c)^2],    (a, b, c) = (0, 1, 1)

A fake on the right side of the boundary but far from it is still pulled, where a cross entropy is
flat. (-1, 1, 0) makes L_G Pearson's chi-square: loss={"name": "least_squares", "a": -1.0, ...}.

Departures: the authors' code sums over the batch; this is the mean. Their network with class
labels, for characters, is left out.
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core.arguments import one_of
from tfgan_models.core.gan import GAN

# architecture: (size of z, width, latent distribution, range of the generator's output)
ARCHITECTURES = {
    "conv": (1024, 64, "uniform(-1,1)", "symmetric"),
    "points": (256, 128, "normal", "unbounded"),
}
_ORTHOGONAL = {"class_name": "Orthogonal", "config": {"gain": 1.4}}


@keras.saving.register_keras_serializable(package="tfgan_models")
class LSGAN(GAN):
    """Least-squares GAN.

    Args:
        image_shape: (H, W, C), H and W multiples of 4; (112, 112, 3) is the paper's. (1, 1, d)
            for "points".
        architecture: "conv" (scenes) or "points" (the tanh networks of the stability test).
        latent_dim: Size of z; None: 1024, for "points" 256.
        width: Channels of the outermost hidden maps, or units; None: 64, for "points" 128.
        scale: "points": points are images times this.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C) in [-1, 1].
    Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`.
    """

    def __init__(
        self,
        image_shape=(112, 112, 3),
        *,
        architecture="conv",
        latent_dim=None,
        width=None,
        scale=1.25,
        **kwargs,
    ):
        one_of("architecture", architecture, ARCHITECTURES)
        size, channels, distribution, output_range = ARCHITECTURES[architecture]
        latent_dim, channels = latent_dim or size, width or channels
        if "generator" not in kwargs and architecture == "conv":
            kwargs["generator"] = networks.lsgan_generator(image_shape, latent_dim, width=channels)
            kwargs["discriminator"] = networks.lsgan_discriminator(image_shape, width=channels)
        elif "generator" not in kwargs:
            networks.mixtures.check_point(image_shape)
            units = (channels, channels)
            options = {"activation": "tanh", "initializer": _ORTHOGONAL, "scale": scale}
            kwargs["generator"] = networks.dense_generator(
                image_shape, latent_dim, units, **options
            )
            kwargs["discriminator"] = networks.dense_discriminator(image_shape, units, **options)
        kwargs.setdefault("latent_distribution", distribution)
        kwargs.setdefault("output_range", output_range)
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.architecture, self.width, self.scale = architecture, width, scale

    def compile(
        self,
        *,
        generator_optimizer=None,
        discriminator_optimizer=None,
        loss="least_squares",
        **kwargs,
    ):
        """As `GAN.compile`, with the paper's defaults.

        Args:
            generator_optimizer, discriminator_optimizer: None: Adam(1e-3, 0.5), for "points"
                1e-3 and 1e-4.
            loss: The least-squares game.
            **kwargs: The others of `GAN.compile`.
        """
        adam = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5}
        slow = {**adam, "learning_rate": 1e-4} if self.architecture == "points" else adam
        super().compile(
            generator_optimizer=generator_optimizer or adam,
            discriminator_optimizer=discriminator_optimizer or slow,
            loss=loss,
            **kwargs,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "architecture": self.architecture,
            "width": self.width,
            "scale": self.scale,
        }
