"""WGAN: a critic with clipped weights estimates the Wasserstein distance.

Source: Arjovsky, Chintala & Bottou 2017, "Wasserstein GAN", arXiv:1701.07875, eq. 2,
Algorithm 1, section 4 and the authors' code. r = D(x), f = D(G(z)), linear:

    L_D = E[f] - E[r],    L_G = -E[f],    w <- clip(w, -0.01, 0.01) after each critic update

The critic is kept near its optimum: five updates for each of the generator's, and a hundred before
each of the first 25 and before every 500th. Then -L_D falls as samples get better.

Departures: the authors' code clips before the critic's update, the paper and this after it; it
trains the negated critic. With bursts a step whose generator rests counts as a step.
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core.arguments import one_of
from tfgan_models.core.gan import GAN

ARCHITECTURES = ("dcgan", "mlp", "mlp_generator")


@keras.saving.register_keras_serializable(package="tfgan_models")
class WGAN(GAN):
    """Wasserstein GAN with weight clipping.

    Args:
        image_shape: (H, W, C); square sides 16, 32, 64, ... with "dcgan" networks.
        architecture: "dcgan" (the Torch port), "mlp" (four dense layers each), or
            "mlp_generator" (that generator against the DCGAN critic, figure 6).
        latent_dim: Size of z, N(0, I).
        width: Channels of the outermost convolutions and an eighth of the dense layers' units;
            None: 64.
        extra: 3x3 convolutions added to each network, as the authors' n_extra_layers.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C) in [-1, 1].
    Logs: `d_loss`, whose negative estimates the distance up to a factor, `g_loss`, `d_real`,
    `d_fake`.
    """

    def __init__(
        self,
        image_shape=(64, 64, 3),
        *,
        architecture="dcgan",
        latent_dim=100,
        width=None,
        extra=0,
        **kwargs,
    ):
        one_of("architecture", architecture, ARCHITECTURES)
        if "generator" not in kwargs:
            pair = _networks(architecture, image_shape, latent_dim, width or 64, extra)
            kwargs |= dict(zip(("generator", "discriminator"), pair, strict=True))
        linear = architecture != "dcgan"
        kwargs.setdefault("output_range", "unbounded" if linear else "symmetric")
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.architecture, self.width, self.extra = architecture, width, extra

    def compile(
        self,
        *,
        generator_optimizer=None,
        discriminator_optimizer=None,
        loss="wasserstein",
        penalties=("weight_clipping",),
        updates="bursts",
        d_steps=5,
        **kwargs,
    ):
        """As `GAN.compile`, with the paper's defaults.

        Args:
            generator_optimizer, discriminator_optimizer: None: RMSprop(5e-5), squared gradients
                averaged with 0.99. The paper warns of momentum.
            loss: The Wasserstein game.
            penalties: Clipping at 0.01.
            updates: "bursts": 100 critic updates early and now and then, else `d_steps`; None:
                always `d_steps`.
            d_steps: Critic updates in a step.
            **kwargs: The others of `GAN.compile`.
        """
        rmsprop = {"name": "rmsprop", "learning_rate": 5e-5, "rho": 0.99, "epsilon": 1e-8}
        if updates == "bursts":
            updates = {"name": "bursts", "normal": d_steps}
        super().compile(
            generator_optimizer=generator_optimizer or rmsprop,
            discriminator_optimizer=discriminator_optimizer or rmsprop,
            loss=loss,
            penalties=penalties,
            updates=updates,
            d_steps=d_steps,
            **kwargs,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "architecture": self.architecture,
            "width": self.width,
            "extra": self.extra,
        }


def _networks(architecture, image_shape, latent_dim, width, extra):
    units, options = (8 * width,) * 3, {"width": width, "port": True, "extra": extra}
    if architecture == "dcgan":
        generator = networks.dcgan_generator(image_shape, latent_dim, **options)
    else:
        generator = networks.dense_generator(image_shape, latent_dim, units)
    if architecture == "mlp":
        return generator, networks.dense_discriminator(image_shape, units)
    return generator, networks.dcgan_discriminator(image_shape, **options)
