"""Better samples from a trained GAN, chosen or moved by its discriminator.

All of it reads the logit as D(x) = log p_data(x) - log p_generator(x), which holds for the
optimal discriminator of a logistic loss. Hinge, Wasserstein and least-squares outputs are no
log ratios: train a logistic last layer first, or `calibrate` the logits on held-out images.
A conditional model is sampled one class at a time. Nothing here changes the model.

generate, score = for_model(model)
drawn = rejection_sample(generate, score, 64, latent_dim=model.latent_dim)

Sources: Azadi et al. 2019, arXiv:1810.06758 (rejection); Turner et al. 2019, arXiv:1811.11357
(Metropolis-Hastings, calibration); Che et al. 2020, arXiv:2003.06060 (Langevin).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan_models.core import random, sampling


class Drawn(NamedTuple):
    """What a sampler returns.

    Attributes:
        samples: (n, ...), as `generate` makes them.
        latents: Float32 (n, latent_dim), what each sample was made from.
        logits: Float64 (n,), their scores.
        rate: Accepted share of the proposals; 1 for Langevin steps without a correction.
        fallbacks: Rejection: samples that are the best of `max_candidates` instead of an
            accepted one. Metropolis-Hastings: chains that never left their real image and
            were started again from a fake one.
    """

    samples: Any
    latents: Any
    logits: Any
    rate: float
    fallbacks: int


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
    return _sigmoid(rejection_logits(logits, max_logit, eps) - gamma)


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
    _check_positive(n=n, latent_dim=latent_dim, max_candidates=max_candidates, batch=batch_size)
    if percentile is not None and (gamma != 0.0 or not 0.0 <= percentile <= 100.0):
        raise ValueError(
            f"percentile must be in [0, 100] and excludes gamma; got {percentile!r} and {gamma!r}."
        )
    bound = -np.inf
    for start in range(0, burn_in, batch_size):
        rows = min(batch_size, burn_in - start)
        latents = _normal(seed, "rejection_burn_in", 0, rows, latent_dim, start)
        bound = max(bound, _make(generate, score, latents)[1].max())

    chosen, best, tried, seen, accepted = [], None, 0, 0, 0
    while len(chosen) < n:
        latents = _normal(seed, "rejection", 0, batch_size, latent_dim, seen)
        samples, logits = _make(generate, score, latents)
        bounds = np.maximum(np.maximum.accumulate(logits), bound)
        bound = bounds[-1]
        raised = rejection_logits(logits, bounds, eps)
        shift = gamma if percentile is None else np.percentile(raised, percentile)
        passes = _uniform(seed, "rejection", 0, batch_size, seen) < _sigmoid(raised - shift)
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
    _check_positive(n=n, latent_dim=latent_dim, chain_length=chain_length, batch=batch_size)
    parts, moves, proposed, restarted = [], 0, 0, 0
    for first in range(0, n, batch_size):
        rows = np.arange(first, min(first + batch_size, n))
        chains = _Chains(generate, score, seed, latent_dim, rows)
        if real_logits is None:
            chains.start_from_fakes()
        else:
            chains.start_from(_checked_logits(real_logits))
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
        u = _uniform(self.seed, "chain_start", 0, len(self.rows), self.rows[0])
        picks = np.minimum((u * len(real_logits)).astype(int), len(real_logits) - 1)
        self.logits = real_logits[picks]

    def start_from_fakes(self, where=slice(None)):
        where = np.arange(len(self.rows))[where]
        self._accept(where, *self._propose("chain_start", 0, where))

    def run(self, length, purpose, where) -> int:
        where, moves = np.arange(len(self.rows))[where], 0
        for k in range(length):
            latents, samples, logits = self._propose(purpose, k, where)
            u = _uniform(self.seed, purpose, k, len(self.rows), self.rows[0])[where]
            moved = u < metropolis_hastings_probabilities(self.logits[where], logits)
            self._accept(where[moved], latents[moved], samples[moved], logits[moved])
            moves += int(moved.sum())
        return moves

    def _propose(self, purpose, k, where):
        z = _normal(self.seed, purpose, k, len(self.rows), self.latent_dim, self.rows[0])[where]
        return z, *_make(self.generate, self.score, z)

    def _accept(self, where, latents, samples, logits):
        if self.samples is None:
            self.samples = np.zeros((len(self.rows), *samples.shape[1:]), samples.dtype)
        self.latents[where], self.samples[where] = latents, samples
        self.logits[where], self.is_fake[where] = logits, True


# === Langevin ===


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
    _check_positive(n=n, latent_dim=latent_dim, steps=steps, batch=batch_size)
    if not step_size > 0 or not temperature > 0 or noise_scale < 0:
        raise ValueError(
            "step_size and temperature must be positive and noise_scale not negative; got "
            f"{step_size!r}, {temperature!r}, {noise_scale!r}."
        )
    if (decay != 1.0) != (decay_every is not None) or (decay_every or 1) < 1 or not decay > 0:
        raise ValueError(
            f"decay and decay_every go together and are positive; got {decay!r}, {decay_every!r}."
        )
    if metropolis and (noise_scale != 1.0 or decay != 1.0):
        raise ValueError("metropolis=True needs noise_scale=1 and no decay.")

    def logit_of(latents):
        return score(generate(latents))

    @tf.function(autograph=False)
    def begin(latents):
        return _energy(logit_of, latents, temperature)

    @tf.function(autograph=False)
    def advance(latents, energy, gradient, step, start, e, s):
        rows = latents.shape[0]
        key = random.key(seed, "langevin", step)
        noise = random.normal(key, rows, (latent_dim,), start)
        proposal = latents - 0.5 * e * gradient + tf.sqrt(e) * s * noise
        new_energy, new_gradient = _energy(logit_of, proposal, temperature)
        if not metropolis:
            return proposal, new_energy, new_gradient, tf.constant(float(rows))
        back = latents - proposal + 0.5 * e * new_gradient
        log_ratio = energy - new_energy + 0.5 * tf.reduce_sum(noise**2, axis=1)
        log_ratio -= tf.reduce_sum(back**2, axis=1) / (2.0 * e)
        u = random.uniform(random.key(seed, "langevin_accept", step), rows, (), start)
        moves = tf.math.log(u) < log_ratio
        return (
            tf.where(moves[:, None], proposal, latents),
            tf.where(moves, new_energy, energy),
            tf.where(moves[:, None], new_gradient, gradient),
            tf.reduce_sum(tf.cast(moves, tf.float32)),
        )

    parts, accepted = [], 0.0
    for first in range(0, n, batch_size):
        rows = min(batch_size, n - first)
        latents = tf.constant(_normal(seed, "langevin_start", 0, rows, latent_dim, first))
        energy, gradient = begin(latents)
        start = tf.constant(first, tf.int64)
        for step in range(steps):
            factor = decay ** (step // decay_every) if decay_every else 1.0
            latents, energy, gradient, moved = advance(
                latents,
                energy,
                gradient,
                tf.constant(step, tf.int64),
                start,
                tf.constant(step_size * factor, tf.float32),
                tf.constant(noise_scale * factor, tf.float32),
            )
            accepted += float(moved)
        if not np.all(np.isfinite(latents)):
            raise ValueError(
                "A chain diverged: lower step_size, raise temperature, or calibrate the logits."
            )
        parts.append((*_make(generate, score, latents.numpy()), latents.numpy()))
    samples, logits, latents = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Drawn(samples, latents, logits, accepted / (n * steps), 0)


def _energy(logit_of, latents, temperature):
    """(E, dE/dz), float32 (B,) and (B, dim)."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(latents)
        logits = tf.cast(logit_of(latents), tf.float32)
        _check_logit_shape(logits.shape, latents.shape[0])
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


# === Calibration ===


def calibration_z(labels, probabilities) -> float:
    """Z = sum(y - p) / sqrt(sum p (1 - p)); within +-3 for calibrated probabilities.

    Args:
        labels: y, 1 for real and 0 for fake, (n,).
        probabilities: p of being real, (n,) in [0, 1].

    Raises:
        ValueError: The shapes differ, a value is out of range, or every p is 0 or 1.
    """
    y, p = np.asarray(labels, "float64").ravel(), np.asarray(probabilities, "float64").ravel()
    if y.shape != p.shape or not y.size:
        raise ValueError(f"labels {y.shape} and probabilities {p.shape} must have one shape.")
    if np.any((y != 0) & (y != 1)) or not (np.all(p >= 0) and np.all(p <= 1)):
        raise ValueError("labels must be 0 or 1 and probabilities in [0, 1].")
    variance = np.sum(p * (1.0 - p))
    if variance == 0:
        raise ValueError("Every probability is 0 or 1: nothing to test.")
    return float(np.sum(y - p) / np.sqrt(variance))


def isotonic_regression(x, y) -> tuple[np.ndarray, np.ndarray]:
    """Non-decreasing least-squares fit by pooling adjacent violators.

    Args:
        x, y: Float (n,).

    Returns:
        (x sorted and without repeats, fitted values), float64; equal x are averaged first.

    Raises:
        ValueError: The shapes differ or are empty.
    """
    x, y = np.asarray(x, "float64").ravel(), np.asarray(y, "float64").ravel()
    if x.shape != y.shape or not x.size:
        raise ValueError(f"x {x.shape} and y {y.shape} must have one shape.")
    knots, group, counts = np.unique(x, return_inverse=True, return_counts=True)
    blocks: list[list[float]] = []  # [mean, weight, number of knots]
    for mean, weight in zip(np.bincount(group, y) / counts, counts, strict=True):
        blocks.append([mean, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            mean, weight, size = blocks.pop()
            last = blocks[-1]
            last[0] = (last[0] * last[1] + mean * weight) / (last[1] + weight)
            last[1], last[2] = last[1] + weight, last[2] + size
    return knots, np.repeat([b[0] for b in blocks], [b[2] for b in blocks])


def calibrate(real_logits, fake_logits, method="isotonic") -> Callable:
    """Fits held-out logits to the truth; returns logits -> calibrated logits, float64.

    score = lambda x: calibrated(raw_score(x)); not for `langevin_sample`, which needs
    TensorFlow.

    Args:
        real_logits, fake_logits: Scores of as many held-out real as fake images, (n,).
        method: "isotonic" fits any non-decreasing curve, linear between the fitted points and
            cut to probabilities within 1e-14 of 0 and 1 (the authors' choice); "logistic" fits
            a D + c ("beta1"); "beta" fits a log p - b log(1 - p) + c, p = sigmoid(D)
            ("beta2").

    Raises:
        ValueError: An unknown method, numbers that differ, logits not finite, or sides that
            a logistic fit separates perfectly.
    """
    real, fake = _checked_logits(real_logits), _checked_logits(fake_logits)
    if real.size != fake.size:
        raise ValueError(f"Give as many real as fake logits; got {real.size} and {fake.size}.")
    logits = np.concatenate([real, fake])
    labels = np.repeat([1.0, 0.0], real.size)
    if method == "isotonic":
        knots, fitted = isotonic_regression(logits, labels)

        def calibrated(values):
            p = np.clip(np.interp(values, knots, fitted), 1e-14, 1.0 - 1e-14)
            return np.log(p) - np.log1p(-p)

        return calibrated
    if method not in _FEATURES:
        known = ", ".join(sorted(["isotonic", *_FEATURES]))
        raise ValueError(f"Unknown calibration method {method!r}; there are {known}.")
    features = _FEATURES[method]
    weights = _logistic_fit(features(logits), labels)
    return lambda values: features(np.asarray(values, "float64")) @ weights


_FEATURES = {
    "logistic": lambda f: np.stack([f, np.ones_like(f)], axis=-1),
    # log p and -log(1 - p) of p = sigmoid(f).
    "beta": lambda f: np.stack(
        [-np.logaddexp(0.0, -f), np.logaddexp(0.0, f), np.ones_like(f)], axis=-1
    ),
}


def _logistic_fit(features, labels, most=100) -> np.ndarray:
    """Maximum likelihood by Newton's method with halved steps."""

    def cost(weights):
        return np.sum(np.logaddexp(0.0, features @ weights) - labels * (features @ weights))

    weights = np.zeros(features.shape[1])
    for _ in range(most):
        p = _sigmoid(features @ weights)
        gradient = features.T @ (labels - p)
        hessian = (features * (p * (1.0 - p))[:, None]).T @ features
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        while cost(weights + step) > cost(weights) and np.max(np.abs(step)) > 1e-12:
            step *= 0.5
        weights = weights + step
        # Perfectly separated sides have no best fit: the likelihood goes on growing.
        if cost(weights) < 1e-6 * len(labels):
            break
        if np.max(np.abs(gradient)) < 1e-9 * len(labels):
            return weights
    raise ValueError(
        "The logistic fit does not settle, as when the logits separate real from fake perfectly: "
        "give more held-out logits or use method='isotonic'."
    )


# === A model of this library ===


def for_model(model, labels=None) -> tuple[Callable, Callable]:
    """Returns (generate, score) of a trained model for the samplers.

    generate: standard normal latents (B, latent_dim) -> images in [-1, 1] of the EMA
    generator; a model with uniform latents gets them through the normal distribution
    function, so one prior serves every model. score: images -> logits (B,) of the
    discriminator in inference mode, patches averaged. Both are TensorFlow and differentiable.

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

    def conditions(rows):
        return None if condition is None else tf.repeat(condition, rows, axis=0)

    latents = tf.TensorSpec((None, model.latent_dim), tf.float32)
    images = tf.TensorSpec((None, *model.image_shape), tf.float32)

    @tf.function(input_signature=[latents], autograph=False)
    def generate(latents):
        if bounds is not None:
            share = 0.5 * tf.math.erfc(latents * -(0.5**0.5))
            latents = bounds[0] + (bounds[1] - bounds[0]) * share
        return model.call(latents, conditions(tf.shape(latents)[0]))

    @tf.function(input_signature=[images], autograph=False)
    def score(images):
        logits = model.discriminate(images, conditions(tf.shape(images)[0]), training=False)
        return tf.reduce_mean(tf.reshape(logits, [tf.shape(images)[0], -1]), axis=1)

    return generate, score


# === Shared ===


def _sigmoid(values) -> np.ndarray:
    return np.exp(-np.logaddexp(0.0, -np.asarray(values, "float64")))


def _normal(seed, purpose, step, count, dim, start=0) -> np.ndarray:
    return random.normal(random.key(seed, purpose, step), count, (dim,), start).numpy()


def _uniform(seed, purpose, step, count, start=0) -> np.ndarray:
    key = random.key(seed, f"{purpose}_uniform", step)
    return random.uniform(key, count, (), start).numpy()


def _make(generate, score, latents) -> tuple[np.ndarray, np.ndarray]:
    """Samples of latents and their logits, float64 (B,)."""
    samples = generate(tf.constant(latents))
    logits = score(samples)
    _check_logit_shape(np.shape(logits), len(latents))
    return np.asarray(samples), _checked_logits(logits)


def _check_logit_shape(shape, rows) -> None:
    shape = tuple(shape)
    if shape not in ((rows,), (rows, 1), (None,), (None, 1)):
        raise ValueError(f"score must return logits ({rows},) or ({rows}, 1); got {shape}.")


def _checked_logits(logits) -> np.ndarray:
    logits = np.asarray(logits, "float64").reshape(-1)
    if not logits.size or not np.all(np.isfinite(logits)):
        raise ValueError("Logits must be finite numbers, at least one; clip the scores first.")
    return logits


def _check_positive(**numbers) -> None:
    for name, value in numbers.items():
        if int(value) != value or value < 1:
            raise ValueError(f"{name} must be a positive int; got {value!r}.")
