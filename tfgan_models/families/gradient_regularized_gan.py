"""The generator also shrinks the gradient that the discriminator has left.

Source: Nagarajan & Kolter 2017, "Gradient descent GAN optimization is locally stable",
arXiv:1706.04156, section 4 and its toy. With V = -L_D the value that D maximises,

    L_G = V + eta ||dV/dw_D||^2

Departures: the default networks are those of the unrolled GAN's mixtures in the plane
(arXiv:1611.02163, appendix A); images take networks of your own, without batch norm.
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core.gan import GAN


@keras.saving.register_keras_serializable(package="tfgan_models")
class GradientRegularizedGAN(GAN):
    """GAN whose generator pays for the discriminator's gradient.

    Args:
        image_shape: (1, 1, d) for the networks of points; any with networks of your own.
        latent_dim: Size of z, N(0, I).
        scale: Points are images times this: 2.5 for `toy:ring8`, 5 for `toy:grid25`.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C).
    Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`, `generator_gradient_norm` before weighting.
    """

    def __init__(self, image_shape=(1, 1, 2), *, latent_dim=256, scale=2.5, **kwargs):
        if "generator" not in kwargs:
            kwargs["generator"] = networks.mixture_generator(image_shape, latent_dim, scale=scale)
            kwargs["discriminator"] = networks.mixture_discriminator(image_shape, scale=scale)
            kwargs.setdefault("output_range", "unbounded")
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.scale = scale

    def compile(self, **kwargs):
        """As `GAN.compile`; the defaults are Adam(1e-4, 0.5) for both, the
        saturating game and `generator_gradient_norm` with eta 0.5."""
        adam = {"name": "adam", "learning_rate": 1e-4, "beta_1": 0.5, "epsilon": 1e-8}
        defaults = {
            "generator_optimizer": adam,
            "discriminator_optimizer": adam,
            "loss": "minimax",
            "penalties": [{"name": "generator_gradient_norm", "eta": 0.5}],
        }
        super().compile(**{**defaults, **kwargs})

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}
