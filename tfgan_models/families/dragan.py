"""DRAGAN: the 2014 game with slopes of one around the real images.

Source: Kodali, Abernethy, Hays & Kira 2017, "On Convergence and Stability of GANs",
arXiv:1705.07215, Algorithm 1 and the authors' code. r = D(x), f = D(G(z)) are logits:

    L_D = E[sp(-r)] + E[sp(f)] + lambda E[(||dD(x + d)/dx|| - k)^2],   sp(t) = log(1 + exp(t))
    L_G = E[sp(-f)]                                                    d ~ N(0, c), lambda 10, k 1

Sharp slopes at real images come before a collapse; the penalty acts there, not between real and
fake images. The noise is half the batch's standard deviation.

Slopes are of the network's own input, [0, 1] for "mlp"; the penalty's `target` converts them.

Departures: the paper's noise has a fixed variance in pixels of unstated scale, the authors' code
half a deviation of one-sided uniform noise (mode "legacy" of the penalty). The "conv" critic has
no batch norm, which a slope of single images rules out: it is WGAN-GP's of the same size.
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core.arguments import one_of
from tfgan_models.core.gan import GAN

# architecture: (width, range of the generator's output)
ARCHITECTURES = {"mlp": (128, "unit"), "conv": (128, "symmetric")}


@keras.saving.register_keras_serializable(package="tfgan_models")
class DRAGAN(GAN):
    """Deep regret analytic GAN.

    Args:
        image_shape: (H, W, C).
        architecture: "mlp" (the authors' digit network) or "conv" (DCGAN of 32 pixels).
        latent_dim: Size of z, U(-1, 1).
        width: Units or channels; None: 128.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C) in [-1, 1].
    Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`, `dragan` before weighting.
    """

    def __init__(
        self, image_shape=(28, 28, 1), *, architecture="mlp", latent_dim=100, width=None, **kwargs
    ):
        one_of("architecture", architecture, ARCHITECTURES)
        default, output_range = ARCHITECTURES[architecture]
        if "generator" not in kwargs:
            pair = _networks(architecture, image_shape, latent_dim, width or default)
            kwargs |= dict(zip(("generator", "discriminator"), pair, strict=True))
        kwargs.setdefault("output_range", output_range)
        kwargs.setdefault("latent_distribution", "uniform(-1,1)")
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.architecture, self.width = architecture, width

    def compile(
        self, *, generator_optimizer=None, discriminator_optimizer=None, penalties=None, **kwargs
    ):
        """As `GAN.compile`, with the authors' defaults.

        Args:
            generator_optimizer, discriminator_optimizer: None: Adam(1e-4, 0.5, 0.9).
            penalties: None: `dragan` of weight 10 and slope one.
            **kwargs: The others of `GAN.compile`.
        """
        adam = {"name": "adam", "learning_rate": 1e-4, "beta_1": 0.5, "beta_2": 0.9}
        if penalties is None:
            slope = 0.5 if self.output_range == "unit" else 1.0
            penalties = [{"name": "dragan", "weight": 10.0, "target": slope}]
        super().compile(
            generator_optimizer=generator_optimizer or adam,
            discriminator_optimizer=discriminator_optimizer or adam,
            penalties=penalties,
            **kwargs,
        )

    def get_config(self):
        return {**super().get_config(), "architecture": self.architecture, "width": self.width}


def _networks(architecture, image_shape, latent_dim, width):
    if architecture == "mlp":
        return (
            networks.dense_generator(image_shape, latent_dim, (width,), output="sigmoid"),
            networks.dense_discriminator(image_shape, (width,)),
        )
    return (
        networks.wgan_gp_generator(
            image_shape, latent_dim, width=width, batch_norm=True, output="tanh"
        ),
        networks.wgan_gp_discriminator(image_shape, width=width),
    )
