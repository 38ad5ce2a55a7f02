"""Densities on the line, against SciPy, closed forms and the library's own losses."""

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
import tensorflow as tf

from tfgan_models import analysis, losses

GRID = np.linspace(-14.0, 15.0, 8001)
P, Q = analysis.normal_density(GRID), analysis.normal_density(GRID, 1.0)
RNG = np.random.default_rng(0)
# Equally weighted nodes of N(0, 1): means over them are quadrature.
NODES = scipy.stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
MIXTURE = ((0.6, 0.4), (-2.0, 2.5), (0.7, 0.7))

# p = N(0, 1), q = N(1, 1).
ORACLE = {
    "total_variation": 0.382925,
    "kl": 0.5,
    "reverse_kl": 0.5,
    "pearson": 1.718282,
    "neyman": 1.718282,
    "squared_hellinger": 0.235006,
    "jensen_shannon": 0.222843,
    "gan": -1.163451,
    "half_chi2": 0.408109,
}


@pytest.mark.parametrize("name", analysis.DIVERGENCES)
def test_divergence_golden(name):
    np.testing.assert_allclose(analysis.f_divergence(P, Q, GRID, name), ORACLE[name], atol=1e-6)


def test_divergences_have_the_names_of_the_loss():
    for name in set(analysis.DIVERGENCES) - {"half_chi2"}:
        assert losses.get({"name": "f_divergence", "divergence": name}).divergence == name


def test_named_distances_golden():
    assert analysis.kl(P, Q, GRID) == pytest.approx(0.5, abs=1e-9)
    assert analysis.js(P, Q, GRID) == pytest.approx(0.111421, abs=1e-6)
    assert analysis.total_variation(P, Q, GRID) == pytest.approx(0.382925, abs=1e-6)
    assert analysis.fisher_ipm(P, Q, GRID) == pytest.approx(0.903447, abs=1e-6)
    assert analysis.fisher_ipm(P, Q, GRID) / 2 == pytest.approx(0.451724, abs=1e-6)
    assert analysis.wasserstein1_densities(P, Q, GRID) == pytest.approx(1.0, abs=1e-9)


def test_least_values_of_the_discriminators_losses():
    """Cross entropy 2 log 2 - 2 JSD, hinge 2 (1 - TV), least squares int p q / (p + q) / 2."""
    assert 2 * np.log(2) - 2 * analysis.js(P, Q, GRID) == pytest.approx(1.163451, abs=1e-6)
    assert 2 * (1 - analysis.total_variation(P, Q, GRID)) == pytest.approx(1.234150, abs=1e-6)
    # (p + q)^2 - (p - q)^2 = 4 p q.
    chi2 = analysis.f_divergence(P, Q, GRID, "half_chi2")
    assert (2 - chi2) / 8 == pytest.approx(0.198986, abs=1e-6)
    # Mao et al. 2017 write it int (2q - (p + q))^2 / (p + q); with f = (u - 1)^2 on (p + q, 2q):
    assert analysis.f_divergence(P + Q, 2 * Q, GRID, "pearson") == pytest.approx(0.859141, abs=1e-6)


@pytest.mark.parametrize("name", ["kl", "neyman", "jensen_shannon", "squared_hellinger"])
def test_divergences_against_quadrature(name):
    f = {
        "kl": lambda u: u * np.log(u),
        "neyman": lambda u: (1 - u) ** 2 / u,
        "jensen_shannon": lambda u: -(u + 1) * np.log((1 + u) / 2) + u * np.log(u),
        "squared_hellinger": lambda u: (np.sqrt(u) - 1) ** 2,
    }[name]
    p, q = scipy.stats.norm(0.3, 0.8), scipy.stats.norm(-0.5, 0.7)
    expected = scipy.integrate.quad(lambda x: q.pdf(x) * f(p.pdf(x) / q.pdf(x)), -7, 6)[0]
    found = analysis.f_divergence(p.pdf(GRID), q.pdf(GRID), GRID, name)
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", analysis.DIVERGENCES)
def test_equal_densities_are_at_no_distance(name):
    least = -np.log(4) if name == "gan" else 0.0
    assert analysis.f_divergence(P, P, GRID, name) == pytest.approx(least, abs=1e-9)


def test_disjoint_densities():
    p, q = (GRID < -1) * 1.0, (GRID > 1) * 1.0
    p, q = p / np.trapezoid(p, GRID), q / np.trapezoid(q, GRID)
    assert analysis.js(p, q, GRID) == pytest.approx(np.log(2))
    assert analysis.total_variation(p, q, GRID) == pytest.approx(1.0)
    assert np.isinf(analysis.kl(p, q, GRID)) and np.isinf(
        analysis.f_divergence(p, q, GRID, "pearson")
    )
    assert analysis.wasserstein1_densities(p, q, GRID) == pytest.approx(15.5, abs=0.01)


def test_many_densities_at_once():
    many = analysis.normal_density(GRID, np.array([[0.0], [1.0], [2.0]]))
    np.testing.assert_allclose(analysis.kl(P, many, GRID), [0.0, 0.5, 2.0], atol=1e-9)


@pytest.mark.parametrize("sizes", [(50, 50), (7, 12), (1, 5), (101, 67)])
def test_wasserstein1_of_samples_against_scipy(sizes):
    a, b = RNG.normal(size=sizes[0]), RNG.exponential(size=sizes[1])
    expected = scipy.stats.wasserstein_distance(a, b)
    assert analysis.wasserstein1(a, b) == pytest.approx(expected, rel=1e-12)
    assert analysis.wasserstein1(a, a + 3.0) == pytest.approx(3.0)


def test_wasserstein1_of_densities_against_samples():
    p, q = analysis.normal_density(GRID, -1, 0.5), analysis.normal_density(GRID, 1, 1.5)
    expected = scipy.stats.wasserstein_distance(-1 + 0.5 * NODES, 1 + 1.5 * NODES)
    assert analysis.wasserstein1_densities(p, q, GRID) == pytest.approx(expected, abs=1e-3)


def test_kernel_density_against_scipy():
    samples, points = RNG.normal(2.0, 3.0, 80), np.linspace(-8, 12, 21).reshape(3, 7)
    scott = scipy.stats.gaussian_kde(samples)
    np.testing.assert_allclose(
        analysis.kernel_density(samples, points).ravel(), scott(points.ravel()), rtol=1e-12
    )
    narrow = scipy.stats.gaussian_kde(samples, 0.4 / samples.std(ddof=1))
    np.testing.assert_allclose(
        analysis.kernel_density(samples, points, 0.4).ravel(), narrow(points.ravel()), rtol=1e-9
    )


def test_density_of_a_mixture():
    expected = sum(w * scipy.stats.norm(m, s).pdf(GRID) for w, m, s in zip(*MIXTURE, strict=True))
    np.testing.assert_allclose(analysis.mixture_density(GRID, *MIXTURE), expected, rtol=1e-10)
    np.testing.assert_allclose(
        analysis.log_normal_density(40.0, 1.0, 2.0), scipy.stats.norm(1, 2).logpdf(40.0)
    )


def test_maximum_likelihood_of_a_normal():
    samples = RNG.normal(16.0, 5.0, 300)
    fit = analysis.normal_mle(samples)
    np.testing.assert_allclose(fit[:2], scipy.stats.norm.fit(samples))
    best = analysis.log_normal_density(samples, fit.mean, fit.std).mean()
    for other in (
        (fit.mean + 0.1, fit.std),
        (fit.mean, 1.05 * fit.std),
        (fit.mean, 0.95 * fit.std),
    ):
        assert analysis.log_normal_density(samples, *other).mean() < best


def test_mixture_by_expectation_maximisation():
    samples = np.concatenate([RNG.normal(2.5, 0.7, 400), RNG.normal(-2.0, 0.7, 600)])
    fit = analysis.mixture_mle(samples, 2)
    np.testing.assert_allclose(fit.weights, [0.6, 0.4], atol=0.01)
    np.testing.assert_allclose(fit.means, [-2.0, 2.5], atol=0.1)
    np.testing.assert_allclose(fit.stds, [0.7, 0.7], atol=0.1)
    density = analysis.mixture_density(samples, fit.weights, fit.means, fit.stds)
    assert fit.log_likelihood == pytest.approx(np.log(density).mean(), rel=1e-12)
    path = [analysis.mixture_mle(samples, 2, steps=steps).log_likelihood for steps in range(8)]
    assert (np.diff(path) > -1e-12).all() and path[0] < path[-1]


def test_mixture_of_one_is_the_normal_and_a_lone_sample_keeps_a_width():
    samples = RNG.normal(3.0, 2.0, 100)
    one = analysis.mixture_mle(samples, 1)
    np.testing.assert_allclose([one.means[0], one.stds[0]], analysis.normal_mle(samples)[:2])
    lone = analysis.mixture_mle(np.append(samples, 60.0), 2)
    assert np.isfinite(lone.log_likelihood) and (lone.stds > 0).all()


def test_optimal_discriminator():
    logit, probability = analysis.optimal_discriminator(
        analysis.log_normal_density(GRID), analysis.log_normal_density(GRID, 1.0)
    )
    np.testing.assert_allclose(logit, 0.5 - GRID, atol=1e-12)
    np.testing.assert_allclose(probability, P / (P + Q), rtol=1e-9)
    far, certain = analysis.optimal_discriminator(
        *(analysis.log_normal_density(1e3, m) for m in (0, 1))
    )
    assert far == pytest.approx(-999.5) and certain == 0.0
    # No other discriminator has a lower loss.
    loss = lambda d: -np.trapezoid(P * np.log(d) + Q * np.log1p(-d), GRID)  # noqa: E731
    inner = np.clip(probability, 1e-12, 1 - 1e-12)
    for other in (0.9 * inner, inner**1.1, np.full_like(inner, 0.5)):
        assert loss(other) > loss(inner) + 1e-4
    assert loss(inner) == pytest.approx(1.163451, abs=1e-6)


def test_affine_discriminator_trained_to_the_end():
    coefficients = analysis.fit_log_ratio(NODES, NODES + 1.0)
    np.testing.assert_allclose(coefficients, [0.5, -1.0], atol=1e-4)
    logits = [tf.constant(np.polyval(coefficients[::-1], x)) for x in (NODES, NODES + 1.0)]
    # The library's loss has its least value there, and no slope.
    with tf.GradientTape() as tape:
        a, b = tf.Variable(0.0), tf.Variable(1.0)
        value = losses.cross_entropy_discriminator_loss(
            *(a + b * tf.cast(logit, tf.float32) for logit in logits)
        )
    np.testing.assert_allclose(value, 1.163451, atol=1e-5)
    np.testing.assert_allclose(tape.gradient(value, [a, b]), 0.0, atol=1e-6)


def test_sets_of_two_sizes_weigh_alike():
    few = np.array([-0.5, 0.2, 1.0])
    np.testing.assert_allclose(
        analysis.fit_log_ratio(few, NODES[::10]),
        analysis.fit_log_ratio(np.tile(few, 5), NODES[::10]),
        atol=1e-9,
    )


def test_noise_contrastive_estimation_of_a_population():
    noise = lambda x: analysis.log_normal_density(x, 0.0, 2.0)  # noqa: E731
    fit = analysis.noise_contrastive_estimate(NODES, 2.0 * NODES, noise)
    assert fit.mean == pytest.approx(0.0, abs=1e-6)
    assert fit.std == pytest.approx(1.0, abs=1e-3)
    assert fit.log_partition == pytest.approx(0.5 * np.log(2 * np.pi), abs=1e-3)


def test_noise_contrastive_estimation_learns_mean_width_and_partition():
    data = 3.0 + 0.5 * RNG.normal(size=4000)
    noise = 2.0 + RNG.normal(size=4000)
    fit = analysis.noise_contrastive_estimate(
        data, noise, lambda x: analysis.log_normal_density(x, 2.0, 1.0)
    )
    assert fit.mean == pytest.approx(3.0, abs=0.05) and fit.std == pytest.approx(0.5, abs=0.05)
    assert fit.log_partition == pytest.approx(np.log(0.5 * np.sqrt(2 * np.pi)), abs=0.05)


def test_noise_that_copies_the_model_gives_maximum_likelihood_on_average():
    """Self-contrastive estimation, Goodfellow 2014, section 3: at the optimum of the likelihood
    noise with the data's moments leaves the discriminator's gradient at zero."""
    data = RNG.normal(3.0, 0.5, 500)
    fit = analysis.normal_mle(data)
    copy = fit.mean + fit.std * NODES / NODES.std()
    found = analysis.noise_contrastive_estimate(
        data, copy, lambda x: analysis.log_normal_density(x, fit.mean, fit.std)
    )
    np.testing.assert_allclose(found[:2], fit[:2], rtol=1e-9)


def test_guided_cost_oracle():
    cost = analysis.guided_cost(
        NODES, 2.0 * NODES, lambda x: analysis.log_normal_density(x, 0.0, 2.0)
    )
    x = np.linspace(-3, 3, 13)
    np.testing.assert_allclose(cost.value(x), x**2 / 2, atol=5e-3)
    assert cost.value(0.0) == 0.0
    assert cost.slope(1.0) == pytest.approx(1.0, abs=1e-3)
    assert np.exp(cost.log_partition) == pytest.approx(np.sqrt(2 * np.pi), rel=1e-3)


def test_kl_covers_and_reverse_kl_seeks():
    grid = np.linspace(-15, 15, 3001)
    p = analysis.mixture_density(grid, *MIXTURE)
    covers = analysis.nearest_normal(p, grid, "kl")
    # Its minimum matches the moments: mean -0.2, variance 0.7^2 + 0.24 * 4.5^2.
    assert covers.mean == pytest.approx(-0.2, abs=1e-3)
    assert covers.std == pytest.approx(np.sqrt(0.49 + 0.24 * 4.5**2), abs=1e-3)
    seeks = analysis.nearest_normal(p, grid, "reverse_kl")
    assert seeks.mean == pytest.approx(-2.0, abs=0.02) and seeks.std == pytest.approx(0.7, abs=0.02)
    best = analysis.f_divergence(p, analysis.normal_density(grid, *seeks[:2]), grid, "reverse_kl")
    # A mode alone costs the logarithm of its share.
    assert best == pytest.approx(-np.log(0.6), abs=0.01)
    for m, s in ((2.5, 0.7), (-0.2, 2.3), (seeks.mean + 0.02, seeks.std), (seeks.mean, 0.72)):
        other = analysis.normal_density(grid, m, s)
        assert analysis.f_divergence(p, other, grid, "reverse_kl") > best


@pytest.mark.parametrize("divergence", analysis.DIVERGENCES)
def test_nearest_normal_of_a_normal(divergence):
    grid = GRID[::16]
    found = analysis.nearest_normal(analysis.normal_density(grid, 0.7, 1.3), grid, divergence)
    np.testing.assert_allclose(found[:2], [0.7, 1.3], atol=5e-3)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: analysis.kl(P, Q[1:], GRID), "points of the grid"),
        (lambda: analysis.kl(-P, Q, GRID), "not negative"),
        (lambda: analysis.kl(P, Q, GRID[::-1]), "increase"),
        (lambda: analysis.f_divergence(P, Q, GRID, "lk"), "Known: total_variation"),
        (lambda: analysis.kernel_density([1.0, 2.0], 0.0, 0.0), "width must be positive"),
        (lambda: analysis.wasserstein1([], [1.0]), "a must be at least 1 finite"),
        (lambda: analysis.normal_mle([1.0, np.nan]), "finite"),
        (lambda: analysis.fit_log_ratio([0.0, 1.0], [5.0, 6.0]), "separates the two sets"),
        (
            lambda: analysis.noise_contrastive_estimate(
                2.0 * NODES, NODES, lambda x: 4.0 * analysis.log_normal_density(x, 0.0, 3.0)
            ),
            "opens upwards",
        ),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
