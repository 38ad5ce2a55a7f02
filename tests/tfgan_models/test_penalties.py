"""Penalties: closed forms, finite differences and NumPy reimplementations."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_models import layers, losses, penalties
from tfgan_models.core import random
from tfgan_models.core.gan import GAN
from tfgan_models.penalties.gradient import image_gradients

W = (3.0, 4.0)


def points(count=6, seed=0, size=2):
    return tf.constant(np.random.default_rng(seed).normal(size=(count, size)), tf.float32)


def linear(weights):
    return lambda x: tf.reduce_sum(x * weights, axis=-1, keepdims=True)


def weight_gradient(penalty, weights):
    """Value and d/dw of penalty(D) for the linear D(x) = w.x."""
    weights = tf.constant(weights)
    with tf.GradientTape() as tape:
        tape.watch(weights)
        value = penalty(linear(weights))
    return value.numpy(), tape.gradient(value, weights).numpy()


def small_discriminator(seed=0):
    """Smooth, so that finite differences see the second derivatives."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(4, 3, 2, "same", activation="tanh"),
            keras.layers.Flatten(),
            keras.layers.Dense(5, activation="softplus"),
            keras.layers.Dense(1),
        ]
    )


def images(count=4, seed=1):
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, (count, 6, 6, 2)), tf.float32)


def game(real_logits=None, fake_logits=None, real=None, fake=None, see=None, weights=()):
    draws = random.Draws(3, 0, 0 if real is None else len(real))
    return penalties.Game(see, real, fake, real_logits, fake_logits, draws, weights)


U = np.array([0.0, 0.3, 0.5, 1.0], "float32")
GRADIENT_PENALTIES = {
    "r1": lambda d, x: penalties.r1(d, x, gamma=10.0),
    "gradient_penalty": lambda d, x: penalties.gradient_penalty(
        d, x, x[::-1], tf.constant(np.resize(U, len(x))), weight=10.0
    ),
}


def test_gradient_penalty_of_a_linear_discriminator():
    value, gradient = weight_gradient(
        lambda d: penalties.gradient_penalty(d, points(4), points(4, 1), U, weight=10.0), W
    )
    np.testing.assert_allclose(value, 160.0, rtol=1e-5)
    np.testing.assert_allclose(gradient, [48.0, 64.0], rtol=1e-5)


def test_gradient_penalty_of_slope_one_is_nothing():
    value, gradient = weight_gradient(
        lambda d: penalties.gradient_penalty(d, points(4), points(4, 1), U), (0.6, 0.8)
    )
    np.testing.assert_allclose(value, 0.0, atol=1e-10)
    np.testing.assert_allclose(gradient, [0.0, 0.0], atol=1e-5)


def test_gradient_penalty_is_two_sided():
    value, _ = weight_gradient(
        lambda d: penalties.gradient_penalty(d, points(4), points(4, 1), U), (0.3, 0.4)
    )
    np.testing.assert_allclose(value, 2.5, rtol=1e-5)


def test_gradient_penalty_looks_between_real_and_fake():
    """D = |x|^2 / 2 has slope |x|, so the value tells where it was taken."""
    real, fake = points(4), points(4, 1)
    value = penalties.gradient_penalty(
        lambda x: 0.5 * tf.reduce_sum(x * x, -1), real, fake, U, weight=7.0
    )
    r, f = real.numpy().astype("float64"), fake.numpy().astype("float64")
    slope = np.linalg.norm(r + U[:, None] * (f - r), axis=1)
    np.testing.assert_allclose(value, 7.0 * np.mean((slope - 1.0) ** 2), rtol=1e-5)


@pytest.mark.parametrize("shape", [(4, 1), (4, 6, 6, 2), (4, 1, 1, 1), (), (1,), (3,)])
def test_u_is_one_number_an_image(shape):
    with pytest.raises(ValueError, match="one number an image"):
        penalties.gradient_penalty(small_discriminator(), images(), images(), tf.fill(shape, 0.5))


def test_gradient_penalty_refuses_two_shapes():
    with pytest.raises(ValueError, match="one shape"):
        penalties.gradient_penalty(linear(W), points(4), points(5), tf.zeros(4))


def test_r1_of_a_linear_discriminator():
    value, gradient = weight_gradient(lambda d: penalties.r1(d, points(), gamma=10.0), W)
    np.testing.assert_allclose(value, 125.0, rtol=1e-5)
    np.testing.assert_allclose(gradient, [30.0, 40.0], rtol=1e-5)


def test_r1_object_is_the_function():
    penalty = penalties.R1(gamma=10.0)
    value = penalty.discriminator(game(real=points(), see=linear(W)))
    np.testing.assert_allclose(penalty.weight * value, 125.0, rtol=1e-5)


def test_gradient_penalty_object_is_the_function():
    penalty = penalties.GradientPenalty(weight=10.0)
    value = penalty.discriminator(game(real=points(), fake=points(seed=1), see=linear(W)))
    np.testing.assert_allclose(penalty.weight * value, 160.0, rtol=1e-5)


def test_gradient_penalty_object_draws_one_u_an_image():
    real, fake = tf.zeros((64, 1)), tf.ones((64, 1))  # x_t = u, D = x^2/2: slope u
    seen = []

    def see(x):
        seen.append(x.numpy().ravel())
        return 0.5 * x * x

    value = penalties.GradientPenalty().discriminator(game(real=real, fake=fake, see=see))
    u = seen[0].astype("float64")
    assert len(np.unique(u)) == 64 and 0.0 < u.min() < 0.1 and 0.9 < u.max() < 1.0
    np.testing.assert_allclose(value, np.mean((u - 1.0) ** 2), rtol=1e-5)


def test_norms_sum_over_every_axis_of_an_image():
    weights = np.random.default_rng(2).normal(size=(6, 6, 2)).astype("float32")
    squared = np.sum(weights.astype("float64") ** 2)

    def see(x):
        return tf.reduce_sum(x * weights, axis=[1, 2, 3])

    np.testing.assert_allclose(penalties.r1(see, images(), 2.0), squared, rtol=1e-5)
    slope = penalties.gradient_penalty(see, images(), images(seed=2), U, weight=1.0)
    np.testing.assert_allclose(slope, (np.sqrt(squared) - 1.0) ** 2, rtol=1e-5)


def test_patch_logits_are_summed_for_each_image():
    value = penalties.r1(lambda x: tf.stack([x @ [[3.0], [0.0]], x @ [[0.0], [4.0]]], 1), points())
    np.testing.assert_allclose(value, 125.0, rtol=1e-5)


@pytest.mark.parametrize("name, expected", [("r1", 0.0), ("gradient_penalty", 10.0)])
def test_constant_discriminator_gives_no_nan(name, expected):
    value, gradient = weight_gradient(lambda d: GRADIENT_PENALTIES[name](d, points(4)), (0.0, 0.0))
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    np.testing.assert_array_equal(gradient, [0.0, 0.0])


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


@pytest.mark.parametrize("name", GRADIENT_PENALTIES)
def test_weight_gradients_match_finite_differences(name):
    network, x = small_discriminator(), images()
    rng = np.random.default_rng(3)
    before = [w.numpy() for w in network.trainable_variables]
    directions = [rng.normal(size=w.shape).astype("float32") for w in before]

    def at(step):
        for w, b, d in zip(network.trainable_variables, before, directions, strict=True):
            w.assign(b + step * d)
        return GRADIENT_PENALTIES[name](network, x)

    step = 5e-3
    numeric = (float(at(step)) - float(at(-step))) / (2.0 * step)
    with tf.GradientTape() as tape:
        value = at(0.0)
    gradients = tape.gradient(value, [w.value for w in network.trainable_variables])
    exact = sum(
        float(np.sum(g * d))
        for g, d in zip(gradients, directions, strict=True)
        if g is not None  # the last bias does not move the slope
    )
    assert abs(exact) > 1e-2
    np.testing.assert_allclose(numeric, exact, rtol=5e-3)


def test_image_gradients_match_finite_differences():
    network, x = small_discriminator(), images(2)
    gradient = image_gradients(network, x).numpy()
    for index in [(0, 1, 2, 0), (1, 4, 5, 1)]:
        bump = np.zeros(x.shape, "float32")
        bump[index] = 1e-2
        up, down = (tf.reduce_sum(network(x + s * bump)) for s in (1.0, -1.0))
        np.testing.assert_allclose(gradient[index], (up - down) / 2e-2, rtol=2e-2, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_images_give_float32_penalties(dtype):
    x, w = tf.cast(points(), dtype), tf.cast(W, dtype)
    value = penalties.r1(linear(w), x)
    assert value.dtype == tf.float32
    np.testing.assert_allclose(value, 125.0, rtol=1e-2)


def test_no_gradient_reaches_the_fakes():
    network, real, fake = small_discriminator(), images(), images(seed=2)
    with tf.GradientTape() as tape:
        tape.watch(fake)
        value = penalties.gradient_penalty(network, real, fake, U)
    assert tape.gradient(value, fake) is None


@pytest.mark.parametrize("name", GRADIENT_PENALTIES)
def test_batches_add_up(name):
    network, a, b = small_discriminator(), images(4), images(4, seed=5)
    u = tf.constant(U)
    if name == "r1":
        whole = penalties.r1(network, tf.concat([a, b], 0))
        parts = [penalties.r1(network, x) for x in (a, b)]
    else:
        whole = penalties.gradient_penalty(
            network, tf.concat([a, b], 0), tf.concat([b, a], 0), tf.concat([u, u], 0)
        )
        parts = [penalties.gradient_penalty(network, x, y, u) for x, y in ((a, b), (b, a))]
    np.testing.assert_allclose(whole, np.mean(parts), rtol=1e-5)
    assert abs(parts[0] - parts[1]) > 1e-4


def test_lecam_golden():
    for shape in ((2,), (2, 1)):
        real, fake = np.reshape([2.0, -1.0], shape), np.reshape([0.5, -3.0], shape)
        np.testing.assert_allclose(penalties.lecam(real, fake, 0.5, -0.25), 8.65625, rtol=1e-6)


def numpy_lecam(batches, decay):
    """The averages take each batch first and are divided by the weight they have seen."""
    real_sum = fake_sum = seen = 0.0
    values = []
    for real, fake in batches:
        real_sum = decay * real_sum + (1 - decay) * real.mean()
        fake_sum = decay * fake_sum + (1 - decay) * fake.mean()
        seen = decay * seen + (1 - decay)
        above = np.maximum(real - fake_sum / seen, 0.0)
        below = np.maximum(real_sum / seen - fake, 0.0)
        values.append(np.mean(above**2) + np.mean(below**2))
    return values


@pytest.mark.parametrize("decay", [0.9, 0.99])
def test_lecam_updates_its_averages_before_it_uses_them(decay):
    rng = np.random.default_rng(4)
    batches = [(rng.normal(1, 2, (8, 1)), rng.normal(-1, 2, (8, 1))) for _ in range(5)]
    penalty = penalties.LeCam(decay=decay)
    got = [float(penalty.discriminator(game(tf.constant(r), tf.constant(f)))) for r, f in batches]
    np.testing.assert_allclose(got, numpy_lecam(batches, decay), rtol=1e-4)


def test_lecam_gradient_treats_the_averages_as_constants():
    real, fake = tf.constant([2.0, -1.0]), tf.constant([0.5, -3.0])
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        value = penalties.LeCam().discriminator(game(real, fake))
    # First batch: the anchors are this batch's own means, 0.5 and -1.25.
    by_real, by_fake = tape.gradient(value, [real, fake])
    np.testing.assert_allclose(by_real, [2.0 + 1.25, 0.25], rtol=1e-5)
    np.testing.assert_allclose(by_fake, [0.0, -3.5], atol=1e-5)


def test_lecam_trains_nothing():
    penalty = penalties.LeCam()
    assert penalty.trainable_variables == [] and len(penalty.variables) == 3


def test_weight_decay_gradient_is_the_weight():
    network = small_discriminator()
    variables = network.trainable_variables
    with tf.GradientTape() as tape:
        value = penalties.WeightDecay().discriminator(game(weights=tuple(variables)))
    half = 0.5 * sum(np.sum(w.numpy().astype("float64") ** 2) for w in variables)
    np.testing.assert_allclose(value, half, rtol=1e-5)
    for w, g in zip(variables, tape.gradient(value, [w.value for w in variables]), strict=True):
        np.testing.assert_allclose(g, w.numpy(), rtol=1e-6)


def test_weight_decay_acts_on_both_players():
    both = game(weights=(tf.constant([3.0, 4.0]),))
    penalty = penalties.WeightDecay(weight=0.1)
    np.testing.assert_allclose(penalty.generator(both), 12.5)
    np.testing.assert_allclose(penalty.discriminator(both), 12.5)
    assert penalty.weight == 0.1


@pytest.mark.parametrize("cls", [penalties.R1, penalties.GradientPenalty, penalties.WeightDecay])
@pytest.mark.parametrize("every", [0, -1, 1.5])
def test_every_is_a_positive_int(cls, every):
    with pytest.raises(ValueError, match="every must be a positive int"):
        cls(every=every)


def linear_gan(penalty):
    z, x = keras.Input((2,)), keras.Input((1, 2, 1))
    generator = keras.Model(z, keras.layers.Reshape((1, 2, 1))(keras.layers.Dense(2)(z)))
    logit = keras.layers.Dense(1, use_bias=False)(keras.layers.Flatten()(x))
    model = GAN((1, 2, 1), generator=generator, discriminator=keras.Model(x, logit), latent_dim=2)
    model.compile(penalties=[penalty])
    model.discriminator.set_weights([np.reshape(W, (2, 1))])
    return model


def test_a_lazy_penalty_adds_up_to_the_same_gradient():
    """Over `every` updates with frozen weights: gamma w each time, or `every` times once."""
    real = tf.constant(np.random.default_rng(0).uniform(-1, 1, (4, 1, 2, 1)), tf.float32)
    totals = {}
    for every in (1, 4):
        model = linear_gan(penalties.R1(gamma=10.0, every=every))
        kernel = model.discriminator.trainable_variables[0]
        totals[every] = []
        for step in range(4):
            model.step.assign(step)
            with tf.GradientTape() as tape:
                value, _ = model.penalty_terms(
                    "discriminator", game(real=real, see=model.discriminator)
                )
            gradient = tape.gradient(tf.convert_to_tensor(value), kernel.value)
            totals[every].append(np.zeros(2) if gradient is None else np.ravel(gradient))
    np.testing.assert_allclose(np.sum(totals[1], 0), [120.0, 160.0], rtol=1e-5)
    np.testing.assert_allclose(np.sum(totals[4], 0), [120.0, 160.0], rtol=1e-5)
    assert [bool(g.any()) for g in totals[4]] == [True, False, False, False]


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
    plain, plain_gradients = penalty(lambda v: moments_norm(v, gamma, beta, 1e-3))
    np.testing.assert_allclose(ours, plain, rtol=1e-5)
    for got, expected in zip(our_gradients, plain_gradients, strict=True):
        scale = np.abs(expected).max()
        np.testing.assert_allclose(got, expected, atol=1e-5 * scale, rtol=1e-4)


@pytest.mark.parametrize(
    "penalty",
    [
        penalties.R1(gamma=0.3, every=16),
        penalties.GradientPenalty(weight=0.1, every=2),
        penalties.WeightDecay(weight=2.5e-5, every=3),
        penalties.LeCam(weight=3e-7, decay=0.9),
    ],
)
def test_config_round_trip(penalty):
    saved = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(penalty))
    plain = type(penalty).from_config(penalty.get_config())
    for copy in (saved, plain, penalties.get(penalty)):
        assert type(copy) is type(penalty) and copy is not penalty
        assert copy.get_config() == penalty.get_config()
        assert (copy.weight, copy.every) == (penalty.weight, penalty.every)


@pytest.mark.parametrize(
    "spec, cls, weight, every",
    [
        ("r1", penalties.R1, 5.0, 1),
        ({"name": "r1", "gamma": 1, "every": 16}, penalties.R1, 0.5, 16),
        ("gradient_penalty", penalties.GradientPenalty, 10.0, 1),
        ({"name": "lecam", "weight": 0.1}, penalties.LeCam, 0.1, 1),
        ({"name": "weight_decay", "weight": 1e-4}, penalties.WeightDecay, 1e-4, 1),
    ],
)
def test_get(spec, cls, weight, every):
    penalty = penalties.get(spec)
    assert type(penalty) is cls and (penalty.weight, penalty.every) == (weight, every)


def test_near_matches():
    with pytest.raises(ValueError, match="Unknown penalty 'gradient_penalt'.*'gradient_penalty'"):
        penalties.get("gradient_penalt")
    with pytest.raises(ValueError, match="no argument 'gama'.*'gamma'"):
        penalties.get({"name": "r1", "gama": 1})
    with pytest.raises(ValueError, match="Unknown loss"):
        losses.get("r1")
