"""LAPGAN: a pyramid of GANs, each of which adds the details of one size.

Source: Denton, Chintala, Szlam & Fergus 2015, "Deep Generative Image Models using a Laplacian
Pyramid of Adversarial Networks", arXiv:1506.05751, and the authors' CIFAR-10 scripts. I_k is
the image at level k, half the size of I_{k-1}; c_k = up(I_{k+1}); K is the coarsest level:

    training     G_k(z_k, c_k) against I_k - c_k;  D_k sees the sum with c_k;  G_K(z_K): a GAN
    sampling     x_K = G_K(z_K),  c_k = up(x_{k+1}),  x_k = c_k + G_k(z_k, c_k)

In training c_k is always a real image's, so levels do not meet: one step updates all of them,
as if each were trained alone. Sampling runs them one after the other. The generator of this
class is that composition, the discriminator holds one network a level.

Departures: pixels stay in [-1, 1], where the authors standardise them; sizes halve exactly (the
paper's 28, 14, 8 do not); c_k of fakes are those of the batch's real images, which the
authors draw apart; the rate is constant (they divide it by 1.000004 an epoch).
"""

from __future__ import annotations

import dataclasses

import keras
import tensorflow as tf

from tfgan_models import networks
from tfgan_models.core import random
from tfgan_models.core.gan import GAN
from tfgan_models.networks import lapgan

_UPDATES_PER_EPOCH = 703  # 45,000 images, 64 real ones a batch


@keras.saving.register_keras_serializable(package="tfgan_models")
class LAPGAN(GAN):
    """Laplacian pyramid of GANs, conditional with `num_classes`.

    Args:
        image_shape: (H, W, C), sides multiples of 2^(levels - 1).
        num_classes: Number of classes; None: unconditional.
        levels: Sizes of the pyramid, 3: 32, 16 and 8 pixels.
        coarse_latent_dim: Size of z of the coarsest level.
        width: Channels of the convolutions.
        units: Of the coarsest generator's dense layers; its discriminator has a fifth.
        latent_dim: Follows from the others (z and the noise maps); given, it must agree.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image` (d_steps * B, H, W, C) in [-1, 1], conditional `label`.
    Logs: `d_loss`, `g_loss`, `d_real`, `d_fake` and penalties as means over the levels;
    `d_loss_k`, `g_loss_k` of each level k, 0 the finest.
    Dropout draws other noise on each replica.
    """

    def __init__(
        self,
        image_shape=(32, 32, 3),
        num_classes=None,
        *,
        levels=3,
        coarse_latent_dim=100,
        width=64,
        units=8000,
        latent_dim=None,
        **kwargs,
    ):
        sizes = lapgan.latent_sizes(image_shape, levels, coarse_latent_dim)
        if latent_dim not in (None, sum(sizes)):
            raise ValueError(
                f"latent_dim of this pyramid is {sum(sizes)}, z and all noise maps; got "
                f"{latent_dim}: set coarse_latent_dim instead."
            )
        if "generator" not in kwargs:
            options = {"levels": levels, "num_classes": num_classes, "width": width}
            kwargs["generator"] = networks.lapgan_generator(
                image_shape, coarse_latent_dim=coarse_latent_dim, units=units, **options
            )
            kwargs["discriminator"] = networks.lapgan_discriminator(
                image_shape, units=max(1, units // 5), **options
            )
        kwargs.setdefault("latent_distribution", "uniform(-1,1)")
        kwargs.setdefault("output_range", "unbounded")
        super().__init__(image_shape, latent_dim=sum(sizes), num_classes=num_classes, **kwargs)
        self.levels, self.coarse_latent_dim = levels, coarse_latent_dim
        self.width, self.units = width, units
        self._sizes, self._shapes = sizes, lapgan.level_shapes(self.image_shape, levels)

    def compile(self, *, generator_optimizer=None, discriminator_optimizer=None, **kwargs):
        """As `GAN.compile`; the default is the authors' SGD.

        Rate 0.02, momentum 0.5 rising to 0.7 in 250 epochs of 703 updates.

        Raises:
            ValueError: Something with a state of its own, which the levels would share;
                `fake_labels` other than the data's.
        """
        sgd = {
            "name": "momentum_ramp_sgd",
            "learning_rate": 0.02,
            "ramp_end": 250 * _UPDATES_PER_EPOCH,
        }
        if kwargs.get("fake_labels", "data") != "data":
            raise ValueError(
                "LAPGAN adds details to the batch's own coarse images, so its fakes have their "
                "labels: fake_labels must be 'data'."
            )
        super().compile(
            generator_optimizer=generator_optimizer or sgd,
            discriminator_optimizer=discriminator_optimizer or sgd,
            **kwargs,
        )

    def _build_terms(self):
        terms = (*self._chosen_losses(), *self._penalties(), self.augment, self.update_rule)
        super()._build_terms()
        for term in terms:
            if getattr(term, "variables", None):
                name = getattr(term, "NAME", type(term).__name__)
                raise ValueError(
                    f"{name!r} has a state, which the {self.levels} levels of LAPGAN would share: "
                    "leave it out."
                )

    def _log_names(self):
        own = [f"{player}_loss_{k}" for player in "dg" for k in range(self.levels)]
        return super()._log_names() | dict.fromkeys(own)

    # === One level at a time, as the base sees a whole model ===

    def _level_batches(self, batch):
        return [
            {
                **batch,
                "image": image,
                "coarse": coarse,
                "level": k,
                "draws": batch["draws"].at(f"level_{k}"),
            }
            for k, (image, coarse) in enumerate(lapgan.pyramid(batch["image"], self.levels))
        ]

    def make_fakes(self, batch):
        """Fakes of all levels, each a row of numbers, side by side: (B, sum of H W C)."""
        make, rows = super().make_fakes, batch["image"].shape[0]
        fakes = [make(level) for level in self._level_batches(batch)]
        return tf.concat([tf.reshape(fake, (rows, -1)) for fake in fakes], axis=1)

    def draw_latents(self, batch):
        """This level's share of z, float32 (B, n)."""
        shape = (self._sizes[batch["level"]],)
        bounds = random.uniform_bounds(self.latent_distribution)
        if bounds is None:
            return batch["draws"].normal("latents", shape)
        return batch["draws"].uniform("latents", shape, *bounds)

    def maker(self, batch):
        """Returns this level's latents -> images of its size, from the real coarse image."""
        level, coarse = batch["level"], batch["coarse"]
        condition, network = self.condition(batch.get("label")), self._level(self.generator, level)
        labels = [] if condition is None else [condition]

        def generate(latents):
            if coarse is None:
                return tf.cast(network([latents, *labels], training=True), tf.float32)
            noise = tf.reshape(latents, (-1, *self._shapes[level][:2], 1))
            residual = network([noise, coarse, *labels], training=True)
            return coarse + tf.cast(residual, tf.float32)

        return generate

    def discriminator_outputs(self, images, condition=None, training=False) -> dict:
        """Runs the discriminator of the level whose size the images have; as `GAN`'s."""
        level = self._shapes.index(tuple(images.shape[1:]))
        labels = [] if condition is None else [condition]
        logits = self._level(self.discriminator, level)([images, *labels], training=training)
        return {"logits": tf.cast(logits, tf.float32)}

    def game(self, batch, fake, player="discriminator"):
        """As the base's, of one level and its two networks."""
        game = super().game(batch, fake, player)
        pair = {p: self._level(getattr(self, p), batch["level"]) for p in _PLAYERS}
        network = pair.pop(player)
        return dataclasses.replace(
            game,
            network=network,
            weights=tuple(network.trainable_variables),
            opponent_weights=tuple(pair.popitem()[1].trainable_variables),
        )

    def discriminator_objective(self, batch, fake):
        """Sum over the levels; `fake` as `make_fakes` packs it."""
        return self._over_levels(super().discriminator_objective, batch, fake)

    def generator_objective(self, batch, fake):
        """Sum over the levels; `fake` as `make_fakes` packs it."""
        return self._over_levels(super().generator_objective, batch, fake)

    def _over_levels(self, objective, batch, packed):
        total, logs, start = 0.0, {}, 0
        for level in self._level_batches(batch):
            shape = level["image"].shape
            size = shape[1] * shape[2] * shape[3]
            fake = tf.reshape(packed[:, start : start + size], shape)
            loss, own = objective(level, fake)
            total, start = total + loss, start + size
            for name, value in own.items():
                logs.setdefault(name, []).append(value)
        return total, _averaged(logs)

    @staticmethod
    def _level(network, level):
        return network.get_layer(f"level_{level}")

    def get_config(self):
        own = ("levels", "coarse_latent_dim", "width", "units")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


_PLAYERS = ("generator", "discriminator")


def _averaged(logs):
    """Means over the levels, and each level's own losses."""
    merged = {}
    for name, values in logs.items():
        if name in ("d_loss", "g_loss"):
            merged |= {f"{name}_{k}": value for k, value in enumerate(values)}
        pairs = [value if isinstance(value, tuple) else (value, 1.0) for value in values]
        mean = tf.add_n([tf.convert_to_tensor(value) for value, _ in pairs]) / len(pairs)
        merged[name] = (mean, pairs[0][1]) if isinstance(values[0], tuple) else mean
    return merged
