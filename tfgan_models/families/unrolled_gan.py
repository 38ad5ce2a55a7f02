"""Unrolled GAN: the generator looks K discriminator updates ahead.

Source: Metz, Poole, Pfau & Sohl-Dickstein 2017, "Unrolled Generative Adversarial
Networks", arXiv:1611.02163, eqs. 5 to 8 and appendix A. With w_0 the discriminator's
weights after its own update, and the same real and generated batch in every step,

    w_{k+1} = w_k - Adam(dL_D(w_k)/dw),    L_G = -L_D(w_K)

and the gradient of L_G passes through all K updates, Adam's slots included. K = 0 is
the plain game with a saturating generator.

Departures: the batches of the unrolled steps are those of the generator's update, as
in the authors' code. Batch norm and spectral norm in the discriminator keep their
state during the look ahead.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models import networks
from tfgan_models.core import replicas, unrolling
from tfgan_models.core.gan import GAN

_ADAM = {"name": "adam", "learning_rate": 1e-4, "beta_1": 0.5, "epsilon": 1e-8}
ZERO_SUM = ("minimax", "wasserstein")


@keras.saving.register_keras_serializable(package="tfgan_models")
class UnrolledGAN(GAN):
    """GAN whose generator answers the discriminator's next K updates.

    Args:
        image_shape: (1, 1, d) for the paper's networks of points; any with networks of
            your own.
        latent_dim: Size of z, N(0, I).
        scale: Points are images times this: 2.5 for `toy:ring8`, 5 for `toy:grid25`.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C).
    Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`, `unrolled_d_loss`, which is L_D(w_K).
    """

    LOGS = (*GAN.LOGS, "unrolled_d_loss")
    ACCUMULATES = False  # it looks ahead with the gradients of the whole batch

    def __init__(self, image_shape=(1, 1, 2), *, latent_dim=256, scale=2.5, **kwargs):
        if "generator" not in kwargs:
            kwargs["generator"] = networks.mixture_generator(image_shape, latent_dim, scale=scale)
            kwargs["discriminator"] = networks.mixture_discriminator(image_shape, scale=scale)
        kwargs.setdefault("output_range", "unbounded")
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.scale = scale

    def compile(self, *, unrolled_steps=10, loss="minimax", **kwargs):
        """As `GAN.compile`, with Adam(1e-4, 0.5) for both.

        Args:
            unrolled_steps: K; 10 in the paper's figure, 0 for none.
            loss: A zero-sum game: "minimax" or "wasserstein".
            **kwargs: The others of `GAN.compile`, but for `penalties` and `augment`. The
                discriminator's optimizer is Adam or plain SGD.

        Raises:
            ValueError: What cannot be unrolled.
        """
        if not isinstance(unrolled_steps, int) or unrolled_steps < 0:
            raise ValueError(f"unrolled_steps must be 0 or more; got {unrolled_steps!r}.")
        for name in ("penalties", "augment"):
            if kwargs.get(name):
                raise ValueError(f"UnrolledGAN looks ahead in the game alone; leave {name} out.")
        defaults = {"generator_optimizer": _ADAM, "discriminator_optimizer": _ADAM}
        super().compile(loss=loss, **{**defaults, **kwargs})
        self.unrolled_steps = unrolled_steps
        if self.adversarial_loss.NAME not in ZERO_SUM or len(self._chosen_losses()) > 1:
            self.compiled = False
            raise ValueError(f"UnrolledGAN needs a zero-sum game: loss is one of {ZERO_SUM}.")
        try:
            unrolling.slots(self.discriminator_optimizer)
        except ValueError:
            self.compiled = False
            raise

    def generator_objective(self, batch, fake):
        """-L_D after K more updates of the discriminator on this batch and these fakes."""
        weights = [w.value for w in self.discriminator.trainable_variables]
        slots = unrolling.slots(self.discriminator_optimizer)
        for _ in range(self.unrolled_steps):
            with tf.GradientTape() as tape:
                tape.watch(weights)
                loss = self._loss_at(weights, batch, fake)
            gradients = replicas.mean(tape.gradient(loss, weights))
            weights, slots = slots.step(weights, gradients)
        ahead = self._loss_at(weights, batch, fake)
        return -ahead, {"g_loss": -ahead, "unrolled_d_loss": ahead}

    def _loss_at(self, weights, batch, fake):
        pairs = zip(self.discriminator.trainable_variables, weights, strict=True)
        with keras.StatelessScope(state_mapping=[*pairs]):
            real_outputs = self.discriminator_outputs(batch["image"], training=True)
            fake_outputs = self.discriminator_outputs(fake, training=True)
        term = self.adversarial_loss
        return self.loss_value(term, "discriminator", real_outputs, fake_outputs, batch["draws"])

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}

    def get_compile_config(self):
        config = super().get_compile_config()
        if config is not None:
            config["unrolled_steps"] = self.unrolled_steps
        return config
