"""WGAN-GP: a Wasserstein critic whose slope is pulled to one between real and fake images.

Source: Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", arXiv:1704.00028,
Algorithm 1, appendix and the authors' code. r = D(x), f = D(G(z)):

    L_D = E[f] - E[r] + lambda E[(||dD(x_t)/dx_t|| - 1)^2],   x_t = x + u (G(z) - x)
    L_G = -E[f],                                              u ~ U(0, 1) for each image

With classes the critic has a head that names them: its cross entropy on real images
is added to L_D, and 0.1 times that on fakes to L_G.

The slope is of the network's own input. Where that is not the image in [-1, 1] (digits and text in
[0, 1], points in units of their own) the penalty's `target` converts it, so lambda is the paper's.

Departures: the generator's update has B images (the authors' ResNet: 2 B); the first step updates
it too; real CIFAR images get no dequantisation noise; He initialisation counts a strided
convolution's fans without its stride; the 64 pixel critic has a relu before its last layer.
"""

from __future__ import annotations

import math

import keras

from tfgan_models import networks
from tfgan_models.core.arguments import one_of
from tfgan_models.core.gan import GAN

# architecture: (size of z, width)
ARCHITECTURES = {
    "resnet": (128, 128),
    "dcgan": (128, 128),
    "mnist": (128, 64),
    "points": (2, 512),
    "language": (128, 512),
}
POINT_SCALE = 2.5 / math.sqrt(2.0)  # of the authors' 8 and 25 Gaussians


@keras.saving.register_keras_serializable(package="tfgan_models")
class WGANGP(GAN):
    """Wasserstein GAN with gradient penalty.

    Args:
        image_shape: (H, W, C); (1, 1, d) for "points", (L, V, 1) for "language".
        num_classes: Number of classes ("resnet" alone), None without.
        architecture: "resnet", "dcgan", "mnist", "points" or "language".
        latent_dim: Size of z, N(0, I); None: the paper's.
        width: Channels or units; None: the paper's. "resnet" of 64 pixels: half as many.
        scale: "points": points are images times this.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C) in [-1, 1], and with classes `label`.
    Logs: `d_loss`, whose negative estimates the distance, `g_loss`, `d_real`, `d_fake`,
    `gradient_penalty`, and with classes `d_auxiliary_classifier`, `g_auxiliary_classifier`.
    """

    def __init__(
        self,
        image_shape=(32, 32, 3),
        num_classes=None,
        *,
        architecture="resnet",
        latent_dim=None,
        width=None,
        scale=POINT_SCALE,
        **kwargs,
    ):
        one_of("architecture", architecture, ARCHITECTURES)
        if num_classes is not None and architecture != "resnet":
            raise ValueError(
                f"architecture {architecture!r} has no classes: leave num_classes out, or use "
                "'resnet'."
            )
        latent_dim = latent_dim or ARCHITECTURES[architecture][0]
        if "generator" not in kwargs:
            pair = _networks(architecture, image_shape, num_classes, latent_dim, width, scale)
            kwargs |= dict(zip(("generator", "discriminator"), pair, strict=True))
        ends = {"points": "unbounded", "mnist": "unit", "language": "unit"}
        kwargs.setdefault("output_range", ends.get(architecture, "symmetric"))
        super().__init__(image_shape, latent_dim=latent_dim, num_classes=num_classes, **kwargs)
        self.architecture, self.width, self.scale = architecture, width, scale

    def compile(self, **kwargs):
        """As `GAN.compile`; the defaults are the architecture's published setting.

        Five critic updates ("language" ten), Wasserstein loss and gradient penalty 10
        ("points" 0.1). Adam(1e-4, 0.5, 0.9); "resnet" Adam(2e-4, 0, 0.9), its rate falling
        linearly to zero in 100,000 steps.
        """
        d_steps = kwargs.pop("d_steps", 10 if self.architecture == "language" else 5)
        loss = ["wasserstein"]
        if self.num_classes is not None:
            loss.append({"name": "auxiliary_classifier", "fakes": False, "generator_weight": 0.1})
        unit = {"points": self.scale}.get(self.architecture, 1.0)
        penalty = {
            "name": "gradient_penalty",
            "weight": 0.1 if self.architecture == "points" else 10.0,
            "target": 0.5 if self.output_range == "unit" else unit,
        }
        defaults = {
            "generator_optimizer": self._adam(1),
            "discriminator_optimizer": self._adam(d_steps),
            "loss": loss,
            "penalties": [penalty],
        }
        super().compile(d_steps=d_steps, **{**defaults, **kwargs})

    def _adam(self, updates_a_step):
        rate, beta_1 = 1e-4, 0.5
        if self.architecture == "resnet":
            end = 100_000 * updates_a_step
            rate, beta_1 = {"name": "linear_decay", "initial": 2e-4, "start": 0, "end": end}, 0.0
        return {"name": "adam", "learning_rate": rate, "beta_1": beta_1, "beta_2": 0.9}

    def get_config(self):
        return {
            **super().get_config(),
            "architecture": self.architecture,
            "width": self.width,
            "scale": self.scale,
        }


def _networks(architecture, image_shape, num_classes, latent_dim, width, scale):
    width = width or ARCHITECTURES[architecture][1]
    if architecture == "resnet":
        return _residual(image_shape, num_classes, latent_dim, width)
    if architecture == "points":
        networks.mixtures.check_point(image_shape)
        units = (width,) * 3
        return (
            networks.dense_generator(image_shape, latent_dim, units, scale=scale),
            networks.dense_discriminator(image_shape, units, scale=scale),
        )
    if architecture == "language":
        return (
            networks.language_generator(image_shape, latent_dim, width=width),
            networks.language_discriminator(image_shape, width=width),
        )
    colour = {"batch_norm": True, "output": "tanh"} if architecture == "dcgan" else {}
    return (
        networks.wgan_gp_generator(image_shape, latent_dim, width=width, **colour),
        networks.wgan_gp_discriminator(image_shape, width=width),
    )


def _residual(image_shape, num_classes, latent_dim, width):
    if min(image_shape[:2]) < 64:
        ups, options = (width,) * 3, {"widths": (width, width), "plain": (width, width)}
        options["pool"] = "mean"
    else:
        base = width // 2
        ups = (8 * base, 4 * base, 2 * base, base)
        options = {"widths": ups[2::-1] + ups[:1], "plain": (), "stem": base, "pool": "flatten"}
    head = {"num_classes": num_classes, "head": "auxiliary"}
    return (
        networks.resnet_generator(image_shape, latent_dim, ups, num_classes=num_classes),
        networks.resnet_discriminator(image_shape, **options, **head, spectral_norm=False),
    )
