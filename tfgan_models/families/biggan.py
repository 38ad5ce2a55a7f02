"""BigGAN and BigGAN-deep: large class-conditional GANs.

Source: Brock, Donahue & Simonyan 2019, "Large Scale GAN Training for High Fidelity Natural Image
Synthesis", arXiv:1809.11096, sections 3 and 4, appendices B and C, and the author's PyTorch code.
SAGAN's hinge game on larger networks and batches; the generator sees one class embedding, joined
with a part of z, in every batch norm (shared embedding and skip-z), and its kernels W are kept near
orthogonal,

    L_D = E[relu(1 - D(x, y))] + E[relu(1 + D(G(z, y), y))],
    L_G = -E[D(G(z, y), y)] + beta sum_W ||W W^T o (1 - I)||_F^2,    beta = 1e-4.

Two discriminator updates a step, fakes of uniformly drawn classes, an average of the generator with
a half-life of 6,931 steps of 2,048 images that begins as a copy. Samples are better with statistics
of batch norm that are recomputed (`recompute_statistics`) and with truncated z
(`sample(truncation=)`). `head=` swaps the projection for another way of reading the class
(`networks.heads`), and the loss with it.

Departures: epsilon of spectral norm 1e-12 (paper: 1e-4; Google's compare_gan as here); every call
of the discriminator in training renews the singular vectors. Networks of 32 and 64 pixels are
later code's; the paper has none.
"""

from __future__ import annotations

import math

import keras

from tfgan_models import networks
from tfgan_models.core.gan import GAN
from tfgan_models.networks.biggan import blocks

_PART = 20  # columns of z for each block
_HALF_LIFE = round(2048 * math.log(0.5) / math.log(0.9999))  # images
_BATCH_NORM = (0.9, 1e-4)
_LOSSES = {
    "projection": ["hinge"],
    "semi_projection": [
        "hinge",
        {"name": "auxiliary_classifier", "fakes": False, "generator_weight": 0.0},
    ],
    "auxiliary": ["hinge", {"name": "auxiliary_classifier", "fakes": False}],
    "twin_auxiliary": ["hinge", "twin_auxiliary_classifier"],
    "auxiliary_discriminative": ["hinge", "auxiliary_discriminative_classifier"],
    "contrastive": ["hinge", "d2d_ce"],
    "multi_hinge": ["multi_hinge"],
}


class _Large(GAN):
    """What both share: `compile`, and arguments that a file keeps."""

    def compile(
        self,
        *,
        generator_optimizer=None,
        discriminator_optimizer=None,
        loss=None,
        penalties=None,
        d_steps=2,
        ema_half_life_images=_HALF_LIFE,
        fake_labels=None,
        **kwargs,
    ):
        """As `GAN.compile`; the defaults are the paper's.

        Args:
            generator_optimizer, discriminator_optimizer: None: Adam(beta_1 0, beta_2 0.999) at
                the paper's rates for the size.
            loss: None: hinge, with the term that reads the head.
            penalties: None: orthogonal regularisation of the generator at 1e-4; with a rotation
                head also "rotation".
            d_steps, ema_half_life_images: Discriminator updates a step; half-life in images.
            fake_labels: None: "uniform" with classes.
            **kwargs: The others of `GAN.compile`.
        """
        rates = self.rates()
        if penalties is None:
            penalties = [{"name": "orthogonal", "weight": 1e-4, "spectral": True}]
            penalties += ["rotation"] * self.rotation
        if loss is None:
            loss = ["hinge"] if self.num_classes is None else _LOSSES[self.head]
        super().compile(
            generator_optimizer=generator_optimizer or _adam(rates[0]),
            discriminator_optimizer=discriminator_optimizer or _adam(rates[1]),
            loss=loss,
            penalties=penalties,
            d_steps=d_steps,
            ema_half_life_images=ema_half_life_images,
            fake_labels=fake_labels or ("data" if self.num_classes is None else "uniform"),
            **kwargs,
        )

    def rates(self):
        """Returns the paper's learning rates of the generator and the discriminator."""
        return 5e-5, 2e-4

    def get_config(self):
        names = ("width", "layout", "shared_dim", "attention_size", "head", "rotation")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable(package="tfgan_models")
class BigGAN(_Large):
    """BigGAN.

    Args:
        image_shape: (H, W, C), up to 512 pixels; (128, 128, 3) is the paper's first.
        num_classes: Number of classes, None without.
        latent_dim: Size of z, N(0, I); None: 20 for each part of z, 128 undivided.
        width: Channels w of `networks.biggan_widths`; None: the paper's, 96 (64 under 128 pixels).
        shared_dim: Size of the class embedding that all batch norms share; None: each has a table
            of its own, and z is undivided.
        hierarchical: Whether parts of z enter each block; None: from 64 pixels on, where there is
            a shared embedding.
        attention_size: Rows of the maps with attention, None without; "paper": the table's.
        head: How the discriminator reads the class, one of `networks.heads`.
        rotation: Whether it also has a head for turned images (the penalty "rotation").
        layout: Of the channels under 128 pixels; see `networks.biggan_widths`.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: (image, label) or dict: `image` (d_steps * B, H, W, C) in [-1, 1], with classes
    `label` int (d_steps * B,). Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`, `orthogonal`.
    """

    def __init__(
        self,
        image_shape=(128, 128, 3),
        num_classes=1000,
        *,
        latent_dim=None,
        width=None,
        shared_dim=128,
        hierarchical=None,
        attention_size="paper",
        head="projection",
        rotation=False,
        layout="pytorch",
        **kwargs,
    ):
        parts, shared = blocks(image_shape) + 1, None if num_classes is None else shared_dim
        if hierarchical is None:
            hierarchical = parts > 4 and (shared is not None or num_classes is None)
        latent_dim = latent_dim or (_PART * parts if hierarchical else 128)
        if "generator" not in kwargs:
            up, down = networks.biggan_widths(image_shape, width, layout, attention_size)
            kwargs["generator"] = networks.resnet_generator(
                image_shape,
                latent_dim,
                **up,
                num_classes=num_classes,
                spectral_norm=True,
                batch_norm=_BATCH_NORM,
                shared_dim=shared,
                hierarchical=hierarchical,
                initializer="orthogonal",
            )
            kwargs["discriminator"] = networks.resnet_discriminator(
                image_shape,
                **down,
                num_classes=num_classes,
                head=head,
                rotation=rotation,
                initializer="orthogonal",
            )
        super().__init__(image_shape, latent_dim=latent_dim, num_classes=num_classes, **kwargs)
        self.width, self.shared_dim, self.hierarchical = width, shared_dim, hierarchical
        self.attention_size, self.head, self.rotation = attention_size, head, rotation
        self.layout = layout

    def get_config(self):
        return {**super().get_config(), "hierarchical": self.hierarchical}


@keras.saving.register_keras_serializable(package="tfgan_models")
class BigGANDeep(_Large):
    """BigGAN-deep: bottleneck blocks, two a size, and all of z in every batch norm.

    Args:
        image_shape: (H, W, C), up to 512 pixels; (128, 128, 3) is the paper's first.
        num_classes: Number of classes, None without.
        latent_dim: Size of z, N(0, I).
        width: Channels w of `networks.biggan_deep`.
        layout: Of the channels under 64 pixels, "pytorch" or "tapered".
        shared_dim: Size of the class embedding.
        attention_size, head, rotation: As for `BigGAN`.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch and logs: as of `BigGAN`.
    """

    def __init__(
        self,
        image_shape=(128, 128, 3),
        num_classes=1000,
        *,
        latent_dim=128,
        width=128,
        layout="pytorch",
        shared_dim=128,
        attention_size="paper",
        head="projection",
        rotation=False,
        **kwargs,
    ):
        if "generator" not in kwargs:
            shared = {"width": width, "layout": layout, "attention_size": attention_size}
            kwargs["generator"] = networks.biggan_deep_generator(
                image_shape,
                num_classes,
                latent_dim,
                shared_dim=shared_dim,
                batch_norm=_BATCH_NORM,
                **shared,
            )
            kwargs["discriminator"] = networks.biggan_deep_discriminator(
                image_shape, num_classes, head=head, rotation=rotation, **shared
            )
        super().__init__(image_shape, latent_dim=latent_dim, num_classes=num_classes, **kwargs)
        self.width, self.layout, self.shared_dim = width, layout, shared_dim
        self.attention_size, self.head, self.rotation = attention_size, head, rotation

    def rates(self):
        """Returns the paper's learning rates of the generator and the discriminator."""
        return (2.5e-5, 2.5e-5) if min(self.image_shape[:2]) >= 256 else (5e-5, 2e-4)


def _adam(rate):
    return {"name": "adam", "learning_rate": rate, "beta_1": 0.0, "beta_2": 0.999}
