"""Discriminators that are energies: low for real images, never negative.

EBGAN: Zhao et al. 2017, arXiv:1609.03126. BEGAN: Berthelot et al. 2017,
arXiv:1703.10717. The discriminator's `logits` are the energies E(x), usually an
auto-encoder's reconstruction error, one number an image (`layers.ReconstructionEnergy`).
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core import replicas
from tfgan_models.losses.base import Loss, flat, flat_pair, gather_rows, output


def energy_margin_discriminator_loss(real_energy, fake_energy, margin=1.0) -> tf.Tensor:
    """mean E(x) + mean relu(m - E(G(z))), eq. 1.

    Args:
        real_energy: Float (B,) or (B, 1), not negative.
        fake_energy: The same shape but for the batch axis.
        margin: m, on the scale of the energies.

    Returns:
        Scalar float32.

    Raises:
        ValueError: The shapes disagree.
    """
    real, fake = flat_pair(real_energy, fake_energy)
    return tf.reduce_mean(real) + tf.reduce_mean(tf.nn.relu(margin - fake))


def energy_margin_generator_loss(fake_energy) -> tf.Tensor:
    """mean E(G(z)), eq. 2; scalar float32."""
    return tf.reduce_mean(flat("fake_energy", fake_energy))


def pulling_away(codes, epsilon=1e-8) -> tf.Tensor:
    """Mean squared cosine of all pairs of codes (section 2.4); scalar float32 in [0, 1].

    1/(N (N - 1)) sum_i sum_{j != i} (S_i . S_j / (|S_i| |S_j|))^2 over the N codes of all
    replicas. Orthogonal codes give 0, equal ones 1.

    Args:
        codes: S, float (B, ...), flattened to one row an image.
        epsilon: Added to the squared norm.

    Raises:
        ValueError: There is one code only.
    """
    codes = tf.cast(codes, tf.float32)
    codes = gather_rows(tf.reshape(codes, [codes.shape[0], -1]))
    count = codes.shape[0]
    if count == 1:
        raise ValueError("pulling_away compares codes in pairs: give a batch of two or more.")
    norms = tf.sqrt(tf.reduce_sum(tf.square(codes), axis=1, keepdims=True) + epsilon)
    cosines = tf.matmul(codes / norms, codes / norms, transpose_b=True)
    off_diagonal = 1.0 - tf.eye(count)
    return tf.reduce_sum(tf.square(cosines) * off_diagonal) / (count * (count - 1.0))


@keras.saving.register_keras_serializable(package="tfgan_models")
class EnergyMargin(Loss):
    """EBGAN: real images get a low energy, fakes one over the margin.

    Args:
        margin: m, on the scale of the discriminator's energies, here a mean over pixels; it
            must exceed the energy of real images. The papers' 10 (MNIST), 20 (CelebA) and 80
            (LSUN) are on other scales; the authors' MNIST code has a mean over pixels too.
    """

    NAME = "energy_margin"
    ENERGY = True

    def __init__(self, margin=1.0):
        if margin < 0.0:
            raise ValueError(f"margin must not be negative, as energies are not; got {margin}.")
        self.margin = margin

    def discriminator(self, real_energy, fake_energy):
        """`energy_margin_discriminator_loss` with this object's margin."""
        return energy_margin_discriminator_loss(real_energy, fake_energy, self.margin)

    def generator(self, fake_energy, real_energy=None):
        """`energy_margin_generator_loss`; `real_energy` is not used."""
        return energy_margin_generator_loss(fake_energy)

    def get_config(self):
        return {"margin": self.margin}


@keras.saving.register_keras_serializable(package="tfgan_models")
class PullingAway(Loss):
    """`pulling_away` on the encoder's output `code` of the fakes, for the generator alone.

    Args:
        weight: Its factor.
    """

    NAME = "pulling_away"
    WHOLE_BATCH = True
    ADVERSARIAL = False
    READS = ("code",)

    def __init__(self, weight=0.1):
        self.weight = weight

    def generator(self, fake, real=None):
        """`pulling_away` of `fake["code"]`."""
        return pulling_away(output(fake, "code"))

    def get_config(self):
        return {"weight": self.weight}


@keras.saving.register_keras_serializable(package="tfgan_models")
class BoundaryEquilibrium(keras.layers.Layer, Loss):
    """BEGAN: a controller keeps E(G(z)) at gamma times E(x).

        L_D = mean E(x) - k mean E(G(z_D)),  L_G = mean E(G(z_G))
        k <- clip(k + lambda_k (gamma mean E(x) - mean E(G(z_G))), 0, 1),  k_0 = 0

    with means over all replicas. E is the mean absolute error over pixels.

    Args:
        gamma: Diversity ratio; 0.3 to 0.7 in the paper.
        rate: lambda_k.
        reuse_fakes: k moves in the discriminator's update with its own fakes, as where
            both players share one batch; else in the generator's, with the E(x) of the
            discriminator's last one, as in the paper.

    Logs:
        began_convergence: M = E(x) + |gamma E(x) - E(G(z))| with the discriminator's fakes.
        began_k: k after the discriminator's update.
    """

    NAME = "boundary_equilibrium"
    WHOLE_BATCH = True
    ENERGY = True
    MEASURES = ("began_convergence", "began_k")

    def __init__(self, gamma=0.5, rate=0.001, reuse_fakes=False, name=None, dtype="float32"):
        keras.layers.Layer.__init__(self, name=name, dtype=dtype, trainable=False)
        if not 0.0 < gamma <= 1.0:
            raise ValueError(f"gamma must be in (0, 1]; got {gamma}.")
        self.gamma, self.rate, self.reuse_fakes = gamma, rate, reuse_fakes
        self.k = self.add_weight(name="k", shape=(), initializer="zeros")
        self.real_energy = self.add_weight(name="real_energy", shape=(), initializer="zeros")
        self.built = True

    def discriminator(self, real_energy, fake_energy):
        """mean E(x) - k mean E(G(z)) with the k before the update; scalar float32."""
        real, fake = (tf.reduce_mean(e) for e in flat_pair(real_energy, fake_energy))
        loss = real - tf.convert_to_tensor(self.k) * fake
        self.real_energy.assign(replicas.mean(tf.stop_gradient(real)))
        if self.reuse_fakes:
            self._move(fake)
        return loss

    def generator(self, fake_energy, real_energy=None):
        """mean E(G(z)), after which k moves; `real_energy` is not used."""
        fake = energy_margin_generator_loss(fake_energy)
        if not self.reuse_fakes:
            self._move(fake)
        return fake

    def _move(self, fake):
        fake = replicas.mean(tf.stop_gradient(fake))
        balance = self.gamma * tf.convert_to_tensor(self.real_energy) - fake
        k = tf.convert_to_tensor(self.k) + self.rate * balance
        self.k.assign(tf.clip_by_value(k, 0.0, 1.0))

    def measures(self, real_energy, fake_energy):
        """{"began_convergence", "began_k"}; see the class."""
        means = [tf.reduce_mean(e) for e in flat_pair(real_energy, fake_energy)]
        real, fake = tf.unstack(replicas.mean(tf.stack(means)))
        return {
            "began_convergence": real + tf.abs(self.gamma * real - fake),
            "began_k": tf.convert_to_tensor(self.k),
        }

    def get_config(self):
        return {
            "gamma": self.gamma,
            "rate": self.rate,
            "reuse_fakes": self.reuse_fakes,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)
