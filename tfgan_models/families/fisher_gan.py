"""Fisher GAN: mean difference of a critic whose second moment is held at one.

Source: Mroueh & Sercu 2017, "Fisher GAN", arXiv:1705.09675, section 3, Algorithm 1 and the authors'
code. r = D(x), f = D(G(z)), Omega = 1/2 E[r^2] + 1/2 E[f^2]:

    L_D = -(E[r] - E[f] + lambda (1 - Omega) - rho/2 (1 - Omega)^2) + L2,    L_G = -E[f]
    lambda <- lambda - rho (1 - Omega)                          after each critic update

The constraint is on the critic's outputs, so no weight is clipped and no gradient penalised. Its
convergence measure is the mean difference over sqrt(Omega) (`fisher_ipm`); Omega and lambda say
whether the constraint holds. L2 is 1e-6 on the critic's features and 1e-3 on its last layer.

Departure: the paper's critic with class labels is left out.
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core.gan import GAN
from tfgan_models.penalties import weight_decay


@keras.saving.register_keras_serializable(package="tfgan_models")
class FisherGAN(GAN):
    """GAN on the Fisher integral probability metric.

    Args:
        image_shape: (H, W, C), square sides 16, 32, 64, ...
        latent_dim: Size of z, N(0, I).
        width: Channels of the outermost hidden maps; None: 64.
        extra: 3x3 convolutions added to each network: 2 for 32 pixels, 0 for 64.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C) in [-1, 1].
    Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`, `fisher_ipm`, `fisher_omega`,
    `fisher_multiplier`, and `weight_decay`, the L2 terms as weighted.
    """

    LOGS = (*GAN.LOGS, "weight_decay")

    def __init__(self, image_shape=(32, 32, 3), *, latent_dim=100, width=None, extra=2, **kwargs):
        if "generator" not in kwargs:
            options = {"width": width or 64, "port": True, "extra": extra}
            kwargs["generator"] = networks.dcgan_generator(image_shape, latent_dim, **options)
            kwargs["discriminator"] = networks.dcgan_discriminator(image_shape, **options)
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.width, self.extra = width, extra

    def compile(self, *, loss="fisher", d_steps=2, feature_decay=1e-6, head_decay=1e-3, **kwargs):
        """As `GAN.compile`, with the authors' Adam(2e-4, 0.5).

        Args:
            loss: The Fisher game; its `rho` is 1e-6.
            d_steps: Critic updates in a step.
            feature_decay, head_decay: L2 on the critic's weights, on its last layer's.
            **kwargs: The others of `GAN.compile`.
        """
        super().compile(loss=loss, d_steps=d_steps, **kwargs)
        self.feature_decay, self.head_decay = float(feature_decay), float(head_decay)

    def discriminator_objective(self, batch, fake):
        """The base's objective and the L2 terms."""
        loss, logs = super().discriminator_objective(batch, fake)
        head = self.discriminator.layers[-1].trainable_variables
        owned = {id(v) for v in head}
        features = [v for v in self.discriminator.trainable_variables if id(v) not in owned]
        decay = self.feature_decay * weight_decay(features) + self.head_decay * weight_decay(head)
        return loss + decay, {**logs, "weight_decay": decay}

    def get_config(self):
        return {**super().get_config(), "width": self.width, "extra": self.extra}

    def get_compile_config(self):
        config = super().get_compile_config()
        if config is not None:
            config |= {"feature_decay": self.feature_decay, "head_decay": self.head_decay}
        return config
