"""BEGAN: weights, the controller, the convergence measure, skips and vanishing residuals."""

import math

import keras
import numpy as np
import pytest

import tfgan_models as tfgan
from tfgan_models import layers, networks

SMALL = {"image_shape": (16, 16, 1), "latent_dim": 4, "width": 4}
ADAM = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5}


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def images(n=64):
    """Discs of random size and place in [-1, 1]."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:16, :16]
    centre, radius = rng.uniform(5, 11, (n, 2, 1, 1)), rng.uniform(2, 5, (n, 1, 1))
    inside = np.hypot(rows - centre[:, 0], columns - centre[:, 1]) < radius
    return np.where(inside, 0.8, -0.8).astype("float32")[..., None]


@pytest.mark.parametrize(
    ("side", "width", "published"),
    [(32, 64, (0.49, 2.3)), (64, 64, (0.56, 4.0)), (64, 128, (1.72, 13.4))],
)
def test_weights_are_the_reproductions(side, width, published):
    shape = (side, side, 3)
    pair = (
        networks.began_generator(shape, 64, width),
        networks.began_discriminator(shape, 64, width),
    )
    for network, millions in zip(pair, published, strict=True):
        places = 2 if millions < 2 else 1
        assert round(count(network) / 1e6, places) == millions


def test_weights_of_32_pixels_by_hand():
    def conv(a, b):
        return 9 * a * b + b

    decoder = 65 * 4096 + 6 * conv(64, 64) + conv(64, 3)
    encoder = conv(3, 64) + 3 * conv(64, 64)
    encoder += conv(64, 128) + 2 * conv(128, 128) + conv(128, 192) + conv(192, 192)
    encoder += (8 * 8 * 192 + 1) * 64
    assert count(networks.began_generator((32, 32, 3), 64, 64)) == decoder == 489_539
    assert count(networks.began_discriminator((32, 32, 3), 64, 64)) == encoder + decoder


def test_nothing_is_normalised_or_dropped():
    network = networks.began_discriminator((32, 32, 3), 8, 4)
    kinds = {type(layer).__name__ for layer in network.layers}
    assert not any("Norm" in kind or "Dropout" in kind for kind in kinds)
    activations = [
        x.activation.__name__ for x in network.layers if isinstance(x, keras.layers.Conv2D)
    ]
    assert activations == ["elu"] * (len(activations) - 1) + ["linear"]


def test_skips_join_the_first_maps_after_each_enlargement():
    network = networks.began_generator((32, 32, 3), 8, 4, skips=True)
    joins = [x for x in network.layers if isinstance(x, keras.layers.Concatenate)]
    assert [x.output.shape[1:] for x in joins] == [(16, 16, 8), (32, 32, 8)]


def test_vanishing_residuals_begin_as_the_identity():
    """At carry 1 a decoder is dense, enlarge, last convolution; at 0 the plain decoder."""
    faded = networks.began_generator((16, 16, 1), 4, 3, vanishing_residuals=True)
    plain = networks.began_generator((16, 16, 1), 4, 3)
    plain.set_weights([w for w in faded.get_weights() if w.shape])
    z = np.random.default_rng(0).uniform(-1, 1, (2, 4)).astype("float32")
    dense, last = (
        next(x for x in reversed(faded.layers) if isinstance(x, k))
        for k in (keras.layers.Dense, keras.layers.Conv2D)
    )
    maps = np.reshape(dense(z), (2, 8, 8, 3)).repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_allclose(faded(z), last(maps), atol=1e-5)
    for layer in faded.layers:
        if isinstance(layer, layers.VanishingResidual):
            layer.carry.assign(0.0)
    np.testing.assert_allclose(faded(z), plain(z), atol=1e-6)


def test_carry_falls_to_zero_over_residual_steps():
    model = tfgan.BEGAN(**SMALL, vanishing_residuals=True)
    model.compile(residual_steps=4, ema_half_life_images=100)

    def carries(network):
        found = (x for x in network._flatten_layers() if isinstance(x, layers.VanishingResidual))
        return {float(np.asarray(x.carry)) for x in found}

    for expected in (1.0, 0.75, 0.5, 0.25, 0.0, 0.0):
        model.fit(images(8), batch_size=8, verbose=0)
        networks_of = (model.generator, model.discriminator, model.ema_generator)
        assert all(carries(network) == {expected} for network in networks_of)


def test_k_rests_at_zero_while_fakes_have_too_much_energy():
    model = tfgan.BEGAN(**SMALL)
    still = {"name": "sgd", "learning_rate": 0.0}
    # Nothing learns: k follows the two energies of the first networks alone.
    model.compile(
        generator_optimizer=still,
        discriminator_optimizer=still,
        loss={"name": "boundary_equilibrium", "gamma": 1e-6, "rate": 0.1},
    )
    model.fit(images(), batch_size=8, verbose=0)
    assert float(np.asarray(model.adversarial_loss.k)) == 0.0


def test_convergence_measure_falls_on_one_batch_and_k_stays_in_range():
    keras.utils.set_random_seed(0)
    model = tfgan.BEGAN(**{**SMALL, "width": 8})
    model.compile(
        generator_optimizer=ADAM,
        discriminator_optimizer=ADAM,
        loss={"name": "boundary_equilibrium", "rate": 0.01},
    )
    rows = np.tile(images(8), (25, 1, 1, 1))
    history = model.fit(rows, batch_size=8, epochs=16, verbose=0).history
    measure, k = history["began_convergence"], history["began_k"]
    assert measure[-1] < 0.4 * measure[0]
    assert min(k) >= 0.0 and max(k) <= 1.0 and max(k) > 0.0
    # M is made of the logged energies up to the mean of absolute values.
    gap = abs(0.5 * history["d_real"][-1] - history["d_fake"][-1])
    assert measure[-1] >= history["d_real"][-1] + gap - 1e-5


def test_the_pulling_away_term_reads_the_code():
    model = tfgan.BEGAN(**SMALL)
    model.compile(loss=["boundary_equilibrium", "pulling_away"])
    logs = model.fit(images(8), batch_size=8, verbose=0).history
    code = model.discriminator(images(2))["code"]
    assert code.shape == (2, model.latent_dim)
    assert 0.0 < logs["g_pulling_away"][-1] <= 1.0


def test_defaults():
    model = tfgan.BEGAN(width=2)
    model.compile()
    loss = model.adversarial_loss
    assert (loss.NAME, loss.gamma, loss.rate) == ("boundary_equilibrium", 0.5, 0.001)
    assert not model.share_fakes and not loss.reuse_fakes
    assert float(model.discriminator_optimizer.learning_rate) == pytest.approx(1e-4)
    assert model.sample(2).shape == (2, 64, 64, 3)


@pytest.mark.parametrize(
    ("shape", "message"),
    [((30, 30, 1), "Nearest square that works: 28x28"), ((4, 4, 1), "works: 7x7")],
)
def test_sides_that_do_not_halve_to_a_grid_are_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        tfgan.BEGAN(shape)


def test_residual_steps_must_be_positive():
    model = tfgan.BEGAN(**SMALL)
    with pytest.raises(ValueError, match="residual_steps must be at least 1"):
        model.compile(residual_steps=0)
