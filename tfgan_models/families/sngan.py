"""SNGAN: every kernel of the discriminator divided by its largest singular value.

Source: Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks",
arXiv:1802.05957, eqs. 8 to 17, tables 3 to 6, and the authors' code. The discriminator's layers
compute with W / sigma(W) (`layers.SpectralNorm`), so that each has Lipschitz constant one for
its matrix. r = D(x), f = D(G(z)), hinge:

    L_D = E[relu(1 - r)] + E[relu(1 + f)],    L_G = -E[f]

Departures: the generator's update has B images (the authors' ResNet: 2 B) and comes last in a
step instead of first; real images get no dequantisation noise; the discriminator's last layer
has a bias; the rate falls over the paper's 100,000 steps (the released configuration: 50,000).
Sides other than 32 and 48 pixels follow from `networks.residual_widths`.
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core.arguments import one_of
from tfgan_models.core.gan import GAN

ARCHITECTURES = ("resnet", "cnn")
_DECAY_STEPS = 100_000


@keras.saving.register_keras_serializable(package="tfgan_models")
class SNGAN(GAN):
    """GAN with a spectrally normalised discriminator.

    Args:
        image_shape: (H, W, C); (32, 32, 3) and (48, 48, 3) are the paper's.
        architecture: "resnet" or "cnn".
        latent_dim: Size of z, N(0, I).
        width: Channels of the discriminator's first layer; None: the paper's.
        widen_at_stride: "cnn": channels of the authors' code instead of the paper's table; see
            `networks.sngan_discriminator`.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C) in [-1, 1].
    Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`.
    """

    def __init__(
        self,
        image_shape=(32, 32, 3),
        *,
        architecture="resnet",
        latent_dim=128,
        width=None,
        widen_at_stride=False,
        **kwargs,
    ):
        one_of("architecture", architecture, ARCHITECTURES)
        if widen_at_stride and architecture != "cnn":
            raise ValueError("widen_at_stride is of architecture 'cnn'; leave it out.")
        if "generator" not in kwargs:
            pair = _networks(architecture, image_shape, latent_dim, width, widen_at_stride)
            kwargs |= dict(zip(("generator", "discriminator"), pair, strict=True))
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.architecture, self.width = architecture, width
        self.widen_at_stride = widen_at_stride

    def compile(self, *, d_steps=None, **kwargs):
        """As `GAN.compile`; the defaults are the architecture's published setting.

        "resnet": hinge, five discriminator updates, Adam(2e-4, 0, 0.9), its rate falling
        linearly to zero in 100,000 steps. "cnn": non-saturating, one update, Adam(2e-4, 0.5,
        0.999).
        """
        residual = self.architecture == "resnet"
        d_steps = d_steps or (5 if residual else 1)
        defaults = {"loss": "hinge" if residual else "non_saturating"}
        if residual:
            defaults["generator_optimizer"] = falling_adam(_DECAY_STEPS)
            defaults["discriminator_optimizer"] = falling_adam(_DECAY_STEPS * d_steps)
        super().compile(d_steps=d_steps, **{**defaults, **kwargs})

    def get_config(self):
        return {
            **super().get_config(),
            "architecture": self.architecture,
            "width": self.width,
            "widen_at_stride": self.widen_at_stride,
        }


def falling_adam(end, start=0) -> dict:
    """Adam(2e-4, 0, 0.9) whose rate falls linearly to zero from update `start` to `end`."""
    rate = {"name": "linear_decay", "initial": 2e-4, "start": start, "end": end}
    return {"name": "adam", "learning_rate": rate, "beta_1": 0.0, "beta_2": 0.9}


def _networks(architecture, image_shape, latent_dim, width, widen_at_stride):
    if architecture == "cnn":
        width = width or 64
        return (
            networks.sngan_generator(image_shape, latent_dim, width=width),
            networks.sngan_discriminator(image_shape, width=width, widen_at_stride=widen_at_stride),
        )
    up, down = networks.residual_widths(image_shape, width)
    return (
        networks.resnet_generator(image_shape, latent_dim, **up, batch_norm=(0.9, 2e-5)),
        networks.resnet_discriminator(image_shape, **down),
    )
