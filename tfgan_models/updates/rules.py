"""Update rules: how often each player moves, decided by counters or by the game itself.

One step makes at most one generator update and at most `d_steps` critic updates, each on a
new part of the batch. A rule's counters and averages are Keras variables; statistics are
means over the global batch.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core import replicas
from tfgan_models.core.arguments import positive_int
from tfgan_models.updates.base import Updates


def _global_mean(value) -> tf.Tensor:
    return tf.stop_gradient(replicas.mean(tf.reduce_mean(tf.cast(value, tf.float32))))


def _decay(value) -> float:
    if not 0.0 <= value < 1.0:
        raise ValueError(f"decay must be in [0, 1); got {value!r}.")
    return float(value)


@keras.saving.register_keras_serializable(package="tfgan_models")
class Simultaneous(Updates):
    """Both gradients are taken at the same weights, then both updates are applied.

    The simultaneous gradient step of Mescheder et al. 2017, arXiv:1705.10461, algorithm 1; one
    update of each player, from one batch.
    """

    SIMULTANEOUS = True


class _Rule(keras.layers.Layer, Updates):
    """An update rule with variables."""

    def __init__(self, name=None, dtype="float32"):
        keras.layers.Layer.__init__(self, name=name, dtype=dtype, trainable=False)
        self.built = True

    def _number(self, name, initial=0.0, shape=()):
        return self.add_weight(
            name=name, shape=shape, initializer=keras.initializers.Constant(initial)
        )

    def _count(self, name, initial=0):
        return self.add_weight(
            name=name,
            shape=(),
            dtype="int64",
            initializer=keras.initializers.Constant(initial),
        )

    def get_config(self):
        return {"name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable(package="tfgan_models")
class Bursts(_Rule):
    """Many critic updates before each of the first generator updates and now and then later.

    Before generator update g (from 0) the critic has `burst` updates where g < first or
    g % every == 0, else `normal`: Arjovsky et al. 2017, the authors' code. The step's own
    critic updates always take place; the generator rests until the critic has had its number,
    so a burst is spread over several steps, each with new real images. `d_steps` should divide
    both numbers: otherwise the critic gets the next multiple of it.

    `generator_updates` and `critic_updates` (since the last generator update) move in
    `observe`; the answers change nothing.

    Args:
        normal: Critic updates for each generator update.
        burst: Critic updates in a burst.
        first: Number of generator updates at the start that have a burst.
        every: A burst comes again at each multiple of it.

    Raises:
        ValueError: A number that is not an int or too small.
    """

    def __init__(self, normal=5, burst=100, first=25, every=500, **kwargs):
        super().__init__(**kwargs)
        self.normal, self.burst = positive_int("normal", normal), positive_int("burst", burst)
        self.first, self.every = positive_int("first", first, 0), positive_int("every", every)
        self.generator_updates = self._count("generator_updates")
        self.critic_updates = self._count("critic_updates")

    def generator(self):
        """True once the critic has had its updates."""
        done = tf.convert_to_tensor(self.generator_updates)
        bursts = tf.logical_or(done < self.first, tf.equal(done % self.every, 0))
        needed = tf.where(bursts, self.burst, self.normal)
        return tf.convert_to_tensor(self.critic_updates) >= tf.cast(needed, tf.int64)

    def observe(self, player, game, loss):
        """Counts the update; the generator's starts the critic's count again."""
        if player == "generator":
            self.generator_updates.assign_add(1)
            self.critic_updates.assign(0)
        else:
            self.critic_updates.assign_add(1)

    def get_config(self):
        return {
            "normal": self.normal,
            "burst": self.burst,
            "first": self.first,
            "every": self.every,
            **super().get_config(),
        }


@keras.saving.register_keras_serializable(package="tfgan_models")
class AccuracyGate(_Rule):
    """The discriminator rests while its accuracy on the previous batch is over a bound.

    accuracy = (mean [r > 0] + mean [f < 0]) / 2, with r, f the logits before that batch's
    update; a logit of zero is a mistake. Wu et al. 2016, arXiv:1610.07584, section 3. A
    skipped update is measured too, or a resting discriminator would never wake; it still
    costs the forward pass. The very first update takes place. The loss must be centred.

    `accuracy` moves in `observe("discriminator", ...)`, after the question about that batch.

    Args:
        bound: Highest accuracy that is followed by an update, 0 to 1.

    Raises:
        ValueError: The bound is outside [0, 1].
    """

    WATCHES_SKIPPED = True
    CONTROLLED = True

    def __init__(self, bound=0.8, **kwargs):
        super().__init__(**kwargs)
        if not 0.0 <= bound <= 1.0:
            raise ValueError(f"bound must be in [0, 1]; got {bound!r}.")
        self.bound = float(bound)
        self.accuracy = self._number("accuracy")

    def discriminator(self, i):
        """True where the last accuracy is at most the bound."""
        return tf.convert_to_tensor(self.accuracy) <= self.bound

    def observe(self, player, game, loss):
        """Measures the accuracy of a discriminator update, done or skipped."""
        if player == "discriminator":
            real = _global_mean(game.real_logits > 0)
            self.accuracy.assign(0.5 * (real + _global_mean(game.fake_logits < 0)))

    def get_config(self):
        return {"bound": self.bound, **super().get_config()}


@keras.saving.register_keras_serializable(package="tfgan_models")
class LossRatio(_Rule):
    """Discriminator updates of the next step by the ratio of the two smoothed losses.

    rho = mean L_D / (mean L_G + 1e-8), moving averages corrected for their start at zero.
    rho < low: k = 0, at most `max_skips` steps in a row, then 1; rho > high: k + 1, of which a
    step makes at most `d_steps`; else k = 1. k = 1 in the first step. A generic rule, not a
    paper's; both losses must be non-negative and in the same units (cross entropies). ganhacks
    warns that balancing by loss statistics rarely helps.

    The averages move in `observe`, with each update that took place; a resting
    discriminator's stays. k and the count of skips move in `observe("generator", ...)`.

    Args:
        low, high: Bounds of rho.
        decay: Of the averages, for each update of the player.
        max_skips: Most steps in a row without a discriminator update.

    Raises:
        ValueError: low > high, or a number out of range.
    """

    def __init__(self, low=0.4, high=2.0, decay=0.9, max_skips=5, **kwargs):
        super().__init__(**kwargs)
        if not 0.0 <= low <= high:
            raise ValueError(f"low and high must satisfy 0 <= low <= high; got {low}, {high}.")
        self.low, self.high, self.decay = float(low), float(high), _decay(decay)
        self.max_skips = positive_int("max_skips", max_skips, 0)
        self.averages = self._number("averages", shape=(2,))
        self.masses = self._number("masses", shape=(2,))
        self.k = self._count("k", 1)
        self.skips = self._count("skips")

    def discriminator(self, i):
        """True for the first k updates of the step."""
        return tf.convert_to_tensor(self.k) > i

    def observe(self, player, game, loss):
        """Moves the player's average; after the generator's update, decides k."""
        one = tf.constant([1.0, 0.0] if player == "discriminator" else [0.0, 1.0])
        moved = (1.0 - self.decay) * one
        self.averages.assign((1.0 - moved) * self.averages + moved * _global_mean(loss))
        self.masses.assign((1.0 - moved) * self.masses + moved)
        if player == "generator":
            self._decide()

    def _decide(self):
        masses = tf.convert_to_tensor(self.masses)
        means = tf.convert_to_tensor(self.averages) / tf.maximum(masses, 1e-8)
        rho = means[0] / (means[1] + 1e-8)
        k, skips = tf.convert_to_tensor(self.k), tf.convert_to_tensor(self.skips)
        one = tf.ones_like(k)
        rests = tf.logical_and(rho < self.low, skips < self.max_skips)
        self.k.assign(tf.where(rests, 0 * one, tf.where(rho > self.high, k + 1, one)))
        self.skips.assign(tf.where(rests, skips + 1, 0 * one))

    def get_config(self):
        return {
            "low": self.low,
            "high": self.high,
            "decay": self.decay,
            "max_skips": self.max_skips,
            **super().get_config(),
        }


@keras.saving.register_keras_serializable(package="tfgan_models")
class CriticConvergence(_Rule):
    """Critic updates go on until the estimate of the distance stops changing.

    e = moving average of mean(r) - mean(f), corrected for its start at zero; the critic has
    converged when |e - e'| < tolerance * |e'|, with e' the average `window` updates ago. The
    WGAN's "train the critic till optimality" (Arjovsky et al. 2017, arXiv:1701.07875,
    section 3); the stopping rule is ours. The step's remaining updates are then skipped;
    `d_steps` is the most there can be. The average runs on over generator updates, whose
    jump makes the estimate change again.

    All variables move in `observe("discriminator", ...)`; the answers change nothing.

    Args:
        tolerance: Relative change that counts as none.
        window: Updates between the two averages.
        decay: Of the average, for each critic update.
        minimum: Critic updates that every step makes.

    Raises:
        ValueError: A number out of range.
    """

    def __init__(self, tolerance=1e-2, window=10, decay=0.9, minimum=1, **kwargs):
        super().__init__(**kwargs)
        if not tolerance > 0:
            raise ValueError(f"tolerance must be positive; got {tolerance!r}.")
        self.tolerance, self.decay = float(tolerance), _decay(decay)
        self.window, self.minimum = positive_int("window", window), positive_int("minimum", minimum)
        self.average = self._number("average")
        self.mass = self._number("mass")
        self.history = self._number("history", shape=(self.window,))
        self.seen = self._count("seen")
        self.converged = self._count("converged")

    def discriminator(self, i):
        """True for the first `minimum` updates and until the estimate has settled."""
        return True if i < self.minimum else tf.equal(tf.convert_to_tensor(self.converged), 0)

    def observe(self, player, game, loss):
        """Moves the average by a critic update and compares it with the one before."""
        if player != "discriminator":
            return
        estimate = _global_mean(game.real_logits) - _global_mean(game.fake_logits)
        self.average.assign(self.decay * self.average + (1.0 - self.decay) * estimate)
        self.mass.assign(self.decay * self.mass + (1.0 - self.decay))
        now = tf.convert_to_tensor(self.average) / tf.convert_to_tensor(self.mass)
        history = tf.convert_to_tensor(self.history)
        settled = tf.abs(now - history[0]) < self.tolerance * tf.abs(history[0])
        known = tf.convert_to_tensor(self.seen) >= self.window
        self.converged.assign(tf.cast(tf.logical_and(settled, known), tf.int64))
        self.history.assign(tf.concat([history[1:], now[None]], axis=0))
        self.seen.assign_add(1)

    def get_config(self):
        return {
            "tolerance": self.tolerance,
            "window": self.window,
            "decay": self.decay,
            "minimum": self.minimum,
            **super().get_config(),
        }
