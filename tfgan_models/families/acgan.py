"""AC-GAN: the discriminator also names the class, and the generator helps it to.

Source: Odena, Olah & Shlens 2017, "Conditional Image Synthesis with Auxiliary Classifier
GANs", arXiv:1610.09585, eqs. 2 and 3; "digits" is the Keras team's example. With logits
r = D(x), f = D(G(z, y)) and class logits c(.), sp(t) = log(1 + exp(t)):

    L_D = E[sp(-r)] + E[sp(f)] + CE(c(x), y) + CE(c(G(z, y)), y)
    L_G = E[sp(-f)] + CE(c(G(z, y)), y)

In "digits" the head learns from real images alone, with weight 2 (in its code: the batch's
mean over real images and fakes together), and targets of real or fake are smoothed on both
sides, 0.9 and 0.1. The class loss rewards images that are easy to name: variety within a class
shrinks as classes grow more.

Departures: fakes have the labels of the batch's real images; no noise on activations (one of the
paper's three settings); the example's generator update has 2 B fakes. 100 classes and more: the
paper trains a model for every ten.
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core.arguments import one_of
from tfgan_models.core.gan import GAN
from tfgan_models.networks.acgan import PAIRS

_DIGITS_LOSS = (
    {
        "name": "non_saturating",
        "real_target": 0.9,
        "fake_target": 0.1,
        "generator_target": 0.9,
    },
    {
        "name": "auxiliary_classifier",
        "weight": 2.0,
        "fakes": False,
        "generator_weight": 1.0,
    },
)


@keras.saving.register_keras_serializable(package="tfgan_models")
class ACGAN(GAN):
    """GAN with an auxiliary classifier.

    Args:
        image_shape: (H, W, C); (32, 32, 3) and (128, 128, 3) are the paper's.
        num_classes: Number of classes.
        architecture: "paper" or "digits".
        latent_dim: Size of z: N(0, I), "digits" U(-1, 1).
        width: Channels of the discriminator's first layer; None: the source's.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: (image, label) or dict: `image` (d_steps * B, H, W, C) in [-1, 1], `label` int
    (d_steps * B,). Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`, and the class losses
    `d_auxiliary_classifier`, `g_auxiliary_classifier` before weighting.

    Dropout draws other noise on each replica.
    """

    def __init__(
        self,
        image_shape=(32, 32, 3),
        num_classes=10,
        *,
        architecture="paper",
        latent_dim=100,
        width=None,
        **kwargs,
    ):
        one_of("architecture", architecture, PAIRS)
        if "generator" not in kwargs:
            kwargs["generator"] = networks.acgan_generator(
                architecture, image_shape, num_classes, latent_dim, width=width
            )
            kwargs["discriminator"] = networks.acgan_discriminator(
                architecture, image_shape, num_classes, width=width
            )
        paper = architecture == "paper"
        kwargs.setdefault("latent_distribution", "normal" if paper else "uniform(-1,1)")
        super().__init__(image_shape, latent_dim=latent_dim, num_classes=num_classes, **kwargs)
        self.architecture, self.width = architecture, width

    def compile(self, *, loss=None, **kwargs):
        """As `GAN.compile`, with Adam(2e-4, 0.5).

        Args:
            loss: None: "paper": non-saturating and `auxiliary_classifier`; "digits": the same
                with smoothed targets, the classes of real images alone, weights 2 and 1.
            **kwargs: The others of `GAN.compile`.
        """
        if loss is None:
            paper = self.architecture == "paper"
            loss = ("non_saturating", "auxiliary_classifier") if paper else _DIGITS_LOSS
        super().compile(loss=loss, **kwargs)

    def get_config(self):
        return {**super().get_config(), "architecture": self.architecture, "width": self.width}
