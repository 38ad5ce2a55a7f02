"""Langevin steps in latent space: Che et al. 2020, arXiv:2003.06060.

The logit is read as a log ratio, as in `analysis.samplers`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfgan_models.analysis.drawn import Drawn, check_logit_shape, make, normal
from tfgan_models.core import random
from tfgan_models.core.arguments import positive_int


def langevin_step(
    logit_of, latents, step_size, noise=None, noise_scale=1.0, temperature=1.0
) -> tf.Tensor:
    """z - (e/2) dE/dz + sqrt(e) s n, with E(z) = |z|^2 / 2 - D(G(z)) / tau; float32 (B, dim).

    Args:
        logit_of: Latents (B, dim) -> logits (B,) or (B, 1), TensorFlow, differentiable.
        latents: z, float (B, dim).
        step_size: e.
        noise: n, standard normal numbers (B, dim); None: the drift alone.
        noise_scale: s; 1 samples from exp(-E). A "noise std" v of StudioGAN is s = sqrt(v):
            its code passes v as the variance.
        temperature: tau; more than 1 (up to about 5) tames the logits of an over-trained
            discriminator.

    Raises:
        ValueError: The logits do not depend on the latents.
    """
    latents = tf.cast(latents, tf.float32)
    gradient = _energy(logit_of, latents, temperature)[1]
    moved = latents - 0.5 * step_size * gradient
    return (
        moved
        if noise is None
        else moved
        + tf.sqrt(tf.cast(step_size, tf.float32)) * (noise_scale * tf.cast(noise, tf.float32))
    )


def langevin_sample(
    generate: Callable,
    score: Callable,
    n: int,
    seed: int = 0,
    *,
    latent_dim: int,
    steps: int = 640,
    step_size: float = 0.01,
    noise_scale: float = 1.0,
    temperature: float = 1.0,
    decay: float = 1.0,
    decay_every: int | None = None,
    metropolis: bool = False,
    batch_size: int = 256,
) -> Drawn:
    """Discriminator-driven latent sampling: n Langevin chains in latent space.

    The step size biases the stationary law: where E is quadratic with unit curvature, the
    variance is 1 / (1 - e/4) times the right one. `metropolis` removes the bias.
    `atypical_share` tells whether the chains have left the latents that the generator knows.

    Args:
        generate, score: As in `rejection_sample`, but TensorFlow and differentiable.
        n, latent_dim: As in `rejection_sample`.
        seed: Int; chain i depends on (seed, i) alone.
        steps, step_size: T and e. The defaults, for CIFAR-10, are recalled, not verified.
        noise_scale, temperature: See `langevin_step`.
        decay, decay_every: Every `decay_every` steps, e and s are multiplied by `decay`.
        metropolis: Accept each step with the probability that makes exp(-E) exact (MALA);
            needs noise_scale 1 and no decay.
        batch_size: Chains run side by side.

    Raises:
        ValueError: A number out of range, no gradient, logits of a wrong shape, or chains
            that diverge.
    """
    _check(n, latent_dim, steps, batch_size, step_size, noise_scale, temperature)
    if (decay != 1.0) != (decay_every is not None) or (decay_every or 1) < 1 or not decay > 0:
        raise ValueError(
            f"decay and decay_every go together and are positive; got {decay!r}, {decay_every!r}."
        )
    if metropolis and (noise_scale != 1.0 or decay != 1.0):
        raise ValueError("metropolis=True needs noise_scale=1 and no decay.")
    chains = _Chains(lambda z: score(generate(z)), seed, temperature, metropolis)
    parts, accepted = [], 0.0
    for first in range(0, n, batch_size):
        rows = min(batch_size, n - first)
        state = chains.begin(
            tf.constant(normal(seed, "langevin_start", 0, rows, latent_dim, first))
        )
        start = tf.constant(first, tf.int64)
        for step in range(steps):
            factor = decay ** (step // decay_every) if decay_every else 1.0
            e, s = (tf.constant(x * factor, tf.float32) for x in (step_size, noise_scale))
            state, moved = chains.advance(state, tf.constant(step, tf.int64), start, e, s)
            accepted += float(moved)
        latents = state[0].numpy()
        if not np.all(np.isfinite(latents)):
            raise ValueError(
                "A chain diverged: lower step_size, raise temperature, or calibrate the logits."
            )
        parts.append((*make(generate, score, latents), latents))
    samples, logits, latents = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Drawn(samples, latents, logits, accepted / (n * steps), 0)


def _check(n, latent_dim, steps, batch_size, step_size, noise_scale, temperature):
    for name, value in (
        ("n", n),
        ("latent_dim", latent_dim),
        ("steps", steps),
        ("batch_size", batch_size),
    ):
        positive_int(name, value)
    if not step_size > 0 or not temperature > 0 or noise_scale < 0:
        raise ValueError(
            "step_size and temperature must be positive and noise_scale not negative; got "
            f"{step_size!r}, {temperature!r}, {noise_scale!r}."
        )


class _Chains:
    """Langevin chains side by side; a state is (latents, energy, gradient)."""

    def __init__(self, logit_of, seed, temperature, metropolis):
        self.seed, self.metropolis = seed, metropolis
        self.energy = lambda latents: _energy(logit_of, latents, temperature)
        self.begin = tf.function(lambda z: (z, *self.energy(z)), autograph=False)
        self.advance = tf.function(self._advance, autograph=False)

    def _advance(self, state, step, start, e, s):
        """Returns the next state and how many chains moved."""
        latents, energy, gradient = state
        rows, dim = latents.shape
        noise = random.normal(random.key(self.seed, "langevin", step), rows, (dim,), start)
        proposal = latents - 0.5 * e * gradient + tf.sqrt(e) * s * noise
        new = (proposal, *self.energy(proposal))
        if not self.metropolis:
            return new, tf.constant(float(rows))
        back = latents - proposal + 0.5 * e * new[2]
        log_ratio = energy - new[1] + 0.5 * tf.reduce_sum(noise**2, axis=1)
        log_ratio -= tf.reduce_sum(back**2, axis=1) / (2.0 * e)
        key = random.key(self.seed, "langevin_accept", step)
        moves = tf.math.log(random.uniform(key, rows, (), start)) < log_ratio
        kept = tuple(
            tf.where(moves if old.shape.rank == 1 else moves[:, None], fresh, old)
            for fresh, old in zip(new, state, strict=True)
        )
        return kept, tf.reduce_sum(tf.cast(moves, tf.float32))


def _energy(logit_of, latents, temperature):
    """(E, dE/dz), float32 (B,) and (B, dim)."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(latents)
        logits = tf.cast(logit_of(latents), tf.float32)
        check_logit_shape(logits.shape, latents.shape[0])
        logits = tf.reshape(logits, [-1]) / temperature
        total = tf.reduce_sum(logits)
    slope = tape.gradient(total, latents)
    if slope is None:
        raise ValueError(
            "The logits do not depend on the latents: generate and score must be differentiable."
        )
    return 0.5 * tf.reduce_sum(latents**2, axis=1) - logits, latents - slope


def atypical_share(latents) -> float:
    """Share of latents whose squared norm is not within dim +- 3 sqrt(2 dim).

    For N(0, I) that is under 1 % in more than a few dimensions. A large share after
    Langevin steps says that the discriminator has pulled the chains to where the generator was
    not trained: fewer steps or a higher temperature.

    Args:
        latents: Float (n, dim).

    Raises:
        ValueError: Not (n, dim).
    """
    latents = np.asarray(latents, "float64")
    if latents.ndim != 2 or not latents.size:
        raise ValueError(f"latents must be (n, dim); got {latents.shape}.")
    dim = latents.shape[1]
    distance = np.abs(np.sum(latents**2, axis=1) - dim)
    return float(np.mean(distance > 3.0 * np.sqrt(2.0 * dim)))
