"""EBGAN: the discriminator is an auto-encoder, its error an energy.

Source: Zhao, Mathieu & LeCun 2017, "Energy-based Generative Adversarial Networks",
arXiv:1609.03126, eqs. 1, 2 and 5 and section 2.4. E(x) = ||Dec(Enc(x)) - x||:

    L_D = E[E(x)] + E[relu(m - E(G(z)))],    L_G = E[E(G(z))]

Where nobody can gain, fakes have the energy of real images, at most m, and L_D = m.
EBGAN-PT adds to L_G 0.1 times the mean squared cosine between the fakes' codes
(`losses.PullingAway`), so that fakes cannot share one code:
`compile(loss=[{"name": "energy_margin", "margin": 20.0}, "pulling_away"])`.

Departures: the text does not fix the decoder's last activation, the convolutional pair's
optimizer, nor the distribution of z for MNIST: linear, since a margin of 10 is out of a
sigmoid's reach; DCGAN's Adam; U(-1, 1) as for photographs. Batch norm is left out of no
layer but the auto-encoder's first and last, as in DCGAN.
"""

from __future__ import annotations

import keras

from tfgan_models import networks
from tfgan_models.core.gan import GAN

_MARGINS = {"mlp": 10.0, "conv": 20.0}  # the authors' MNIST code; the paper's faces
_ADAM = {
    "mlp": {"name": "adam", "learning_rate": 1e-3},
    "conv": {"name": "adam", "learning_rate": 2e-4, "beta_1": 0.5},
}


@keras.saving.register_keras_serializable(package="tfgan_models")
class EBGAN(GAN):
    """Energy-based GAN.

    Args:
        image_shape: (H, W, C); (28, 28, 1) and "mlp" are the paper's MNIST, (64, 64, 3) and
            "conv" its photographs.
        architecture: "mlp" (energy: mean squared error) or "conv" (Euclidean norm).
        latent_dim: Size of z.
        width: Of the networks; None: the paper's. "mlp": the generator's hidden units, 1600;
            the code has 16/25 of it. "conv": the auto-encoder's first channels, 64.
        **kwargs: `generator`, `discriminator`, `seed`, `name`; see `GAN`.

    Batch: dict with `image`, (d_steps * B, H, W, C) in [-1, 1].
    Logs: `d_loss`, which goes to the margin; `g_loss`; the mean energies `d_real`, `d_fake`,
    which meet; with "pulling_away" `g_pulling_away`.
    """

    def __init__(
        self, image_shape=(28, 28, 1), *, architecture="mlp", latent_dim=100, width=None, **kwargs
    ):
        if "generator" not in kwargs:
            code = width if architecture == "conv" or width is None else max(1, 16 * width // 25)
            kwargs["generator"] = networks.ebgan_generator(
                architecture, image_shape, latent_dim, width
            )
            kwargs["discriminator"] = networks.ebgan_discriminator(architecture, image_shape, code)
        kwargs.setdefault("latent_distribution", "uniform(-1,1)")
        kwargs.setdefault("output_range", "unit" if architecture == "mlp" else "symmetric")
        super().__init__(image_shape, latent_dim=latent_dim, **kwargs)
        self.architecture, self.width = architecture, width

    def compile(self, **kwargs):
        """As `GAN.compile`; the defaults are the paper's.

        "mlp": margin 10 and Adam(1e-3). "conv": margin 20, its faces, and Adam(2e-4, 0.5).
        """
        adam = _ADAM[self.architecture]
        defaults = {
            "generator_optimizer": adam,
            "discriminator_optimizer": adam,
            "loss": {"name": "energy_margin", "margin": _MARGINS[self.architecture]},
        }
        super().compile(**{**defaults, **kwargs})

    def get_config(self):
        return {**super().get_config(), "architecture": self.architecture, "width": self.width}
