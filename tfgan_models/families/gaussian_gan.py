"""A GAN on numbers: what generator and discriminator do can be drawn on one line.

Source: the gan-intro demonstration of John Glover (2016), "An introduction to Generative
Adversarial Networks", with minibatch discrimination of Salimans et al. 2016,
arXiv:1606.03498, section 3.2. r = D(x), f = D(G(z)) are logits:

    L_D = E[sp(-r)] + E[sp(f)],    L_G = E[sp(-f)],    sp(t) = log(1 + exp(t))

Departures: latents are drawn uniformly; the demonstration takes an even grid of them
and sorts both batches. "stable" is this library's own pair, with R1 and an average of
the generator: it finds mean and spread of a list from any seed, which the
demonstration's few softplus units do not.
"""

from __future__ import annotations

import keras
import numpy as np

from tfgan_models import networks
from tfgan_models.core.gan import GAN

# architecture: (size, distribution) of the latents
ARCHITECTURES = {"demonstration": (1, "uniform(-8,8)"), "stable": (8, "normal")}


@keras.saving.register_keras_serializable(package="tfgan_models")
class GaussianGAN(GAN):
    """GAN that learns the distribution of a list of numbers.

    Args:
        image_shape: (1, 1, 1): a number is an image of one pixel.
        architecture: "demonstration" (13 weights in the generator) or "stable".
        latent_dim: Size of z; None: 1, U(-8, 8), or 8, N(0, I).
        minibatch: Whether the demonstration's discriminator sees how alike the numbers of a
            batch are; without it the spread of the generator's tends to shrink.
        scale: The networks see images times this: 8 for `toy:normal` and `numbers:`.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, 1, 1, 1) in [-1, 1].
    Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`, and the penalties.
    """

    def __init__(
        self,
        image_shape=(1, 1, 1),
        *,
        architecture="demonstration",
        latent_dim=None,
        minibatch=True,
        scale=8.0,
        **kwargs,
    ):
        if architecture not in ARCHITECTURES:
            raise ValueError(
                f"architecture must be one of {', '.join(ARCHITECTURES)}; got {architecture!r}."
            )
        default_dim, distribution = ARCHITECTURES[architecture]
        latent_dim = latent_dim or default_dim
        if "generator" not in kwargs:
            pair = _networks(architecture, image_shape, latent_dim, minibatch, scale)
            kwargs |= dict(zip(("generator", "discriminator"), pair, strict=True))
        kwargs.setdefault("output_range", "unbounded")
        kwargs.setdefault("latent_distribution", distribution)
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.architecture, self.minibatch, self.scale = architecture, minibatch, scale

    def compile(self, **kwargs):
        """As `GAN.compile`; the defaults are the architecture's.

        "demonstration": Adam(1e-3). "stable": Adam(1e-3, 0.0), R1 with gamma 0.1 for images
        in [-1, 1], and an average of 10,000 numbers.
        """
        adam = {"name": "adam", "learning_rate": 1e-3}
        defaults = {}
        if self.architecture == "stable":
            adam["beta_1"] = 0.0
            defaults["penalties"] = [{"name": "r1", "gamma": 0.1}]
            defaults["ema_half_life_images"] = 10_000
        defaults |= {"generator_optimizer": adam, "discriminator_optimizer": adam}
        super().compile(**{**defaults, **kwargs})

    def draw(self, n, seed=0, *, scale, offset=0.0) -> np.ndarray:
        """Draws numbers in the units of the list, float64 (n,).

        Args:
            n: How many.
            seed: Of the latents.
            scale, offset: number = image * scale + offset, as the data source gives them.
        """
        return np.asarray(self.sample(n, seed=seed), "float64").reshape(-1) * scale + offset

    def density(self, values, *, scale, offset=0.0, samples=10_000, seed=0) -> np.ndarray:
        """Density of the generator's numbers at `values`, estimated with Gaussian kernels.

        The kernels' width is Silverman's rule, 0.9 min(std, IQR / 1.34) samples^(-1/5)
        (Silverman 1986, eq. 3.31). A value is likelier than another where this is larger.

        Args:
            values: Numbers, any shape.
            scale, offset: As in `draw`.
            samples: Numbers drawn for the estimate.
            seed: Of the latents.

        Returns:
            float64, the shape of `values`; all zero elsewhere if the spread is zero.
        """
        drawn = self.draw(samples, seed, scale=scale, offset=offset)
        low, high = np.percentile(drawn, [25, 75])
        spread = min(np.std(drawn, ddof=1), (high - low) / 1.34) or np.std(drawn, ddof=1)
        width = max(0.9 * spread * samples**-0.2, 1e-12)
        distance = (np.asarray(values, "float64")[..., None] - drawn) / width
        return np.mean(np.exp(-0.5 * distance**2), axis=-1) / (width * np.sqrt(2.0 * np.pi))

    def get_config(self):
        own = ("architecture", "minibatch", "scale")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}


def _networks(architecture, image_shape, latent_dim, minibatch, scale):
    if architecture == "demonstration":
        return (
            networks.line_generator(image_shape, latent_dim, scale=scale),
            networks.line_discriminator(image_shape, minibatch=minibatch, scale=scale),
        )
    return (
        networks.mixture_generator(image_shape, latent_dim, (32, 32), scale=scale),
        networks.mixture_discriminator(image_shape, (64, 64), scale=scale, divisor=1.0),
    )
