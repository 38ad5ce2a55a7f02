"""Consistency regularisation: the same logit for an image and its augmentation.

CR: Zhang et al. 2020, arXiv:1910.12027. Balanced and latent consistency: Zhao et al.
2021, arXiv:2002.04724. T is a flip and a shift by whole pixels, applied to the image
that the model's own augmentation has changed already; gradients flow through D(x) and
D(T(x)). None may be lazy.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models import augment
from tfgan_models.core.arguments import one_of
from tfgan_models.penalties.base import Penalty
from tfgan_models.penalties.tensors import as_float, mean_squared_difference

HEADS = ("logits", "class_logits", "embedding")
PADDINGS = {"reflect": "reflect", "zero": "zeros"}  # names of `augment.translate`


def flip_and_shift(images, draws, fraction=0.125, padding="reflect", flip=True) -> tf.Tensor:
    """T: mirrors half of the images, then shifts each by up to `fraction` of each side.

    Args:
        images: Float (B, H, W, C).
        draws: `core.random.Draws`.
        fraction: In [0, 1): 1/8 is 4 pixels of 32; 1/32 in the ADA paper's comparison.
        padding: What comes in: "reflect" (the edge pixel not repeated) or "zero".
        flip: Whether any are mirrored.
    """
    one_of("padding", padding, PADDINGS)
    if flip:
        images = augment.flip(images, draws.uniform("flip") < 0.5)
    amounts = []
    for name, size in (("rows", images.shape[1]), ("columns", images.shape[2])):
        most = int(size * fraction)
        drawn = tf.cast(draws.uniform(name) * (2 * most + 1), tf.int32)
        amounts.append(tf.minimum(drawn, 2 * most) - most)  # the product may round up
    return augment.translate(images, tf.stack(amounts, axis=1), PADDINGS[padding])


def consistency_loss(outputs, other_outputs) -> tf.Tensor:
    """Sum over the heads of mean (head(x) - head(T(x)))^2; scalar float32.

    Args:
        outputs, other_outputs: Named outputs; of them "logits", "class_logits" and
            "embedding" count, where they are present.
    """
    terms = [
        mean_squared_difference(name, outputs[name], other_outputs[name])
        for name in HEADS
        if name in outputs
    ]
    return tf.add_n(terms)


def latent_diversity(images, other_images) -> tf.Tensor:
    """-min(mean (G(z) - G(z'))^2, 4) over every pixel, the generator's term; scalar float32.

    The paper's is unbounded; 4 is the most that images in [-1, 1] can differ.
    """
    return -tf.minimum(mean_squared_difference("batches of images", images, other_images), 4.0)


class _Consistency(Penalty):
    """What CR and bCR share: the term of one kind of images."""

    def __init__(self, shift, padding, flip):
        super().__init__()
        if not 0.0 <= shift < 1.0:
            raise ValueError(f"shift must be in [0, 1), a share of the side; got {shift!r}.")
        self.shift, self.padding = shift, one_of("padding", padding, PADDINGS)
        self.flip = flip

    def _of(self, game, kind):
        images, outputs = (
            (game.real, game.real_outputs) if kind == "real" else (game.fake, game.fake_outputs)
        )
        draws = game.draws.at(f"consistency_{kind}")
        other = game.outputs(
            tf.stop_gradient(images),
            kind=kind,
            after=lambda x: flip_and_shift(x, draws, self.shift, self.padding, self.flip),
        )
        return consistency_loss(outputs, other)

    def get_config(self):
        return {"shift": self.shift, "padding": self.padding, "flip": self.flip}


@keras.saving.register_keras_serializable(package="tfgan_models")
class Consistency(_Consistency):
    """weight * `consistency_loss` of the real images (CR), in the discriminator's loss.

    Args:
        weight: lambda.
        shift: Largest shift, as a share of the side.
        padding: "reflect" or "zero".
        flip: Whether T mirrors; False where a mirrored image is another thing, as digits are.
    """

    NAME = "consistency"

    def __init__(self, weight=10.0, shift=0.125, padding="reflect", flip=True):
        super().__init__(shift, padding, flip)
        self.weight = weight

    def discriminator(self, game):
        """`consistency_loss` of the real images, scalar."""
        return self._of(game, "real")

    def get_config(self):
        return {"weight": self.weight, **super().get_config()}


@keras.saving.register_keras_serializable(package="tfgan_models")
class BalancedConsistency(_Consistency):
    """`consistency_loss` of real and of fake images (bCR), in the discriminator's loss.

    Args:
        real_weight, fake_weight: lambda_real, lambda_fake.
        shift: Largest shift, as a share of the side.
        padding: "reflect" or "zero".
        flip: Whether T mirrors; False where a mirrored image is another thing, as digits are.
    """

    NAME = "balanced_consistency"

    def __init__(
        self, real_weight=10.0, fake_weight=10.0, shift=0.125, padding="reflect", flip=True
    ):
        super().__init__(shift, padding, flip)
        self.real_weight, self.fake_weight = real_weight, fake_weight

    def discriminator(self, game):
        """Both terms with their weights, scalar."""
        return self.real_weight * self._of(game, "real") + self.fake_weight * self._of(game, "fake")

    def get_config(self):
        weights = {"real_weight": self.real_weight, "fake_weight": self.fake_weight}
        return {**weights, **super().get_config()}


@keras.saving.register_keras_serializable(package="tfgan_models")
class LatentConsistency(Penalty):
    """Near latents z and z' = z + sigma n: one logit, unlike images (zCR).

    Discriminator: + d_weight mean (D(G(z)) - D(G(z')))^2. Generator: g_weight times
    `latent_diversity`, which is negative. Together with bCR it is the paper's ICR. The
    fakes must come from z as drawn, so not together with latent_optimization.

    Args:
        sigma, d_weight, g_weight: Defaults are StudioGAN's for BigGAN on CIFAR; 0.1, 0.2
            and 0.02 in the ADA paper's comparison on StyleGAN2.
        noise: n: "normal", or "uniform" in (-1, 1), as the latents are.
    """

    NAME = "latent_consistency"

    def __init__(self, sigma=0.05, d_weight=20.0, g_weight=0.5, noise="normal"):
        super().__init__()
        self.sigma, self.d_weight, self.g_weight = sigma, d_weight, g_weight
        self.noise = one_of("noise", noise, ("normal", "uniform"))

    def _neighbours(self, game):
        shape = tuple(game.latents.shape[1:])
        if self.noise == "normal":
            drawn = game.draws.normal(self.NAME, shape)
        else:
            drawn = game.draws.uniform(self.NAME, shape, -1.0, 1.0)
        return game.generate(game.latents + self.sigma * tf.cast(drawn, game.latents.dtype))

    def discriminator(self, game):
        """d_weight * mean squared difference of the fakes' outputs, scalar."""
        other = game.outputs(tf.stop_gradient(self._neighbours(game)), kind="fake")
        return self.d_weight * consistency_loss(game.fake_outputs, other)

    def generator(self, game):
        """g_weight * `latent_diversity`, scalar, not positive."""
        return self.g_weight * latent_diversity(as_float(game.fake), self._neighbours(game))

    def get_config(self):
        return {
            "sigma": self.sigma,
            "d_weight": self.d_weight,
            "g_weight": self.g_weight,
            "noise": self.noise,
        }
