"""Two-player games small enough to see, and the ways to play them.

Each player descends on a loss of its own: x on L_x(x, y), y on L_y(x, y). The vector
field of a game is v(w) = (-dL_x/dx, -dL_y/dy), w = (x, y); its Jacobian at an equilibrium
says whether play comes to rest there. The GANs among the games are made of this library's
own losses and penalties. Sources: Dirac-GAN, Mescheder et al. 2018, arXiv:1801.04406;
consensus, Mescheder et al. 2017, arXiv:1705.10461; optimism, Daskalakis et al. 2018,
arXiv:1711.00141; unrolling, Metz et al. 2017, arXiv:1611.02163; two time scales, Heusel et
al. 2017, arXiv:1706.08500; extragradient, Korpelevich 1976; fictitious play, Brown 1951.
"""

from __future__ import annotations

import functools
import statistics
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from tfgan_models import losses, penalties


def _gradient(tape, target, source):
    return tape.gradient(target, source, unconnected_gradients=tf.UnconnectedGradients.ZERO)


@dataclass(frozen=True)
class TwoPlayerGame:
    """Two losses of two vectors.

    Attributes:
        name: For titles.
        losses: (x (n,), y (m,)) float64 tensors -> (L_x, L_y), scalars that each player
            minimises; the derivatives are TensorFlow's.
        sizes: (n, m).
        equilibrium: A known w = (x, y), n + m numbers.
    """

    name: str
    losses: Callable
    sizes: tuple[int, int]
    equilibrium: tuple[float, ...]

    def gradients(self, point) -> np.ndarray:
        """(dL_x/dx, dL_y/dy) at w = `point`, float64 (n + m,)."""
        return self._gradients(self._check(point)).numpy()

    def jacobian(self, point) -> np.ndarray:
        """d(dL_x/dx, dL_y/dy)/dw at `point`, float64 (n + m, n + m); minus that of the field."""
        return self._jacobian(self._check(point)).numpy()

    def unrolled_gradients(self, point, unroll: int, rate: float, through: bool = True):
        """dL_x(x, y_K(x))/dx and the ordinary dL_y/dy, float64 (n + m,).

        y_0 = y, y_{k+1} = y_k - rate dL_y(x, y_k)/dy: x looks K moves of y ahead
        (Metz et al. 2017, eq. 7 to 10).

        Args:
            point: w.
            unroll: K >= 0; 0 is the ordinary gradient.
            rate: Step of the moves looked ahead.
            through: Differentiate through the moves; False takes y_K for a constant.
        """
        return self._unrolled(self._check(point), int(unroll), float(rate), bool(through)).numpy()

    def _check(self, point):
        point = np.asarray(point, "float64")
        if point.shape != (sum(self.sizes),):
            raise ValueError(
                f"A point of {self.name} is {self.sizes[0]} + {self.sizes[1]} numbers, x then y; "
                f"got shape {point.shape}."
            )
        return tf.constant(point)

    def _own_gradients(self, x, y):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([x, y])
            loss_x, loss_y = self.losses(x, y)
        return _gradient(tape, loss_x, x), _gradient(tape, loss_y, y)

    @functools.cached_property
    def _gradients(self):
        return tf.function(
            lambda w: tf.concat(self._own_gradients(*tf.split(w, self.sizes)), 0), autograph=False
        )

    @functools.cached_property
    def _jacobian(self):
        def rows(w):
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(w)
                gradients = tf.concat(self._own_gradients(*tf.split(w, self.sizes)), 0)
                entries = tf.unstack(gradients)
            return tf.stack([_gradient(tape, g, w) for g in entries])

        return tf.function(rows, autograph=False)

    @functools.cached_property
    def _unrolled(self):
        def gradients(w, unroll, rate, through):
            x, y = tf.split(w, self.sizes)
            with tf.GradientTape() as tape:
                tape.watch(x)
                ahead = y
                for _ in range(unroll):
                    ahead = ahead - rate * self._own_gradients(x, ahead)[1]
                loss_x = self.losses(x, ahead if through else tf.stop_gradient(ahead))[0]
            by_x = _gradient(tape, loss_x, x)
            return tf.concat([by_x, self._own_gradients(x, y)[1]], 0)

        return tf.function(gradients, autograph=False)


def _float64(scalar):
    return tf.cast(scalar, tf.float64)


def xy_game(eta: float = 0.0) -> TwoPlayerGame:
    """min_x max_y x y: with plain gradients the players circle around (0, 0) for ever.

    Args:
        eta: Weight of ||dV/dy||^2 = x^2 in x's loss, the generator's regulariser of
            Nagarajan & Kolter 2017, arXiv:1706.04156; the eigenvalues at (0, 0) are
            -eta +- sqrt(eta^2 - 1).
    """
    return TwoPlayerGame(
        "xy game",
        lambda x, y: (tf.reduce_sum(x * y + eta * x * x), -tf.reduce_sum(x * y)),
        (1, 1),
        (0.0, 0.0),
    )


def saddle() -> TwoPlayerGame:
    """min_x max_y (1 + x^2)(100 - y^2), the toy of Heusel et al. 2017; eigenvalues -200, -2."""

    def players(x, y):
        value = tf.reduce_sum((1.0 + x * x) * (100.0 - y * y))
        return value, -value

    return TwoPlayerGame("saddle", players, (1, 1), (0.0, 0.0))


def dirac_gan(loss="minimax", gamma: float = 0.0) -> TwoPlayerGame:
    """Data at 0, a generator that outputs theta, a discriminator with the logit -psi x.

    w = (theta, psi); the signs are those of Mescheder et al. 2018, who call a high output
    fake, hence the minus. With f'(0) the loss's slope at logit 0 (1/2 for cross entropy, 1
    for Wasserstein) the eigenvalues at (0, 0) are -gamma/2 +- sqrt(gamma^2/4 - f'(0)^2).

    Args:
        loss: Name, config or object of `tfgan_models.losses` that reads the logits.
        gamma: Weight of R1, gamma/2 psi^2.
    """
    loss = losses.get(loss)

    def players(theta, psi):
        def discriminate(x):
            return -psi * x

        real = tf.zeros((1, 1), tf.float64)
        fake = tf.reshape(theta, (1, 1))
        real_logits, fake_logits = discriminate(real), discriminate(fake)
        by_discriminator = _float64(loss.discriminator(real_logits, fake_logits))
        if gamma:
            by_discriminator += _float64(penalties.r1(discriminate, real, gamma))
        return _float64(loss.generator(fake_logits, real_logits)), by_discriminator

    name = "Dirac-GAN" if not gamma else f"Dirac-GAN with R1, gamma {gamma:g}"
    return TwoPlayerGame(name, players, (1, 1), (0.0, 0.0))


def normal_gan(samples, loss="non_saturating", gamma: float = 0.0, latents: int = 256):
    """A generator mu + exp(s) z against a discriminator that is a parabola.

    x = (mu, s), y = (b0, b1, b2) with the logit b0 + b1 u + b2 u^2, u the sample
    standardised by the data's mean and deviation. Such a discriminator compares the first
    two moments, so the equilibrium is the maximum-likelihood normal: mu the mean, exp(s)
    the 1/n standard deviation, y = 0.

    Args:
        samples: The data, (n,).
        loss: Name, config or object of `tfgan_models.losses` that reads the logits.
        gamma: Weight of R1 on u.
        latents: How many z, the quantiles of a normal, scaled to variance one.

    Returns:
        `TwoPlayerGame` of sizes (2, 3).
    """
    samples = np.asarray(samples, "float64").ravel()
    mean, std = samples.mean(), samples.std()
    normal = statistics.NormalDist()
    z = np.array([normal.inv_cdf((i + 0.5) / latents) for i in range(latents)])
    z = tf.constant(z / z.std())
    real = tf.constant((samples - mean) / std)
    loss = losses.get(loss)

    def players(x, y):
        def discriminate(u):
            return y[0] + y[1] * u + y[2] * u * u

        fake = (x[0] + tf.exp(x[1]) * z - mean) / std
        real_logits, fake_logits = discriminate(real), discriminate(fake)
        by_discriminator = _float64(loss.discriminator(real_logits, fake_logits))
        if gamma:
            column = tf.reshape(real, (-1, 1))
            by_discriminator += _float64(penalties.r1(discriminate, column, gamma))
        return _float64(loss.generator(fake_logits, real_logits)), by_discriminator

    return TwoPlayerGame("normal GAN", players, (2, 3), (mean, float(np.log(std)), 0.0, 0.0, 0.0))


ROCK_PAPER_SCISSORS = ((0.0, -1.0, 1.0), (1.0, 0.0, -1.0), (-1.0, 1.0, 0.0))
MATCHING_PENNIES = ((1.0, -1.0), (-1.0, 1.0))


def matrix_game(payoff, equilibrium, name: str = "matrix game") -> TwoPlayerGame:
    """Zero-sum game of mixed strategies p = softmax(x), q = softmax(y); x gets p^T A q.

    Args:
        payoff: A (n, m), what the row player wins from the column player.
        equilibrium: n + m logits of a known equilibrium.
        name: For titles.
    """
    payoff = np.asarray(payoff, "float64")

    def players(x, y):
        won = tf.tensordot(tf.nn.softmax(x), tf.linalg.matvec(payoff, tf.nn.softmax(y)), 1)
        return -won, won

    return TwoPlayerGame(name, players, payoff.shape, tuple(equilibrium))


def rock_paper_scissors() -> TwoPlayerGame:
    """Logits of (rock, paper, scissors) for each player; the equilibrium is a third each."""
    return matrix_game(ROCK_PAPER_SCISSORS, (0.0,) * 6, "rock, paper, scissors")


def matching_pennies() -> TwoPlayerGame:
    """One logit of "heads" for each player; x wins when the coins agree. Eigenvalues +-i/4."""

    def players(x, y):
        won = tf.reduce_sum(tf.tanh(x / 2.0) * tf.tanh(y / 2.0))
        return -won, won

    return TwoPlayerGame("matching pennies", players, (1, 1), (0.0, 0.0))


def strategies(game: TwoPlayerGame, points) -> tuple[np.ndarray, np.ndarray]:
    """Softmax of each player's logits: points (..., n + m) -> (p (..., n), q (..., m))."""

    def softmax(logits):
        grown = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return grown / grown.sum(axis=-1, keepdims=True)

    points = np.asarray(points, "float64")
    return softmax(points[..., : game.sizes[0]]), softmax(points[..., game.sizes[0] :])


UPDATES = ("simultaneous", "alternating", "extragradient", "optimistic", "consensus", "unrolled")


def play(
    game: TwoPlayerGame,
    start,
    steps: int,
    rate,
    updates: str = "simultaneous",
    *,
    alpha: float = 1.0,
    unroll: int = 5,
    noise: float = 0.0,
    seed: int = 0,
) -> np.ndarray:
    """Lets both players learn; g(w) are their own gradients, h the rates, J = dg/dw.

        simultaneous    w - h g(w)
        alternating     x moves first, then y, who sees the move
        extragradient   w - h g(w - h g(w))
        optimistic      w - 2 h g(w) + h g(previous w); the first step is simultaneous
        consensus       w - h (g(w) + alpha J^T g(w)), descent on alpha/2 ||g||^2 besides
        unrolled        simultaneous; x sees `unroll` steps of y ahead, of y's rate

    Factor of |w| a step on the xy game: sqrt(1 + h^2), 1 (on the mean), sqrt(1 - h^2 + h^4),
    |1 + 2ih + sqrt(1 - 4h^2)| / 2, sqrt((1 - alpha h)^2 + h^2); the first diverges.

    Args:
        game: The game.
        start: w at first, (n + m,).
        steps: How many.
        rate: h; one number, a pair (x's, y's), or (steps, 2).
        updates: One of `UPDATES`.
        alpha: Weight of the consensus term.
        unroll: Steps looked ahead.
        noise: Standard deviation of normal noise on each gradient.
        seed: Of the noise.

    Returns:
        Trajectory, float64 (steps + 1, n + m).

    Raises:
        ValueError: Unknown `updates`, or a rate or start of the wrong shape.
    """
    if updates not in UPDATES:
        raise ValueError(f"Unknown updates {updates!r}. Known: {', '.join(UPDATES)}.")
    rate = np.asarray(rate, "float64")
    if rate.shape not in ((), (2,), (steps, 2)):
        raise ValueError(f"rate must be a number, a pair or ({steps}, 2); got {rate.shape}.")
    rates = np.repeat(np.broadcast_to(rate, (steps, 2)), game.sizes, axis=1)
    generator = np.random.default_rng(seed)
    x_moves = np.arange(sum(game.sizes)) < game.sizes[0]

    def noisy(gradients):
        return gradients + noise * generator.standard_normal(gradients.shape)

    w = np.array(start, "float64")
    trajectory, previous = [w], None
    for h in rates:
        if updates == "unrolled":
            w = w - h * noisy(game.unrolled_gradients(w, unroll, h[-1]))
        else:
            g = noisy(game.gradients(w))
            if updates == "simultaneous":
                w = w - h * g
            elif updates == "alternating":
                w = w - np.where(x_moves, h * g, 0.0)
                w = w - np.where(x_moves, 0.0, h * noisy(game.gradients(w)))
            elif updates == "extragradient":
                w = w - h * noisy(game.gradients(w - h * g))
            elif updates == "optimistic":
                w, previous = w - h * (2.0 * g - (g if previous is None else previous)), g
            else:
                w = w - h * (g + alpha * game.jacobian(w).T @ g)
        trajectory.append(w)
    return np.stack(trajectory)


def vector_field(game: TwoPlayerGame, points) -> np.ndarray:
    """v = -(dL_x/dx, dL_y/dy) at points (..., n + m), of the same shape."""
    points = np.asarray(points, "float64")
    rows = points.reshape(-1, points.shape[-1])
    return -np.stack([game.gradients(row) for row in rows]).reshape(points.shape)


def eigenvalues(game: TwoPlayerGame, point=None) -> np.ndarray:
    """Eigenvalues of dv/dw, complex (n + m,), by falling real part.

    All real parts negative: small steps converge; zero: they circle, and simultaneous
    steps of any size diverge.

    Args:
        game: The game.
        point: Where; None: at the equilibrium.
    """
    values = np.linalg.eigvals(-game.jacobian(game.equilibrium if point is None else point))
    return values[np.argsort(-values.real, kind="stable")].astype(complex)


def fictitious_play(payoff, rounds: int, start=(0, 0)) -> tuple[np.ndarray, np.ndarray]:
    """Each player answers best to the average of all that the other has done (Brown 1951).

    In a zero-sum game the averages converge to an equilibrium (Robinson 1951), though the
    moves themselves never settle. Of equally good moves the first is taken.

    Args:
        payoff: A (n, m), what the row player wins from the column player.
        rounds: How many.
        start: The first moves, (row, column).

    Returns:
        (p (rounds, n), q (rounds, m)): the averages after each round.
    """
    payoff = np.asarray(payoff, "float64")
    row, column = start
    counts = np.zeros(payoff.shape[0]), np.zeros(payoff.shape[1])
    averages = np.empty((rounds, payoff.shape[0])), np.empty((rounds, payoff.shape[1]))
    for i in range(rounds):
        counts[0][row] += 1.0
        counts[1][column] += 1.0
        for average, count in zip(averages, counts, strict=True):
            average[i] = count / (i + 1)
        row, column = np.argmax(payoff @ counts[1]), np.argmin(counts[0] @ payoff)
    return averages
