"""Cross-entropy losses: their functions, closed forms and populations with known answers."""

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tfgan_models import losses

NAMES = ("minimax", "non_saturating", "maximum_likelihood")
REAL, FAKE = [2.0, -1.0], [0.5, -3.0]
D_LOSS = 1.231427
GENERATOR = {  # L_G and dL_G/df on FAKE
    "minimax": (-0.511332, [-0.311230, -0.023713]),
    "non_saturating": (1.761332, [-0.188770, -0.476287]),
    "maximum_likelihood": (-0.849254, [-0.824361, -0.024894]),
}
# dL_G/dmu for real N(0, 1), fake N(mu, 1) and the optimal discriminator.
POPULATION = {
    ("minimax", 0.5): 0.235264,
    ("minimax", 1.0): 0.397973,
    ("non_saturating", 0.5): 0.264736,
    ("non_saturating", 1.0): 0.602027,
    ("maximum_likelihood", 0.5): 0.5,
    ("maximum_likelihood", 1.0): 1.0,
}


def value_and_gradients(function, *arrays, dtype="float32"):
    tensors = [tf.constant(array, dtype) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = function(*tensors)
    return value, tape.gradient(value, tensors)


def normal_quantiles(count=200_001):
    """Equally weighted nodes: means over them are midpoint quadrature under N(0, 1)."""
    return scipy.stats.norm.ppf((np.arange(count) + 0.5) / count).astype("float32")


@pytest.mark.parametrize(
    "function, name",
    [
        (losses.minimax_generator_loss, "minimax"),
        (losses.non_saturating_generator_loss, "non_saturating"),
        (losses.maximum_likelihood_generator_loss, "maximum_likelihood"),
    ],
)
def test_functions_are_the_objects_mathematics(function, name):
    np.testing.assert_allclose(function(FAKE), GENERATOR[name][0], atol=1e-5)
    np.testing.assert_allclose(
        losses.cross_entropy_discriminator_loss(REAL, FAKE), D_LOSS, atol=1e-5
    )


@pytest.mark.parametrize("name", NAMES)
def test_patch_logits_are_averaged_over_every_patch(name):
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 3, 4, 5, 1))
    r, f = real.astype("float64").ravel(), fake.astype("float64").ravel()
    loss = losses.get(name)
    generator = {
        "minimax": -np.mean(np.log1p(np.exp(f))),
        "non_saturating": np.mean(np.log1p(np.exp(-f))),
        "maximum_likelihood": -np.mean(np.exp(f)),
    }
    expected = np.mean(np.log1p(np.exp(-r))) + np.mean(np.log1p(np.exp(f)))
    np.testing.assert_allclose(loss.discriminator(real, fake), expected, rtol=1e-5)
    np.testing.assert_allclose(loss.generator(fake), generator[name], rtol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_batches_of_two_sizes_are_two_means(name):
    value = losses.get(name).discriminator([2.0, -1.0, 2.0, -1.0], FAKE)
    np.testing.assert_allclose(value, D_LOSS, atol=1e-5)


@pytest.mark.parametrize(
    "real, fake",
    [((4, 1), (4,)), ((4,), (4, 1)), ((4, 2, 2, 1), (4, 1, 1, 1)), ((4, 1), (4, 2))],
)
def test_mismatched_shapes_raise(real, fake):
    with pytest.raises(ValueError, match="must agree"):
        losses.cross_entropy_discriminator_loss(np.zeros(real), np.zeros(fake))


def test_scalar_logits_raise():
    with pytest.raises(ValueError, match="fake_logits must have a batch axis"):
        losses.non_saturating_generator_loss(1.0)


@pytest.mark.parametrize("target", [1.0, 0.9])
@pytest.mark.parametrize("name", NAMES)
def test_extreme_logits_stay_finite(name, target):
    extreme = [1e4, -1e4]
    loss = losses.get({"name": name, "real_target": target})
    results = [
        value_and_gradients(loss.discriminator, extreme, extreme[::-1]),
        value_and_gradients(loss.generator, extreme),
    ]
    for value, gradients in results:
        assert np.isfinite(value)
        assert all(np.all(np.isfinite(gradient)) for gradient in gradients)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", NAMES)
def test_half_precision_logits_are_computed_in_float32(name, dtype):
    loss = losses.get(name)
    values = tf.constant([700.0, -3.3, 2.7, -700.0], dtype)
    rounded = tf.cast(values, "float32")
    for got, same in (
        (loss.discriminator(values, values[::-1]), loss.discriminator(rounded, rounded[::-1])),
        (loss.generator(values), loss.generator(rounded)),
    ):
        assert got.dtype == tf.float32 and np.isfinite(got)
        np.testing.assert_array_equal(got, same)


def test_minimax_saturates_and_non_saturating_does_not():
    gradient = {
        name: value_and_gradients(losses.get(name).generator, np.full(4, -20.0))[1][0].numpy()
        for name in NAMES
    }
    assert np.all(np.abs(gradient["minimax"]) < 1e-8)
    np.testing.assert_allclose(gradient["non_saturating"], -0.25, rtol=1e-6)
    assert np.all(np.abs(gradient["maximum_likelihood"]) < 1e-8)


@pytest.mark.parametrize("name, mu", POPULATION)
def test_population_gradient_of_the_generator(name, mu):
    noise, mean = tf.constant(normal_quantiles()), tf.constant(mu)
    with tf.GradientTape() as tape:
        tape.watch(mean)
        logits = 0.5 * mu * mu - mu * (mean + noise)  # the optimal D, frozen
        value = losses.get(name).generator(logits)
    np.testing.assert_allclose(tape.gradient(value, mean), POPULATION[name, mu], atol=5e-4)


@pytest.mark.parametrize("name", NAMES)
def test_population_minimum_of_the_discriminator(name):
    nodes = normal_quantiles()
    line = tf.constant([-1.0, 0.5])
    with tf.GradientTape() as tape:
        tape.watch(line)
        value = losses.get(name).discriminator(
            line[0] * nodes + line[1], line[0] * (nodes + 1.0) + line[1]
        )
    np.testing.assert_allclose(value, 1.163451, atol=2e-5)
    np.testing.assert_allclose(tape.gradient(value, line), [0.0, 0.0], atol=1e-4)


@pytest.mark.parametrize("logit, expected", [(2.197225, 0.325083), (2.0, 0.326928)])
def test_smoothed_real_term(logit, expected):
    value, (gradient, _) = value_and_gradients(
        losses.NonSaturating(real_target=0.9).discriminator, [logit], [-1e4]
    )
    np.testing.assert_allclose(value, expected, atol=1e-6)
    np.testing.assert_allclose(gradient, [1.0 / (1.0 + np.exp(-logit)) - 0.9], atol=1e-6)


def test_smoothing_moves_the_equilibrium_to_045():
    logit = np.log(0.45 / 0.55)
    _, (by_real, by_fake) = value_and_gradients(
        losses.NonSaturating(real_target=0.9).discriminator, [logit], [logit]
    )
    np.testing.assert_allclose(by_real + by_fake, [0.0], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_smoothing_leaves_the_generator_alone(name):
    smooth = losses.get({"name": name, "real_target": 0.9})
    np.testing.assert_allclose(smooth.generator(FAKE), GENERATOR[name][0], atol=1e-5)


@pytest.mark.parametrize("target", [0.0, -0.1, 1.1])
def test_real_target_outside_the_range_raises(target):
    with pytest.raises(ValueError, match="real_target"):
        losses.Minimax(real_target=target)


@pytest.mark.parametrize("start", [0.0, 2.0, 10.0])
def test_maximum_likelihood_goes_on_as_the_tangent(start):
    def loss(fake):
        return losses.maximum_likelihood_generator_loss(fake, linear_from=start)

    edge = np.exp(start)
    for above in (0.0, 0.5, 3.0):
        value, (slope,) = value_and_gradients(loss, [start + above])
        np.testing.assert_allclose(value, -edge * (1.0 + above), rtol=1e-5)
        np.testing.assert_allclose(slope, [-edge], rtol=1e-5)
    below, (slope,) = value_and_gradients(loss, [start - 1e-3])
    np.testing.assert_allclose(below, -np.exp(start - 1e-3), rtol=1e-5)
    np.testing.assert_allclose(slope, [-np.exp(start - 1e-3)], rtol=1e-5)


def test_maximum_likelihood_takes_a_whole_number_as_its_edge():
    loss = losses.get({"name": "maximum_likelihood", "linear_from": 1})
    np.testing.assert_allclose(loss.generator([2.0]), -2.0 * np.e, rtol=1e-5)


@pytest.mark.parametrize(
    "loss",
    [
        losses.Minimax(0.8),
        losses.NonSaturating(0.9),
        losses.MaximumLikelihood(0.7, linear_from=3.0),
    ],
)
def test_config_round_trip(loss):
    plain = type(loss).from_config(loss.get_config())
    saved = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    for copy in (plain, saved, losses.get(loss)):
        assert type(copy) is type(loss) and copy is not loss
        assert copy.get_config() == loss.get_config()
        np.testing.assert_array_equal(
            copy.discriminator(REAL, FAKE), loss.discriminator(REAL, FAKE)
        )
        np.testing.assert_array_equal(copy.generator([4.0]), loss.generator([4.0]))


@pytest.mark.parametrize("name", NAMES)
def test_get_by_name_and_dict(name):
    assert losses.get(name).real_target == 1.0
    smooth = losses.get({"name": name, "real_target": 0.9})
    assert type(smooth) is type(losses.get(name)) and smooth.real_target == 0.9
    assert len({type(losses.get(n)) for n in NAMES}) == 3


def test_near_matches():
    with pytest.raises(ValueError, match="Unknown loss 'non_saturatin'.*'non_saturating'"):
        losses.get("non_saturatin")
    with pytest.raises(ValueError, match="no argument 'real_targe'.*'real_target'"):
        losses.get({"name": "minimax", "real_targe": 0.9})
    with pytest.raises(ValueError, match="Known: .*, hinge, .*, minimax, .*, non_saturating"):
        losses.get("zzz")


@pytest.mark.parametrize("spec", [None, 3, losses.Minimax, {"real_target": 0.9}])
def test_get_refuses_what_is_no_loss(spec):
    with pytest.raises(ValueError, match="Cannot read loss"):
        losses.get(spec)
