"""The runnable examples of a lecture: two that work, four that teach what goes wrong.

Source: Raschka 2021, "Introduction to Deep Learning and Generative Models" (STAT 453),
lecture 16 and its notebooks. r = D(x), f = D(G(z)) are logits:

    L_D = E[sp(-r)] + E[sp(f)],    L_G = E[sp(-f)],    sp(t) = log(1 + exp(t))

The notebooks update the generator first and then show the discriminator the same fakes,
made before that update, so both gradients are taken at the same point: simultaneous
updates. "dcgan" updates the discriminator first, with fakes of its own.

Departures: the notebooks halve L_D, which Adam undoes (but for its epsilon). Kernels
start as PyTorch's do, on which "plain_cnn" depends; biases at zero, where PyTorch draws
them. The faces' random crops (0.96 to 1 of the side) are left out.
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core.gan import GAN

# Adam's rate by architecture; beta_1 is 0.9, in "dcgan" 0.5.
_RATES = {
    "mlp": 1e-3,
    "failing_cnn": 1e-4,
    "half_cnn": 1e-3,
    "plain_cnn": 1e-4,
    "good_cnn": 1e-4,
    "dcgan": 2e-4,
}


@keras.saving.register_keras_serializable(package="tfgan_models")
class LectureGAN(GAN):
    """GAN with one of the lecture's six pairs of networks.

    Args:
        image_shape: (28, 28, 1); any shape for "mlp", squares such as (64, 64, 3) for "dcgan".
        architecture: "mlp" (works), "failing_cnn" (its losses settle, its pictures do not),
            "half_cnn" (collapses), "plain_cnn" (blurred), "good_cnn" (works), "dcgan".
        latent_dim: Size of z: U(-1, 1), for "dcgan" N(0, I).
        width: Hidden units of "mlp", channels of "dcgan"; None: the lecture's.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C) in [-1, 1].
    Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`.
    """

    def __init__(
        self, image_shape=(28, 28, 1), *, architecture="mlp", latent_dim=100, width=None, **kwargs
    ):
        if "generator" not in kwargs:
            kwargs["generator"] = networks.lecture_generator(
                architecture, image_shape, latent_dim, width
            )
            kwargs["discriminator"] = networks.lecture_discriminator(
                architecture, image_shape, width
            )
        normal = architecture == "dcgan"
        kwargs.setdefault("latent_distribution", "normal" if normal else "uniform(-1,1)")
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.architecture, self.width = architecture, width

    def compile(
        self, *, generator_optimizer=None, discriminator_optimizer=None, updates=None, **kwargs
    ):
        """As `GAN.compile`, with the notebooks' defaults.

        Args:
            generator_optimizer, discriminator_optimizer: None: Adam, 1e-3 or 1e-4 by
                architecture, for "dcgan" 2e-4 with beta_1 0.5.
            updates: None: "simultaneous", for "dcgan" the discriminator first.
            **kwargs: The others of `GAN.compile`.
        """
        adam = {"name": "adam", "learning_rate": _RATES[self.architecture]}
        if self.architecture == "dcgan":
            adam["beta_1"] = 0.5
        elif updates is None:
            updates = "simultaneous"
        super().compile(
            generator_optimizer=generator_optimizer or adam,
            discriminator_optimizer=discriminator_optimizer or adam,
            updates=updates,
            **kwargs,
        )

    def get_config(self):
        return {**super().get_config(), "architecture": self.architecture, "width": self.width}
