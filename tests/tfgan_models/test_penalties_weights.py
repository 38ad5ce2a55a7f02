"""Penalties on weights and on the gradients of both players, in games with known solutions."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.tfgan_models.penalty_games import Players, constant, normal, plain_game
from tfgan_models import layers as own_layers
from tfgan_models import penalties
from tfgan_models.core import random
from tfgan_models.penalties import orthogonal, players, weight

# === Weights ===


def variables(*values):
    return tuple(keras.Variable(np.asarray(value, "float32")) for value in values)


def test_weight_decay_gradient_is_the_weight():
    network = Players().discriminator
    weights = network.trainable_variables
    with tf.GradientTape() as tape:
        value = penalties.WeightDecay().discriminator(plain_game(weights=tuple(weights)))
    half = 0.5 * sum(np.sum(w.numpy().astype("float64") ** 2) for w in weights)
    np.testing.assert_allclose(value, half, rtol=1e-5)
    for w, g in zip(weights, tape.gradient(value, [w.value for w in weights]), strict=True):
        np.testing.assert_allclose(g, w.numpy(), rtol=1e-6)


def test_weight_decay_acts_on_both_players():
    both = plain_game(weights=(tf.constant([3.0, 4.0]),))
    penalty = penalties.WeightDecay(weight=0.1)
    np.testing.assert_allclose(penalty.generator(both), 12.5)
    np.testing.assert_allclose(penalty.discriminator(both), 12.5)


def test_clipping_bounds_every_weight_and_leaves_small_ones():
    network = Players().discriminator
    before = [w.numpy() for w in network.trainable_variables]
    penalty = penalties.WeightClipping(clip=0.3)
    penalty.constrain(tuple(network.trainable_variables))
    for old, new in zip(before, network.trainable_variables, strict=True):
        np.testing.assert_array_equal(new.numpy(), np.clip(old, np.float32(-0.3), np.float32(0.3)))
    assert max(np.abs(w.numpy()).max() for w in network.trainable_variables) == np.float32(0.3)
    assert not hasattr(penalty, "discriminator") and not hasattr(penalty, "generator")


def test_historical_mean_is_the_mean_of_all_weights_so_far():
    (w,) = variables([0.0, 0.0])
    penalty = penalties.HistoricalAveraging()
    penalty.build_for((w,), ())
    history = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    for t, value in enumerate(history, start=1):
        w.assign(value)
        with tf.GradientTape() as tape:
            term = penalty.generator(plain_game(weights=(w,), player="generator"))
        away = value - history[:t].mean(axis=0)
        np.testing.assert_allclose(term, np.sum(away**2), rtol=1e-4, atol=1e-9)
        np.testing.assert_allclose(tape.gradient(term, w.value), 2 * away, rtol=1e-4, atol=1e-6)


def test_historical_averaging_counts_the_players_apart():
    (w,), (v,) = variables([1.0]), variables([2.0, 3.0])
    penalty = penalties.HistoricalAveraging()
    penalty.build_for((w,), (v,))
    for _ in range(3):
        penalty.discriminator(plain_game(weights=(v,)))
    penalty.generator(plain_game(weights=(w,)))
    assert (int(penalty.generator_updates), int(penalty.discriminator_updates)) == (1, 3)
    np.testing.assert_allclose(penalty.discriminator_mean_0.numpy(), [2.0, 3.0])


def test_historical_averaging_wants_its_means_first():
    with pytest.raises(ValueError, match="call build_for"):
        penalties.HistoricalAveraging().generator(plain_game(weights=variables([1.0])))


@pytest.mark.parametrize("averaging", [False, True])
def test_historical_averaging_stops_the_circles_of_the_bilinear_game(averaging):
    """min_x max_y x y, simultaneous steps: the radius grows by (1 + h^2)^(n/2) without it.

    With it the radius shrinks, slowly: the values are those of the recursion in plain Python.
    """
    x, y = variables(1.0, 1.0)
    penalty = penalties.HistoricalAveraging(weight=1.0)
    penalty.build_for((x,), (y,))
    h, radii = 0.1, {}

    @tf.function(autograph=False)
    def step():
        with tf.GradientTape(persistent=True) as tape:
            value = x.value * y.value
            for_x, for_y = value, -value
            if averaging:
                for_x += penalty.weight * penalty.generator(plain_game(weights=(x,)))
                for_y += penalty.weight * penalty.discriminator(plain_game(weights=(y,)))
        by_x, by_y = tape.gradient(for_x, x.value), tape.gradient(for_y, y.value)
        x.assign_sub(h * by_x)
        y.assign_sub(h * by_y)

    for n in range(1, 301):
        step()
        if n in (100, 300):
            radii[n] = np.hypot(float(x), float(y))
    if averaging:
        expected = [0.928923, 0.746694]
    else:
        expected = [np.sqrt(2.0) * (1 + h * h) ** (n / 2) for n in (100, 300)]
    np.testing.assert_allclose(list(radii.values()), expected, rtol=1e-4)


# === Orthogonal ===

MATRIX = constant([[1.0, 2.0], [0.0, 1.0], [1.0, 0.0]])
START = {"rows": constant([0.3, -0.5, 0.8]), "columns": constant([0.6, 0.7])}


@pytest.mark.parametrize(
    "form, side, expected",
    [
        ("full", "rows", 26.0),
        ("full", "columns", 25.0),
        ("full", "smaller", 25.0),
        ("off_diagonal", "rows", 10.0),
        ("off_diagonal", "columns", 8.0),
        ("off_diagonal", "smaller", 8.0),
        ("dso", "rows", 51.0),
        ("mutual_coherence", "rows", 7.0),
        ("mutual_coherence", "columns", 6.0),
        ("srip", "columns", 5.0),
        ("condition_number", "rows", np.sqrt(6.0)),
        ("condition_number", "columns", np.sqrt(6.0)),
    ],
)
def test_orthogonality_goldens(form, side, expected):
    value = penalties.orthogonality(MATRIX, form, side, START.get(side))
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    turned = {"rows": "columns", "columns": "rows"}.get(side, side)
    value = penalties.orthogonality(tf.transpose(MATRIX), form, turned, START.get(side))
    np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_off_diagonal_gradient_is_that_of_the_frobenius_square():
    with tf.GradientTape() as tape:
        tape.watch(MATRIX)
        value = penalties.orthogonality(MATRIX)
    np.testing.assert_allclose(tape.gradient(value, MATRIX), [[4, 8], [8, 16], [4, 8]], rtol=1e-6)


def test_srip_is_the_spectral_norm_and_its_gradient():
    """d|lambda|/dW of B - I is sign(lambda) 2 W v v^T, against NumPy's eigenvectors."""
    rng = np.random.default_rng(1)
    left, right = (np.linalg.qr(rng.normal(size=(n, n)))[0] for n in (5, 3))
    w = left[:, :3] @ np.diag([2.0, 0.9, 0.5]) @ right  # eigenvalues 3, -0.19, -0.75
    start = right[0] + 0.1 * right[1] - 0.1 * right[2]
    matrix = tf.constant(w)
    with tf.GradientTape() as tape:
        tape.watch(matrix)
        value = penalties.orthogonality(matrix, "srip", "columns", start)
    np.testing.assert_allclose(value, 3.0, rtol=1e-4)
    v = right[0][:, None]
    np.testing.assert_allclose(tape.gradient(value, matrix), 2.0 * w @ v @ v.T, atol=0.02)


@pytest.mark.parametrize("form", [f for f in orthogonal.FORMS if f != "condition_number"])
def test_orthonormal_rows_and_columns_cost_nothing(form):
    square = np.linalg.qr(np.random.default_rng(2).normal(size=(4, 4)))[0]
    matrix = constant(square)
    with tf.GradientTape() as tape:
        tape.watch(matrix)
        value = penalties.orthogonality(matrix, form, "rows", constant([1.0, 0.5, -0.5, 0.2]))
    np.testing.assert_allclose(value, 0.0, atol=1e-5)
    assert np.all(np.isfinite(tape.gradient(value, matrix)))


@pytest.mark.parametrize("form", ["off_diagonal", "full"])
@pytest.mark.parametrize(("shape", "side"), [((7, 3), "rows"), ((3, 7), "columns")])
def test_the_larger_gram_matrix_is_not_needed(form, shape, side):
    """Value and gradient of ||G o (1 - I)||^2 and ||G - I||^2 against NumPy in float64."""
    matrix = np.random.default_rng(0).normal(size=shape)
    with tf.GradientTape() as tape:
        w = tf.constant(matrix, tf.float32)
        tape.watch(w)
        value = penalties.orthogonality(w, form, side)
    rows = matrix if side == "rows" else matrix.T
    gram = rows @ rows.T
    rest = gram * (1 - np.eye(7)) if form == "off_diagonal" else gram - np.eye(7)
    slope = 4.0 * rest @ rows
    np.testing.assert_allclose(value, np.sum(rest**2), rtol=1e-5)
    expected = slope if side == "rows" else slope.T
    np.testing.assert_allclose(tape.gradient(value, w), expected, rtol=1e-4, atol=1e-4)


def test_more_rows_than_columns_have_a_floor():
    tall = np.linalg.qr(np.random.default_rng(3).normal(size=(5, 3)))[0]
    np.testing.assert_allclose(penalties.orthogonality(tall, "full", "rows"), 2.0, rtol=1e-5)
    np.testing.assert_allclose(penalties.orthogonality(tall, "full", "smaller"), 0.0, atol=1e-10)


def test_a_singular_kernel_has_a_finite_condition_number():
    for matrix in (tf.zeros((2, 3)), constant([[1.0, 2.0], [2.0, 4.0]])):
        with tf.GradientTape() as tape:
            tape.watch(matrix)
            value = penalties.orthogonality(matrix, "condition_number")
        assert np.isfinite(value) and np.all(np.isfinite(tape.gradient(value, matrix)))


def test_rows_of_a_kernel_matrix_are_the_outputs():
    """The response of output k at one place is row k times the flattened input."""
    rng = np.random.default_rng(4)
    patch = constant(rng.normal(size=(1, 3, 3, 2)))
    conv = keras.layers.Conv2D(4, 3, use_bias=False)
    response = conv(patch)[0, 0, 0]
    rows = penalties.kernel_matrix(conv.kernel)
    assert rows.shape == (4, 18)
    np.testing.assert_allclose(rows @ tf.reshape(patch, [-1, 1]), response[:, None], rtol=1e-4)

    # A transposed convolution spreads each input: its adjoint gathers with rows over (h, w, in).
    deconv = keras.layers.Conv2DTranspose(4, 3, use_bias=False)
    deconv.build((1, 1, 1, 2))
    rows = penalties.kernel_matrix(deconv.kernel, transposed=True).numpy()
    assert rows.shape == (4, 18)
    for index in range(2):
        one = np.zeros((1, 1, 1, 2), "float32")
        one[..., index] = 1.0
        spread = deconv(one)[0].numpy()  # (3, 3, 4)
        np.testing.assert_allclose(rows.reshape(4, 3, 3, 2)[..., index], spread.transpose(2, 0, 1))

    dense = keras.layers.Dense(4)
    dense.build((1, 7))
    np.testing.assert_array_equal(penalties.kernel_matrix(dense.kernel), dense.kernel.numpy().T)


def test_vectors_are_no_kernels():
    with pytest.raises(ValueError, match="rank 2 or more"):
        penalties.kernel_matrix(tf.zeros(3))


def embedding_network():
    layers = keras.layers
    normed = own_layers.SpectralNorm(layers.Dense(16, name="second"), name="wrapped")
    z, y = keras.Input((4,)), keras.Input((), dtype="int32")
    table = layers.Embedding(5, 4, name="classes")(y)
    soft = layers.Dense(4, name="shared_embedding")(z)
    h = layers.Dense(16, name="first")(layers.Add()([z, table, soft]))
    h = layers.BatchNormalization()(layers.Reshape((2, 2, 4))(normed(h)))
    h = own_layers.WeightNorm(layers.Conv2DTranspose(3, 4, 2, "same", name="output"))(h)
    return keras.Model([z, y], layers.Conv2D(1, 3, name="last")(h))


def test_kernels_of_a_network():
    network = embedding_network()
    found = orthogonal.kernels(network.trainable_variables, network)
    names = {v.path.split("/")[-2]: transposed for v, transposed in found}
    assert names == {"first": False, "output": True, "last": False}
    found = orthogonal.kernels(network.trainable_variables, network, spectral=True)
    assert {v.path.split("/")[-2] for v, _ in found} == {"first", "second", "output", "last"}
    found = orthogonal.kernels(network.trainable_variables, network, skip=("embed", "last"))
    assert {v.path.split("/")[-2] for v, _ in found} == {"first", "output"}


def test_kernels_go_by_name_without_a_network():
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((4, 4, 2)),
            layers.Conv2DTranspose(3, 3),
            layers.SpectralNormalization(layers.Conv2D(4, 3)),
            layers.Conv2D(2, 3),
        ]
    )
    found = orthogonal.kernels(network.trainable_variables)
    assert [(v.shape, transposed) for v, transposed in found] == [
        ((3, 3, 3, 2), True),
        ((3, 3, 4, 2), False),
    ]


def test_orthogonal_sums_over_the_kernels_of_its_player():
    actors = Players()
    game = plain_game(weights=tuple(actors.generator.trainable_variables), network=actors.generator)
    penalty = penalties.Orthogonal(weight=0.5)
    expected = 0.0
    for w in actors.generator.trainable_variables:
        kernel = w.numpy().astype("float64")
        if kernel.ndim == 4:
            kernel = kernel.transpose(0, 1, 3, 2).reshape(-1, kernel.shape[2])
        if kernel.ndim == 2:
            gram = kernel.T @ kernel
            expected += np.sum((gram - np.diag(np.diag(gram))) ** 2)
    np.testing.assert_allclose(penalty.generator(game), expected, rtol=1e-5)
    assert penalty.discriminator is None
    assert penalties.Orthogonal(player="discriminator").generator is None
    both = penalties.Orthogonal(player="both")
    np.testing.assert_allclose(both.discriminator(game), both.generator(game))


def test_orthogonal_says_when_nothing_is_left():
    with pytest.raises(ValueError, match="finds no kernel"):
        penalties.Orthogonal().generator(plain_game(weights=variables([1.0, 2.0])))


def test_srip_draws_a_new_start_each_step_and_depends_on_nothing_else():
    kernel = variables(np.random.default_rng(5).normal(size=(6, 4)))
    penalty = penalties.Orthogonal(form="srip", side="smaller")

    def value(step, rows):
        draws = random.Draws(0, tf.constant(step), rows)
        return float(penalty.generator(plain_game(weights=kernel, draws=draws)))

    assert value(0, 4) == value(0, 8) != value(1, 4)


# === Gradients of both players in the bilinear game L_D = -theta phi, L_G = theta phi ===


def bilinear(penalty, theta, phi, h, players_of=("discriminator", "generator")):
    """One simultaneous step from (theta, phi); returns the new pair."""
    d, g = variables(phi, theta)

    def play():
        return -(g.value * d.value), g.value * d.value

    moved = {}
    for player, own, other in (("discriminator", d, g), ("generator", g, d)):
        with tf.GradientTape() as tape:
            loss = play()[0 if player == "discriminator" else 1]
            term = getattr(penalty, player, None)
            if term is not None:
                game = plain_game(
                    weights=(own,), opponent_weights=(other,), play=play, player=player
                )
                loss += penalty.weight * term(game)
        moved[player] = float(own) - h * float(tape.gradient(loss, own.value))
    return moved["generator"], moved["discriminator"]


@pytest.mark.parametrize("alpha, modulus", [(1.0, 0.905539), (0.0, 1.004988)])
def test_consensus_multiplies_the_bilinear_game_by_its_complex_factor(alpha, modulus):
    h, theta, phi = 0.1, 0.7, -0.4
    new = bilinear(penalties.Consensus(alpha=alpha), theta, phi, h)
    factor = 1.0 + h * (-alpha + 1j)  # (theta, phi) as theta - i phi turns by +i
    expected = factor * complex(phi, theta)
    # theta' = theta - h phi, phi' = phi + h theta turn (phi, theta) backwards
    turned = complex(phi, -theta) * factor
    np.testing.assert_allclose(new, (-turned.imag, turned.real), rtol=1e-5)
    ratio = np.hypot(*new) / np.hypot(theta, phi)
    np.testing.assert_allclose(ratio, modulus, rtol=1e-5)
    np.testing.assert_allclose(abs(expected), np.hypot(*new), rtol=1e-5)


def test_consensus_is_both_squared_gradients_for_both_players():
    d, g = variables([1.0, -2.0], [0.5, 3.0])

    def play():
        product = tf.reduce_sum(d.value**2 * g.value)
        return product, tf.reduce_sum(d.value * g.value**3)

    by_d = 2.0 * d.numpy() * g.numpy()
    by_g = 3.0 * d.numpy() * g.numpy() ** 2
    expected = 0.5 * (np.sum(by_d**2) + np.sum(by_g**2))
    for player, own, other in (("discriminator", d, g), ("generator", g, d)):
        game = plain_game(weights=(own,), opponent_weights=(other,), play=play)
        value = getattr(penalties.Consensus(), player)(game)
        np.testing.assert_allclose(value, expected, rtol=1e-6)


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.5])
def test_generator_gradient_norm_has_the_papers_eigenvalues(eta):
    """-eta +- sqrt(eta^2 - 1): both with negative real part for any positive eta."""
    penalty = penalties.GeneratorGradientNorm(eta=eta)
    h = 1e-3
    columns = [np.subtract(bilinear(penalty, *unit, h), unit) / h for unit in ((1, 0), (0, 1))]
    got = np.sort_complex(np.linalg.eigvals(np.transpose(columns)).astype(complex))
    root = np.sqrt(complex(eta**2 - 1.0))
    np.testing.assert_allclose(got, np.sort_complex([-eta - root, -eta + root]), atol=1e-3)
    assert not hasattr(penalty, "discriminator")


def test_generator_gradient_norm_is_the_squared_gradient_of_the_discriminator():
    d, g = variables([1.0, -2.0], [0.5, 3.0])
    game = plain_game(
        weights=(g,),
        opponent_weights=(d,),
        play=lambda: (tf.reduce_sum(d.value * g.value), tf.constant(0.0)),
    )
    with tf.GradientTape() as tape:
        value = penalties.GeneratorGradientNorm().generator(game)
    np.testing.assert_allclose(value, 9.25)
    np.testing.assert_allclose(tape.gradient(value, g.value), [1.0, 6.0])


def test_weights_out_of_the_game_count_as_zero():
    d, g, idle = variables([1.0], [2.0], [5.0])

    def play():
        return tf.reduce_sum(d.value * g.value), tf.reduce_sum(d.value * g.value)

    np.testing.assert_allclose(players.both_gradient_norms(play, [d, idle], [g]), 2.5)
    np.testing.assert_allclose(players.discriminator_gradient_norm(play, [idle]), 0.0)


def test_means_carry_no_gradient():
    w, m = tf.constant([1.0, 2.0]), tf.constant([0.0, 0.5])
    with tf.GradientTape() as tape:
        tape.watch(m)
        value = weight.distance_from_mean([w], [m])
    np.testing.assert_allclose(value, 3.25)
    assert tape.gradient(value, m) is None


def test_kernels_in_half_precision_are_measured_in_float32():
    value = penalties.orthogonality(tf.cast(normal((3, 4)), "bfloat16"))
    assert value.dtype == tf.float32
