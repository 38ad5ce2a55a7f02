"""Games on logits: golden numbers, equilibria, invariances and populations with known answers."""

import math

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tfgan_models import losses
from tfgan_models.core import random

REAL, FAKE = [2.0, -1.0], [0.5, -3.0]
# name: L_D, by real, by fake, L_G, by fake, by real.
GOLDEN = {
    "minimax": (
        1.231427,
        [-0.059601, -0.365529],
        [0.311230, 0.023713],
        -0.511332,
        [-0.311230, -0.023713],
        None,
    ),
    "non_saturating": (
        1.231427,
        [-0.059601, -0.365529],
        [0.311230, 0.023713],
        1.761332,
        [-0.188770, -0.476287],
        None,
    ),
    "maximum_likelihood": (
        1.231427,
        [-0.059601, -0.365529],
        [0.311230, 0.023713],
        -0.849254,
        [-0.824361, -0.024894],
        None,
    ),
    "least_squares": (3.5625, [0.5, -1.0], [0.25, -1.5], 4.0625, [-0.25, -2.0], None),
    "least_squares_centred": (2.8125, [0.5, -1.0], [0.75, -1.0], 2.3125, [0.25, -1.5], None),
    "hinge": (1.75, [0.0, -0.5], [0.5, 0.0], 1.25, [-0.5, -0.5], None),
    "wasserstein": (-1.75, [-0.5, -0.5], [0.5, 0.5], 1.25, [-0.5, -0.5], None),
    "fisher": (
        -0.652930,
        [0.056250, -0.778125],
        [0.639063, -0.334375],
        1.25,
        [-0.5, -0.5],
        None,
    ),
    "relativistic_pairing": (
        0.164171,
        [-0.091213, -0.059601],
        [0.091213, 0.059601],
        1.914171,
        [-0.408787, -0.440399],
        [0.408787, 0.440399],
    ),
    "relativistic_average": (
        0.668439,
        [-0.150992, -0.351240],
        [0.368788, 0.133444],
        4.168439,
        [-0.631212, -0.866556],
        [0.849008, 0.648760],
    ),
    "relativistic_average_least_squares": (
        6.4375,
        [3.0, 0.0],
        [0.25, -3.25],
        20.4375,
        [-3.75, -7.25],
        [7.0, 4.0],
    ),
    "relativistic_average_hinge": (
        0.875,
        [-0.25, -0.75],
        [0.75, 0.25],
        5.5,
        [-1.0, -1.0],
        [1.0, 1.0],
    ),
}
SPECS = {name: name for name in GOLDEN} | {
    "least_squares_centred": {"name": "least_squares", "a": -1.0, "b": 1.0, "c": 0.0},
    "fisher": {"name": "fisher", "rho": 0.1},
}
DIVERGENCES = {  # L_D, saturating L_G, alternative L_G on the fixture; the bound for N(0,1), N(1,1)
    "total_variation": (-0.183843, 0.133234, 0.133234, 0.382925),
    "kl": (-0.187577, -0.312423, 1.25, 0.5),
    "reverse_kl": (-0.823191, 2.25, 10.346034, 0.5),
    "pearson": (-0.59375, 0.09375, 1.25, 1.718282),
    "neyman": (-2.833681, 3.260490, 9.346034, 1.718282),
    "squared_hellinger": (0.276063, 0.150746, 9.346034, 0.235006),
    "jensen_shannon": (-0.154867, 0.181815, 1.068185, 0.222843),
    "gan": (1.231427, -0.511332, 1.761332, -1.163451),
}
GAMES = {
    **SPECS,
    **{name: {"name": "f_divergence", "divergence": name} for name in DIVERGENCES},
    "alternative": {"name": "f_divergence", "divergence": "reverse_kl", "generator": "alternative"},
    "energy_margin": "energy_margin",
    "boundary_equilibrium": "boundary_equilibrium",
    "dual_contrastive": "dual_contrastive",
    "dual_alternative": {"name": "dual_contrastive", "generator": "alternative"},
}


def make(name):
    loss = losses.get(GAMES[name])
    if name == "fisher":
        loss.multiplier.assign(0.3)
    return loss


def gradients(function, *arrays):
    tensors = [tf.constant(array, tf.float32) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = function(*tensors)
    return value, [np.ravel(g) for g in tape.gradient(value, tensors, None, "zero")]


def nodes(count=200_001):
    """Equally weighted nodes: means over them are midpoint quadrature under N(0, 1)."""
    return scipy.stats.norm.ppf((np.arange(count) + 0.5) / count).astype("float32")


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name, shape):
    d_loss, by_real, by_fake, g_loss, g_by_fake, g_by_real = GOLDEN[name]
    real, fake = np.reshape(REAL, shape), np.reshape(FAKE, shape)
    value, slopes = gradients(make(name).discriminator, real, fake)
    assert value.shape == () and value.dtype == tf.float32
    np.testing.assert_allclose(value, d_loss, atol=1e-5)
    np.testing.assert_allclose(slopes, [by_real, by_fake], atol=1e-5)
    value, slopes = gradients(make(name).generator, fake, real)
    assert value.shape == () and value.dtype == tf.float32
    np.testing.assert_allclose(value, g_loss, atol=1e-5)
    np.testing.assert_allclose(slopes, [g_by_fake, g_by_real or [0.0, 0.0]], atol=1e-5)


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
@pytest.mark.parametrize("name", DIVERGENCES)
def test_f_divergence_golden(name, shape):
    d_loss, saturating, alternative, _ = DIVERGENCES[name]
    real, fake = np.reshape(REAL, shape), np.reshape(FAKE, shape)
    loss = losses.FDivergence(name)
    np.testing.assert_allclose(loss.discriminator(real, fake), d_loss, atol=2e-6)
    np.testing.assert_allclose(loss.generator(fake), saturating, atol=2e-6)
    other = losses.FDivergence(name, generator="alternative")
    np.testing.assert_allclose(other.generator(fake), alternative, rtol=1e-6, atol=1e-6)


FUNCTIONS = {
    "least_squares": (
        losses.least_squares_discriminator_loss,
        losses.least_squares_generator_loss,
    ),
    "hinge": (losses.hinge_discriminator_loss, losses.hinge_generator_loss),
    "wasserstein": (losses.wasserstein_discriminator_loss, losses.wasserstein_generator_loss),
    "fisher": (
        lambda r, f: losses.fisher_discriminator_loss(r, f, 0.3, rho=0.1),
        losses.wasserstein_generator_loss,
    ),
    "relativistic_pairing": (
        losses.relativistic_pairing_loss,
        lambda f: losses.relativistic_pairing_loss(f, REAL),
    ),
    "relativistic_average": (
        losses.relativistic_average_loss,
        lambda f: losses.relativistic_average_loss(f, REAL),
    ),
    "relativistic_average_least_squares": (
        losses.relativistic_average_least_squares_loss,
        lambda f: losses.relativistic_average_least_squares_loss(f, REAL),
    ),
    "relativistic_average_hinge": (
        losses.relativistic_average_hinge_loss,
        lambda f: losses.relativistic_average_hinge_loss(f, REAL),
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_the_objects_mathematics(name):
    discriminator, generator = FUNCTIONS[name]
    np.testing.assert_allclose(discriminator(REAL, FAKE), GOLDEN[name][0], atol=1e-5)
    np.testing.assert_allclose(generator(FAKE), GOLDEN[name][3], atol=1e-5)


@pytest.mark.parametrize(
    "name",
    [
        "relativistic_average",
        "relativistic_average_least_squares",
        "relativistic_average_hinge",
    ],
)
def test_the_authors_code_halves_relativistic_averages(name):
    half = losses.get({"name": name, "scale": 0.5})
    np.testing.assert_allclose(half.discriminator(REAL, FAKE), 0.5 * GOLDEN[name][0], atol=1e-5)
    np.testing.assert_allclose(half.generator(FAKE, REAL), 0.5 * GOLDEN[name][3], atol=1e-5)


EQUILIBRIA = {  # L_D and L_G where all logits are `at`
    "minimax": (0.0, 1.386294, -0.693147),
    "non_saturating": (0.0, 1.386294, 0.693147),
    "maximum_likelihood": (0.0, 1.386294, -1.0),
    "least_squares": (0.5, 0.25, 0.125),
    "least_squares_centred": (0.0, 1.0, 0.0),
    "hinge": (0.0, 2.0, 0.0),
    "wasserstein": (0.7, 0.0, -0.7),
    "relativistic_pairing": (0.7, 0.693147, 0.693147),
    "relativistic_average": (0.7, 1.386294, 1.386294),
    "relativistic_average_least_squares": (0.7, 2.0, 2.0),
    "relativistic_average_hinge": (0.7, 2.0, 2.0),
    "energy_margin": (0.3, 1.0, 0.3),
    "total_variation": (0.0, 0.0, 0.0),
    "kl": (1.0, 0.0, -1.0),
    "reverse_kl": (0.0, 0.0, 1.0),
    "pearson": (0.0, 0.0, 0.0),
    "neyman": (0.0, 0.0, 0.0),
    "squared_hellinger": (0.0, 0.0, 0.0),
    "jensen_shannon": (0.0, 0.0, 0.0),
    "gan": (0.0, 1.386294, -0.693147),
    "dual_contrastive": (0.7, 2.0 * math.log(6.0), -2.0 * math.log(6.0)),
    "dual_alternative": (0.7, 2.0 * math.log(6.0), 2.0 * math.log(6.0)),
}


@pytest.mark.parametrize("name", EQUILIBRIA)
def test_equilibrium(name):
    at, d_loss, g_loss = EQUILIBRIA[name]
    logits, loss = np.full(5, at), make(name)
    value, (by_real, by_fake) = gradients(loss.discriminator, logits, logits)
    np.testing.assert_allclose(value, d_loss, atol=2e-6)
    np.testing.assert_allclose(loss.generator(logits, logits), g_loss, atol=2e-6)
    # Moving all logits together, as where p = q any D moves them, gains nothing.
    if name != "energy_margin":
        np.testing.assert_allclose(by_real + by_fake, 0.0, atol=1e-6)


def test_the_zero_of_a_centred_divergence_is_its_optimum():
    for name in DIVERGENCES:
        _, (by_real, by_fake) = gradients(losses.FDivergence(name).discriminator, [0.0], [0.0])
        assert (abs(by_real + by_fake) < 1e-6) == losses.FDivergence(name).CENTERED, name


@pytest.mark.parametrize("name", GAMES)
def test_extreme_logits_stay_finite(name):
    extreme = np.array([1e4, -1e4, 0.0])
    if name in ("energy_margin", "boundary_equilibrium"):
        extreme = np.abs(extreme)
    for function, sides in (
        (make(name).discriminator, (extreme, extreme[::-1])),
        (make(name).generator, (extreme, extreme[::-1])),
    ):
        value, slopes = gradients(function, *sides)
        assert np.isfinite(value)
        assert np.all(np.isfinite(slopes))


@pytest.mark.parametrize("name", GAMES)
def test_patches_count_like_images_and_order_does_not(name):
    rng = np.random.default_rng(0)
    real, fake = np.abs(rng.normal(size=(2, 3, 2, 4, 1)))
    flat = real.ravel(), fake.ravel()
    mixed = rng.permutation(flat[0]), rng.permutation(flat[1])
    for player in ("discriminator", "generator"):
        patches = getattr(make(name), player)(real, fake)
        np.testing.assert_allclose(patches, getattr(make(name), player)(*flat), rtol=1e-5)
        if name != "relativistic_pairing":
            again = getattr(make(name), player)(*mixed)
            np.testing.assert_allclose(again, patches, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", GAMES)
def test_shapes_that_would_broadcast_raise(name):
    for real, fake in (((4, 1), (4,)), ((4,), (4, 1)), ((4, 2, 2, 1), (4, 1, 1, 1))):
        with pytest.raises(ValueError, match="must agree in all but the batch axis"):
            make(name).discriminator(np.zeros(real), np.zeros(fake))


def test_pairs_of_two_batch_sizes_are_cut_to_the_smaller():
    for a, b in (([2.0, -1.0, 9.0], FAKE), (REAL, [0.5, -3.0, 9.0])):
        np.testing.assert_allclose(losses.relativistic_pairing_loss(a, b), 0.164171, atol=1e-6)


FREE = (
    "wasserstein",
    "relativistic_pairing",
    "relativistic_average",
    "relativistic_average_least_squares",
    "relativistic_average_hinge",
    "dual_contrastive",
    "dual_alternative",
)


@pytest.mark.parametrize("name", GAMES)
def test_only_unbounded_losses_ignore_a_constant(name):
    real, fake = np.array(REAL) + 4.0, np.array(FAKE) + 4.0
    loss = make(name)
    values = [float(make(name).discriminator(real + c, fake + c)) for c in (0.0, 3.0)]
    relativistic = [float(loss.generator(fake + c, real + c)) for c in (0.0, 3.0)]
    assert loss.UNBOUNDED == (name in FREE)
    if name != "total_variation":  # whose tanh is flat out there
        assert (abs(values[0] - values[1]) < 1e-5) == (name in FREE)
    if name in FREE and name != "wasserstein":
        np.testing.assert_allclose(*relativistic, rtol=1e-5)


def test_the_hinge_moves_with_a_constant_over_the_margin():
    loss, real, fake = losses.Hinge(), np.array(REAL), np.array(FAKE)
    moved = loss.discriminator(real + 3.0, fake + 3.0)
    assert abs(moved - loss.discriminator(real, fake)) > 0.5
    np.testing.assert_allclose(loss.generator(fake + 3.0), 1.25 - 3.0, atol=1e-6)


def test_each_player_moves_its_own_network_only():
    """L_D has no gradient by G (its fakes are constants); L_G none is taken by D's weights."""
    x = tf.constant([[0.3], [1.1], [-0.4]])
    for name in GAMES:
        d, g = tf.Variable([0.8, 0.4]), tf.Variable([0.5, 0.6])
        loss = make(name)

        def score(v, d=d):
            return tf.square(d[0] * v + d[1])

        with tf.GradientTape(persistent=True) as tape:
            fake = g[0] * x[::-1] + g[1]
            d_loss = loss.discriminator(score(x), score(tf.stop_gradient(fake)))
            g_loss = loss.generator(score(fake), score(x))
        assert tape.gradient(d_loss, g) is None
        assert np.all(np.abs(tape.gradient(d_loss, d)) > 0.0), name
        assert np.all(np.abs(tape.gradient(g_loss, g)) > 0.0), name


# Populations: p = N(0, 1), q = N(1, 1), log p/q = 1/2 - x.


def populations():
    x = nodes()
    return tf.constant(x), tf.constant(x + 1.0)


OPTIMAL = {  # V at the optimum, from u = log p/q
    "total_variation": lambda u: 20.0 * tf.sign(u),
    "kl": lambda u: 1.0 + u,
    "reverse_kl": lambda u: u,
    "pearson": lambda u: 2.0 * (tf.exp(u) - 1.0),
    "neyman": lambda u: 2.0 * u,
    "squared_hellinger": lambda u: 0.5 * u,
    "jensen_shannon": lambda u: u,
    "gan": lambda u: u,
}


@pytest.mark.parametrize("name", DIVERGENCES)
def test_the_bound_is_tight_at_the_optimum_and_a_bound_elsewhere(name):
    p, q = populations()
    loss, bound = losses.FDivergence(name), DIVERGENCES[name][3]

    def reached(change):
        sides = (OPTIMAL[name](0.5 - x) + change(x) for x in (p, q))
        return -float(loss.discriminator(*sides))

    np.testing.assert_allclose(reached(tf.zeros_like), bound, rtol=3e-3, atol=2e-4)
    best = reached(tf.zeros_like)
    for change in (tf.sin, tf.cos, lambda x: 0.5 * tf.tanh(x), lambda x: tf.fill(x.shape, -0.3)):
        assert reached(change) <= best + 1e-5


DERIVATIVES = {  # of the divergence of N(0, 1) from N(mu, 1) by mu
    "kl": lambda mu: mu,
    "reverse_kl": lambda mu: mu,
    "pearson": lambda mu: 2.0 * mu * math.exp(mu * mu),
    "neyman": lambda mu: 2.0 * mu * math.exp(mu * mu),
    "squared_hellinger": lambda mu: 0.5 * mu * math.exp(-mu * mu / 8.0),
    "jensen_shannon": {0.5: 0.235264, 1.0: 0.397973}.get,
    "gan": {0.5: 0.235264, 1.0: 0.397973}.get,
}


@pytest.mark.parametrize("mu", [0.5, 1.0])
@pytest.mark.parametrize("name", DERIVATIVES)
def test_the_saturating_generator_follows_the_divergence(name, mu):
    noise, mean = tf.constant(nodes()), tf.constant(mu)
    with tf.GradientTape() as tape:
        tape.watch(mean)
        logits = OPTIMAL[name](0.5 * mu * mu - mu * (mean + noise))  # the optimal V, frozen
        value = losses.FDivergence(name).generator(logits)
    np.testing.assert_allclose(tape.gradient(value, mean), DERIVATIVES[name](mu), rtol=5e-3)


def test_population_minimum_of_least_squares():
    p, q = populations()

    def reached(change):
        return losses.LeastSquares().discriminator(
            *(tf.sigmoid(0.5 - x) + change(x) for x in (p, q))
        )

    np.testing.assert_allclose(reached(tf.zeros_like), 0.198986, atol=2e-6)
    for change in (tf.sin, tf.cos, tf.tanh):
        assert reached(lambda x, f=change: 0.1 * f(x)) > 0.1999


def test_least_squares_generator_minimises_pearson_chi_square():
    """(-1, 1, 0): at the optimal D, L_D = 1 - chi2(p + q || 2q) / 2."""
    p, q = populations()
    best = [tf.tanh(0.5 * (0.5 - x)) for x in (p, q)]  # (p - q) / (p + q)
    loss = losses.LeastSquares(-1.0, 1.0, 0.0)
    both = 0.5 * (tf.reduce_mean(tf.square(best[0])) + tf.reduce_mean(tf.square(best[1])))
    np.testing.assert_allclose(2.0 * both, 0.408109, atol=1e-5)
    np.testing.assert_allclose(loss.discriminator(*best), 1.0 - both, atol=1e-5)


def test_population_minimum_of_the_hinge_is_the_total_variation():
    p, q = populations()

    def reached(change):
        return losses.Hinge().discriminator(*(tf.sign(0.5 - x) + change(x) for x in (p, q)))

    np.testing.assert_allclose(reached(tf.zeros_like), 2.0 * (1.0 - 0.382925), atol=2e-5)
    for change in (tf.sin, tf.cos, tf.tanh, lambda x: 0.5 - x):
        assert reached(lambda x, f=change: 0.2 * f(x)) >= 2.0 * (1.0 - 0.382925) - 1e-5


def adam(loss, start, steps, rate):
    """Runs Adam in one graph; `loss` maps (parameters, step) to a scalar."""
    start = tf.constant(start, tf.float32)

    def update(step, w, m, v):
        with tf.GradientTape() as tape:
            tape.watch(w)
            value = loss(w, step)
        g = tape.gradient(value, w)
        t = tf.cast(step + 1, tf.float32)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        direction = (m / (1 - 0.9**t)) / (tf.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return step + 1, w - rate * direction, m, v

    @tf.function(autograph=False)
    def run():
        zeros = tf.zeros_like(start)
        return tf.while_loop(
            lambda step, *_: step < steps, update, (tf.constant(0), start, zeros, zeros)
        )[1]

    return run().numpy()


# The line a x + b that is the optimal logit; None where b is free.
LINES = {
    "non_saturating": (-1.0, 0.5),
    "gan": (-1.0, 0.5),
    "reverse_kl": (-1.0, 0.5),
    "jensen_shannon": (-1.0, 0.5),
    "kl": (-1.0, 1.5),
    "squared_hellinger": (-0.5, 0.25),
    "relativistic_pairing": (-1.0, None),
}


@pytest.mark.parametrize("name", LINES)
def test_an_affine_discriminator_finds_the_log_ratio(name):
    """Adam 1e-2, 2000 steps: of 4096 fresh samples for the first name, of nodes for the others."""
    loss, sampled = make(name), name == "non_saturating"
    x = tf.constant(nodes(512))
    shuffled = tf.constant(np.random.default_rng(0).permutation(nodes(512)))

    def value(line, step):
        p, q = x, shuffled + 1.0
        if sampled:
            p, q = tf.unstack(random.Draws(0, step, 4096).normal("x", (2,)), axis=1)
            q += 1.0
        return loss.discriminator(line[0] * p + line[1], line[0] * q + line[1])

    slope, offset = adam(value, [0.0, 0.0], 2000, 0.01)
    np.testing.assert_allclose(slope, LINES[name][0], atol=0.1)
    if LINES[name][1] is not None:
        np.testing.assert_allclose(offset, LINES[name][1], atol=0.1)


def test_fisher_statistics_of_a_population():
    """The optimal critic is (p - q) / ((p + q) / 2) scaled to Omega = 1."""
    p, q = populations()
    critics = [2.0 * tf.tanh(0.5 * (0.5 - x)) / 0.903447 for x in (p, q)]
    difference, omega = losses.fisher_statistics(*critics)
    np.testing.assert_allclose([difference, omega], [0.903447, 1.0], atol=1e-5)


def test_fisher_multiplier_goes_to_half_the_metric():
    """A critic that is linear in radial functions, from twice the multiplier and a small start."""
    x = nodes(512)
    centres = np.linspace(-3.5, 4.5, 12)
    real, fake = (np.exp(-0.5 * (v[:, None] - centres) ** 2).astype("float32") for v in (x, x + 1))
    start = np.linalg.lstsq(real, np.tanh(0.5 * (0.5 - x)), rcond=1e-3)[0]
    loss = losses.Fisher(rho=0.005)
    loss.multiplier.assign(0.9)
    adam(
        lambda w, _: loss.discriminator(tf.linalg.matvec(real, w), tf.linalg.matvec(fake, w)),
        start,
        2000,
        0.02,
    )
    np.testing.assert_allclose(loss.multiplier.value, 0.451724, atol=0.01)


def test_fisher_multiplier_of_the_fixture():
    """The loss takes lambda before the update, the update this batch's Omega."""
    loss = make("fisher")
    np.testing.assert_allclose(loss.discriminator(REAL, FAKE), -0.652930, atol=1e-5)
    np.testing.assert_allclose(loss.multiplier.value, 0.556250, atol=1e-6)
    measured = loss.measures(REAL, FAKE)
    np.testing.assert_allclose(measured["fisher_multiplier"], 0.556250, atol=1e-6)
    np.testing.assert_allclose(measured["fisher_ipm"], 1.75 / np.sqrt(3.5625), rtol=1e-6)


def test_fisher_multiplier_rises_over_one_and_falls_under_it():
    loss = losses.Fisher(rho=0.1)
    loss.discriminator([2.0, -1.0], [0.5, -3.0])
    assert loss.multiplier.value > 0.0
    loss = losses.Fisher(rho=0.1)
    loss.discriminator([0.2, -0.1], [0.5, -0.3])
    assert loss.multiplier.value < 0.0  # it is not projected


def test_fisher_estimate_is_free_of_scale_and_finite_at_zero():
    loss = losses.Fisher()
    estimates = [
        loss.measures(c * np.array(REAL), c * np.array(FAKE))["fisher_ipm"] for c in (1.0, 7.0)
    ]
    np.testing.assert_allclose(*estimates, rtol=1e-6)
    assert loss.measures([0.0, 0.0], [0.0, 0.0])["fisher_ipm"] == 0.0


def test_energy_margin_golden():
    real, fake = [0.5, 0.8], [0.3, 1.6]
    value, slopes = gradients(losses.EnergyMargin(1.0).discriminator, real, fake)
    np.testing.assert_allclose(value, 1.0, atol=1e-6)
    np.testing.assert_allclose(slopes, [[0.5, 0.5], [-0.5, 0.0]], atol=1e-6)
    value, (slope,) = gradients(losses.EnergyMargin(1.0).generator, fake)
    np.testing.assert_allclose(value, 0.95, atol=1e-6)
    np.testing.assert_allclose(slope, [0.5, 0.5], atol=1e-6)
    _, (_, by_fake) = gradients(losses.EnergyMargin(0.0).discriminator, real, fake)
    np.testing.assert_array_equal(by_fake, [0.0, 0.0])
    with pytest.raises(ValueError, match="margin must not be negative"):
        losses.EnergyMargin(-1.0)


@pytest.mark.parametrize("reuse", [False, True])
def test_boundary_equilibrium_golden(reuse):
    loss = losses.BoundaryEquilibrium(reuse_fakes=reuse)
    loss.k.assign(0.1)
    value, slopes = gradients(loss.discriminator, [0.3, 0.1], [0.1, 0.06])
    np.testing.assert_allclose(value, 0.192, atol=1e-6)
    np.testing.assert_allclose(slopes, [[0.5, 0.5], [-0.05, -0.05]], atol=1e-6)
    np.testing.assert_allclose(loss.k.value, 0.10002 if reuse else 0.1, atol=1e-8)
    measured = loss.measures([0.3, 0.1], [0.1, 0.06])
    np.testing.assert_allclose(measured["began_convergence"], 0.22, atol=1e-6)
    value, (slope,) = gradients(loss.generator, [0.1, 0.06])
    np.testing.assert_allclose(value, 0.08, atol=1e-6)
    np.testing.assert_allclose(slope, [0.5, 0.5], atol=1e-6)
    np.testing.assert_allclose(loss.k.value, 0.10002, atol=1e-8)


def test_boundary_equilibrium_keeps_k_in_its_range():
    loss = losses.BoundaryEquilibrium(rate=10.0)
    loss.discriminator([1.0], [0.1])
    loss.generator([0.9])  # gamma L(x) under L(G): k stays
    assert loss.k.value == 0.0
    loss.generator([0.1])
    assert loss.k.value == 1.0


def test_boundary_equilibrium_at_rest():
    """L(G) = gamma L(x): M = L(x), L_D = (1 - k gamma) L(x), and k does not move."""
    loss = losses.BoundaryEquilibrium(gamma=0.5, rate=0.5)
    loss.k.assign(0.4)
    np.testing.assert_allclose(loss.discriminator([0.6], [0.3]), 0.8 * 0.6, atol=1e-6)
    np.testing.assert_allclose(loss.measures([0.6], [0.3])["began_convergence"], 0.6, atol=1e-6)
    np.testing.assert_allclose(loss.generator([0.3]), 0.3, atol=1e-6)
    np.testing.assert_allclose(loss.k.value, 0.4, atol=1e-6)


def test_dual_contrastive_is_two_softmaxes():
    rng = np.random.default_rng(3)
    real, fake = rng.normal(size=5), rng.normal(size=3)
    first = np.mean([-np.log(np.exp(r) / (np.exp(r) + np.exp(fake).sum())) for r in real])
    second = np.mean([-np.log(np.exp(-f) / (np.exp(-f) + np.exp(-real).sum())) for f in fake])
    value = losses.dual_contrastive_loss(real, fake)
    np.testing.assert_allclose(value, first + second, rtol=1e-5)
    zero_sum, swapped = losses.DualContrastive(), losses.DualContrastive("alternative")
    np.testing.assert_allclose(zero_sum.generator(fake, real), -value, rtol=1e-6)
    np.testing.assert_allclose(
        swapped.generator(fake, real), losses.dual_contrastive_loss(fake, real), rtol=1e-6
    )
    # One against one is the relativistic pair, twice.
    np.testing.assert_allclose(
        losses.dual_contrastive_loss([1.3], [0.4]),
        2.0 * losses.relativistic_pairing_loss([1.3], [0.4]),
        rtol=1e-6,
    )


def test_f_divergence_of_the_gan_is_the_gan():
    rng = np.random.default_rng(1)
    real, fake = 5.0 * rng.normal(size=(2, 7))
    game, minimax = losses.FDivergence("gan"), losses.Minimax()
    np.testing.assert_allclose(
        game.discriminator(real, fake), minimax.discriminator(real, fake), rtol=1e-6
    )
    np.testing.assert_allclose(game.generator(fake), minimax.generator(fake), rtol=1e-6)


@pytest.mark.parametrize("name", ["kl", "reverse_kl", "neyman", "squared_hellinger"])
def test_exponentials_go_on_as_tangents(name):
    """Value and slope are continuous at the edge, and the slope constant beyond."""
    loss = losses.FDivergence(name, linear_from=3.0)
    for edge in (-3.0, 3.0, 4.0):
        for side in range(2):
            at = [[0.0], [0.0]]
            results = []
            for step in (-1e-3, 1e-3):
                at[side] = [edge + step]
                results.append(gradients(loss.discriminator, *at))
            (low, low_slopes), (high, high_slopes) = results
            np.testing.assert_allclose(low, high, atol=0.15)
            np.testing.assert_allclose(low_slopes, high_slopes, rtol=5e-3, atol=1e-3)


@pytest.mark.parametrize(
    "spec, message",
    [
        ({"name": "f_divergence", "divergence": "kll"}, "Unknown divergence 'kll'.*'kl'"),
        ({"name": "f_divergence", "generator": "x"}, "'saturating' or 'alternative'"),
        ({"name": "dual_contrastive", "generator": "x"}, "'saturating' or 'alternative'"),
        ({"name": "least_squares", "a": 1.0, "b": 1.0}, "a must be under b"),
        ({"name": "boundary_equilibrium", "gamma": 0.0}, "gamma must be in"),
        ({"name": "fisher", "roh": 0.1}, "no argument 'roh'.*'rho'"),
    ],
)
def test_wrong_arguments_say_so(spec, message):
    with pytest.raises(ValueError, match=message):
        losses.get(spec)
