"""LAPGAN: weights, an exact pyramid, levels that train as if alone, the composed generator."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models import networks
from tfgan_models.core import optimization, random
from tfgan_models.networks import lapgan

CIFAR = (32, 32, 3)
SMALL = {"image_shape": (36, 36, 1), "coarse_latent_dim": 4, "width": 2, "units": 15}
SGD = {"name": "sgd", "learning_rate": 0.05}


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def images(shape=(36, 36, 1), n=16):
    return np.random.default_rng(0).uniform(-1, 1, (n, *shape)).astype("float32")


def halved(x):
    """Rows and columns by the taps 1 3 3 1 over 8, the border mirrored; NumPy."""
    for axis in (1, 2):
        x = np.moveaxis(x, axis, 1)
        x = np.concatenate([x[:, 1:2], x, x[:, -2:-1]], axis=1)
        x = (x[:, :-3:2] + 3 * x[:, 1:-2:2] + 3 * x[:, 2:-1:2] + x[:, 3::2]) / 8
        x = np.moveaxis(x, 1, axis)
    return x


def without_dropout(model):
    for network in (model.generator, model.discriminator):
        for layer in network._flatten_layers():
            if isinstance(layer, keras.layers.Dropout):
                layer.rate = 0.0
    return model


def test_weights_are_the_scripts():
    generator = networks.lapgan_generator(CIFAR)
    discriminator = networks.lapgan_discriminator(CIFAR)
    assert count(generator.get_layer("level_0")) == 218_179
    assert count(discriminator.get_layer("level_0")) == 116_545
    dense = 101 * 8000 + 8001 * 8000 + 8001 * 192
    assert count(generator.get_layer("level_2")) == dense
    assert count(discriminator.get_layer("level_2")) == 193 * 1600 + 1601 * 1600 + 1601
    assert generator.output_shape == (None, *CIFAR)
    assert generator.input_shape == (None, 100 + 32 * 32 + 16 * 16)


def test_discriminator_stages():
    level = networks.lapgan_discriminator(CIFAR).get_layer("level_0")
    sides = [x.output.shape[1] for x in level.layers if isinstance(x, keras.layers.Conv2D)]
    assert sides == [28, 12]


def test_a_class_is_one_more_map():
    options = {"levels": 2, "width": 4, "units": 10}
    plain = networks.lapgan_generator(CIFAR, **options).get_layer("level_0")
    by_class = networks.lapgan_generator(CIFAR, num_classes=5, **options).get_layer("level_0")
    assert count(by_class) - count(plain) == 6 * 32 * 32 + 7 * 7 * 4


def test_pyramid_is_rebuilt_exactly():
    x = images()
    levels = lapgan.pyramid(x, 3)
    assert [i.shape[1] for i, _ in levels] == [36, 18, 9]
    np.testing.assert_allclose(levels[1][0], halved(x), atol=1e-6)
    np.testing.assert_allclose(levels[2][0], halved(halved(x)), atol=1e-6)
    rebuilt = levels[-1][0]
    for image, coarse in reversed(levels[:-1]):
        np.testing.assert_allclose(coarse, lapgan.enlarge(rebuilt), atol=1e-6)
        rebuilt = coarse + (image - coarse)
        np.testing.assert_allclose(rebuilt, image, atol=1e-6)
    np.testing.assert_allclose(rebuilt, x, atol=1e-6)


def test_residuals_have_mean_zero():
    for image, coarse in lapgan.pyramid(images(n=64), 3)[:-1]:
        assert abs(float(tf.reduce_mean(image - coarse))) < 0.01
        assert float(tf.reduce_mean(tf.abs(image - coarse))) > 0.1


@pytest.mark.parametrize("classes", [None, 3])
def test_a_sample_is_the_composition_of_the_levels(classes):
    model = tfgan.LAPGAN(num_classes=classes, **SMALL)
    z = model.sample_latents(3, seed=1)
    labels = None if classes is None else np.arange(3)
    y = [] if classes is None else [model.condition(labels)]
    level = [model.generator.get_layer(f"level_{k}") for k in range(3)]
    small = level[2]([z[:, :4], *y])
    coarse = lapgan.enlarge(small)
    middle = coarse + level[1]([tf.reshape(z[:, 4 : 4 + 18**2], (-1, 18, 18, 1)), coarse, *y])
    coarse = lapgan.enlarge(middle)
    image = coarse + level[0]([tf.reshape(z[:, 4 + 18**2 :], (-1, 36, 36, 1)), coarse, *y])
    np.testing.assert_allclose(
        model.generate(z, labels), np.clip(image, -1, 1), rtol=1e-4, atol=1e-5
    )


def trained_alone(level, model, x, steps, rate):
    """The weights of one level's pair after alternating SGD on that level alone."""
    g, d = (
        optimization.clone_network(n.get_layer(f"level_{level}"))
        for n in (model.generator, model.discriminator)
    )
    sizes = [x, halved(x), halved(halved(x))]
    n, rows = (36**2, 18**2, 4)[level], len(x) // steps
    for step in range(steps):
        part = slice(step * rows, (step + 1) * rows)
        real = sizes[level][part]
        coarse = 0.0 if level == 2 else lapgan.enlarge(sizes[level + 1][part])

        def fake(player, step=step, coarse=coarse):
            draws = random.Draws(model.seed, step, rows).at(player).at(f"level_{level}")
            z = draws.uniform("latents", (n,), -1.0, 1.0)
            if level == 2:
                return g([z])
            side = int(math.sqrt(n))
            return coarse + g([tf.reshape(z, (-1, side, side, 1)), coarse])

        for player, network in (("critic_0", d), ("generator", g)):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.nn.softplus(-d([fake(player)])))
                if network is d:
                    loss = tf.reduce_mean(tf.nn.softplus(d([fake(player)])))
                    loss += tf.reduce_mean(tf.nn.softplus(-d([real])))
            weights = [w.value for w in network.trainable_variables]
            for w, grad in zip(weights, tape.gradient(loss, weights), strict=True):
                w.assign_sub(rate * grad)
    return [w.numpy() for w in (*g.trainable_variables, *d.trainable_variables)]


def test_levels_trained_at_once_equal_levels_trained_alone():
    keras.utils.set_random_seed(0)
    model = without_dropout(tfgan.LAPGAN(**SMALL))
    model.compile(generator_optimizer=SGD, discriminator_optimizer=SGD)
    x, steps = images(), 2
    alone = [trained_alone(k, model, x, steps, 0.05) for k in range(3)]
    before = model.generator.get_weights()
    model.fit(x, batch_size=len(x) // steps, shuffle=False, verbose=0)
    assert any(np.any(a != b) for a, b in zip(before, model.generator.get_weights(), strict=True))
    for k in range(3):
        pair = [n.get_layer(f"level_{k}") for n in (model.generator, model.discriminator)]
        together = [w.numpy() for n in pair for w in n.trainable_variables]
        for a, b in zip(together, alone[k], strict=True):
            np.testing.assert_allclose(a, b, atol=2e-6)


def test_every_level_is_logged_and_penalties_see_their_level_alone():
    model = tfgan.LAPGAN(**SMALL)
    model.compile(
        generator_optimizer=SGD,
        discriminator_optimizer=SGD,
        penalties=[{"name": "weight_decay", "weight": 0.0}, "r1"],
        augment="diff_augment",
        ema_half_life_images=100,
        share_fakes=True,
    )
    before = [float(tf.nn.l2_loss(w)) for w in model.discriminator.trainable_variables]
    before += [float(tf.nn.l2_loss(w)) for w in model.generator.trainable_variables]
    logs = {k: v[-1] for k, v in model.fit(images(n=4), batch_size=4, verbose=0).history.items()}
    names = [f"{p}_loss_{k}" for p in "dg" for k in range(3)]
    assert set(names) <= logs.keys()
    assert logs["d_loss"] == pytest.approx(np.mean([logs[f"d_loss_{k}"] for k in range(3)]), 1e-5)
    # The mean over two players and three levels of half the squares: each weight counts once.
    assert logs["weight_decay"] == pytest.approx(sum(before) / 6, rel=1e-2)


def test_one_level_is_a_plain_gan():
    model = tfgan.LAPGAN((8, 8, 1), levels=1, units=10, coarse_latent_dim=4)
    model.compile()
    assert model.latent_dim == 4
    model.fit(images((8, 8, 1)), batch_size=8, verbose=0)
    assert float(model.generator_optimizer.learning_rate) == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_shape": (30, 30, 1)}, "sides that are multiples of 4"),
        ({"image_shape": (16, 16, 1)}, "the smallest is 8: use fewer levels"),
        ({"latent_dim": 100}, "latent_dim of this pyramid is 1380"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        tfgan.LAPGAN(**arguments)


def test_fakes_keep_the_labels_of_the_images_they_refine():
    with pytest.raises(ValueError, match="fake_labels must be 'data'"):
        tfgan.LAPGAN(**SMALL).compile(fake_labels="uniform")


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "boundary_equilibrium"},
        {"penalties": ["lecam"]},
        {"augment": "ada"},
        {"updates": "loss_ratio", "d_steps": 2},
    ],
    ids=str,
)
def test_a_state_that_levels_would_share_is_refused(options):
    model = tfgan.LAPGAN(**SMALL)
    with pytest.raises(ValueError, match="levels of LAPGAN would share"):
        model.compile(**options)
    with pytest.raises(ValueError, match="compile"):
        model.fit(images(), batch_size=8)
