"""Gradient penalties on the discriminator: closed forms, and the Dirac-GAN they make converge."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.tfgan_models.penalty_games import normal, plain_game, uniform
from tfgan_models import losses, penalties
from tfgan_models.penalties import gradient

W = (3.0, 4.0)
U = np.array([0.0, 0.3, 0.5, 1.0], "float32")


def points(count=6, seed=0, size=2):
    return normal((count, size), seed)


def linear(weights):
    return lambda x: tf.reduce_sum(x * weights, axis=-1, keepdims=True)


def half_square(x):
    """D = |x|^2 / 2, whose slope is |x|: its penalties tell where they were taken."""
    return 0.5 * tf.reduce_sum(x * x, axis=list(range(1, x.shape.rank)))


def weight_gradient(penalty, weights):
    """Value and d/dw of penalty(D) for the linear D(x) = w.x."""
    weights = tf.constant(weights)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        value = penalty(linear(weights))
    return value.numpy(), tape.gradient(value, weights).numpy()


def images(count=4, seed=1):
    return uniform((count, 6, 6, 2), seed)


def gp(d, **options):
    return penalties.gradient_penalty(d, points(4), points(4, 1), U, **options)


@pytest.mark.parametrize(
    "penalty, weights, value, slope",
    [
        (lambda d: gp(d), W, 160.0, (48.0, 64.0)),
        (lambda d: gp(d), (0.6, 0.8), 0.0, (0.0, 0.0)),
        (lambda d: gp(d), (0.3, 0.4), 2.5, (-6.0, -8.0)),
        (lambda d: gp(d, one_sided=True), (0.3, 0.4), 0.0, (0.0, 0.0)),
        (lambda d: gp(d, one_sided=True), W, 160.0, (48.0, 64.0)),
        # lambda/kappa^2 (|w| - kappa)^2 = 10/4 * 9, derivative 2 * 10/4 * 3 * w/|w|
        (lambda d: gp(d, target=2.0), W, 22.5, (9.0, 12.0)),
        (
            lambda d: penalties.zero_centered_gradient_penalty(d, points(4), points(4, 1), U),
            W,
            250.0,
            (60.0, 80.0),
        ),
        (lambda d: penalties.r1(d, points(), gamma=10.0), W, 125.0, (30.0, 40.0)),
        (lambda d: penalties.r2(d, points(), gamma=10.0), W, 125.0, (30.0, 40.0)),
        (lambda d: penalties.dragan(d, points(4), points(4, 1)), W, 160.0, (48.0, 64.0)),
        (
            lambda d: penalties.dragan(d, points(4), points(4, 1), mode="uniform_centered"),
            W,
            160.0,
            (48.0, 64.0),
        ),
        (
            lambda d: penalties.dragan(d, points(4), points(4, 1), U, mode="legacy"),
            W,
            160.0,
            (48.0, 64.0),
        ),
        (lambda d: penalties.max_gradient(d, points(1), 0.5), W, 12.5, (3.0, 4.0)),
        (lambda d: penalties.max_gradient(d, points(1), form="two_sided"), W, 16.0, (4.8, 6.4)),
        (
            lambda d: penalties.max_gradient(d, points(1), form="one_sided", target=6.0),
            W,
            0.0,
            (0.0, 0.0),
        ),
        (
            lambda d: penalties.max_gradient(
                d, points(1), 10.0, "lagrangian", target=2.0, multiplier=0.5
            ),
            W,
            105.0,
            (39.0, 52.0),
        ),
    ],
)
def test_linear_discriminator(penalty, weights, value, slope):
    got, gradients = weight_gradient(penalty, weights)
    np.testing.assert_allclose(got, value, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(gradients, slope, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize(
    "penalty, expected",
    [
        (penalties.GradientPenalty(), 160.0),
        (penalties.GradientPenalty(weight=8.0, target=2.5), 8.0),
        (penalties.GradientPenalty(target=7.0, one_sided=True), 0.0),
        (penalties.ZeroCenteredGradientPenalty(), 250.0),
        (penalties.Dragan(), 160.0),
        (penalties.Dragan(mode="legacy"), 160.0),
        (penalties.Dragan(mode="uniform_centered", target=5.0), 0.0),
        (penalties.R1(gamma=10.0), 125.0),
        (penalties.R2(gamma=10.0), 125.0),
    ],
)
def test_objects_are_the_functions(penalty, expected):
    value = penalty.discriminator(plain_game(real=points(), fake=points(seed=1), see=linear(W)))
    np.testing.assert_allclose(penalty.weight * value, expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("penalty", [penalties.R1(), penalties.R2(), penalties.Dragan()])
def test_each_looks_at_its_own_images(penalty):
    """Slope |x|: real images have length 3, fakes 5."""
    real, fake = tf.fill((4, 1), 3.0), tf.fill((4, 1), 5.0)
    value = penalty.discriminator(plain_game(real=real, fake=fake, see=half_square))
    expected = {"r1": 9.0, "r2": 25.0, "dragan": 4.0}[penalty.NAME]  # one value: no deviation
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_gradient_penalty_looks_between_real_and_fake():
    real, fake = points(4), points(4, 1)
    value = penalties.gradient_penalty(half_square, real, fake, U, weight=7.0)
    r, f = real.numpy().astype("float64"), fake.numpy().astype("float64")
    slope = np.linalg.norm(r + U[:, None] * (f - r), axis=1)
    np.testing.assert_allclose(value, 7.0 * np.mean((slope - 1.0) ** 2), rtol=1e-5)
    value = penalties.zero_centered_gradient_penalty(half_square, real, fake, U)
    np.testing.assert_allclose(value, 10.0 * np.mean(slope**2), rtol=1e-5)


@pytest.mark.parametrize("cls", [penalties.GradientPenalty, penalties.ZeroCenteredGradientPenalty])
def test_one_u_an_image_is_drawn(cls):
    real, fake = tf.zeros((64, 1)), tf.ones((64, 1))  # x_t = u, D = x^2/2: slope u
    seen = []

    def see(x):
        seen.append(x.numpy().ravel())
        return 0.5 * x * x

    value = cls().discriminator(plain_game(real=real, fake=fake, see=see))
    u = seen[0].astype("float64")
    assert len(np.unique(u)) == 64 and 0.0 < u.min() < 0.1 and 0.9 < u.max() < 1.0
    target = 1.0 if cls is penalties.GradientPenalty else 0.0
    np.testing.assert_allclose(value, np.mean((u - target) ** 2), rtol=1e-5)


def test_probabilities_scale_the_gradient_by_the_sigmoids():
    real = tf.zeros((4, 2))  # sigmoid' (0) = 1/4
    penalty = penalties.ZeroCenteredGradientPenalty(of="probabilities")
    value = penalty.discriminator(plain_game(real=real, fake=real, see=linear(W)))
    np.testing.assert_allclose(value, 25.0 / 16.0, rtol=1e-6)


@pytest.mark.parametrize("shape", [(4, 1), (4, 6, 6, 2), (4, 1, 1, 1), (), (1,), (3,)])
def test_u_is_one_number_an_image(shape):
    with pytest.raises(ValueError, match="one number an image"):
        penalties.gradient_penalty(half_square, images(), images(), tf.fill(shape, 0.5))


def test_two_shapes_are_refused():
    for penalty in (penalties.gradient_penalty, penalties.zero_centered_gradient_penalty):
        with pytest.raises(ValueError, match="one shape"):
            penalty(linear(W), points(4), points(5), tf.zeros(4))


def test_norms_sum_over_every_axis_of_an_image():
    weights = np.random.default_rng(2).normal(size=(6, 6, 2)).astype("float32")
    squared = np.sum(weights.astype("float64") ** 2)

    def see(x):
        return tf.reduce_sum(x * weights, axis=[1, 2, 3])

    np.testing.assert_allclose(penalties.r1(see, images(), 2.0), squared, rtol=1e-5)
    slope = penalties.gradient_penalty(see, images(), images(seed=2), U, weight=1.0)
    np.testing.assert_allclose(slope, (np.sqrt(squared) - 1.0) ** 2, rtol=1e-5)
    np.testing.assert_allclose(penalties.max_gradient(see, images()), squared, rtol=1e-5)


def test_patch_logits_are_summed_for_each_image():
    value = penalties.r1(lambda x: tf.stack([x @ [[3.0], [0.0]], x @ [[0.0], [4.0]]], 1), points())
    np.testing.assert_allclose(value, 125.0, rtol=1e-5)


def test_dead_image_among_live_ones_gives_no_nan():
    """One image sits where a ReLU discriminator is flat."""
    weights = tf.constant(W)
    x = tf.constant([[1.0, 1.0], [-1.0, -1.0]])
    with tf.GradientTape() as tape:
        tape.watch(weights)
        value = penalties.gradient_penalty(
            lambda v: tf.nn.relu(linear(weights)(v)), x, x, tf.zeros(2), weight=10.0
        )
    np.testing.assert_allclose(value, 10.0 * (16.0 + 1.0) / 2.0, rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(value, weights), [24.0, 32.0], rtol=1e-5)


def test_image_gradients_match_finite_differences():
    keras.utils.set_random_seed(0)
    network = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(4, 3, 2, "same", activation="tanh"),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    x = images(2)
    got = gradient.image_gradients(network, x).numpy()
    for index in [(0, 1, 2, 0), (1, 4, 5, 1)]:
        bump = np.zeros(x.shape, "float32")
        bump[index] = 1e-2
        up, down = (tf.reduce_sum(network(x + s * bump)) for s in (1.0, -1.0))
        np.testing.assert_allclose(got[index], (up - down) / 2e-2, rtol=2e-2, atol=1e-4)


def test_a_discriminator_that_ignores_the_image_is_refused():
    with pytest.raises(ValueError, match="does not depend on the image"):
        penalties.r1(lambda x: tf.ones((4, 1)), images())


# === DRAGAN ===


def test_dragan_points():
    real = uniform((4, 3, 3, 1))
    s = float(np.std(real.numpy().astype("float64")))
    noise = np.random.default_rng(3).uniform(size=real.shape).astype("float32")
    x = real.numpy()
    got = gradient.dragan_points(real, noise, c_std=0.5)
    np.testing.assert_allclose(got, x + 0.5 * s * noise, rtol=1e-5, atol=1e-6)
    got = gradient.dragan_points(real, noise, mode="uniform_centered")
    np.testing.assert_allclose(got, np.clip(x + s * (noise - 0.5), -1, 1), rtol=1e-5, atol=1e-6)
    assert np.any(np.abs(x + s * (noise - 0.5)) > 1)
    got = gradient.dragan_points(real, noise, U, mode="legacy")
    u = U[:, None, None, None]
    np.testing.assert_allclose(got, x + u * (x + 0.5 * s * noise - x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", gradient.DRAGAN_MODES)
def test_dragan_of_equal_pixels_looks_at_the_image_itself(mode):
    real = tf.fill((4, 3), 0.3)
    np.testing.assert_array_equal(gradient.dragan_points(real, points(4, 1, 3), U, mode=mode), real)


@pytest.mark.parametrize("mode", gradient.DRAGAN_MODES)
def test_dragan_draws_new_noise_for_every_pixel(mode):
    real, seen = uniform((16, 5, 5, 1)), []

    def see(x):
        seen.append(x.numpy())
        return half_square(x)

    penalties.Dragan(mode=mode).discriminator(plain_game(real=real, see=see))
    moved = seen[0] - real.numpy()
    assert len(np.unique(moved)) > 380
    deviation = float(np.std(real.numpy()))
    if mode == "gaussian":
        np.testing.assert_allclose(np.std(moved), 0.5 * deviation, rtol=0.1)
    assert (moved.min() >= 0) == (mode == "legacy")


# === The largest slope ===

CORNERS = tf.constant([[1.0, 0.0], [0.0, 2.0], [3.0, 4.0]])


def test_max_gradient_golden():
    np.testing.assert_allclose(penalties.max_gradient(half_square, CORNERS, 0.5), 12.5, rtol=1e-6)
    mean = penalties.zero_centered_gradient_penalty(
        half_square, CORNERS, CORNERS, tf.zeros(3), weight=1.0
    )
    np.testing.assert_allclose(mean, 10.0, rtol=1e-6)


def test_max_gradient_moves_the_worst_image_alone():
    scale = tf.ones(3)
    with tf.GradientTape() as tape:
        tape.watch(scale)
        value = penalties.max_gradient(lambda x: scale * half_square(x), CORNERS)
    np.testing.assert_allclose(tape.gradient(value, scale), [0.0, 0.0, 50.0], rtol=1e-6)


def test_max_gradient_of_two_diracs():
    """phi(x) = x: -w d + lambda w^2 is least at w = d / (2 lambda)."""
    distance, weight, slope = 3.0, 2.0, 0.1
    for _ in range(60):
        _, by_slope = weight_gradient(
            lambda d: penalties.max_gradient(d, tf.constant([[0.0], [distance]]), weight), [slope]
        )
        slope -= 0.1 * (by_slope[0] - distance)
    np.testing.assert_allclose(slope, distance / (2.0 * weight), rtol=1e-4)


def test_lagrange_multiplier_is_used_then_updated():
    penalty = penalties.MaxGradient(weight=10.0, form="lagrangian", target=2.0)
    game = plain_game(real=points(4), fake=points(4, 1), see=linear(W))
    np.testing.assert_allclose(penalty.discriminator(game), 9.0, rtol=1e-5)
    np.testing.assert_allclose(penalty.multiplier.numpy(), 6.0, rtol=1e-5)
    np.testing.assert_allclose(penalty.discriminator(game), 9.0 + 6.0 * 3.0, rtol=1e-5)


# === Dirac-GAN (Mescheder et al. 2018, section 3): data at 0, the generator at theta, D = psi x ===


def dirac_norms(game, simultaneous):
    """||(theta, psi)|| after 500 steps of 0.2 from (1, -1), for gamma 0, 0.3 and 1.

    The paper's discriminator prefers fakes: its psi is minus ours.
    """
    loss = losses.get(game)
    zero = tf.zeros((1, 1))

    def logits(psi):
        return lambda x: psi * x

    def one(theta, psi, gamma):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([theta, psi])
            d, fake = logits(psi), tf.reshape(theta, (1, 1))
            for_d = loss.discriminator(d(zero), d(fake)) + penalties.r1(d, zero, gamma)
            for_g = loss.generator(d(fake))
        return tape.gradient(for_g, theta), tape.gradient(for_d, psi)

    @tf.function(autograph=False)
    def step(state):
        moved = []
        for i, gamma in enumerate((0.0, 0.3, 1.0)):
            theta, psi = state[i, 0], state[i, 1]
            by_theta, by_psi = one(theta, psi, gamma)
            new_theta = theta - 0.2 * by_theta
            if not simultaneous:
                by_psi = one(new_theta, psi, gamma)[1]
            moved.append(tf.stack([new_theta, psi - 0.2 * by_psi]))
        return tf.stack(moved)

    state = tf.constant([[1.0, -1.0]] * 3)
    for _ in range(500):
        state = step(state)
    return np.linalg.norm(state.numpy().astype("float64"), axis=1)


@pytest.mark.parametrize(
    "game, simultaneous, expected",
    [
        ("minimax", True, (3.0969, 2.6e-6, 9.5e-22)),
        ("minimax", False, (1.4210, 2.3e-7, 7.5e-17)),
        ("wasserstein", True, (25636.0, 9.1e-3, 1.3e-19)),
        ("wasserstein", False, (1.3979, 2.7e-7, 5e-25)),
    ],
)
def test_r1_makes_the_dirac_gan_converge(game, simultaneous, expected):
    norms = dirac_norms(game, simultaneous)
    np.testing.assert_allclose(norms[0], expected[0], rtol=1e-3)
    np.testing.assert_allclose(np.log10(norms[1:]), np.log10(expected[1:]), atol=0.06)
