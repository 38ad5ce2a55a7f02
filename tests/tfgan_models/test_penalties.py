"""What every penalty must hold: names, configs, XLA, replicas, state, gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.tfgan_models.penalty_games import (
    Players,
    data,
    normal,
    plain_game,
    term_and_gradients,
    terms,
    uniform,
)
from tfgan_models import layers, losses, penalties
from tfgan_models.core import numerics
from tfgan_models.core.gan import GAN
from tfgan_models.penalties import gradient, latent, orthogonal, players, rotation, weight
from tfgan_models.registry import PENALTIES

# Every name, and those that an argument changes into another computation.
SPECS = {name: {"name": name} for name in PENALTIES} | {
    "max_gradient/lagrangian": {"name": "max_gradient", "form": "lagrangian"},
    "dragan/legacy": {"name": "dragan", "mode": "legacy"},
    "dragan/uniform_centered": {"name": "dragan", "mode": "uniform_centered"},
    "zero_centered_gradient_penalty/probabilities": {
        "name": "zero_centered_gradient_penalty",
        "of": "probabilities",
    },
    "lecam/square": {"name": "lecam", "form": "square"},
    "latent_consistency/uniform": {"name": "latent_consistency", "noise": "uniform"},
    **{
        f"orthogonal/{form}": {"name": "orthogonal", "form": form, "player": "both", "side": side}
        for form, side in zip(
            orthogonal.FORMS, ("columns", "smaller", "rows", "rows", "smaller", "rows"), strict=True
        )
    },
}


def make_all(actors, names=tuple(SPECS)):
    return {name: actors.build(penalties.get(SPECS[name])) for name in names}


def all_terms(actors, made, real, latents):
    """{"name player": (value, gradients)} of all penalties."""
    return {
        f"{name} {player}": term_and_gradients(actors, penalty, player, real, latents)
        for name, penalty in made.items()
        for player in terms(penalty)
    }


def test_no_gradient_of_a_discriminators_term_reaches_the_generator():
    """But for those that are about the generator: consensus and latent optimisation."""
    actors = Players()
    real, latents = data()
    variables = [v.value for v in actors.generator.trainable_variables]
    for name, spec in SPECS.items():
        penalty = actors.build(penalties.get(spec))
        if "discriminator" not in terms(penalty):
            continue
        with tf.GradientTape() as tape:
            value = penalty.discriminator(actors.game("discriminator", real, latents))
        reached = any(g is not None for g in tape.gradient(value, variables))
        assert reached == (name in ("consensus", "latent_optimization")), name


def test_a_constant_discriminator_gives_no_nan():
    actors = Players()
    for variable in actors.discriminator.trainable_variables:
        variable.assign(tf.zeros_like(variable))
    real, latents = data()
    values = all_terms(actors, make_all(actors), real, latents)
    for name, (value, gradients) in values.items():
        assert np.isfinite(value), name
        assert all(np.all(np.isfinite(g)) for g in gradients), name
    expected = {
        "r1": 0.0,
        "r2": 0.0,
        "gradient_penalty": 1.0,
        "zero_centered_gradient_penalty": 0.0,
        "dragan": 1.0,
        "max_gradient": 0.0,
        "consistency": 0.0,
        "drift": 0.0,
        "lecam": 0.0,
        "latent_optimization": 0.0,
        "rotation": np.log(4.0),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(values[f"{name} discriminator"][0], value, atol=1e-6)


def test_a_constant_generator_gives_no_nan():
    actors = Players()
    for variable in actors.generator.trainable_variables:
        variable.assign(tf.zeros_like(variable))
    real, latents = data()
    for name, (value, gradients) in all_terms(actors, make_all(actors), real, latents).items():
        assert np.isfinite(value), name
        assert all(np.all(np.isfinite(g)) for g in gradients), name


# === Finite differences ===

POINTS, OTHERS = uniform((4, 3), 1, "float64"), uniform((4, 3), 2, "float64")
PICTURES = uniform((4, 4, 4, 1), 3, "float64")
SHARE = tf.constant([0.1, 0.4, 0.6, 0.9], tf.float64)


def critic(w, size=1):
    """A smooth function of rows of three numbers, with weights w, (12 + 4 size,)."""
    first, second = tf.reshape(w[:12], (3, 4)), tf.reshape(w[12 : 12 + 4 * size], (4, size))
    return lambda x: tf.math.softplus(tf.tanh(x @ first) @ second)


def on_pictures(w, size=1):
    see = critic(w, size)
    return lambda x: see(tf.reduce_mean(x[..., :3, 0] * [1.0, 2.0, 3.0], axis=1))


def painter(w):
    """Latents (B, 3) -> images (B, 2, 2, 1)."""
    see = critic(w, 4)
    return lambda z: tf.reshape(see(z), (-1, 2, 2, 1))


def slope_terms():
    noise = normal((4, 3), 4, "float64")
    unit = uniform((4, 3), 5, "float64") * 0.5 + 0.5
    gp = gradient.gradient_penalty
    named = {
        "r1": lambda d: gradient.r1(d, POINTS, 3.0),
        "r2": lambda d: gradient.r2(d, POINTS, 3.0),
        "gradient_penalty": lambda d: gp(d, POINTS, OTHERS, SHARE),
        "one_sided": lambda d: gp(d, POINTS, OTHERS, SHARE, target=0.2, one_sided=True),
        "zero_centered": lambda d: gradient.zero_centered_gradient_penalty(
            d, POINTS, OTHERS, SHARE
        ),
        "dragan": lambda d: gradient.dragan(d, POINTS, noise),
        "dragan legacy": lambda d: gradient.dragan(d, POINTS, unit, SHARE, mode="legacy"),
        "dragan uniform": lambda d: gradient.dragan(d, POINTS, unit, mode="uniform_centered"),
    }
    for form in gradient.MAX_FORMS:
        named[f"max {form}"] = lambda d, form=form: gradient.max_gradient(
            d, POINTS, 2.0, form, target=0.1, multiplier=0.3
        )
    return named


def matrix_terms():
    start = tf.constant([0.3, -0.5, 0.8], tf.float64)
    return {
        f"{form} {side}": lambda w, form=form, side=side: orthogonal.orthogonality(
            tf.reshape(w[:12], (3, 4)), form, side, start
        )
        for form, side in (
            ("off_diagonal", "rows"),
            ("off_diagonal", "columns"),
            ("full", "rows"),
            ("dso", "rows"),
            ("mutual_coherence", "rows"),
            ("condition_number", "rows"),
        )
    }


TERMS = {
    **{name: lambda w, term=term: term(critic(w)) for name, term in slope_terms().items()},
    **matrix_terms(),
    "lecam": lambda w: penalties.lecam(critic(w)(POINTS), critic(w)(OTHERS), 1.1, 0.9),
    "lecam square": lambda w: penalties.lecam(
        critic(w)(POINTS), critic(w)(OTHERS), 1.1, 0.9, "square"
    ),
    "drift": lambda w: penalties.drift(critic(w)(POINTS)),
    "consistency": lambda w: penalties.consistency_loss(
        {"logits": critic(w)(POINTS)}, {"logits": critic(w)(OTHERS)}
    ),
    "rotation": lambda w: rotation.rotation_loss(
        on_pictures(w, 4)(rotation.rotated_batch(PICTURES))
    ),
    "masked_class_loss": lambda w: rotation.masked_class_loss(
        critic(w, 2)(POINTS), [[1, 0], [0, 0], [0, 1], [0, 1]]
    ),
    "latent_diversity": lambda w: penalties.latent_diversity(
        painter(w)(POINTS), painter(w)(OTHERS)
    ),
    "jacobian_clamping": lambda w: latent.jacobian_clamping(
        painter(w)(POINTS), painter(w)(OTHERS), 0.7, 0.5, 0.6
    ),
    "path_length": lambda w: tf.math.reduce_variance(
        latent.path_lengths(painter(w), POINTS, normal((4, 2, 2, 1), 6, "float64"))
    ),
    "latent_optimization": lambda w: latent.step_cost(
        latent.latent_step(POINTS, lambda z: critic(w)(z), beta=0.1)
    ),
    "weight_decay": lambda w: weight.weight_decay([w]),
    "historical_averaging": lambda w: weight.distance_from_mean([w], [0.5 * tf.ones_like(w)]),
}


@pytest.mark.parametrize("name", TERMS)
def test_weight_gradients_match_finite_differences(name):
    size = 28
    w = 0.7 * normal((size,), 7, "float64")
    with tf.GradientTape() as tape:
        tape.watch(w)
        value = TERMS[name](w)
    exact = tape.gradient(value, w).numpy()
    assert value.dtype == tf.float64
    for index in (2, 7):
        step = np.zeros(size)
        step[index] = 1e-5
        numeric = float(TERMS[name](w + step) - TERMS[name](w - step)) / 2e-5
        assert abs(exact[index]) > 1e-4
        np.testing.assert_allclose(exact[index], numeric, rtol=1e-3)


@pytest.mark.parametrize("name", ["generator_gradient_norm", "consensus"])
@pytest.mark.parametrize("by", ["discriminator", "generator"])
def test_gradients_of_gradient_norms_match_finite_differences(name, by):
    rng = np.random.default_rng(8)
    d, g = (keras.Variable(rng.normal(size=4), dtype="float64") for _ in range(2))

    def play():
        a, b = tf.convert_to_tensor(d), tf.convert_to_tensor(g)
        return tf.reduce_sum(tf.tanh(a * b) + 0.3 * a**2 * b), tf.reduce_sum(tf.sin(a * b) * b)

    def value():
        if name == "consensus":
            return players.both_gradient_norms(play, [d], [g])
        return players.discriminator_gradient_norm(play, [d])

    variable = d if by == "discriminator" else g
    with tf.GradientTape() as tape:
        result = value()
    exact = tape.gradient(result, variable.value).numpy()
    before = variable.numpy()
    for index in (0, 3):
        step = np.zeros(4)
        step[index] = 1e-5
        ends = []
        for sign in (1.0, -1.0):
            variable.assign(before + sign * step)
            ends.append(float(value()))
        variable.assign(before)
        np.testing.assert_allclose(exact[index], (ends[0] - ends[1]) / 2e-5, rtol=1e-3)


ADDITIVE = ["r1", "gradient_penalty", "zero_centered", "drift", "consistency", "one_sided"]


@pytest.mark.parametrize("name", ADDITIVE)
def test_batches_add_up(name):
    w = 0.7 * normal((28,), 7, "float64")
    see = critic(w)
    a, b = (POINTS, OTHERS, SHARE), (OTHERS, POINTS, 0.5 * SHARE)
    both = [tf.concat(pair, 0) for pair in zip(a, b, strict=True)]
    term = {
        "r1": lambda x, y, u: gradient.r1(see, x),
        "gradient_penalty": lambda x, y, u: gradient.gradient_penalty(see, x, y, u),
        "one_sided": lambda x, y, u: gradient.gradient_penalty(
            see, x, y, u, target=0.2, one_sided=True
        ),
        "zero_centered": lambda x, y, u: gradient.zero_centered_gradient_penalty(see, x, y, u),
        "drift": lambda x, y, u: penalties.drift(see(x)),
        "consistency": lambda x, y, u: penalties.consistency_loss(
            {"logits": see(x)}, {"logits": see(u[:, None] * y)}
        ),
    }[name]
    parts = [term(*a), term(*b)]
    np.testing.assert_allclose(term(*both), np.mean(parts), rtol=1e-9)
    assert abs(parts[0] - parts[1]) > 1e-6


def test_batches_do_not_add_up_through_batch_norm():
    """The sum over images is what finds a discriminator that mixes them."""
    norm = keras.layers.BatchNormalization()
    dense = keras.layers.Dense(1, kernel_initializer="ones")

    def see(x):
        return dense(tf.tanh(norm(x, training=True)))

    a, b = uniform((4, 3), 1), 3.0 * uniform((4, 3), 2)
    whole = gradient.r1(see, tf.concat([a, b], 0))
    assert abs(whole - 0.5 * (gradient.r1(see, a) + gradient.r1(see, b))) > 0.01 * whole


# === Names, configs, state ===


@pytest.mark.parametrize("name", PENALTIES)
def test_config_round_trip(name):
    penalty = penalties.get(name)
    assert penalty.NAME == name
    assert getattr(penalties, PENALTIES[name].class_name) is type(penalty)
    saved = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(penalty))
    plain_copy = type(penalty).from_config(penalty.get_config())
    for copy in (saved, plain_copy, penalties.get(penalty)):
        assert type(copy) is type(penalty) and copy is not penalty
        assert copy.get_config() == penalty.get_config()
        assert (copy.weight, copy.every) == (penalty.weight, penalty.every)


def changed(value):
    """Another legal value of the same kind as a default."""
    words = {
        "gaussian": "legacy",
        "zero_centered": "two_sided",
        "relu": "square",
        "reflect": "zero",
        "normal": "uniform",
        "off_diagonal": "full",
        "rows": "columns",
        "generator": "both",
        "logits": "probabilities",
    }
    if isinstance(value, str):
        return words.get(value, "another")
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 3
    return [*value, "more"] if isinstance(value, list) else value / 2


@pytest.mark.parametrize("name", PENALTIES)
def test_every_argument_survives(name):
    config = {key: changed(value) for key, value in penalties.get(name).get_config().items()}
    penalty = PENALTIES[name].load()(**config)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(penalty))
    assert again.get_config() == config


@pytest.mark.parametrize(
    "spec, weight_value, every",
    [
        ("r1", 5.0, 1),
        ({"name": "r1", "gamma": 1, "every": 16}, 0.5, 16),
        ("r2", 5.0, 1),
        ("gradient_penalty", 10.0, 1),
        ("dragan", 10.0, 1),
        ({"name": "lecam", "weight": 0.1}, 0.1, 1),
        ({"name": "weight_decay", "weight": 1e-4}, 1e-4, 1),
        ("path_length", 2.0, 4),
        ("consensus", 10.0, 1),
        ("generator_gradient_norm", 0.5, 1),
        ("orthogonal", 1e-4, 1),
        ("drift", 1e-3, 1),
        ("consistency", 10.0, 1),
    ],
)
def test_get(spec, weight_value, every):
    penalty = penalties.get(spec)
    assert (penalty.weight, penalty.every) == (weight_value, every)


def test_near_matches():
    with pytest.raises(ValueError, match="Unknown penalty 'gradient_penalt'.*'gradient_penalty'"):
        penalties.get("gradient_penalt")
    with pytest.raises(ValueError, match="no argument 'gama'.*'gamma'"):
        penalties.get({"name": "r1", "gama": 1})
    with pytest.raises(ValueError, match="Unknown loss"):
        losses.get("r1")


@pytest.mark.parametrize(
    "name, argument, value, says",
    [
        ("gradient_penalty", "target", 0.0, "target must be positive"),
        ("dragan", "target", -1.0, "target must be positive"),
        ("dragan", "mode", "gauss", "mode must be one of 'gaussian'"),
        ("max_gradient", "form", "gp", "form must be one of 'zero_centered'"),
        ("zero_centered_gradient_penalty", "of", "x", "of must be one of"),
        ("weight_clipping", "clip", 0.0, "clip must be positive"),
        ("orthogonal", "form", "soft", "form must be one of"),
        ("orthogonal", "side", "left", "side must be one of"),
        ("orthogonal", "player", "all", "player must be one of"),
        ("lecam", "form", "abs", "form must be one of"),
        ("consistency", "padding", "same", "padding must be one of"),
        ("balanced_consistency", "shift", 1.0, "shift must be in"),
        ("latent_consistency", "noise", "n", "noise must be one of"),
        ("latent_optimization", "rate", 2.0, "rate must be in"),
        ("latent_optimization", "beta", 0.0, "beta must be positive"),
        ("jacobian_clamping", "epsilon", 0.0, "epsilon must be positive"),
    ],
)
def test_arguments_are_checked(name, argument, value, says):
    with pytest.raises(ValueError, match=says):
        penalties.get({"name": name, argument: value})


LAZY = [n for n in PENALTIES if "every" in penalties.get(n).get_config()]


@pytest.mark.parametrize("every", [0, -1, 1.5])
def test_every_is_a_positive_int(every):
    for name in LAZY:
        with pytest.raises(ValueError, match="every must be a positive int"):
            penalties.get({"name": name, "every": every})


def test_what_may_not_be_lazy_is_not():
    assert set(PENALTIES) - set(LAZY) == {
        "weight_clipping",
        "historical_averaging",
        "consistency",
        "balanced_consistency",
        "latent_consistency",
        "lecam",
        "drift",
        "latent_optimization",
        "rotation",
    }


STATEFUL = {
    "lecam": 3,
    "path_length": 1,
    "max_gradient/lagrangian": 1,
    "historical_averaging": 2 + 4 + 10,
}


@pytest.mark.parametrize("name", STATEFUL)
def test_state_is_not_trained_and_survives_a_checkpoint(name, tmp_path):
    actors = Players()
    real, latents = data()
    first, second = (actors.build(penalties.get(SPECS[name])) for _ in range(2))
    assert first.trainable_variables == [] and len(first.variables) == STATEFUL[name]
    for _ in range(2):
        for player in terms(first):
            getattr(first, player)(actors.game(player, real, latents))
    path = tf.train.Checkpoint(penalty_0=first).write(str(tmp_path / "state"))
    tf.train.Checkpoint(penalty_0=second).read(path).assert_existing_objects_matched()
    stored = [n for n, _ in tf.train.list_variables(path) if "VARIABLE_VALUE" in n]
    assert len(stored) >= STATEFUL[name]
    for a, b in zip(first.variables, second.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert any(np.any(v.numpy()) for v in second.variables)


def test_state_survives_a_model_file(tmp_path):
    actors, (real, _) = Players(), data()
    logits = keras.Model(actors.discriminator.input, actors.discriminator.output["logits"])
    model = GAN((4, 4, 1), generator=actors.generator, discriminator=logits, latent_dim=3)
    model.compile(penalties=[SPECS[name] for name in STATEFUL])
    for _ in range(2):
        model.train_on_batch(real)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for i in range(len(STATEFUL)):
        before, after = (getattr(m, f"penalty_{i}") for m in (model, loaded))
        assert before.get_config() == after.get_config()
        assert any(np.any(v.numpy()) for v in before.variables)
        for a, b in zip(before.variables, after.variables, strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_the_others_have_no_state():
    for name in set(SPECS) - set(STATEFUL) - {"lecam/square"}:
        assert len(getattr(penalties.get(SPECS[name]), "variables", ())) == 0, name


def linear_gan(penalty):
    z, x = keras.Input((2,)), keras.Input((1, 2, 1))
    generator = keras.Model(z, keras.layers.Reshape((1, 2, 1))(keras.layers.Dense(2)(z)))
    logit = keras.layers.Dense(1, use_bias=False)(keras.layers.Flatten()(x))
    model = GAN((1, 2, 1), generator=generator, discriminator=keras.Model(x, logit), latent_dim=2)
    model.compile(penalties=[penalty])
    model.discriminator.set_weights([np.reshape((3.0, 4.0), (2, 1))])
    return model


def test_a_lazy_penalty_adds_up_to_the_same_gradient():
    """Over `every` updates with frozen weights: gamma w each time, or `every` times once."""
    real = uniform((4, 1, 2, 1))
    totals = {}
    for every in (1, 4):
        model = linear_gan(penalties.R1(gamma=10.0, every=every))
        kernel = model.discriminator.trainable_variables[0]
        totals[every] = []
        for step in range(4):
            model.step.assign(step)
            with tf.GradientTape() as tape:
                game = plain_game(real=real, see=model.discriminator)
                value, _ = model.penalty_terms("discriminator", game)
            gradients = tape.gradient(tf.convert_to_tensor(value), kernel.value)
            totals[every].append(np.zeros(2) if gradients is None else np.ravel(gradients))
    np.testing.assert_allclose(np.sum(totals[1], 0), [120.0, 160.0], rtol=1e-5)
    np.testing.assert_allclose(np.sum(totals[4], 0), [120.0, 160.0], rtol=1e-5)
    assert [bool(g.any()) for g in totals[4]] == [True, False, False, False]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_gives_float32_terms(dtype):
    x, w = tf.cast(uniform((4, 2)), dtype), tf.cast([3.0, 4.0], dtype)

    def see(images):
        return tf.reduce_sum(images * w, axis=-1, keepdims=True)

    u = tf.constant([0.1, 0.4, 0.6, 0.9])
    values = {
        125.0: penalties.r1(see, x),
        160.0: penalties.gradient_penalty(see, x, 0.5 * x, u),
        25.0: penalties.max_gradient(see, x),
        160.00001: penalties.dragan(see, x, normal((4, 2))),
        9.0: penalties.drift(tf.cast([3.0, -3.0], dtype)),
    }
    for expected, value in values.items():
        assert value.dtype == tf.float32
        np.testing.assert_allclose(value, expected, rtol=1e-2)


def test_root_has_no_infinite_derivative():
    x = tf.constant([0.0, 4.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = numerics.root(x)
    np.testing.assert_array_equal(y, [0.0, 2.0])
    np.testing.assert_array_equal(tape.gradient(y, x), [0.0, 0.25])


def moments_norm(x, gamma, beta, epsilon):
    mean, variance = tf.nn.moments(x, axes=list(range(x.shape.rank - 1)), keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + epsilon) * gamma + beta


def test_second_derivatives_through_batch_norm():
    """The gradient of a gradient penalty through our layer and through plain moments."""
    rng = np.random.default_rng(6)
    x = tf.constant(rng.normal(size=(6, 3, 3, 4)), tf.float32)
    kernel = tf.constant(rng.normal(size=(36, 1)), tf.float32)
    norm = layers.BatchNorm(epsilon=1e-3)
    norm.build(x.shape)
    norm.gamma.assign(rng.normal(1, 0.3, 4))
    norm.beta.assign(rng.normal(0, 0.3, 4))
    gamma, beta = norm.gamma.value, norm.beta.value

    def penalty(layer):
        def see(v):
            return tf.reshape(tf.tanh(layer(tf.tanh(v))), [6, -1]) @ kernel

        with tf.GradientTape() as tape:
            tape.watch(kernel)
            value = penalties.r1(see, x)
        return value, tape.gradient(value, [gamma, beta, kernel])

    ours, our_gradients = penalty(lambda v: norm(v, training=True))
    plain_value, plain_gradients = penalty(lambda v: moments_norm(v, gamma, beta, 1e-3))
    np.testing.assert_allclose(ours, plain_value, rtol=1e-5)
    for got, expected in zip(our_gradients, plain_gradients, strict=True):
        scale = np.abs(expected).max()
        np.testing.assert_allclose(got, expected, atol=1e-5 * scale, rtol=1e-4)


# === Compiled, and on two replicas ===


def assert_same(first, second, rtol=2e-4, share=2e-4):
    for name, (value, gradients) in first.items():
        other_value, other_gradients = second[name]
        np.testing.assert_allclose(value, other_value, rtol=rtol, atol=1e-6, err_msg=name)
        size = max(float(np.abs(g).max()) for g in gradients)
        for got, expected in zip(gradients, other_gradients, strict=True):
            atol = share * size + 1e-7
            np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol, err_msg=name)


@pytest.fixture(scope="module")
def plain():
    """Values, gradients and states of all terms in a plain graph."""
    actors = Players()
    made = make_all(actors)
    real, latents = data()
    values = tf.function(lambda: all_terms(actors, made, real, latents), autograph=False)()
    return {name: (v.numpy(), [g.numpy() for g in grads]) for name, (v, grads) in values.items()}


# Compiling takes seconds: those whose operations another one has too are left out.
REPEATED = {
    "lecam/square",
    "latent_consistency/uniform",
    "zero_centered_gradient_penalty/probabilities",
    "dragan/uniform_centered",
    "orthogonal/off_diagonal",
    "orthogonal/full",
    "orthogonal/dso",
}


@pytest.mark.slow
def test_xla_gives_the_plain_values_and_gradients(plain):
    actors = Players()
    made = make_all(actors, [name for name in SPECS if name not in REPEATED])
    real, latents = data()
    jitted = tf.function(
        lambda: all_terms(actors, made, real, latents), autograph=False, jit_compile=True
    )
    values = jitted()
    assert {name.split(" ")[0] for name in values} == set(made) - {"weight_clipping"}
    assert_same(values, plain)


# Those that look at the whole batch, and one of each kind of random numbers.
SHARED = (
    "dragan",
    "max_gradient/lagrangian",
    "generator_gradient_norm",
    "consensus",
    "lecam",
    "path_length",
    "rotation",
    "balanced_consistency",
    "latent_optimization",
    "gradient_penalty",
    "orthogonal/srip",
    "historical_averaging",
)


@pytest.mark.slow
def test_two_replicas_give_the_terms_of_one(mirrored, plain):
    with mirrored.scope():
        actors = Players()
        made = make_all(actors, SHARED)
    real, latents = data()

    @tf.function(autograph=False)
    def run():
        def on_replica():
            context = tf.distribute.get_replica_context()
            first = context.replica_id_in_sync_group * 4
            shard = real[first : first + 4], latents[first : first + 4]
            for part in shard:
                part.set_shape([4, *part.shape[1:]])
            mean = tf.distribute.ReduceOp.MEAN
            return {
                name: (context.all_reduce(mean, value), context.all_reduce(mean, gradients))
                for name, (value, gradients) in all_terms(actors, made, *shard).items()
            }

        return mirrored.run(on_replica)

    results = tf.nest.map_structure(lambda x: mirrored.experimental_local_results(x)[0], run())
    assert len(results) > len(SHARED)
    assert_same(results, plain)
    for penalty in made.values():
        for variable in getattr(penalty, "variables", ()):
            one, two = (v.numpy() for v in mirrored.experimental_local_results(variable.value))
            np.testing.assert_array_equal(one, two)


def test_every_term_reaches_its_player(plain):
    """Each changes with the weights it is to train; the others are those without a term."""
    named = {name.split(" ")[0].split("/")[0] for name in plain}
    assert named == set(PENALTIES) - {"weight_clipping"}
    for name, (value, gradients) in plain.items():
        assert np.ndim(value) == 0 and np.isfinite(value), name
        assert all(np.all(np.isfinite(g)) for g in gradients), name
        if name.split(" ")[0] not in ("jacobian_clamping", "historical_averaging"):
            assert max(np.abs(g).max() for g in gradients) > 0, name
