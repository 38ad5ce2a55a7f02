"""The techniques of "Improved Techniques for Training GANs", together.

Source: Salimans et al. 2016, arXiv:1606.03498, section 3, and the authors' CIFAR-10 code.
r, f are the logits of real and fake images, h the discriminator's pooled features, w a
player's weights and m the mean of all that they were:

    L_D = E[sp(r) - 0.9 r] + E[sp(f)] + c |w - m|^2          one-sided label smoothing
    L_G = E[sp(-f)] + |E[h(x)] - E[h(G(z))]|^2 / n + c |w - m|^2

- feature matching (3.1): the squares' mean over the n features, as in the authors' code;
- minibatch discrimination (3.2): the discriminator sees how alike the images of a batch are;
- historical averaging (3.3): the terms in c; the paper gives no c and has used it for games
  of few weights only: 1e-3 here;
- one-sided label smoothing (3.4): 0.9 for real images, 0 for fakes;
- virtual batch norm (3.5): in the generator alone, as in the paper, for its cost.

Each can be left out: `references=0`, `kernels=0`, `compile(loss="non_saturating",
penalties=())`. Feature matching alone is `compile(loss="feature_matching")`.

Departures: one update of either player a step (the authors' best samples came of three of the
generator's); weights start from He's initialisation, not from the statistics of a first
batch; no classes (the classifier of section 5 is the loss "semi_supervised").
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core import random
from tfgan_models.core.gan import GAN

_UPDATES_PER_EPOCH = 500  # 50,000 images in batches of 100


@keras.saving.register_keras_serializable(package="tfgan_models")
class ImprovedGAN(GAN):
    """GAN with feature matching, minibatch discrimination, virtual batch norm and smoothing.

    Args:
        image_shape: (H, W, C), H and W multiples of 4, at least 12; (32, 32, 3) is the
            authors' CIFAR-10.
        latent_dim: Size of z, U(0, 1).
        width: Channels of the generator's last hidden layer; the discriminator's first
            convolutions have three quarters of it.
        references: Latents of virtual batch norm; 0: batch norm.
        kernels: Of minibatch discrimination; 0: none.
        noise: Deviation of the noise in the discriminator.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C) in [-1, 1]; B of 64 or more, as means of
    features and likenesses are noisy. With several replicas an image is compared with those
    of its own replica, and noise differs between replicas; with `kernels` a logit depends on
    the batch.
    Logs: `d_loss`, `g_loss`, `d_real`, `d_fake`, `g_feature_matching`,
    `historical_averaging`.
    """

    def __init__(
        self,
        image_shape=(32, 32, 3),
        *,
        latent_dim=100,
        width=128,
        references=64,
        kernels=100,
        noise=0.2,
        **kwargs,
    ):
        kwargs.setdefault("latent_distribution", "uniform(0,1)")
        if "generator" not in kwargs:
            bounds = random.uniform_bounds(kwargs["latent_distribution"]) or (-1.7, 1.7)
            kwargs["generator"] = networks.improved_generator(
                image_shape, latent_dim, width=width, references=references, latent_range=bounds
            )
            kwargs["discriminator"] = networks.improved_discriminator(
                image_shape, width=max(1, 3 * width // 4), kernels=kernels, noise=noise
            )
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.width, self.references = width, references
        self.kernels, self.noise = kernels, noise

    def compile(self, **kwargs):
        """As `GAN.compile`; the defaults are all the techniques and the authors' CIFAR-10.

        Adam(3e-4, 0.5), constant for 800 epochs of 500 updates, then linear to zero in 400.
        """
        rate = {
            "name": "linear_decay",
            "initial": 3e-4,
            "start": 800 * _UPDATES_PER_EPOCH,
            "end": 1_200 * _UPDATES_PER_EPOCH,
        }
        adam = {"name": "adam", "learning_rate": rate, "beta_1": 0.5}
        defaults = {
            "generator_optimizer": adam,
            "discriminator_optimizer": adam,
            "loss": [
                {"name": "non_saturating", "real_target": 0.9},
                {"name": "feature_matching", "adversarial": False},
            ],
            "penalties": [{"name": "historical_averaging", "weight": 1e-3}],
        }
        super().compile(**{**defaults, **kwargs})

    def get_config(self):
        own = ("width", "references", "kernels", "noise")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}
