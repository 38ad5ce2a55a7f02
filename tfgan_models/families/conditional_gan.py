"""Conditional GAN: both players see the class label.

Source: Mirza & Osindero 2014, "Conditional Generative Adversarial Nets",
arXiv:1411.1784, eq. 2 and section 4.1; the convolutional pair is the DCGAN
authors' conditional MNIST code. r = D(x, y), f = D(G(z, y), y) are logits:

    L_D = E[sp(-r)] + E[sp(f)],    L_G = E[sp(-f)],    sp(t) = log(1 + exp(t))

Fakes carry the labels of the batch's real images, hence the training set's prior.

Departures: the paper gives the dropout rate (0.5) but not its places, nor the
initialisation: dropout acts on the joint layers' inputs, the initialisers are those
of the 2014 GAN. "projection" is a small pair of this library for quick runs: R1
instead of batch norm in the discriminator, the label as a projection
(arXiv:1802.05637), and a moving average of the generator.
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core.gan import GAN

# architecture: (latent distribution, range of the generator's output)
ARCHITECTURES = {
    "mlp": ("uniform(0,1)", "unit"),
    "conv": ("uniform(-1,1)", "unit"),
    "projection": ("normal", "symmetric"),
}
_UPDATES_PER_EPOCH = 468  # 60,000 images in batches of 128


@keras.saving.register_keras_serializable(package="tfgan_models")
class ConditionalGAN(GAN):
    """GAN on (image, class) pairs.

    Args:
        image_shape: (H, W, C); multiples of 4 for "conv" and "projection".
        num_classes: Number of classes.
        architecture: "mlp" (the paper's), "conv" (the DCGAN authors') or "projection".
        latent_dim: Size of z.
        width: Width of the networks; None: the paper's (1200 joint units for "mlp", 64
            channels for "conv", 32 for "projection").
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: (image, label) or dict: `image` (d_steps * B, H, W, C) in [-1, 1], `label`
    int (d_steps * B,). Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`, and the penalties.
    """

    def __init__(
        self,
        image_shape=(28, 28, 1),
        num_classes=10,
        *,
        architecture="mlp",
        latent_dim=100,
        width=None,
        **kwargs,
    ):
        if architecture not in ARCHITECTURES:
            raise ValueError(
                f"architecture must be one of {', '.join(ARCHITECTURES)}; got {architecture!r}."
            )
        if "generator" not in kwargs:
            pair = _networks(architecture, image_shape, num_classes, latent_dim, width)
            kwargs |= dict(zip(("generator", "discriminator"), pair, strict=True))
        distribution, output_range = ARCHITECTURES[architecture]
        kwargs.setdefault("latent_distribution", distribution)
        kwargs.setdefault("output_range", output_range)
        super().__init__(image_shape, latent_dim=latent_dim, num_classes=num_classes, **kwargs)
        self.architecture, self.width = architecture, width

    def compile(self, **kwargs):
        """As `GAN.compile`; the defaults are the architecture's published setting.

        "mlp": SGD, rate 0.1 / 1.00004^t down to 1e-6, momentum 0.5 rising to 0.7.
        "conv": Adam(2e-4, 0.5), L2 2.5e-5, 100 epochs constant and 100 linear to zero.
        "projection": Adam(1e-3 and 1e-3, 0.0, 0.99), lazy R1, average of 20,000 images.
        """
        super().compile(**{**_defaults(self.architecture), **kwargs})

    def get_config(self):
        return {**super().get_config(), "architecture": self.architecture, "width": self.width}


def _networks(architecture, image_shape, num_classes, latent_dim, width):
    if architecture == "mlp":
        joint = width or 1200
        units = (joint // 6, joint - joint // 6, joint)
        maxout = (max(1, joint // 5), max(1, joint // 24), max(1, joint // 5))
        return (
            networks.conditional_mlp_generator(image_shape, num_classes, latent_dim, units),
            networks.conditional_mlp_discriminator(image_shape, num_classes, maxout),
        )
    if architecture == "conv":
        width = width or 64
        return (
            networks.conditional_conv_generator(
                image_shape, num_classes, latent_dim, width, 16 * width
            ),
            networks.conditional_conv_discriminator(image_shape, num_classes, width, 16 * width),
        )
    width = width or 32
    return (
        networks.projection_generator(image_shape, num_classes, latent_dim, width),
        networks.projection_discriminator(image_shape, num_classes, width),
    )


def _defaults(architecture):
    if architecture == "mlp":
        rate = {
            "name": "floored_exponential_decay",
            "initial": 0.1,
            "decay": 1.00004,
            "floor": 1e-6,
        }
        optimizer = {
            "name": "momentum_ramp_sgd",
            "learning_rate": rate,
            "ramp_start": 600,  # 60,000 images in batches of 100
            "ramp_end": 250 * 600,
        }
        return {"generator_optimizer": optimizer, "discriminator_optimizer": optimizer}
    if architecture == "conv":
        rate = {
            "name": "linear_decay",
            "initial": 2e-4,
            "start": 100 * _UPDATES_PER_EPOCH,
            "end": 200 * _UPDATES_PER_EPOCH,
        }
        optimizer = {"name": "adam", "learning_rate": rate, "beta_1": 0.5}
        return {
            "generator_optimizer": optimizer,
            "discriminator_optimizer": optimizer,
            "penalties": [{"name": "weight_decay", "weight": 2.5e-5}],
        }
    adam = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.0, "beta_2": 0.99}
    return {
        "generator_optimizer": adam,
        "discriminator_optimizer": adam,
        "penalties": [{"name": "r1", "gamma": 0.05, "every": 8}],
        "ema_half_life_images": 20_000,
    }
