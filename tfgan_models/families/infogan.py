"""InfoGAN: codes among the latents that can be read from the image.

Source: Chen et al. 2016, "InfoGAN: Interpretable Representation Learning by Information
Maximizing Generative Adversarial Nets", arXiv:1606.03657, eqs. 3, 5 and 6, appendix C.1, and the
authors' code. z begins with codes c: one-hot ones, then continuous ones in [-1, 1]. A head Q on
the discriminator reads them in fakes (`losses.MutualInformation`):

    L_D = E[sp(-r)] + E[sp(f)] - lambda L_I,    L_G = E[sp(-f)] - lambda L_I
    L_I = sum over codes of H(c) + E[log Q(c | G(z))] <= I(c; G(z)),  r = D(x), f = D(G(z))

Only the discriminator's update moves Q. Continuous codes: Q says a mean, of a normal with
standard deviation one as in the authors' code; the spreads that its head also gives stay unused.

Departures: lambda of the continuous codes is 0.1 (the paper: smaller than the classes'; its
code: 1), the leaky relu's slope the paper's 0.1 (its code: 0.01); Q is read from logits, not from
probabilities with 1e-8 added.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from tfgan_models import losses, networks
from tfgan_models.core import lookup
from tfgan_models.core.gan import GAN

_TERM = "mutual_information"


@keras.saving.register_keras_serializable(package="tfgan_models")
class InfoGAN(GAN):
    """Information-maximising GAN.

    Args:
        image_shape: (H, W, C), H and W multiples of 4; (28, 28, 1) is the paper's.
        categories: Sizes of the one-hot codes, such as (10,).
        continuous: Number of continuous codes.
        latent_dim: Size of z, codes included; 74 = 10 + 2 + 62 is the paper's.
        width: Channels of the outermost convolutions; None: the paper's 64.
        **kwargs: `generator`, `discriminator` (with outputs `logits` and `codes`), `seed`,
            `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C) in [-1, 1]; no labels.
    Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`, and -L_I, without the entropy of continuous
    codes, as `d_mutual_information` and `g_mutual_information`.

    Raises:
        ValueError: No codes, a code of one class, or more codes than `latent_dim`.
    """

    def __init__(
        self,
        image_shape=(28, 28, 1),
        *,
        categories=(10,),
        continuous=2,
        latent_dim=74,
        width=None,
        **kwargs,
    ):
        self._check_codes(categories, continuous, latent_dim)
        if "generator" not in kwargs:
            columns = sum(categories) + 2 * continuous
            options = {"width": width or 64}
            kwargs["generator"] = networks.infogan_generator(image_shape, latent_dim, **options)
            kwargs["discriminator"] = networks.infogan_discriminator(
                image_shape, columns, **options
            )
        codes = "".join(f"onehot({size})+" for size in categories)
        kwargs.setdefault("latent_distribution", f"{codes}uniform(-1,1)")
        kwargs.setdefault("output_range", "unit")
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.categories, self.continuous = tuple(categories), continuous
        self.width = width

    @staticmethod
    def _check_codes(categories, continuous, latent_dim):
        if any(size < 2 for size in categories) or continuous < 0:
            raise ValueError(
                f"categories are sizes of 2 or more and continuous a number of codes; got "
                f"{tuple(categories)} and {continuous}."
            )
        width = sum(categories) + continuous
        if not 0 < width <= latent_dim:
            raise ValueError(
                f"Codes of {width} columns do not fit latent_dim {latent_dim}: give at least one "
                "code and as many columns as all have together."
            )

    def compile(
        self,
        *,
        generator_optimizer=None,
        discriminator_optimizer=None,
        loss="non_saturating",
        information_weight=1.0,
        continuous_weight=0.1,
        **kwargs,
    ):
        """As `GAN.compile`; the defaults are the paper's.

        Args:
            generator_optimizer: None: Adam(1e-3, 0.5).
            discriminator_optimizer: None: Adam(2e-4, 0.5).
            loss: The game and other terms; the codes' term is added to them.
            information_weight: lambda.
            continuous_weight: Factor of the continuous codes within it.
            **kwargs: The others of `GAN.compile`.
        """
        term = {
            "name": _TERM,
            "categories": self.categories,
            "continuous": self.continuous,
            "weight": information_weight,
            "continuous_weight": continuous_weight,
            "spread": "fixed",
        }
        adam = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5}
        super().compile(
            generator_optimizer=generator_optimizer or adam,
            discriminator_optimizer=discriminator_optimizer or {**adam, "learning_rate": 2e-4},
            loss=[*lookup.sequence(loss), term],
            **kwargs,
        )
        self.information_weight, self.continuous_weight = information_weight, continuous_weight

    def traversal_latents(self, code, values, rows=10, seed=0) -> tf.Tensor:
        """Latents in which one code takes given values and nothing else changes along a row.

        Args:
            code: Number of the code: categorical ones first, then continuous ones.
            values: Of the code: classes from 0, or numbers.
            rows: Number of rows, each with other noise and other codes.
            seed: Of the rows.

        Returns:
            Float32 (rows * len(values), latent_dim), row by row.

        Raises:
            ValueError: There is no such code, or no such class.
        """
        count = len(self.categories) + self.continuous
        if not 0 <= code < count:
            raise ValueError(f"code must be 0..{count - 1}; got {code}.")
        z = np.repeat(self.sample_latents(rows, seed), len(values), axis=0)
        tiled = np.tile(np.asarray(values), rows)
        start = sum(self.categories[:code])
        if code < len(self.categories):
            size = self.categories[code]
            if any(value not in range(size) for value in values):
                raise ValueError(f"code {code} has classes 0..{size - 1}; got {list(values)}.")
            z[:, start : start + size] = np.eye(size)[tiled.astype(int)]
        else:
            z[:, start + code - len(self.categories)] = tiled
        return tf.constant(z)

    def discrete_information(self, n=1_000, seed=0) -> float:
        """Lower bound of the information of the one-hot codes in n samples, in nats, summed.

        At most the sum of the logarithms of their sizes: 2.303 for one of ten. Read by Q.
        """
        z = self.sample_latents(n, seed)
        read = self.discriminator_outputs(self.generate(z))["codes"]
        total, start = 0.0, 0
        for size in self.categories:
            here = slice(start, start + size)
            total += float(losses.discrete_bound(z[:, here], read[:, here]))
            start += size
        return total

    def get_config(self):
        return {
            **super().get_config(),
            "categories": self.categories,
            "continuous": self.continuous,
            "width": self.width,
        }

    def get_compile_config(self):
        """As `GAN.get_compile_config`; the codes' term goes by its two weights."""
        config = super().get_compile_config()
        if config is None:
            return None
        kept = [loss for loss in self._chosen_losses() if loss.NAME != _TERM]
        return {
            **config,
            "loss": [keras.saving.serialize_keras_object(loss) for loss in kept],
            "information_weight": self.information_weight,
            "continuous_weight": self.continuous_weight,
        }
