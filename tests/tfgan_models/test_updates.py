"""Update rules: scripted games give exact schedules; state, replicas and XLA."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan_models import registry, updates
from tfgan_models.penalties import Game

RULES = sorted(registry.UPDATES)
STATEFUL = [name for name in RULES if name != "simultaneous"]
# Small numbers, so that a few steps reach every branch.
SHORT = {
    "bursts": {"normal": 1, "burst": 4, "first": 2, "every": 3},
    "accuracy_gate": {"bound": 0.6},
    "loss_ratio": {"low": 0.8, "high": 1.2, "decay": 0.5, "max_skips": 1},
    "critic_convergence": {"tolerance": 0.3, "window": 2, "decay": 0.5},
}


def make(name, **arguments):
    return updates.get({"name": name, **arguments})


def short(name):
    return make(name, **SHORT.get(name, {}))


def game(real=None, fake=None):
    real = None if real is None else tf.constant(real, tf.float32)
    fake = None if fake is None else tf.constant(fake, tf.float32)
    return Game(None, None, None, real, fake, None, ())


def run(rule, steps, d_steps=1, critic=lambda update: (game(), 0.0), generator_loss=0.0):
    """Plays by the contract; returns [(critic updates done, generator moved)] of the steps.

    critic: number of critic updates done so far -> (game, loss) of the next.
    """
    schedule, done = [], 0
    for step in range(steps):
        here = 0
        for i in range(d_steps):
            goes = bool(rule.discriminator(i))
            if goes or rule.WATCHES_SKIPPED:
                rule.observe("discriminator", *critic(done))
            here, done = here + goes, done + goes
        moves = bool(rule.generator())
        if moves:
            loss = generator_loss(step) if callable(generator_loss) else generator_loss
            rule.observe("generator", game(), tf.constant(loss, tf.float32))
        schedule.append((here, moves))
    return schedule


def test_no_rule_is_the_base_order():
    rule = updates.get(None)
    assert type(rule) is updates.Updates and not rule.SIMULTANEOUS
    assert run(rule, 3, d_steps=2) == [(2, True)] * 3


def test_simultaneous_only_says_so():
    rule = make("simultaneous")
    assert rule.SIMULTANEOUS and rule.get_config() == {}
    assert run(rule, 3) == [(1, True)] * 3


@pytest.mark.parametrize("name", RULES)
def test_only_the_accuracy_gate_watches_skipped_updates(name):
    assert make(name).WATCHES_SKIPPED == (name == "accuracy_gate")


# === Bursts ===


def burst_counts(schedule):
    """Critic updates before each generator update."""
    counts, since = [], 0
    for critic, moved in schedule:
        since += critic
        if moved:
            counts.append(since)
            since = 0
    return counts


def test_bursts_of_the_wgan_code():
    """25 bursts of 100, fives up to generator update 499, a burst before the 500th."""
    steps = 25 * 20 + 475 + 20 + 3
    counts = burst_counts(run(make("bursts"), steps, d_steps=5))
    assert counts == [100] * 25 + [5] * 475 + [100] + [5] * 3


def test_a_burst_spans_steps_in_which_the_generator_rests():
    rule = make("bursts", normal=2, burst=6, first=1, every=100)
    moves = [moved for _, moved in run(rule, 5, d_steps=2)]
    assert moves == [False, False, True, True, True]


def test_without_first_bursts_the_multiples_still_burst():
    rule = make("bursts", normal=1, burst=3, first=0, every=2)
    assert burst_counts(run(rule, 10)) == [3, 1, 3, 1]


def test_a_critic_number_that_does_not_divide_is_rounded_up():
    rule = make("bursts", normal=2, burst=4, first=1, every=100)
    assert burst_counts(run(rule, 4, d_steps=3)) == [6, 3, 3]


# === Accuracy gate ===


def game_of_accuracy(accuracy, half=20):
    """Real logits are right first, then fake ones."""
    right = round(2 * half * accuracy)
    real = np.where(np.arange(half) < right, 1.0, -1.0)
    fake = np.where(np.arange(half) < right - half, -1.0, 1.0)
    return game(real[:, None], fake[:, None])


def test_accuracy_gate_uses_the_previous_batch():
    rule, done = make("accuracy_gate"), []
    for accuracy in (0.5, 0.9, 0.7, 0.85, 0.6):
        done.append(bool(rule.discriminator(0)))
        assert rule.generator() is True
        rule.observe("discriminator", game_of_accuracy(accuracy), tf.constant(0.0))
        rule.observe("generator", game(), tf.constant(0.0))
        np.testing.assert_allclose(rule.accuracy, accuracy, atol=1e-6)
    assert done == [True, True, False, True, False]


def test_accuracy_counts_both_halves_alike():
    rule = make("accuracy_gate")
    rule.observe("discriminator", game([[1.0], [1.0]], [[1.0], [-1.0], [1.0], [1.0]]), 0.0)
    np.testing.assert_allclose(rule.accuracy, 0.5 * (1.0 + 0.25))


def test_a_logit_of_zero_is_a_mistake():
    rule = make("accuracy_gate")
    rule.observe("discriminator", game([[0.0], [1e4]], [[0.0], [-1e4]]), 0.0)
    np.testing.assert_allclose(rule.accuracy, 0.5)


def test_an_accuracy_at_the_bound_goes_on():
    rule = make("accuracy_gate", bound=0.75)
    rule.observe("discriminator", game_of_accuracy(0.75), 0.0)
    assert bool(rule.discriminator(0))


# === Loss ratio ===


def losses(d_loss):
    return lambda done: (game(), tf.constant(d_loss, tf.float32))


def numbers(schedule):
    return [critic for critic, _ in schedule]


def test_a_winning_discriminator_rests_at_most_max_skips_steps():
    done = numbers(run(make("loss_ratio"), 14, 3, losses(0.1), 1.0))
    assert done == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0]


def test_a_losing_discriminator_gets_one_more_each_step_up_to_d_steps():
    assert numbers(run(make("loss_ratio"), 6, 3, losses(3.0), 1.0)) == [1, 2, 3, 3, 3, 3]


def test_between_the_bounds_there_is_one_update():
    assert numbers(run(make("loss_ratio"), 4, 3, losses(1.0), 1.0)) == [1, 1, 1, 1]


def test_k_falls_back_to_one_and_climbs_from_zero():
    """No smoothing: each generator loss decides the next step."""
    rule = make("loss_ratio", decay=0.0)
    g_losses = [0.1, 0.1, 1.0, 10.0, 0.1, 0.1]
    done = numbers(run(rule, 7, 3, losses(1.0), lambda step: ([*g_losses, 1.0])[step]))
    assert done == [1, 2, 3, 1, 0, 1, 2]


def test_no_skips_are_allowed_with_zero():
    assert numbers(run(make("loss_ratio", max_skips=0), 4, 1, losses(0.1), 1.0)) == [1] * 4


def ratio_schedule(d_losses, g_losses, d_steps, low, high, decay, most):
    """The rule once more in float64: a weighted mean with weights decay^age."""
    d_seen, g_seen, k, skips, schedule = [], [], 1, 0, []
    for g_loss in g_losses:
        here = min(k, d_steps)
        d_seen += [d_losses[len(d_seen) + j] for j in range(here)]
        g_seen.append(g_loss)
        d_mean, g_mean = (
            np.average(v, weights=decay ** np.arange(len(v))[::-1]) for v in (d_seen, g_seen)
        )
        rho = d_mean / (g_mean + 1e-8)
        if rho < low and skips < most:
            k, skips = 0, skips + 1
        else:
            k, skips = (min(k + 1, d_steps) if rho > high else 1), 0
        schedule.append(here)
    return schedule


def test_loss_ratio_of_random_losses():
    rng = np.random.default_rng(0)
    d_losses, g_losses = rng.exponential(size=200), rng.exponential(size=60)
    expected = ratio_schedule(d_losses, g_losses, 3, 0.7, 1.2, 0.8, 2)
    assert set(expected) == {0, 1, 2, 3}
    rule = make("loss_ratio", low=0.7, high=1.2, decay=0.8, max_skips=2)
    found = run(
        rule,
        60,
        3,
        lambda done: (game(), tf.constant(d_losses[done], tf.float32)),
        lambda step: g_losses[step],
    )
    assert numbers(found) == expected


# === Critic convergence ===


def gaps(estimate):
    """Games in which the critic's estimate is a function of the updates done."""
    return lambda done: (game([[2.0 * estimate(done)], [0.0]], [[0.0], [0.0]]), 0.0)


def test_a_still_estimate_needs_the_window_and_then_the_minimum():
    done = numbers(run(make("critic_convergence"), 4, 20, gaps(lambda _: 5.0)))
    assert done == [11, 1, 1, 1]


def test_minimum_is_made_in_every_step():
    done = numbers(run(make("critic_convergence", minimum=3), 3, 20, gaps(lambda _: 5.0)))
    assert done == [11, 3, 3]


def test_an_estimate_that_grows_uses_all_updates():
    done = numbers(run(make("critic_convergence"), 3, 8, gaps(lambda done: 1.1**done)))
    assert done == [8, 8, 8]


def convergence_schedule(estimate, steps, d_steps, tolerance, window, decay, minimum):
    seen, means, schedule, settled = [], [], [], False
    for _ in range(steps):
        here = 0
        for i in range(d_steps):
            if i >= minimum and settled:
                break
            seen.append(estimate(len(seen)))
            means.append(np.average(seen, weights=decay ** np.arange(len(seen))[::-1]))
            settled = len(means) > window and (
                abs(means[-1] - means[-1 - window]) < tolerance * abs(means[-1 - window])
            )
            here += 1
        schedule.append(here)
    return schedule


@pytest.mark.parametrize("seed", range(2))
def test_convergence_of_a_jumping_and_noisy_estimate(seed):
    rng = np.random.default_rng(seed)
    noise = 0.1 * rng.normal(size=400)

    def estimate(done):
        return (1.0 if done < 15 else -3.0) + noise[done]

    expected = convergence_schedule(estimate, 25, 12, 0.02, 5, 0.9, 1)
    assert 1 in expected and 12 in expected and len(set(expected)) > 3
    rule = make("critic_convergence", tolerance=0.02, window=5)
    assert numbers(run(rule, 25, 12, gaps(estimate))) == expected


# === What all have in common ===


def random_inputs(steps, d_steps, rows=8, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(steps, d_steps, 2, rows, 1))
    logits[:, :, 0] += rng.normal(size=(steps, d_steps, 1, 1))
    return logits.astype("float32"), rng.exponential(size=(steps, 2)).astype("float32")


def step_function(rule, d_steps, skips=True):
    """One step in graph; returns the answers as floats. skips: updates obey the answers."""

    def observe(answer, player, logits, loss):
        def work():
            rule.observe(player, Game(None, None, None, *logits, None, ()), loss)
            return tf.constant(0.0)

        if skips and answer is not True and not rule.WATCHES_SKIPPED:
            tf.cond(answer, work, lambda: tf.constant(0.0))
        else:
            work()
        return tf.cast(answer, tf.float32)

    def step(logits, losses):
        answers = [
            observe(rule.discriminator(i), "discriminator", tf.unstack(logits[i]), losses[0])
            for i in range(d_steps)
        ]
        answers.append(observe(rule.generator(), "generator", (None, logits[0, 1]), losses[1]))
        return tf.stack(answers)

    return step


def play(step, inputs):
    return np.array([step(tf.constant(a), tf.constant(b)) for a, b in zip(*inputs, strict=True)])


def state(rule):
    return [v.numpy() for v in getattr(rule, "variables", [])]


@pytest.mark.parametrize("name", RULES)
def test_xla_graph_and_eager_agree(name):
    inputs = random_inputs(14, 3)
    ways = {
        "eager": lambda f: f,
        "graph": lambda f: tf.function(f, autograph=False),
        "xla": lambda f: tf.function(f, autograph=False, jit_compile=True),
    }
    answers, states = {}, {}
    for way, wrap in ways.items():
        rule = short(name)
        answers[way], states[way] = play(wrap(step_function(rule, 3)), inputs), state(rule)
    for way in ("graph", "xla"):
        np.testing.assert_array_equal(answers[way], answers["eager"])
        for a, b in zip(states[way], states["eager"], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5)
    if name in STATEFUL:
        assert len(np.unique(answers["eager"])) == 2  # the script reaches both answers


@pytest.mark.parametrize("name", STATEFUL)
def test_two_replicas_are_one(name, mirrored):
    logits, losses = random_inputs(10, 2)
    single = short(name)
    expected = play(tf.function(step_function(single, 2, skips=False)), (logits, losses))
    with mirrored.scope():
        rule = short(name)
    step = step_function(rule, 2, skips=False)

    @tf.function(autograph=False)
    def replicated(first, second, first_loss, second_loss):
        def local():
            context = tf.distribute.get_replica_context()
            is_first = tf.equal(context.replica_id_in_sync_group, 0)
            return step(
                tf.where(is_first, first, second), tf.where(is_first, first_loss, second_loss)
            )

        return mirrored.experimental_local_results(mirrored.run(local))

    for row, batch, loss in zip(expected, logits, losses, strict=True):
        # The loss of the whole batch is the mean of the replicas' own.
        parts = batch[:, :, :4], batch[:, :, 4:], loss - 0.25, loss + 0.25
        for answers in replicated(*map(tf.constant, parts)):
            np.testing.assert_array_equal(answers, row)
    for variable, value in zip(rule.variables, state(single), strict=True):
        for copy in mirrored.experimental_local_results(variable.value):
            np.testing.assert_allclose(copy, value, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", STATEFUL)
def test_a_restored_rule_goes_on_as_the_first(name, tmp_path):
    logits, losses = random_inputs(14, 2)
    whole, first, second = short(name), short(name), short(name)
    expected = play(step_function(whole, 2), (logits, losses))
    play(step_function(first, 2), (logits[:7], losses[:7]))
    path = tf.train.Checkpoint(rule=first).write(str(tmp_path / "state"))
    saved = [shape for key, shape in tf.train.list_variables(path) if key.startswith("rule/")]
    assert len(saved) == len(first.variables)
    tf.train.Checkpoint(rule=second).read(path).assert_existing_objects_matched()
    assert all(np.array_equal(a, b) for a, b in zip(state(first), state(second), strict=True))
    found = play(step_function(second, 2), (logits[7:], losses[7:]))
    np.testing.assert_array_equal(found, expected[7:])


@pytest.mark.parametrize("name", RULES)
def test_config_round_trip(name):
    rule = short(name)
    config = rule.get_config()
    again = updates.get(rule)
    assert type(again) is type(rule) and again is not rule and again.get_config() == config
    assert SHORT.get(name, {}).items() <= config.items()


@pytest.mark.parametrize("name", STATEFUL)
def test_variables_are_not_trained(name):
    assert not make(name).trainable_variables and make(name).non_trainable_variables


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"name": "burst"}, "bursts"),
        ({"name": "bursts", "norml": 3}, "normal"),
        ({"name": "bursts", "normal": 0}, "normal must be a positive int"),
        ({"name": "bursts", "every": 2.5}, "every must be a positive int"),
        ({"name": "accuracy_gate", "bound": 1.5}, r"bound must be in \[0, 1\]"),
        ({"name": "loss_ratio", "low": 3.0}, "low <= high"),
        ({"name": "loss_ratio", "decay": 1.0}, r"decay must be in \[0, 1\)"),
        ({"name": "loss_ratio", "max_skips": -1}, "max_skips must be an int of at least 0"),
        ({"name": "critic_convergence", "tolerance": 0}, "tolerance must be positive"),
        ({"name": "critic_convergence", "window": 0}, "window must be a positive int"),
        ({"name": "critic_convergence", "minimum": 0}, "minimum must be a positive int"),
    ],
)
def test_wrong_settings_are_refused(spec, message):
    with pytest.raises(ValueError, match=message):
        updates.get(spec)
