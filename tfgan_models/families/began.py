"""BEGAN: an auto-encoder's error as the energy, kept in balance by a controller.

Source: Berthelot, Schumm & Metz 2017, "BEGAN: Boundary Equilibrium Generative Adversarial
Networks", arXiv:1703.10717, sections 3.3 to 3.5. E(x) = mean |x - D(x)| over pixels:

    L_D = E[E(x)] - k E[E(G(z_D))],    L_G = E[E(G(z_G))]
    k <- clip(k + 0.001 (gamma E[E(x)] - E[E(G(z_G))]), 0, 1),    k_0 = 0
    M = E[E(x)] + |gamma E[E(x)] - E[E(G(z))]|

M is the paper's measure of convergence: it falls while training goes well. gamma, of
`losses.BoundaryEquilibrium`, trades variety (near 1) for sharp pictures (near 0).

Departures: the paper halves the learning rate when M stalls; here the rate is constant
unless a schedule is given, and the presets halve it every 100,000 updates down to 2e-5.
How the widths of the encoder grow is that of the common TensorFlow reproduction.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models import layers, networks
from tfgan_models.core.gan import GAN


@keras.saving.register_keras_serializable(package="tfgan_models")
class BEGAN(GAN):
    """Boundary-equilibrium GAN.

    Args:
        image_shape: (H, W, C); sides that halve to a grid of 7 to 13 pixels.
        latent_dim: N_z, size of z and of the auto-encoder's code; 64, for 128 pixels 128.
        width: n, channels; 128 in the paper.
        skips: Join the decoders' first maps to those after each enlargement (the paper's,
            for sharper pictures).
        vanishing_residuals: Convolutions that keep the shape begin as the identity and lose
            it over `residual_steps` (the paper's, for faster training).
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C) in [-1, 1].
    Logs: `d_loss`, `g_loss`, the mean energies `d_real` and `d_fake`, `began_convergence`
    (M) and `began_k`.
    """

    ACCUMULATES = True  # with another loss: its own has a state

    def __init__(
        self,
        image_shape=(64, 64, 3),
        *,
        latent_dim=64,
        width=128,
        skips=False,
        vanishing_residuals=False,
        **kwargs,
    ):
        if "generator" not in kwargs:
            options = {"skips": skips, "vanishing_residuals": vanishing_residuals}
            sizes = (image_shape, latent_dim, width)
            kwargs["generator"] = networks.began_generator(*sizes, **options)
            kwargs["discriminator"] = networks.began_discriminator(*sizes, **options)
        kwargs.setdefault("latent_distribution", "uniform(-1,1)")
        kwargs.setdefault("output_range", "unbounded")
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.width, self.skips = width, skips
        self.vanishing_residuals = vanishing_residuals

    def compile(
        self,
        *,
        generator_optimizer=None,
        discriminator_optimizer=None,
        loss="boundary_equilibrium",
        residual_steps=16_000,
        **kwargs,
    ):
        """As `GAN.compile`; the defaults are the paper's.

        Args:
            generator_optimizer, discriminator_optimizer: None: Adam(1e-4, 0.5).
            loss: The game; {"name": "boundary_equilibrium", "gamma": 0.7} for more variety.
            residual_steps: Steps in which vanishing residuals vanish, linearly.
            **kwargs: The others of `GAN.compile`.

        Raises:
            ValueError: residual_steps is not positive, or as `GAN.compile`.
        """
        if residual_steps < 1:
            raise ValueError(f"residual_steps must be at least 1; got {residual_steps}.")
        adam = {"name": "adam", "learning_rate": 1e-4, "beta_1": 0.5}
        super().compile(
            generator_optimizer=generator_optimizer or adam,
            discriminator_optimizer=discriminator_optimizer or adam,
            loss=loss,
            **kwargs,
        )
        self.residual_steps = residual_steps

    def train_step(self, data):
        """As `GAN.train_step`, with the residuals' carry of this step."""
        carry = 1.0 - tf.cast(tf.convert_to_tensor(self.step), tf.float32) / self.residual_steps
        for network in (self.generator, self.discriminator):
            for layer in network._flatten_layers():
                if isinstance(layer, layers.VanishingResidual):
                    layer.carry.assign(tf.maximum(carry, 0.0))
        return super().train_step(data)

    def get_config(self):
        own = ("width", "skips", "vanishing_residuals")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}

    def get_compile_config(self):
        config = super().get_compile_config()
        return config if config is None else {**config, "residual_steps": self.residual_steps}
