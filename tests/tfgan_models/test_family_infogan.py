"""InfoGAN: weights, latents with codes, who moves Q, the bound, traversals, refusals."""

import math

import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models import analysis, losses, networks, presets
from tfgan_models.core import random

DIGITS = (28, 28, 1)
TINY = {"image_shape": (8, 8, 1), "width": 2, "latent_dim": 10}


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def compiled(**options):
    model = tfgan.InfoGAN(**{**TINY, "categories": (3, 2), "continuous": 1, **options})
    model.compile()
    return model


def images(n):
    return np.random.default_rng(0).uniform(-1, 1, (n, 8, 8, 1)).astype("float32")


def test_weights_are_the_papers():
    assert count(networks.infogan_generator(DIGITS)) == 6_652_481
    discriminator = networks.infogan_discriminator(DIGITS, 14)
    heads = count(discriminator.get_layer("logits")), 129 * 14 + 1024 * 128 + 3 * 128
    assert heads == (1_025, 133_262)
    assert count(discriminator) == 6_558_144 + sum(heads)


def test_latents_begin_with_the_codes():
    model = compiled(latent_dim=12)
    assert model.latent_distribution == "onehot(3)+onehot(2)+uniform(-1,1)"
    z = model.sample_latents(3_000, seed=1).numpy()
    for code in (z[:, :3], z[:, 3:5]):
        assert set(np.unique(code)) == {0.0, 1.0} and np.all(code.sum(axis=1) == 1.0)
        shares = code.mean(axis=0)
        deviation = np.sqrt(shares * (1 - shares) / len(z))
        assert np.all(np.abs(shares - 1 / code.shape[1]) < 4 * deviation)
    assert abs(np.corrcoef(z[:, 0], z[:, 3])[0, 1]) < 0.06
    rest = z[:, 5:]
    assert np.abs(rest).max() < 1.0 and abs(rest.var() - 1 / 3) < 0.01
    np.testing.assert_array_equal(model.sample_latents(5, seed=1), z[:5])


def test_training_draws_codes_by_replica():
    """A replica's rows are those of the one draw for the whole batch."""
    draws = random.Draws(7, 3, 6)
    whole = draws.at("critic_0").latents("latents", "onehot(4)+normal", 7)
    key = random.key(7, "critic_0/latents", 3)
    rows = random.latents("onehot(4)+normal", key, 2, 7, start=4)
    np.testing.assert_array_equal(whole[4:], rows)
    np.testing.assert_array_equal(
        random.latents("normal", key, 6, 3), draws.at("critic_0").normal("latents", (3,))
    )


@pytest.mark.parametrize(
    "text", ["onehot(1)+normal", "onehot(x)+normal", "normal+normal", "onehot(3)", "onehot(3)+"]
)
def test_other_distributions_are_refused(text):
    with pytest.raises(ValueError, match="after 'onehot"):
        random.latents(text, random.key(0, "z", 0), 2, 8)


def test_samplers_see_codes_through_one_normal_prior():
    model = compiled()
    generate, _ = analysis.for_model(model)
    normal = np.random.default_rng(0).normal(size=(4, 10)).astype("float32")
    z = np.concatenate(
        [
            np.eye(3)[normal[:, :3].argmax(axis=1)],
            np.eye(2)[normal[:, 3:5].argmax(axis=1)],
            2 * np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)))(normal[:, 5:]) - 1,
        ],
        axis=1,
    )
    np.testing.assert_allclose(generate(tf.constant(normal)), model.generate(z), atol=1e-5)


def test_perfect_and_blind_readers():
    codes = np.eye(10, dtype="float32")
    assert float(losses.discrete_bound(codes, 100 * codes)) == pytest.approx(math.log(10), abs=1e-6)
    assert float(losses.discrete_bound(codes, 0 * codes)) == pytest.approx(0.0, abs=1e-6)


def test_only_the_discriminators_update_moves_q():
    frozen = {"name": "sgd", "learning_rate": 0.0}
    for player, moves in (("discriminator", True), ("generator", False)):
        model = tfgan.InfoGAN(**TINY, categories=(3,), continuous=1)
        other = "generator" if player == "discriminator" else "discriminator"
        model.compile(**{f"{other}_optimizer": frozen})
        q = [model.discriminator.get_layer(name).kernel for name in ("q_hidden", "codes")]
        before = [w.numpy() for w in q]
        model.fit(images(16), batch_size=8, verbose=0)
        changed = [not np.array_equal(a, w.numpy()) for a, w in zip(before, q, strict=True)]
        assert changed == [moves, moves]


def test_real_images_take_no_part_in_the_codes():
    model = compiled()
    fake = {"codes": tf.zeros((4, 7)), "latents": model.sample_latents(4)}
    term = model.loss_1
    values = [float(term.discriminator(real, fake)) for real in (None, {"codes": tf.ones((4, 7))})]
    assert values[0] == values[1]
    # Blind logits bound nothing; the continuous code is N(0, 1) to a mean of zero.
    code = fake["latents"].numpy()[:, 5]
    expected = 0.1 * np.mean(0.5 * math.log(2 * math.pi) + 0.5 * code**2)
    np.testing.assert_allclose(values[0], expected, rtol=1e-5)


def test_unused_spreads_get_no_gradient():
    model = compiled()
    z = model.sample_latents(4)
    with tf.GradientTape() as tape:
        read = tf.random.stateless_normal((4, 7), (0, 1))
        tape.watch(read)
        loss = model.loss_1.generator({"codes": read, "latents": z})
    gradient = tape.gradient(loss, read).numpy()
    assert np.all(gradient[:, 6] == 0) and np.all(gradient[:, :6] != 0)


def test_traversals_change_one_code_alone():
    model = compiled()
    z = model.traversal_latents(0, range(3), rows=2, seed=4).numpy().reshape(2, 3, 10)
    np.testing.assert_array_equal(z[:, :, :3], np.stack([np.eye(3)] * 2))
    assert np.ptp(z[:, :, 3:], axis=1).max() == 0.0
    values = np.linspace(-2, 2, 5)
    z = model.traversal_latents(2, values, rows=3).numpy().reshape(3, 5, 10)
    np.testing.assert_allclose(z[:, :, 5], np.stack([values] * 3))
    assert np.ptp(np.delete(z, 5, axis=2), axis=1).max() == 0.0
    assert np.ptp(z[:, 0, 6:], axis=0).min() > 0.0
    with pytest.raises(ValueError, match=r"code must be 0..2; got 3"):
        model.traversal_latents(3, values)
    with pytest.raises(ValueError, match=r"code 1 has classes 0..1"):
        model.traversal_latents(1, [2])


def test_information_of_a_generator_that_shows_its_code():
    """Q reads a picture of the code itself: the bound is log 3 + log 2."""
    model = compiled()
    z = model.sample_latents(50)
    assert model.discrete_information(50) < 0.5

    class Shown(type(model)):
        def generate(self, latents, labels=None, batch_size=256):
            return latents

        def discriminator_outputs(self, images, condition=None, training=False):
            return {"codes": tf.pad(50.0 * tf.cast(images[:, :5], tf.float32), [[0, 0], [0, 2]])}

    shown = Shown(**TINY, categories=(3, 2), continuous=1)
    assert shown.discrete_information(len(z)) == pytest.approx(math.log(6), abs=1e-4)


def test_weights_of_the_codes_survive_a_file(tmp_path):
    model = tfgan.InfoGAN(**{**TINY, "latent_dim": 12})
    model.compile(loss=["hinge"], information_weight=0.5, continuous_weight=0.25)
    model.save(tmp_path / "model.keras")
    loaded = tfgan.load(tmp_path / "model.keras")
    assert [loss.NAME for loss in loaded._chosen_losses()] == ["hinge", "mutual_information"]
    assert (loaded.loss_1.weight, loaded.loss_1.continuous_weight) == (0.5, 0.25)
    assert loaded.categories == (10,)


def test_setting_is_the_papers():
    model = tfgan.InfoGAN(width=2)
    model.compile()
    assert (model.latent_dim, model.categories, model.continuous) == (74, (10,), 2)
    assert float(model.generator_optimizer.learning_rate) == pytest.approx(1e-3)
    assert float(model.discriminator_optimizer.learning_rate) == pytest.approx(2e-4)
    assert (model.loss_1.weight, model.loss_1.spread) == (1.0, "fixed")
    assert presets.get("infogan_mnist").batch_size == 128


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"categories": (), "continuous": 0}, "Codes of 0 columns"),
        ({"categories": (1,)}, "sizes of 2 or more"),
        ({"latent_dim": 11}, "Codes of 12 columns do not fit latent_dim 11"),
        ({"image_shape": (30, 28, 1)}, "multiples of 4"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        tfgan.InfoGAN(**arguments)
