"""Better samples from a trained GAN, chosen by its discriminator.

All of it reads the logit as D(x) = log p_data(x) - log p_generator(x), which holds for the
optimal discriminator of a logistic loss. Hinge, Wasserstein and least-squares outputs are no
log ratios: train a logistic last layer first, or `calibrate` the logits on held-out images.
A conditional model is sampled one class at a time. Nothing here changes the model.

generate, score = for_model(model)
drawn = rejection_sample(generate, score, 64, latent_dim=model.latent_dim)

Sources: Azadi et al. 2019, arXiv:1810.06758 (rejection); Turner et al. 2019, arXiv:1811.11357
(Metropolis-Hastings).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfgan_models.analysis.drawn import Drawn, checked_logits, make, normal, sigmoid, uniform
from tfgan_models.core import random, sampling
from tfgan_models.core.arguments import positive_int

# === Rejection ===


def rejection_logits(logits, max_logit, eps=1e-8) -> np.ndarray:
    """F = d - log(1 - exp(d - eps)), d = D - M: the logit of acceptance (section 3.2).

    Without eps, sigmoid(F) = exp(d): exact rejection sampling.

    Args:
        logits: D, float (n,).
        max_logit: M, the largest logit there is; a number or one for each of `logits`.
        eps: Keeps F finite at d = 0; 1e-6 in the code of Turner et al.

    Returns:
        Float64 (n,).

    Raises:
        ValueError: A logit over `max_logit`, or eps not positive.
    """
    if not eps > 0:
        raise ValueError(f"eps must be positive; got {eps!r}.")
    distance = np.asarray(logits, "float64") - np.asarray(max_logit, "float64")
    if np.any(distance > 0):
        raise ValueError(
            f"A logit is {distance.max():.6g} over max_logit: raise max_logit to the largest seen."
        )
    return distance - np.log(-np.expm1(distance - eps))


def rejection_probabilities(logits, max_logit, gamma=0.0, eps=1e-8) -> np.ndarray:
    """Probability of accepting each candidate, sigmoid(F - gamma); float64 (n,) in [0, 1].

    Args:
        logits, max_logit, eps: See `rejection_logits`.
        gamma: 0 is exact; a positive one accepts less, a negative one more.
    """
    return sigmoid(rejection_logits(logits, max_logit, eps) - gamma)


def rejection_sample(
    generate: Callable,
    score: Callable,
    n: int,
    seed: int = 0,
    *,
    latent_dim: int,
    gamma: float = 0.0,
    percentile: float | None = None,
    eps: float = 1e-8,
    burn_in: int = 10_000,
    max_candidates: int = 1000,
    batch_size: int = 256,
) -> Drawn:
    """Discriminator rejection sampling.

    The largest logit of `burn_in` samples starts M, which then follows the candidates. Each
    candidate is accepted with `rejection_probabilities`; after `max_candidates` rejections in
    a row the best of them is taken. The cost is 1 / rate candidates a sample.

    Args:
        generate: Standard normal latents (B, latent_dim) -> samples (B, ...).
        score: Samples -> logits (B,) or (B, 1).
        n: Number of samples.
        seed: Int; the candidates of one seed are the same for any n.
        latent_dim: Size of z.
        gamma, eps: See `rejection_probabilities`.
        percentile: Gamma is instead this percentile of F in each batch of candidates: at 80,
            a fifth of them passes with probability 1/2 or more. 95, for each 640 candidates,
            in the code of Turner et al.; 80 for Azadi et al. is recalled, not verified.
        burn_in: Recalled for Azadi et al., not verified; 9,984 in the code of Turner et al.
        max_candidates: As many as Turner et al.'s chain (640) or more.
        batch_size: Candidates made at a time.

    Raises:
        ValueError: A number out of range, both gamma and percentile, or logits of a wrong
            shape or not finite.
    """
    for name, value in (
        ("n", n),
        ("latent_dim", latent_dim),
        ("max_candidates", max_candidates),
        ("batch_size", batch_size),
    ):
        positive_int(name, value)
    if percentile is not None and (gamma != 0.0 or not 0.0 <= percentile <= 100.0):
        raise ValueError(
            f"percentile must be in [0, 100] and excludes gamma; got {percentile!r} and {gamma!r}."
        )
    bound = -np.inf
    for start in range(0, burn_in, batch_size):
        rows = min(batch_size, burn_in - start)
        latents = normal(seed, "rejection_burn_in", 0, rows, latent_dim, start)
        bound = max(bound, make(generate, score, latents)[1].max())

    chosen, best, tried, seen, accepted = [], None, 0, 0, 0
    while len(chosen) < n:
        latents = normal(seed, "rejection", 0, batch_size, latent_dim, seen)
        samples, logits = make(generate, score, latents)
        bounds = np.maximum(np.maximum.accumulate(logits), bound)
        bound = bounds[-1]
        raised = rejection_logits(logits, bounds, eps)
        shift = gamma if percentile is None else np.percentile(raised, percentile)
        passes = uniform(seed, "rejection", 0, batch_size, seen) < sigmoid(raised - shift)
        for i, taken in enumerate(passes):
            seen, tried = seen + 1, tried + 1
            accepted += int(taken)
            if taken or best is None or logits[i] > best[2]:
                best = samples[i], latents[i], logits[i]
            if taken or tried == max_candidates:
                chosen.append((*best, taken))
                best, tried = None, 0
            if len(chosen) == n:
                break
    samples, latents, logits, taken = (np.stack(column) for column in zip(*chosen, strict=True))
    return Drawn(samples, latents, logits, accepted / seen, int(n - taken.sum()))


# === Metropolis-Hastings ===


def metropolis_hastings_probabilities(logits, proposals) -> np.ndarray:
    """min(1, exp(f' - f)): probability of moving from a state to a proposal.

    The paper's min(1, (1/D - 1) / (1/D' - 1)) with D = sigmoid(f), in logits.

    Args:
        logits: f of the states, float (n,).
        proposals: f' of the proposals, float (n,).

    Returns:
        Float64 (n,).

    Raises:
        ValueError: The shapes differ.
    """
    logits, proposals = np.asarray(logits, "float64"), np.asarray(proposals, "float64")
    if logits.shape != proposals.shape:
        raise ValueError(
            f"logits {logits.shape} and proposals {proposals.shape} must have one shape."
        )
    return np.exp(np.minimum(0.0, proposals - logits))


def metropolis_hastings_sample(
    generate: Callable,
    score: Callable,
    n: int,
    seed: int = 0,
    *,
    latent_dim: int,
    real_logits=None,
    chain_length: int = 640,
    batch_size: int = 256,
) -> Drawn:
    """MH-GAN: the last state of n independent chains whose proposals are fresh fakes.

    A chain starts at a real image, which is its equilibrium, and needs only that image's
    logit. One that never moves is run once more from a fake (the authors' code uses the same
    proposals again; these are new). The cost is `chain_length` fakes a sample.

    Args:
        generate, score, n, latent_dim: As in `rejection_sample`.
        seed: Int; chain i depends on (seed, i) alone.
        real_logits: Scores of held-out real images, one of which starts each chain; None:
            every chain starts from a fake.
        chain_length: K, proposals; 640 in the authors' code.
        batch_size: Chains run side by side.

    Raises:
        ValueError: A number out of range, or logits of a wrong shape or not finite.
    """
    for name, value in (
        ("n", n),
        ("latent_dim", latent_dim),
        ("chain_length", chain_length),
        ("batch_size", batch_size),
    ):
        positive_int(name, value)
    parts, moves, proposed, restarted = [], 0, 0, 0
    for first in range(0, n, batch_size):
        rows = np.arange(first, min(first + batch_size, n))
        chains = _Chains(generate, score, seed, latent_dim, rows)
        if real_logits is None:
            chains.start_from_fakes()
        else:
            chains.start_from(checked_logits(real_logits))
        moves += chains.run(chain_length, "chain", slice(None))
        proposed += chain_length * len(rows)
        stuck = np.flatnonzero(~chains.is_fake)
        if stuck.size:
            chains.start_from_fakes(stuck)
            moves += chains.run(chain_length, "second_chain", stuck)
            proposed += chain_length * stuck.size
            restarted += stuck.size
        parts.append((chains.samples, chains.latents, chains.logits))
    columns = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Drawn(*columns, moves / proposed, restarted)


class _Chains:
    def __init__(self, generate, score, seed, latent_dim, rows):
        self.generate, self.score, self.seed = generate, score, seed
        self.rows, self.latent_dim = rows, latent_dim
        self.samples, self.latents = None, np.zeros((len(rows), latent_dim), "float32")
        self.logits = np.zeros(len(rows))
        self.is_fake = np.zeros(len(rows), bool)

    def start_from(self, real_logits):
        u = uniform(self.seed, "chain_start", 0, len(self.rows), self.rows[0])
        picks = np.minimum((u * len(real_logits)).astype(int), len(real_logits) - 1)
        self.logits = real_logits[picks]

    def start_from_fakes(self, where=slice(None)):
        where = np.arange(len(self.rows))[where]
        self._accept(where, *self._propose("chain_start", 0, where))

    def run(self, length, purpose, where) -> int:
        where, moves = np.arange(len(self.rows))[where], 0
        for k in range(length):
            latents, samples, logits = self._propose(purpose, k, where)
            u = uniform(self.seed, purpose, k, len(self.rows), self.rows[0])[where]
            moved = u < metropolis_hastings_probabilities(self.logits[where], logits)
            self._accept(where[moved], latents[moved], samples[moved], logits[moved])
            moves += int(moved.sum())
        return moves

    def _propose(self, purpose, k, where):
        z = normal(self.seed, purpose, k, len(self.rows), self.latent_dim, self.rows[0])[where]
        return z, *make(self.generate, self.score, z)

    def _accept(self, where, latents, samples, logits):
        if self.samples is None:
            self.samples = np.zeros((len(self.rows), *samples.shape[1:]), samples.dtype)
        self.latents[where], self.samples[where] = latents, samples
        self.logits[where], self.is_fake[where] = logits, True


# === A model of this library ===


def for_model(model, labels=None) -> tuple[Callable, Callable]:
    """Returns (generate, score) of a trained model for the samplers.

    generate: standard normal latents (B, latent_dim) -> images in [-1, 1] of the EMA
    generator. A model with uniform latents gets them through the normal distribution function,
    one with one-hot codes the place of their largest number, so one prior serves every model.
    score: images -> logits (B,) of the discriminator in inference mode, patches averaged. Both
    are TensorFlow and differentiable, but for codes.

    Args:
        model: A GAN.
        labels: One class or one mixture (num_classes,) for all samples; None for an
            unconditional model.

    Raises:
        ValueError: Labels without a conditional model, missing, of a wrong shape or range.
    """
    given = None if labels is None else np.asarray(labels)[None]
    checked = sampling.check_labels(given, 1, model.num_classes)
    condition = None if checked is None else model.condition(checked)
    bounds = random.uniform_bounds(model.latent_distribution)
    sizes = random.code_sizes(model.latent_distribution)

    def conditions(rows):
        return None if condition is None else tf.repeat(condition, rows, axis=0)

    latents = tf.TensorSpec((None, model.latent_dim), tf.float32)
    images = tf.TensorSpec((None, *model.image_shape), tf.float32)

    @tf.function(input_signature=[latents], autograph=False)
    def generate(latents):
        *codes, latents = tf.split(latents, [*sizes, model.latent_dim - sum(sizes)], axis=1)
        if bounds is not None:
            share = 0.5 * tf.math.erfc(latents * -(0.5**0.5))
            latents = bounds[0] + (bounds[1] - bounds[0]) * share
        codes = [tf.one_hot(tf.argmax(code, axis=1), code.shape[1]) for code in codes]
        latents = tf.concat([*codes, latents], axis=1)
        return model.call(latents, conditions(tf.shape(latents)[0]))

    @tf.function(input_signature=[images], autograph=False)
    def score(images):
        logits = model.discriminate(images, conditions(tf.shape(images)[0]), training=False)
        return tf.reduce_mean(tf.reshape(logits, [tf.shape(images)[0], -1]), axis=1)

    return generate, score
