"""DCGAN: strided convolutions, batch norm, ReLU and leaky ReLU.

Source: Radford, Metz & Chintala 2015, "Unsupervised Representation Learning with
Deep Convolutional Generative Adversarial Networks", arXiv:1511.06434, section 3,
and the authors' code. r = D(x), f = D(G(z)) are logits:

    L_D = E[sp(-r)] + E[sp(f)],    L_G = E[sp(-f)],    sp(t) = log(1 + exp(t))

Departures: the authors alternate one batch for G with one for D; here each step
updates D, then G with new fakes. They always normalise with the batch's statistics;
here samples use moving ones (momentum 0.9), so that a sample does not depend on its
batch. The 32 and 128 pixel networks are extrapolations (see `networks.dcgan`).
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core.gan import GAN
from tfgan_models.networks.dcgan import stages

# L2 of the authors' code by the number of stages: their MNIST and faces scripts.
_WEIGHT_DECAY = {2: 2.5e-5, 3: 0.0}


@keras.saving.register_keras_serializable(package="tfgan_models")
class DCGAN(GAN):
    """Deep convolutional GAN.

    Args:
        image_shape: (H, W, C), H and W multiples of 4; (64, 64, 3) is the paper's.
        latent_dim: Size of z: U(-1, 1), for the port N(0, I).
        width: Channels of the outermost convolutions; None: the paper's 128 (64 for 28
            and 128 pixels and for the port).
        port: The Torch port's 4x4 kernels instead of the authors' network.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C) in [-1, 1].
    Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`, `weight_decay` before weighting.
    """

    def __init__(
        self, image_shape=(64, 64, 3), *, latent_dim=100, width=None, port=False, **kwargs
    ):
        options = {"width": width, "port": port}
        if "generator" not in kwargs:
            kwargs["generator"] = networks.dcgan_generator(image_shape, latent_dim, **options)
            kwargs["discriminator"] = networks.dcgan_discriminator(image_shape, **options)
        digits = not port and stages(image_shape) == 2
        kwargs.setdefault("output_range", "unit" if digits else "symmetric")
        kwargs.setdefault("latent_distribution", "normal" if port else "uniform(-1,1)")
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.width, self.port = width, port

    def compile(self, *, penalties=None, **kwargs):
        """As `GAN.compile`; the defaults are Adam(2e-4, 0.5) and the authors' L2.

        Args:
            penalties: None: `weight_decay` as in the authors' code (1e-5, for 28 pixels
                2.5e-5), none at 32 pixels and for the port.
            **kwargs: The others of `GAN.compile`.
        """
        if penalties is None:
            decay = 0.0 if self.port else _WEIGHT_DECAY.get(stages(self.image_shape), 1e-5)
            penalties = [{"name": "weight_decay", "weight": decay}] if decay else []
        super().compile(penalties=penalties, **kwargs)

    def get_config(self):
        return {**super().get_config(), "width": self.width, "port": self.port}
