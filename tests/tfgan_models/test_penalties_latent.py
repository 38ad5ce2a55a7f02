"""Path length, Jacobian clamping, latent optimisation, and lazy Adam."""

import numpy as np
import pytest
import tensorflow as tf

from tests.tfgan_models.penalty_games import Players, constant, data, normal, plain_game
from tfgan_models import penalties
from tfgan_models.core import random
from tfgan_models.penalties import latent

# === Path length ===


def linear_generator(matrix, shape=(2, 4, 3)):
    """Latents (B, D) -> images A z; `matrix` is (H W C, D)."""
    return lambda z: tf.reshape(z @ tf.transpose(matrix), (-1, *shape))


def test_lengths_of_a_linear_generator():
    a = np.random.default_rng(0).normal(size=(24, 5))
    noise = np.random.default_rng(1).normal(size=(6, 2, 4, 3))
    got = penalties.path_lengths(linear_generator(constant(a)), normal((6, 5)), constant(noise))
    expected = np.linalg.norm(noise.reshape(6, 24) @ a, axis=1) / np.sqrt(8.0)
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_expected_squared_length_is_the_jacobians_norm():
    """E len^2 = ||A||_F^2 / (H W)."""
    a = np.random.default_rng(0).normal(size=(24, 5))
    noise = random.Draws(0, 0, 4000).normal("noise", (2, 4, 3))
    lengths = penalties.path_lengths(linear_generator(constant(a)), tf.zeros((4000, 5)), noise)
    np.testing.assert_allclose(np.mean(lengths.numpy() ** 2), np.sum(a**2) / 8.0, rtol=0.05)


def test_lengths_average_over_the_layers_of_a_style():
    """len = sqrt(mean over L of the sum over D): two layers of which one does nothing."""
    a = constant(np.random.default_rng(0).normal(size=(24, 5)))
    noise = normal((3, 2, 4, 3), 1)
    one = penalties.path_lengths(linear_generator(a), normal((3, 5)), noise)
    two = penalties.path_lengths(
        lambda w: linear_generator(a)(w[:, 0]) + 0.0 * w[:, 1, :1, None, None],
        normal((3, 2, 5)),
        noise,
    )
    np.testing.assert_allclose(two, one / np.sqrt(2.0), rtol=1e-5)


def game_of(generate, latents, fake, step=0):
    draws = random.Draws(3, step, len(latents))
    return plain_game(real=fake, fake=fake, latents=latents, generate=generate, draws=draws)


def test_path_length_squares_against_the_average_that_it_has_just_updated():
    a = np.random.default_rng(0).normal(size=(24, 5))
    latents = normal((6, 5))
    penalty = penalties.PathLength(decay=0.1)
    average = 0.0
    for step in range(3):
        game = game_of(linear_generator(constant(a)), latents, tf.zeros((6, 2, 4, 3)), step)
        value = penalty.generator(game)
        noise = game.draws.normal("path_length", (2, 4, 3)).numpy().astype("float64")
        lengths = np.linalg.norm(noise.reshape(6, 24) @ a, axis=1) / np.sqrt(8.0)
        average += 0.1 * (lengths.mean() - average)
        np.testing.assert_allclose(penalty.average.numpy(), average, rtol=1e-5)
        np.testing.assert_allclose(value, np.mean((lengths - average) ** 2), rtol=1e-4)


def test_the_gradient_flows_through_this_batchs_part_of_the_average():
    """G = s A z: all lengths scale with s, so the value is (with a = 0.1 mean) s^2 times one."""
    a = constant(np.random.default_rng(0).normal(size=(24, 5)))
    scale, latents = tf.constant(1.3), normal((6, 5))
    with tf.GradientTape() as tape:
        tape.watch(scale)
        generate = linear_generator(a)
        game = game_of(lambda z: scale * generate(z), latents, tf.zeros((6, 2, 4, 3)))
        value = penalties.PathLength(decay=0.1).generator(game)
    np.testing.assert_allclose(tape.gradient(value, scale), 2.0 * value / 1.3, rtol=1e-4)


def test_path_length_trains_a_network():
    real, latents = data()
    actors = Players()
    penalty = penalties.PathLength()
    with tf.GradientTape() as tape:
        value = penalty.generator(actors.game("generator", real, latents))
    gradients = tape.gradient(value, [v.value for v in actors.generator.trainable_variables])
    assert all(g is not None and np.all(np.isfinite(g)) for g in gradients[:3])


# === Jacobian clamping ===


def test_clamping_golden():
    ratios = constant([0.5, 5.0, 30.0])
    np.testing.assert_allclose(latent.clamp_distance(ratios), (0.25 + 0.0 + 100.0) / 3.0, rtol=1e-6)
    images = tf.zeros((3, 2, 2, 1))
    other = (
        tf.reshape(ratios, (3, 1, 1, 1)) * tf.constant([[1.0, 0.0], [0.0, 0.0]])[None, ..., None]
    )
    np.testing.assert_allclose(
        penalties.jacobian_clamping(images, other, 1.0), 100.25 / 3, rtol=1e-6
    )


def test_clamping_divides_by_the_distance():
    images, other = tf.zeros((2, 3)), constant([[3.0, 0.0, 0.0], [0.0, 0.0, 6.0]])
    value = penalties.jacobian_clamping(images, other, constant([1.0, 3.0]), low=2.5, high=2.5)
    np.testing.assert_allclose(value, 0.25, rtol=1e-6)


@pytest.mark.parametrize("scale, expected", [(0.25, 0.75**2), (3.0, 0.0), (25.0, 25.0)])
@pytest.mark.parametrize("epsilon", [1.0, 0.1])
def test_clamping_of_a_scaling_generator(scale, expected, epsilon):
    latents = normal((6, 5))
    game = game_of(lambda z: scale * z, latents, scale * latents)
    value = penalties.JacobianClamping(epsilon=epsilon).generator(game)
    np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-8)


def test_clamping_refuses_two_shapes():
    with pytest.raises(ValueError, match="one shape"):
        penalties.jacobian_clamping(tf.zeros((2, 3)), tf.zeros((3, 2)), 1.0)


# === Latent optimisation ===

Z, G = constant([[0.2, -0.5]]), constant([[0.6, 0.8]])


@pytest.mark.parametrize(
    "beta, step, moved, cost",
    [
        (0.1, (0.490909, 0.654545), (0.690909, 0.154545), 0.669421),
        (5.0, (0.09, 0.12), (0.29, -0.38), 0.0225),
    ],
)
def test_latent_optimization_golden(beta, step, moved, cost):
    def logits_of(z):
        return tf.reduce_sum(z * G, axis=1, keepdims=True)

    dz = penalties.latent_step(Z, logits_of, alpha=0.9, beta=beta)
    np.testing.assert_allclose(dz, [step], rtol=1e-5)
    np.testing.assert_allclose(latent.step_cost(dz), cost, rtol=1e-5)
    penalty = penalties.LatentOptimization(beta=beta, rate=1.0)
    got = penalty.move_latents(Z, logits_of, random.Draws(0, 0, 1))
    np.testing.assert_allclose(got, [moved], rtol=1e-5)
    game = plain_game(latents=Z, generate=lambda z: z, see=logits_of)
    for term in (penalty.discriminator, penalty.generator):
        np.testing.assert_allclose(term(game), cost, rtol=1e-5)


def test_steps_are_bounded_by_the_damping():
    """||dz|| <= alpha / (2 sqrt(beta)), reached at ||g|| = sqrt(beta)."""
    scales = constant(np.geomspace(1e-3, 1e3, 61))[:, None]
    z = tf.zeros((61, 2))
    dz = penalties.latent_step(z, lambda v: tf.reduce_sum(v * scales * constant([0.6, 0.8]), 1))
    norms = np.linalg.norm(dz, axis=1)
    assert norms.max() <= 0.9 / (2 * np.sqrt(5.0)) + 1e-6
    at_best = penalties.latent_step(
        Z, lambda v: np.sqrt(5.0) * tf.reduce_sum(v * constant([0.6, 0.8]), 1)
    )
    np.testing.assert_allclose(np.linalg.norm(at_best), 0.201246, rtol=1e-4)


@pytest.mark.parametrize("rate", [0.0, 0.5, 1.0])
def test_a_share_of_the_latents_moves(rate):
    z = tf.zeros((400, 2))
    penalty = penalties.LatentOptimization(rate=rate)
    moved = penalty.move_latents(z, lambda v: tf.reduce_sum(v, 1), random.Draws(1, 0, 400))
    share = np.mean(np.any(moved.numpy() != 0, axis=1))
    assert abs(share - rate) <= 4 * np.sqrt(rate * (1 - rate) / 400)


@pytest.mark.parametrize("clip, expected", [(1.0, 1.0), (0.5, 0.5), (None, 0.99 + 0.9 / 6.0)])
def test_moved_latents_are_clipped(clip, expected):
    z = constant([[0.99]])
    penalty = penalties.LatentOptimization(rate=1.0, clip=clip)
    moved = penalty.move_latents(z, lambda v: v, random.Draws(0, 0, 1))
    np.testing.assert_allclose(moved, [[expected]], rtol=1e-6)


@pytest.mark.parametrize("first_order", [False, True])
def test_only_the_second_order_form_differentiates_the_step(first_order):
    """D(G(z)) = w z: dz = a w / (b + w^2)."""
    penalty = penalties.LatentOptimization(
        alpha=0.9, beta=0.5, rate=1.0, clip=None, first_order=first_order
    )
    w, z = tf.constant(0.3), tf.zeros((1, 1))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(w)
        moved = penalty.move_latents(z, lambda v: w * v, random.Draws(0, 0, 1))
        cost = penalty.generator(plain_game(latents=z, generate=lambda v: v, see=lambda x: w * x))
    step = 0.9 * 0.3 / (0.5 + 0.09)
    np.testing.assert_allclose(moved, [[step]], rtol=1e-5)
    np.testing.assert_allclose(cost, step**2, rtol=1e-5)
    slope = 0.9 * (0.5 - 0.09) / (0.5 + 0.09) ** 2
    if first_order:
        assert tape.gradient(moved, w) is None and tape.gradient(cost, w) is None
    else:
        np.testing.assert_allclose(tape.gradient(moved, w), slope, rtol=1e-5)
        np.testing.assert_allclose(tape.gradient(cost, w), 2 * step * slope, rtol=1e-5)


def test_moved_latents_raise_the_logit():
    real, latents = data()
    game = Players().game("generator", real, latents)

    def logits_of(z):
        return game.discriminate(game.generate(z), kind="fake")

    penalty = penalties.LatentOptimization(rate=1.0, clip=None)
    moved = penalty.move_latents(latents, logits_of, game.draws)
    assert np.all(logits_of(moved) > logits_of(latents))


# === Lazy Adam ===


@pytest.mark.parametrize("every, rate, beta_2", [(16, 0.0018824, 0.990585), (4, 0.0016, 0.991992)])
def test_lazy_optimizer_goldens(every, rate, beta_2):
    adam = {"name": "adam", "learning_rate": 0.002, "beta_1": 0.0, "beta_2": 0.99, "epsilon": 1e-8}
    got = penalties.lazy_optimizer(adam, every)
    np.testing.assert_allclose(got["learning_rate"], rate, rtol=1e-4)
    np.testing.assert_allclose(got["beta_2"], beta_2, rtol=1e-6)
    assert got["beta_1"] == 0.0 and got["epsilon"] == 1e-8 and got["name"] == "adam"
    assert adam["learning_rate"] == 0.002


def test_lazy_optimizer_fills_in_kerass_defaults():
    got = penalties.lazy_optimizer({"name": "adam"}, 1)
    expected = {"learning_rate": 5e-4, "beta_1": 0.9**0.5, "beta_2": 0.999**0.5}
    assert got == {"name": "adam", **expected}


@pytest.mark.parametrize(
    "optimizer, every, says",
    [
        ("adam", 4, "re-tunes a dict"),
        ({"name": "sgd", "learning_rate": 0.1}, 4, "re-tunes a dict"),
        ({"name": "adam", "learning_rate": {"name": "linear_decay"}}, 4, "constant learning_rate"),
        ({"name": "adam"}, 0, "every must be a positive int"),
    ],
)
def test_lazy_optimizer_refuses(optimizer, every, says):
    with pytest.raises(ValueError, match=says):
        penalties.lazy_optimizer(optimizer, every)
