"""Schedules and the optimizer with rising momentum, against NumPy in float64."""

import keras
import numpy as np
import pytest

from tfgan_models.core import schedules

STEPS = [0, 1, 999, 1_000, 1_001, 50_000, 999_999, 1_000_000, 2_000_000]


def numpy_linear(initial, start, end, final, step):
    return float(np.interp(step, [start, end], [initial, final]))


def numpy_exponential(initial, decay, floor, step):
    return max(initial * float(np.float64(decay)) ** -step, floor)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("final", [0.0, 1e-5])
def test_linear_decay(step, final):
    schedule = schedules.LinearDecay(2e-4, start=1_000, end=1_000_000, final=final)
    expected = numpy_linear(2e-4, 1_000, 1_000_000, final, step)
    np.testing.assert_allclose(schedule(step), expected, rtol=1e-4, atol=2e-11)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("decay", [1.000004, 1.00004])
def test_floored_exponential_decay(step, decay):
    schedule = schedules.FlooredExponentialDecay(0.1, decay, floor=1e-6)
    expected = numpy_exponential(0.1, decay, 1e-6, step)
    np.testing.assert_allclose(schedule(step), expected, rtol=1e-4)


def test_the_floor_holds():
    schedule = schedules.FlooredExponentialDecay(0.1, 1.00004, floor=1e-6)
    assert float(schedule(250_000)) > 2e-6
    np.testing.assert_allclose(schedule(400_000), 1e-6, rtol=1e-6)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: schedules.LinearDecay(1.0, start=5, end=5), "end > start"),
        (lambda: schedules.FlooredExponentialDecay(1.0, decay=1.0, floor=0.1), "decay > 1"),
        (lambda: schedules.MomentumRampSGD(ramp_start=3, ramp_end=3), "ramp_end"),
    ],
)
def test_senseless_arguments_raise(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.LinearDecay(2e-4, start=10, end=30, final=1e-5),
        schedules.FlooredExponentialDecay(0.1, 1.01, 1e-3),
    ],
)
def test_schedule_round_trip(schedule):
    saved = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(schedule))
    for copy in (saved, type(schedule).from_config(schedule.get_config())):
        assert type(copy) is type(schedule) and copy.get_config() == schedule.get_config()
        for step in (0, 15, 1_000):
            assert float(copy(step)) == float(schedule(step))


def train(optimizer, gradients, starts):
    """Values of the variables after each update."""
    variables = [keras.Variable(start) for start in starts]
    history = []
    for step in gradients:
        optimizer.apply([np.asarray(g, "float32") for g in step], variables)
        history.append([v.numpy() for v in variables])
    return history


def numpy_ramp_sgd(gradients, starts, rate, low, high, start, end):
    values = [np.asarray(s, "float64") for s in starts]
    speeds = [np.zeros_like(v) for v in values]
    history = []
    for t, step in enumerate(gradients):
        momentum = np.interp(t, [start, end], [low, high])
        speeds = [momentum * v - rate(t) * g for v, g in zip(speeds, step, strict=True)]
        values = [w + v for w, v in zip(values, speeds, strict=True)]
        history.append(values)
    return history


def ten_gradients():
    rng = np.random.default_rng(0)
    return [(rng.normal(size=(2, 3)), rng.normal(size=4)) for _ in range(10)]


STARTS = (np.ones((2, 3), "float32"), np.zeros(4, "float32"))
RATES = {
    "constant": (0.1, lambda t: 0.1),
    "decay": (
        schedules.FlooredExponentialDecay(0.1, 1.2, 0.03),
        lambda t: numpy_exponential(0.1, 1.2, 0.03, t),
    ),
    "linear": (
        schedules.LinearDecay(0.1, 2, 7, 0.01),
        lambda t: numpy_linear(0.1, 2, 7, 0.01, t),
    ),
}


@pytest.mark.parametrize("ramp", [(0, 1), (2, 8), (20, 30)])
@pytest.mark.parametrize("name", RATES)
def test_momentum_ramp_against_numpy(name, ramp):
    rate, plain = RATES[name]
    optimizer = schedules.MomentumRampSGD(rate, 0.5, 0.9, *ramp)
    got = train(optimizer, ten_gradients(), STARTS)
    expected = numpy_ramp_sgd(ten_gradients(), STARTS, plain, 0.5, 0.9, *ramp)
    for values, truth in zip(got, expected, strict=True):
        for value, true in zip(values, truth, strict=True):
            np.testing.assert_allclose(value, true, rtol=1e-4, atol=1e-6)


def test_schedule_inside_a_keras_optimizer():
    """Plain SGD sums gradient times rate(t)."""
    optimizer = keras.optimizers.SGD(schedules.LinearDecay(0.1, 2, 7, 0.01))
    got = train(optimizer, [(np.ones(1),)] * 10, (np.zeros(1, "float32"),))
    rates = [numpy_linear(0.1, 2, 7, 0.01, t) for t in range(10)]
    np.testing.assert_allclose(np.ravel(got), -np.cumsum(rates), rtol=1e-5)


@pytest.mark.parametrize("name", RATES)
def test_optimizer_round_trip(name):
    optimizer = schedules.MomentumRampSGD(RATES[name][0], 0.4, 0.8, ramp_start=1, ramp_end=6)
    saved = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    copies = (saved, schedules.MomentumRampSGD.from_config(optimizer.get_config()))
    expected = train(optimizer, ten_gradients(), STARTS)
    for copy in copies:
        assert copy.get_config() == optimizer.get_config()
        got = train(copy, ten_gradients(), STARTS)
        for value, true in zip(got[-1], expected[-1], strict=True):
            np.testing.assert_array_equal(value, true)
