"""The generative adversarial network of 2014.

Source: Goodfellow et al. 2014, "Generative Adversarial Nets", arXiv:1406.2661,
eq. 1, Algorithm 1 and section 3; settings from the authors' configuration files.
r = D(x), f = D(G(z)) are logits, sp(t) = log(1 + exp(t)):

    L_D = 1/2 (E[sp(-r)] + E[sp(f)])        the authors' code carries the 1/2
    L_G = E[sp(-f)]                         non-saturating, section 3

Departures: the players alternate as in Algorithm 1 (the authors' code computes both
gradients before it applies either), on the same minibatch of fakes as there. Images
are [-1, 1] outside the networks; the CIFAR-10 pairs see them so, where the authors
normalise contrast to a norm of 55, which cannot be undone on a sample.
"""

from __future__ import annotations

import keras
import numpy as np

from tfgan_models import networks
from tfgan_models.core.gan import GAN
from tfgan_models.networks.goodfellow import CIFAR_HIDDEN, MNIST_HIDDEN

ARCHITECTURES = ("mnist", "cifar_mlp", "cifar_conv")
# Initial learning rates of the three configuration files.
_RATES = {"mnist": 0.1, "cifar_mlp": 0.025, "cifar_conv": 0.004}
_UPDATES_PER_EPOCH = 500  # 50,000 training images in batches of 100


@keras.saving.register_keras_serializable(package="tfgan_models")
class OriginalGAN(GAN):
    """Goodfellow's GAN: ReLU generator, maxout discriminator with dropout.

    Args:
        image_shape: (H, W, C); "cifar_conv" makes sides of 3 n + 2.
        architecture: "mnist" (the paper's digit network), "cifar_mlp" or "cifar_conv".
        latent_dim: Size of z; U(-sqrt 3, sqrt 3), for "cifar_conv" N(0, I).
        width: Units of the generator's hidden layers; None: the paper's 1200 or 8000.
            The maxout layers have a fifth of it.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C) in [-1, 1].
    Logs: `d_loss` (without the 1/2), `g_loss`, `d_real`, `d_fake`.
    Dropout draws other noise on each replica.
    """

    def __init__(
        self, image_shape=(28, 28, 1), *, architecture="mnist", latent_dim=100, width=None, **kwargs
    ):
        if architecture not in ARCHITECTURES:
            raise ValueError(
                f"architecture must be one of {', '.join(ARCHITECTURES)}; got {architecture!r}."
            )
        if "generator" not in kwargs:
            generator, discriminator = _networks(image_shape, architecture, latent_dim, width)
            kwargs |= {"generator": generator, "discriminator": discriminator}
        kwargs.setdefault("output_range", "unit" if architecture == "mnist" else "unbounded")
        gaussian = architecture == "cifar_conv"
        kwargs.setdefault("latent_distribution", "normal" if gaussian else "uniform(-sqrt3,sqrt3)")
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.architecture, self.width = architecture, width

    def compile(
        self,
        *,
        generator_optimizer=None,
        discriminator_optimizer=None,
        share_fakes=True,
        discriminator_loss_weight=0.5,
        **kwargs,
    ):
        """As `GAN.compile`, with the paper's defaults: SGD with rising momentum.

        Args:
            generator_optimizer, discriminator_optimizer: None: the authors' SGD,
                rate divided by 1.000004 at each update, momentum 0.5 rising to 0.7
                between epochs 1 and 250 of 500 updates.
            share_fakes: Both players use the same fakes, as in the authors' code.
            discriminator_loss_weight: The authors' 1/2.
            **kwargs: The others of `GAN.compile`.
        """
        paper = {
            "name": "momentum_ramp_sgd",
            "learning_rate": {
                "name": "floored_exponential_decay",
                "initial": _RATES[self.architecture],
                "decay": 1.000004,
                "floor": 1e-6,
            },
            "momentum": 0.5,
            "final_momentum": 0.7,
            "ramp_start": _UPDATES_PER_EPOCH,
            "ramp_end": 250 * _UPDATES_PER_EPOCH,
        }
        super().compile(
            generator_optimizer=generator_optimizer or paper,
            discriminator_optimizer=discriminator_optimizer or paper,
            share_fakes=share_fakes,
            **kwargs,
        )
        self.discriminator_loss_weight = discriminator_loss_weight

    def discriminator_objective(self, batch, fake):
        """The base's objective times `discriminator_loss_weight`."""
        loss, logs = super().discriminator_objective(batch, fake)
        return self.discriminator_loss_weight * loss, logs

    def adapt(self, mean_image):
        """Sets the output bias so that an untrained generator makes the mean image.

        Args:
            mean_image: Float (H, W, C) in [-1, 1], mean of the training set.
        """
        if self.output_range != "unit":
            return
        share = np.clip((np.asarray(mean_image, "float64") + 1.0) / 2.0, 1e-3, 1.0 - 1e-3)
        bias = np.log(share / (1.0 - share)).reshape(-1)
        for network in {id(n): n for n in (self.generator, self.ema_generator)}.values():
            network.get_layer("output").bias.assign(bias.astype("float32"))

    def get_config(self):
        return {**super().get_config(), "architecture": self.architecture, "width": self.width}

    def get_compile_config(self):
        config = super().get_compile_config()
        if config is not None:
            config["discriminator_loss_weight"] = self.discriminator_loss_weight
        return config


def _networks(image_shape, architecture, latent_dim, width):
    if architecture == "cifar_conv":
        generator = networks.conv_generator(image_shape, latent_dim, width or 8000)
        return generator, networks.conv_discriminator(image_shape)
    hidden = MNIST_HIDDEN if architecture == "mnist" else CIFAR_HIDDEN
    if width is not None:
        hidden = tuple((width, *rest) for _, *rest in hidden)
    last = ("sigmoid", 0.05) if architecture == "mnist" else ("linear", 0.5)
    generator = networks.mlp_generator(image_shape, latent_dim, hidden, *last)
    return generator, networks.mlp_discriminator(image_shape, units=max(1, hidden[0][0] // 5))
