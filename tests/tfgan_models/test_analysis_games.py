"""Two-player games: known numbers of Dirac-GAN, closed forms of the xy game, equilibria."""

import functools

import numpy as np
import pytest

from tfgan_models import analysis, losses

H = 0.1


@functools.cache
def game(name, *arguments):
    """One traced game a kind."""
    return getattr(analysis, name)(*arguments)


def norms(trajectory):
    return np.linalg.norm(trajectory, axis=1)


# Final |(theta, psi)| from (1, 1), h = 0.2, 500 steps: gamma 0, 0.3, 1.
DIRAC = {
    ("minimax", "simultaneous"): (3.0969, 2.6e-6, 9.5e-22),
    ("minimax", "alternating"): (1.4210, 2.3e-7, 7.5e-17),
    ("wasserstein", "simultaneous"): (25636.0, 9.1e-3, 1.3e-19),
    ("wasserstein", "alternating"): (1.3979, 2.7e-7, 5e-25),
}


@pytest.mark.parametrize("column, gamma", [(0, 0.0), (1, 0.3), (2, 1.0)])
@pytest.mark.parametrize("loss, updates", DIRAC)
def test_dirac_gan_golden(loss, updates, column, gamma):
    trajectory = analysis.play(game("dirac_gan", loss, gamma), (1, 1), 500, 0.2, updates)
    assert trajectory.shape == (501, 2)
    digits = 5e-5 if gamma == 0.0 else 0.03
    np.testing.assert_allclose(norms(trajectory)[-1], DIRAC[loss, updates][column], rtol=digits)


def test_dirac_gan_of_the_wasserstein_loss_diverges_at_the_computed_rate():
    trajectory = analysis.play(game("dirac_gan", "wasserstein", 0.0), (1, 1), 500, 0.2)
    np.testing.assert_allclose(norms(trajectory)[-1], np.sqrt(2) * 1.04**250, rtol=1e-6)


def test_the_non_saturating_dirac_gan_decays_slowly():
    trajectory = analysis.play(game("dirac_gan", "non_saturating", 0.0), (1, 1), 500, 0.2)
    np.testing.assert_allclose(norms(trajectory)[-1], 0.64, atol=5e-3)


@pytest.mark.parametrize(
    "loss, gamma, expected",
    [
        ("minimax", 0.0, [0.5j, -0.5j]),
        ("minimax", 0.3, [-0.15 + 0.476970j, -0.15 - 0.476970j]),
        ("minimax", 1.0, [-0.5, -0.5]),
        ("non_saturating", 0.3, [-0.15 + 0.476970j, -0.15 - 0.476970j]),
        ("wasserstein", 0.0, [1j, -1j]),
        ("wasserstein", 4.0, [-2 + np.sqrt(3), -2 - np.sqrt(3)]),
    ],
)
def test_dirac_gan_eigenvalues(loss, gamma, expected):
    # A double root splits by the square root of float32's rounding.
    atol = 1e-3 if gamma == 1.0 else 1e-6
    found = analysis.eigenvalues(game("dirac_gan", loss, gamma))
    np.testing.assert_allclose(np.sort_complex(found), np.sort_complex(expected), atol=atol)


def test_dirac_gan_field_is_that_of_the_paper():
    points = np.random.default_rng(0).normal(size=(3, 4, 2))
    theta, psi = points[..., 0], points[..., 1]
    slope = 1 / (1 + np.exp(theta * psi))  # f'(t) of f(t) = -log(1 + exp(-t))
    expected = np.stack([-psi * slope, theta * slope - 0.3 * psi], axis=-1)
    found = analysis.vector_field(game("dirac_gan", "minimax", 0.3), points)
    np.testing.assert_allclose(found, expected, atol=1e-6)


MODULUS = {  # Of the factor of |w| a step on the xy game, h = 0.1, alpha = 1
    "simultaneous": 1.004988,
    "extragradient": np.sqrt(1 - H**2 + H**4),
    "optimistic": abs(1 + 2j * H + np.sqrt(1 - 4 * H**2)) / 2,
    "consensus": 0.905539,
}


@pytest.mark.parametrize("updates", MODULUS)
def test_xy_game_multipliers(updates):
    length = norms(analysis.play(game("xy_game"), (1.0, 0.5), 200, H, updates))
    np.testing.assert_allclose(length[-1] / length[-2], MODULUS[updates], atol=1e-6)


def test_alternating_play_circles_without_drift():
    """Its step has determinant 1 and trace 2 - h^2: a closed orbit through the start."""
    trajectory = analysis.play(game("xy_game"), (1.0, 0.5), 2000, H, "alternating")
    x, y = trajectory.T
    invariant = x**2 + y**2 - H * x * y
    np.testing.assert_allclose(invariant, invariant[0], rtol=1e-9)
    np.testing.assert_allclose(x[2:] - (2 - H**2) * x[1:-1] + x[:-2], 0.0, atol=1e-9)


def test_consensus_without_weight_is_simultaneous():
    plain = analysis.play(game("xy_game"), (1.0, 0.5), 50, H)
    consensus = analysis.play(game("xy_game"), (1.0, 0.5), 50, H, "consensus", alpha=0.0)
    np.testing.assert_array_equal(plain, consensus)
    np.testing.assert_allclose(norms(plain)[-1] / norms(plain)[-2], 1.004988, atol=1e-6)


def test_consensus_uses_the_whole_jacobian():
    """Against descent on |g|^2/2 by finite differences, where the Jacobian is not constant."""
    saddle, w, alpha = game("saddle"), np.array([0.3, 0.7]), 0.5
    half = lambda w: 0.5 * np.sum(saddle.gradients(w) ** 2)  # noqa: E731
    slope = [(half(w + e) - half(w - e)) / 2e-5 for e in 1e-5 * np.eye(2)]
    moved = analysis.play(saddle, w, 1, 1e-3, "consensus", alpha=alpha)[1]
    expected = w - 1e-3 * (saddle.gradients(w) + alpha * np.array(slope))
    np.testing.assert_allclose(moved, expected, rtol=1e-6)


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.25])
def test_gradient_norm_regulariser_eigenvalues(eta):
    expected = -eta + np.array([1, -1]) * np.sqrt(complex(eta**2 - 1))
    found = analysis.eigenvalues(game("xy_game", eta))
    np.testing.assert_allclose(np.sort_complex(found), np.sort_complex(expected), atol=1e-9)
    length = norms(analysis.play(game("xy_game", eta), (1.0, 0.5), 500, 0.02))
    assert (length[-1] < 0.1 * length[0]) if eta else (length[-1] > length[0])


def test_unrolled_oracle():
    w = (1.0, 0.5)
    full = game("xy_game").unrolled_gradients(w, 5, H)
    constant = game("xy_game").unrolled_gradients(w, 5, H, through=False)
    none = game("xy_game").unrolled_gradients(w, 0, H)
    np.testing.assert_allclose(full, [1.5, -1.0], rtol=1e-12)
    np.testing.assert_allclose(constant, [1.0, -1.0], rtol=1e-12)  # y after five moves
    np.testing.assert_array_equal(none, game("xy_game").gradients(w))


def test_unrolled_play_converges_and_none_unrolled_is_plain():
    length = norms(analysis.play(game("xy_game"), (1.0, 0.5), 200, H, "unrolled"))
    # The field is linear: (x, y) -> (x - h (y + 2 h K x), y + h x), K = 5.
    step = np.array([[1 - H * 2 * H * 5, -H], [H, 1]])
    largest = np.abs(np.linalg.eigvals(step)).max()
    assert length[-1] < 1e-3 and np.isclose((length[-1] / length[-101]) ** 0.01, largest, rtol=2e-3)
    plain = analysis.play(game("xy_game"), (1.0, 0.5), 20, H)
    none = analysis.play(game("xy_game"), (1.0, 0.5), 20, H, "unrolled", unroll=0)
    np.testing.assert_array_equal(plain, none)


def test_fictitious_play_reaches_the_equilibrium_while_gradients_circle():
    averages = analysis.fictitious_play(analysis.ROCK_PAPER_SCISSORS, 10_000)
    for average in averages:
        assert average.shape == (10_000, 3)
        np.testing.assert_allclose(average.sum(axis=1), 1.0)
        np.testing.assert_allclose(average[-1], 1 / 3, atol=0.02)
    rps = game("rock_paper_scissors")
    start = (0.5, 0.0, 0.0, 0.0, 0.2, 0.0)
    p, _ = analysis.strategies(rps, analysis.play(rps, start, 1500, 0.5))
    gap = np.abs(p - 1 / 3).max(axis=1)
    assert gap[-500:].min() > 0.1 and gap[-500:].max() > gap[0]
    # Round and round: rock, scissors, paper, each the answer to what the other plays.
    favourites = p.argmax(axis=1)
    turns = favourites[1:][np.diff(favourites) != 0]
    assert len(turns) > 10 and ((turns[1:] - turns[:-1]) % 3 == 2).all()


def test_fictitious_play_of_matching_pennies():
    for average in analysis.fictitious_play(analysis.MATCHING_PENNIES, 10_000):
        np.testing.assert_allclose(average[-1], 0.5, atol=0.02)


def test_fictitious_play_finds_the_value_of_an_uneven_game():
    """[[2, -1], [-1, 1]]: both play (2/5, 3/5), worth 1/5."""
    p, q = (a[-1] for a in analysis.fictitious_play(((2, -1), (-1, 1)), 20_000))
    np.testing.assert_allclose(p, [0.4, 0.6], atol=0.02)
    np.testing.assert_allclose(q, [0.4, 0.6], atol=0.02)
    np.testing.assert_allclose(p @ np.array([[2, -1], [-1, 1]]) @ q, 0.2, atol=0.02)


def test_first_rounds_of_fictitious_play():
    """Both show rock; paper answers rock until scissors answers the mixture."""
    p, q = analysis.fictitious_play(analysis.ROCK_PAPER_SCISSORS, 5)
    np.testing.assert_array_equal(np.round(5 * p[-1]), [1, 3, 1])
    np.testing.assert_array_equal(p, q)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("matching_pennies", [0.25j, -0.25j]),
        ("saddle", [-2.0, -200.0]),
        ("rock_paper_scissors", np.array([0, 0, 1j, 1j, -1j, -1j]) * np.sqrt(3) / 9),
    ],
)
def test_eigenvalues_at_the_equilibrium(name, expected):
    found = analysis.eigenvalues(game(name))
    assert found.shape == (sum(game(name).sizes),)
    np.testing.assert_allclose(found.real, np.real(expected), atol=1e-9)
    np.testing.assert_allclose(np.sort(found.imag), np.sort(np.imag(expected)), atol=1e-9)


GAMES = ("xy_game", "saddle", "dirac_gan", "matching_pennies", "rock_paper_scissors")


@pytest.mark.parametrize("name", GAMES)
def test_field_is_zero_at_the_equilibrium_and_the_jacobian_is_its_slope(name):
    g = game(name)
    np.testing.assert_allclose(g.gradients(g.equilibrium), 0.0, atol=1e-12)
    w = 0.3 * np.random.default_rng(1).normal(size=sum(g.sizes))
    step = 1e-2 if name == "dirac_gan" else 1e-5  # its loss is float32 inside
    columns = [
        (g.gradients(w + e) - g.gradients(w - e)) / (2 * step) for e in step * np.eye(len(w))
    ]
    np.testing.assert_allclose(g.jacobian(w), np.stack(columns, 1), rtol=1e-4, atol=1e-4)


def test_two_time_scales_and_noise():
    """(1 + x^2)(100 - y^2) with noisy gradients: either player may be the fast one."""
    for rate in ((5e-3, 5e-4), (5e-4, 5e-3)):
        length = norms(analysis.play(game("saddle"), (2.0, 2.0), 1500, rate, noise=1.0))
        assert length[-1] < 0.5 * length[0] and length[-1] < length[500] < length[100] + 0.05
    falling = 5e-3 / np.arange(1, 1001)[:, None] ** np.array([0.3, 0.6])
    length = norms(analysis.play(game("saddle"), (2.0, 2.0), 1000, falling, noise=1.0))
    assert length[-1] < 0.7 * length[0]


def test_noise_depends_on_the_seed_only():
    runs = [
        analysis.play(game("xy_game"), (1.0, 0.0), 5, H, noise=1.0, seed=seed) for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0] - runs[2]).max() > 0.01


@pytest.mark.parametrize("loss, gamma", [("non_saturating", 0.1), ("minimax", 0.0)])
def test_normal_gan_finds_the_likeliest_normal(loss, gamma):
    samples = np.random.default_rng(0).normal(4.0, 0.5, 200)
    g = analysis.normal_gan(samples, loss, gamma)
    w = analysis.play(g, np.zeros(5), 2000, (0.02, 0.2))[-1]
    np.testing.assert_allclose(w[0], samples.mean(), atol=1e-4)
    np.testing.assert_allclose(np.exp(w[1]), samples.std(), atol=1e-4)
    np.testing.assert_allclose(w[2:], 0.0, atol=1e-4)
    assert analysis.eigenvalues(g).real.max() < 0


def test_r1_in_the_normal_gan_is_half_gamma_times_the_squared_slope():
    samples = np.random.default_rng(0).normal(4.0, 0.5, 50)
    w = np.array([3.0, 0.1, 0.2, -0.4, 0.3])
    g = analysis.normal_gan(samples, gamma=2.0).gradients(w) - analysis.normal_gan(
        samples
    ).gradients(w)
    u = (samples - samples.mean()) / samples.std()
    slope = w[3] + 2 * w[4] * u
    np.testing.assert_allclose(g[2:], [0, 2 * slope.mean(), 4 * (slope * u).mean()], atol=1e-5)
    np.testing.assert_allclose(g[:2], 0.0, atol=1e-12)


def test_the_players_losses_are_the_librarys():
    theta, psi = 0.7, -0.4
    by_generator, by_discriminator = game("dirac_gan", "minimax", 0.3).losses(
        np.array([theta]), np.array([psi])
    )
    fake = [[-psi * theta]]
    expected = losses.get("minimax").discriminator([[0.0]], fake) + 0.15 * psi**2
    np.testing.assert_allclose(by_discriminator, expected, rtol=1e-6)
    np.testing.assert_allclose(by_generator, losses.get("minimax").generator(fake), rtol=1e-6)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: analysis.play(game("xy_game"), (1, 1), 5, 0.1, "sideways"), "Known: simultaneous"),
        (lambda: analysis.play(game("xy_game"), (1, 1), 5, (0.1, 0.1, 0.1)), r"pair or \(5, 2\)"),
        (lambda: analysis.play(game("xy_game"), (1, 1, 1), 5, 0.1), "1 \\+ 1 numbers"),
        (lambda: analysis.dirac_gan("minimaxx"), "Did you mean 'minimax'"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
