"""Samplers against a law on three points, Gaussian chains in closed form, and a tiny model."""

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
import tensorflow as tf

from tests.conformance import families
from tfgan_models import analysis as samplers
from tfgan_models.core import random

Q, P = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])
LOG_RATIO = np.log(P / Q)
CUTS = scipy.stats.norm.ppf(np.cumsum(Q)[:-1])


def points(latents):
    """A generator whose law on {0, 1, 2} is Q."""
    return np.searchsorted(CUTS, np.asarray(latents)[:, 0])


def log_ratio(samples):
    return LOG_RATIO[samples]


def chi_square(samples, law):
    counts = np.bincount(samples, minlength=3)
    return scipy.stats.chisquare(counts, law * len(samples)).pvalue


def identity(latents):
    return latents


def linear(w):
    return lambda x: tf.linalg.matvec(x, tf.constant(w, tf.float32))


# === Rejection ===


@pytest.mark.parametrize(
    ("gamma", "expected"),
    [(0.0, [0.018316, 0.135335, 0.367879, 1.0]), (1.0, [0.006817, 0.054445, 0.176343, 1.0])],
)
def test_rejection_probabilities_golden(gamma, expected):
    found = samplers.rejection_probabilities([-2.0, 0.0, 1.0, 2.0], 2.0, gamma)
    np.testing.assert_allclose(found, expected, atol=6e-7)


def test_gamma_zero_is_exact_rejection():
    found = samplers.rejection_probabilities(LOG_RATIO, LOG_RATIO.max())
    np.testing.assert_allclose(found, [0.16, 0.4, 1.0], rtol=1e-7)


def test_negative_gamma_accepts_more():
    logits = np.linspace(-3.0, 2.0, 7)
    low, zero, high = (samplers.rejection_probabilities(logits, 2.0, g) for g in (1.0, 0.0, -1.0))
    assert np.all(low[:-1] < zero[:-1]) and np.all(zero[:-1] < high[:-1])


def test_rejection_probabilities_far_below_the_maximum():
    found = samplers.rejection_probabilities([-1e4, -700.0, 1e4 - 1e-12, 1e4], 1e4)
    assert np.all(np.isfinite(found)) and found[0] == 0.0 and found[-1] > 1 - 1e-7


def test_the_logit_at_the_maximum_is_minus_log_eps():
    found = samplers.rejection_logits([3.0], 3.0, eps=1e-6)
    np.testing.assert_allclose(found, -np.log(1e-6), rtol=1e-6)


@pytest.mark.parametrize("percentile", [80, 95])
def test_a_percentile_as_gamma_lets_its_rest_pass_half_the_time(percentile):
    logits = np.random.default_rng(0).normal(size=10_000)
    raised = samplers.rejection_logits(logits, logits.max())
    found = samplers.rejection_probabilities(
        logits, logits.max(), np.percentile(raised, percentile)
    )
    np.testing.assert_allclose(np.mean(found >= 0.5), 1 - percentile / 100, atol=2e-4)


def test_rejection_sampling_has_the_law_of_the_data():
    drawn = samplers.rejection_sample(
        points, log_ratio, 20_000, seed=1, latent_dim=1, batch_size=8192
    )
    assert chi_square(drawn.samples, P) > 1e-3
    assert chi_square(drawn.samples, Q) < 1e-12
    np.testing.assert_allclose(drawn.rate, 0.4, atol=0.01)  # 1 / max(p / q)
    assert drawn.fallbacks == 0
    np.testing.assert_array_equal(points(drawn.latents), drawn.samples)
    np.testing.assert_array_equal(LOG_RATIO[drawn.samples], drawn.logits)


def test_gamma_changes_the_rate_of_rejection_sampling():
    accept = samplers.rejection_probabilities(LOG_RATIO, LOG_RATIO.max(), 1.0)
    drawn = samplers.rejection_sample(
        points, log_ratio, 3000, latent_dim=1, gamma=1.0, batch_size=4096
    )
    np.testing.assert_allclose(drawn.rate, Q @ accept, atol=0.02)
    assert chi_square(drawn.samples, Q * accept / (Q @ accept)) > 1e-3


def test_more_samples_of_a_seed_begin_with_the_same_ones():
    options = {"seed": 5, "latent_dim": 1, "batch_size": 64, "burn_in": 100}
    few = samplers.rejection_sample(points, log_ratio, 10, **options)
    many = samplers.rejection_sample(points, log_ratio, 60, **options)
    np.testing.assert_array_equal(few.latents, many.latents[:10])
    other = samplers.rejection_sample(points, log_ratio, 10, **{**options, "seed": 6})
    assert not np.array_equal(few.latents, other.latents)


def test_percentile_raises_the_rate():
    def run(**options):
        return samplers.rejection_sample(
            identity, linear([3.0]), 200, latent_dim=1, burn_in=2000, batch_size=640, **options
        )

    plain, shifted = run(), run(percentile=80)
    assert plain.rate < 0.01 and 0.1 < shifted.rate < 0.35
    assert shifted.logits.mean() > 1.0  # and still prefers high logits: all candidates have 0


def test_after_max_candidates_the_best_is_taken():
    """Steep logits are never accepted, so each sample is the best of its ten candidates."""
    drawn = samplers.rejection_sample(
        identity,
        linear([1e4]),
        20,
        seed=3,
        latent_dim=1,
        burn_in=4000,
        max_candidates=10,
        batch_size=64,
    )
    candidates = random.normal(random.key(3, "rejection", 0), 200, (1,)).numpy()
    np.testing.assert_array_equal(drawn.latents, candidates.reshape(20, 10).max(1)[:, None])
    assert drawn.fallbacks == 20 and drawn.rate == 0.0


def test_the_maximum_follows_the_candidates():
    """Without a burn-in and with steep logits, exactly the records so far are accepted."""
    drawn = samplers.rejection_sample(
        identity, linear([1e4]), 4, latent_dim=1, burn_in=0, batch_size=8
    )
    candidates = random.normal(random.key(0, "rejection", 0), 400, (1,)).numpy()
    records = np.unique(np.maximum.accumulate(candidates[:, 0]))[:4]
    np.testing.assert_array_equal(drawn.latents[:, 0], records)
    assert drawn.fallbacks == 0


# === Metropolis-Hastings ===


def transition():
    """P_ij = q_j min(1, w_j / w_i), the rest of each row on the diagonal."""
    w = P / Q
    matrix = Q * np.minimum(1.0, w / w[:, None])
    return matrix + np.diag(1.0 - matrix.sum(axis=1))


def test_metropolis_hastings_probabilities_golden():
    found = samplers.metropolis_hastings_probabilities([1.0, -2.0], [0.5, -1.0])
    np.testing.assert_allclose(found, [0.606531, 1.0], atol=5e-7)
    extreme = samplers.metropolis_hastings_probabilities([1e4, -1e4], [-1e4, 1e4])
    np.testing.assert_array_equal(extreme, [0.0, 1.0])


def test_metropolis_hastings_is_the_paper_in_probabilities():
    f, g = np.random.default_rng(0).normal(size=(2, 50))
    d, e = scipy.special.expit(f), scipy.special.expit(g)
    expected = np.minimum(1.0, (1 / d - 1) / (1 / e - 1))
    found = samplers.metropolis_hastings_probabilities(f, g)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("length", "golden"), [(5, 0.03888), (10, 0.003023), (20, 1.83e-5), (50, 4.0e-12)]
)
def test_total_variation_of_the_exact_chain(length, golden):
    law = np.linalg.matrix_power(transition(), length)
    distance = 0.5 * np.abs(law - P).sum(axis=1)
    np.testing.assert_allclose(distance.max(), golden, rtol=0.015)
    np.testing.assert_allclose(distance.max(), 0.6**length / 2, rtol=1e-6, atol=1e-15)


def metropolis(n=20_000, **options):
    return samplers.metropolis_hastings_sample(
        points, log_ratio, n, latent_dim=1, batch_size=20_000, **options
    )


def test_a_long_chain_has_the_law_of_the_data():
    real = np.random.default_rng(0).choice(3, size=5000, p=P)
    drawn = metropolis(chain_length=20, real_logits=LOG_RATIO[real])
    assert chi_square(drawn.samples, P) > 1e-3
    np.testing.assert_array_equal(points(drawn.latents), drawn.samples)
    # In equilibrium a step moves with probability sum_i p_i sum_j q_j min(1, w_j / w_i).
    w = P / Q
    np.testing.assert_allclose(
        drawn.rate, P @ np.minimum(1.0, w / w[:, None]) @ Q, atol=5e-3 + 0.6**20
    )


def test_a_short_chain_has_the_law_of_the_chain():
    """Started at the point that every proposal leaves, so that none is restarted."""
    drawn = metropolis(chain_length=5, real_logits=[LOG_RATIO[0]])
    law = np.linalg.matrix_power(transition(), 5)[0]
    assert drawn.fallbacks == 0
    assert chi_square(drawn.samples, law) > 1e-3 and chi_square(drawn.samples, P) < 1e-6


@pytest.mark.parametrize("real_logits", [None, [1e3]])
def test_chains_from_fakes_and_restarted_ones(real_logits):
    """A real image that no fake can replace is left for a chain that starts at a fake."""
    drawn = metropolis(chain_length=3, real_logits=real_logits)
    assert drawn.fallbacks == (0 if real_logits is None else 20_000)
    assert chi_square(drawn.samples, Q @ np.linalg.matrix_power(transition(), 3)) > 1e-3


def test_only_the_stuck_chains_start_again():
    """From the point of the highest ratio a chain stays with probability 0.6 a step."""
    n, stuck, steps = 20_000, 0.6**5, np.linalg.matrix_power(transition(), 5)
    drawn = metropolis(n, chain_length=5, real_logits=[LOG_RATIO[2]])
    law = steps[2] - stuck * np.eye(3)[2] + stuck * Q @ steps
    assert chi_square(drawn.samples, law) > 1e-3
    assert scipy.stats.binomtest(drawn.fallbacks, n, stuck).pvalue > 1e-3


def test_chains_do_not_depend_on_the_batch():
    options = {"seed": 2, "latent_dim": 1, "chain_length": 4, "real_logits": [0.9]}
    whole = samplers.metropolis_hastings_sample(points, log_ratio, 25, **options)
    parts = samplers.metropolis_hastings_sample(points, log_ratio, 25, batch_size=10, **options)
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert 0 < whole.fallbacks < 25


# === Langevin ===


def test_langevin_step_golden():
    z = tf.constant([[1.0, -2.0]])
    found = samplers.langevin_step(linear([0.5, 1.0]), z, 0.01)
    np.testing.assert_allclose(found, [[0.9975, -1.985]], rtol=1e-6)
    noisy = samplers.langevin_step(linear([0.5, 1.0]), z, 0.01, tf.constant([[1.0, -1.0]]), 2.0)
    np.testing.assert_allclose(noisy, [[1.1975, -2.185]], rtol=1e-6)


def test_temperature_divides_the_logits():
    found = samplers.langevin_step(linear([0.5, 1.0]), [[1.0, -2.0]], 0.01, temperature=5.0)
    np.testing.assert_allclose(found, [[1 - 0.005 * 0.9, -2 + 0.005 * 2.2]], rtol=1e-6)


W = [0.5, -1.0]


def chains(n=40_000, **options):
    options = {"latent_dim": 2, "batch_size": 40_000, **options}
    return samplers.langevin_sample(identity, linear(W), n, **options)


@pytest.mark.parametrize(
    ("options", "mean", "variance"),
    [
        ({"step_size": 0.1, "steps": 120}, 1.0, 1.0256),
        ({"step_size": 0.4, "steps": 40, "temperature": 2.0}, 0.5, 1 / 0.9),
        ({"step_size": 0.4, "steps": 40, "noise_scale": 0.5}, 1.0, 0.25 / 0.9),
        ({"step_size": 0.5, "steps": 40, "metropolis": True}, 1.0, 1.0),
    ],
)
def test_stationary_law_of_the_chains(options, mean, variance):
    """z' = (1 - e/2) z + (e/2) w + sqrt(e) n has the variance 1 / (1 - e/4)."""
    drawn = chains(**options)
    z = drawn.latents.astype("float64")
    np.testing.assert_allclose(z.mean(axis=0), np.multiply(mean, W), atol=0.02)
    # The variance of 80,000 numbers is known to 0.5 %; the correction at e = 0.1 is 2.6 %.
    np.testing.assert_allclose(z.var(axis=0).mean(), variance, rtol=0.0125)
    standard = (z - np.multiply(mean, W)) / np.sqrt(variance)
    assert scipy.stats.kstest(standard.ravel(), "norm").pvalue > 1e-3
    np.testing.assert_allclose(np.corrcoef(z.T)[0, 1], 0.0, atol=0.02)
    np.testing.assert_allclose(drawn.logits, drawn.latents @ W, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("e", "golden"), [(0.01, 1.0025), (0.1, 1.0256)])
def test_variance_correction_golden(e, golden):
    """A step is z' = c z + a n + const; its stationary variance is a^2 / (1 - c^2)."""

    def step(z, n):
        return float(samplers.langevin_step(linear([0.5]), [[z]], e, [[n]])[0, 0])

    c, a = step(1.0, 0.0) - step(0.0, 0.0), step(0.0, 1.0) - step(0.0, 0.0)
    np.testing.assert_allclose(a**2 / (1 - c**2), golden, atol=1e-4)


def test_metropolis_accepts_most_and_not_all_steps():
    assert 0.8 < chains(2000, step_size=0.5, steps=10, metropolis=True).rate < 0.99
    assert chains(100, steps=2).rate == 1.0


def test_decay_multiplies_step_and_noise():
    """Without noise each step shrinks the distance to w by 1 - e/2."""
    options = {"noise_scale": 0.0, "step_size": 0.5}
    start = chains(50, steps=1, **options).latents - W
    end = chains(50, steps=5, decay=0.5, decay_every=2, **options).latents - W
    factor = (1 - 0.25) * (1 - 0.125) ** 2 * (1 - 0.0625)  # after the first step
    np.testing.assert_allclose(end, factor * start, atol=1e-5)
    noisy = chains(20_000, steps=3, step_size=0.5, decay=0.5, decay_every=1).latents
    v = 1.0
    for e, s in ((0.5, 1.0), (0.25, 0.5), (0.125, 0.25)):
        v = (1 - e / 2) ** 2 * v + e * s**2
    np.testing.assert_allclose(noisy.var(axis=0).mean(), v, rtol=0.03)


@pytest.mark.parametrize("metropolis_on", [False, True])
def test_langevin_chains_do_not_depend_on_the_batch(metropolis_on):
    options = {"steps": 5, "step_size": 0.3, "metropolis": metropolis_on, "seed": 4}
    whole, parts = chains(25, **options), chains(25, batch_size=10, **options)
    np.testing.assert_allclose(whole.latents, parts.latents, atol=1e-6)
    np.testing.assert_allclose(whole.rate, parts.rate)


def test_norms_stay_typical_without_a_pull_and_not_with_one():
    def share(pull):
        drawn = samplers.langevin_sample(
            identity, linear([pull] * 64), 400, latent_dim=64, steps=60, step_size=0.1
        )
        return samplers.atypical_share(drawn.latents)

    assert share(0.0) < 0.03 and share(1.0) > 0.9


def test_atypical_share_of_the_prior():
    z = np.random.default_rng(0).normal(size=(40_000, 16))
    low, high = (scipy.stats.chi2(16).cdf(16 + s * 3 * np.sqrt(32)) for s in (-1, 1))
    np.testing.assert_allclose(samplers.atypical_share(z), low + 1 - high, atol=1.5e-3)


def test_langevin_drift_is_the_slope_of_the_energy():
    """Against finite differences of a curved energy."""

    def logit_of(z):
        return tf.reduce_logsumexp(tf.stack([2.0 * z[:, 0], -tf.square(z[:, 1])]), axis=0)

    z = tf.constant([[0.3, -0.7], [1.5, 0.2]])
    moved = samplers.langevin_step(logit_of, z, 0.2).numpy()

    def energy(v):
        v = np.asarray(v, "float64")
        return 0.5 * v @ v - np.logaddexp(2.0 * v[0], -(v[1] ** 2))

    slopes = [scipy.optimize.approx_fprime(v, energy, 1e-6) for v in z.numpy()]
    np.testing.assert_allclose(moved, z - 0.1 * np.array(slopes), atol=1e-5)


# === Calibration ===


def normals(n=4000, mean=1.0, seed=0):
    """Real N(m, 1) and fake N(-m, 1), whose log ratio is 2 m x."""
    x = np.random.default_rng(seed).normal(size=(2, n))
    return x[0] + mean, x[1] - mean


def z_of(calibrated, real, fake):
    p = scipy.special.expit(calibrated(np.concatenate([real, fake])))
    return samplers.calibration_z(np.repeat([1, 0], [len(real), len(fake)]), p)


def test_calibration_z_by_hand():
    found = samplers.calibration_z([1, 0, 1, 1], [0.5, 0.5, 0.8, 0.9])
    np.testing.assert_allclose(found, (3 - 2.7) / np.sqrt(0.25 + 0.25 + 0.16 + 0.09))


def test_calibration_z_of_true_and_of_biased_probabilities():
    rng = np.random.default_rng(0)
    p = rng.uniform(size=10_000)
    y = rng.uniform(size=p.size) < p
    assert abs(samplers.calibration_z(y, p)) < 3
    assert samplers.calibration_z(y, np.clip(p - 0.05, 0, 1)) > 3


@pytest.mark.parametrize("method", ["isotonic", "logistic", "beta"])
def test_calibration_undoes_a_distortion(method):
    def distorted(x):
        return 6.0 * x + 2.0  # three times too sure and shifted

    calibrated = samplers.calibrate(*map(distorted, normals(20_000)), method=method)
    held_real, held_fake = map(distorted, normals(2000, seed=1))
    assert abs(z_of(calibrated, held_real, held_fake)) < 3
    assert abs(z_of(lambda f: f, held_real, held_fake)) > 3
    x = np.linspace(-1.0, 1.0, 9)
    np.testing.assert_allclose(
        scipy.special.expit(calibrated(distorted(x))), scipy.special.expit(2 * x), atol=0.05
    )


def test_logistic_calibration_is_the_maximum_of_the_likelihood():
    real, fake = (3.0 * x + 1.0 for x in normals(500))
    calibrated = samplers.calibrate(real, fake, "logistic")
    slope, offset = calibrated([1.0]) - calibrated([0.0]), calibrated([0.0])
    residual = np.concatenate([1 - scipy.special.expit(calibrated(real))])
    others = scipy.special.expit(calibrated(fake))
    np.testing.assert_allclose(residual.sum() - others.sum(), 0.0, atol=1e-6)
    np.testing.assert_allclose(residual @ real - others @ fake, 0.0, atol=1e-5)
    np.testing.assert_allclose([slope[0], offset[0]], [2 / 3, -2 / 3], atol=0.15)


def test_beta_calibration_fits_unlike_tails():
    """logit = 2 log p - 0.5 log(1 - p) + 0.3 is recovered from labels drawn with it."""
    rng = np.random.default_rng(0)
    f = rng.normal(size=200_000) * 2

    def truth(f):
        return -2 * np.logaddexp(0, -f) + 0.5 * np.logaddexp(0, f) + 0.3

    y = rng.uniform(size=f.size) < scipy.special.expit(truth(f))
    n = min(y.sum(), (~y).sum())
    real, fake = f[y][:n], f[~y][:n]
    shift = np.log((~y).sum() / y.sum())  # equal numbers move the prior odds
    calibrated = samplers.calibrate(real, fake, "beta")
    x = np.linspace(-2, 3, 6)
    np.testing.assert_allclose(calibrated(x), truth(x) + shift, atol=0.08)


def test_isotonic_regression_is_the_max_min_of_means():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 15, size=60), rng.normal(size=60)
    knots, fitted = samplers.isotonic_regression(x, y)
    values = [y[x == k] for k in knots]

    def mean(j, k):
        return np.concatenate(values[j : k + 1]).mean()

    last = len(knots)
    expected = [
        max(min(mean(j, k) for k in range(i, last)) for j in range(i + 1)) for i in range(last)
    ]
    np.testing.assert_allclose(fitted, expected, atol=1e-12)


def test_isotonic_regression_is_scipy_s():
    y = np.random.default_rng(1).normal(size=300) + np.linspace(0, 2, 300)
    order = np.random.default_rng(2).permutation(300)
    knots, fitted = samplers.isotonic_regression(np.arange(300)[order], y[order])
    np.testing.assert_array_equal(knots, np.arange(300))
    np.testing.assert_allclose(fitted, scipy.optimize.isotonic_regression(y).x, atol=1e-12)


def test_isotonic_calibration_is_monotone_and_finite_beyond_the_data():
    calibrated = samplers.calibrate(*normals(100))
    found = calibrated(np.linspace(-1e4, 1e4, 501))
    assert np.all(np.diff(found) >= 0) and np.all(np.isfinite(found))
    np.testing.assert_allclose(found[[0, -1]], [np.log(1e-14), -np.log(1e-14)], rtol=1e-3)


# === Models ===


def lively(family):
    """A tiny model with weights large enough that its logits differ."""
    model = families.build(family)
    for weight in model.trainable_weights:
        weight.assign(20.0 * weight if len(weight.shape) > 1 else weight)
    if model.ema_generator is not model.generator:
        model.ema_generator.set_weights(model.generator.get_weights())
    return model


def test_for_model_is_the_model():
    model = lively("dcgan")
    generate, score = samplers.for_model(model)
    z = tf.constant(np.random.default_rng(0).normal(size=(6, model.latent_dim)), tf.float32)
    uniform = 2 * scipy.stats.norm.cdf(z) - 1  # this model's latents
    images = generate(z)
    np.testing.assert_allclose(images, model.generate(uniform), atol=1e-5)
    expected = model.discriminate(images)[:, 0]
    np.testing.assert_allclose(score(images), expected, rtol=1e-4)
    assert np.std(expected) > 1e-3


@pytest.mark.parametrize("labels", [3, np.eye(10)[3] * 0.5 + np.eye(10)[7] * 0.5])
def test_for_model_with_labels(labels):
    model = lively("conditional_gan")
    assert model.latent_distribution == "normal"
    generate, score = samplers.for_model(model, labels)
    z = model.sample_latents(5)
    repeated = np.repeat(np.asarray(labels)[None], 5, axis=0)
    images = generate(z)
    np.testing.assert_allclose(images, model.generate(z, repeated), atol=1e-5)
    expected = model.discriminate(images, model.condition(repeated))
    np.testing.assert_allclose(score(images), expected[:, 0], rtol=1e-4)
    assert np.std(expected) > 1e-3


def test_every_sampler_runs_on_a_model():
    model = lively("dcgan")
    generate, score = samplers.for_model(model)
    options = {"latent_dim": model.latent_dim, "batch_size": 4}
    x, _ = families.data(model, 8)
    weights = families.values(model)
    drawn = [
        samplers.rejection_sample(generate, score, 5, burn_in=16, max_candidates=9, **options),
        samplers.metropolis_hastings_sample(
            generate, score, 5, real_logits=score(x), chain_length=4, **options
        ),
        samplers.langevin_sample(generate, score, 5, steps=40, step_size=0.02, **options),
    ]
    for result in drawn:
        assert result.samples.shape == (5, 8, 8, 1) and result.logits.shape == (5,)
        np.testing.assert_allclose(result.samples, generate(tf.constant(result.latents)), atol=1e-5)
        np.testing.assert_allclose(result.logits, score(result.samples), atol=1e-5)
    assert families.largest_difference(weights, families.values(model)) == 0.0


def test_langevin_without_noise_raises_the_logit_of_a_model():
    model = lively("dcgan")
    generate, score = samplers.for_model(model)
    options = {"latent_dim": model.latent_dim, "noise_scale": 0.0, "temperature": 0.05}
    start = samplers.langevin_sample(generate, score, 16, steps=1, step_size=1e-9, **options)
    end = samplers.langevin_sample(generate, score, 16, steps=20, step_size=1e-4, **options)
    assert np.all(end.logits > start.logits)


# === Refusals ===


def draw(function, generate=points, score=log_ratio, n=2, **options):
    return function(generate, score, n, **{"latent_dim": 1, **options})


REJECT, METROPOLIS = samplers.rejection_sample, samplers.metropolis_hastings_sample
LANGEVIN = samplers.langevin_sample


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: samplers.rejection_probabilities([1.0, 3.0], 2.0), "over max_logit"),
        (lambda: samplers.rejection_logits([1.0], 2.0, eps=0.0), "eps must be positive"),
        (lambda: draw(REJECT, n=0), "n must be a positive int"),
        (lambda: draw(REJECT, percentile=101), "percentile must be in"),
        (lambda: draw(REJECT, percentile=80, gamma=1.0), "excludes gamma"),
        (lambda: draw(REJECT, max_candidates=0), "max_candidates must be a positive int"),
        (lambda: draw(REJECT, score=lambda x: np.ones((len(x), 2))), "score must return"),
        (lambda: draw(REJECT, score=lambda x: np.full(len(x), np.nan)), "finite"),
        (lambda: draw(METROPOLIS, chain_length=2.5), "chain_length must be a positive int"),
        (lambda: draw(METROPOLIS, real_logits=[np.inf]), "finite"),
        (lambda: draw(METROPOLIS, real_logits=[]), "at least one"),
        (
            lambda: samplers.metropolis_hastings_probabilities([1.0], [1.0, 2.0]),
            "must have one shape",
        ),
        (lambda: draw(LANGEVIN, step_size=0.0), "step_size and temperature must be positive"),
        (lambda: draw(LANGEVIN, noise_scale=-1.0), "noise_scale not negative"),
        (lambda: draw(LANGEVIN, decay=0.5), "go together"),
        (lambda: draw(LANGEVIN, decay_every=3), "go together"),
        (lambda: draw(LANGEVIN, metropolis=True, noise_scale=0.5), "needs noise_scale=1"),
        (lambda: draw(LANGEVIN, tf.stop_gradient, linear([1.0])), "do not depend"),
        (lambda: draw(LANGEVIN, identity, lambda x: tf.reduce_sum(x)), "score must return"),
        (
            lambda: draw(LANGEVIN, identity, lambda x: x**3, steps=50, step_size=5.0),
            "diverged",
        ),
        (lambda: samplers.atypical_share(np.zeros(3)), r"must be \(n, dim\)"),
        (lambda: samplers.calibration_z([1, 0], [0.5]), "must have one shape"),
        (lambda: samplers.calibration_z([1, 2], [0.5, 0.5]), "labels must be 0 or 1"),
        (lambda: samplers.calibration_z([1, 0], [1.0, 0.0]), "nothing to test"),
        (lambda: samplers.isotonic_regression([1.0], [1.0, 2.0]), "must have one shape"),
        (lambda: samplers.calibrate([1.0], [0.0, 1.0]), "as many real as fake"),
        (lambda: samplers.calibrate([1.0], [0.0], "platt"), "beta, isotonic, logistic"),
        (lambda: samplers.calibrate([1.0, 2.0], [-1.0, 0.0], "logistic"), "perfectly"),
        (lambda: samplers.for_model(families.build("dcgan"), 3), "leave labels out"),
        (lambda: samplers.for_model(families.build("conditional_gan")), "give labels"),
        (lambda: samplers.for_model(families.build("conditional_gan"), 10), r"0\.\.9"),
        (lambda: samplers.for_model(families.build("conditional_gan"), [1, 2]), "labels must"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
