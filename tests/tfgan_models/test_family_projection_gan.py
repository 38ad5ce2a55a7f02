"""Projection discriminator: the papers' weights, the projection itself, settings, refusals."""

import math

import keras
import numpy as np
import pytest

import tfgan_models as tfgan

CIFAR, LARGE = (32, 32, 3), (128, 128, 3)


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


@pytest.fixture(scope="module")
def small():
    return tfgan.ProjectionGAN((16, 16, 1), 3, latent_dim=4, width=4)


def images(n=3):
    return np.random.default_rng(0).uniform(-1, 1, (n, 16, 16, 1)).astype("float32")


def inside(network, name):
    """The spectral norm around the layer of this name."""
    (found,) = [x for x in network.layers if hasattr(x, "sigmas") and x.layer.name == name]
    return found


def look(network, x, label):
    return network([x, np.eye(3, dtype="float32")[np.full(len(x), label)]]).numpy()


def test_weights_are_the_papers():
    model = tfgan.ProjectionGAN(CIFAR, 10)
    assert count(model.generator) == 4_304_387
    assert count(model.discriminator) == 1_053_825 + 10 * 128
    del model
    large = tfgan.ProjectionGAN(LARGE)
    assert (count(large.generator), count(large.discriminator)) == (41_996_931, 30_041_857)


def test_labels_differ_by_the_product_of_their_embeddings_with_the_features(small):
    network, x = small.discriminator, images()
    layer, logit = inside(network, "embedding"), inside(network, "logit")
    kernel = layer.layer.kernel.numpy()
    v = kernel / float(layer.sigmas()[0][0])
    h = keras.Model(network.inputs[0], logit.input)(x).numpy()
    difference = look(network, x, 0) - look(network, x, 2)
    np.testing.assert_allclose(difference[:, 0], h @ (v[0] - v[2]), rtol=1e-4, atol=1e-5)
    psi = keras.Model(network.inputs[0], logit.output)(x).numpy()
    rest = [look(network, x, label)[:, 0] - h @ v[label] for label in range(3)]
    np.testing.assert_allclose(rest, np.stack([psi[:, 0]] * 3), rtol=1e-4, atol=1e-5)


def test_the_embedding_is_normalised_as_a_whole(small):
    x, y = images(), np.eye(3, dtype="float32")
    for _ in range(30):
        small.discriminator([x, y], training=True)
    layer = inside(small.discriminator, "embedding")
    largest = np.linalg.svd(layer.layer.kernel.numpy(), compute_uv=False)[0]
    np.testing.assert_allclose(float(layer.sigmas()[0][0]), largest, rtol=1e-3)
    assert layer.layer.kernel.shape == (3, 4)


def test_the_generator_has_gains_for_each_class_from_one(small):
    """At the start every class has gain 1 and bias 0: one picture; then labels tell."""
    z = small.sample_latents(4, seed=0)
    first, second = (small.generate(z, np.full(4, label)).numpy() for label in (0, 1))
    np.testing.assert_allclose(first, second, atol=1e-6)
    model = tfgan.ProjectionGAN((8, 8, 1), 3, latent_dim=4, width=4)
    fast = {"name": "adam", "learning_rate": 1e-2}
    model.compile(d_steps=1, generator_optimizer=fast, discriminator_optimizer=fast)
    x = np.repeat(np.array([-0.8, 0.0, 0.8], "float32"), 16)[:, None, None, None]
    model.fit(np.tile(x, (1, 8, 8, 1)), np.repeat(np.arange(3), 16), batch_size=16, verbose=0)
    z = model.sample_latents(4, seed=0)
    first, second = (model.generate(z, np.full(4, label)).numpy() for label in (0, 2))
    assert np.abs(first - second).max() > 1e-3


def test_settings_are_the_papers():
    for shape, rates in (((8, 8, 1), {0: 2e-4, 50_000: 1e-4}), ((64, 64, 1), {425_000: 1e-4})):
        model = tfgan.ProjectionGAN(shape, 2, width=1)
        model.compile()
        assert (model.d_steps, model.adversarial_loss.NAME) == (5, "hinge")
        for step, rate in rates.items():
            for player, updates in (("generator", 1), ("discriminator", 5)):
                schedule = getattr(model, f"{player}_optimizer")._learning_rate
                assert float(schedule(step * updates)) == pytest.approx(rate)
    preset = tfgan.from_preset("projection_gan_cifar10", model__width=1)
    assert preset.sample(2).shape == (2, *CIFAR)


def test_refusals(small):
    with pytest.raises(ValueError, match="multiples of 16; got 120x128"):
        tfgan.ProjectionGAN((120, 128, 3), 10)
    with pytest.raises(ValueError, match=r"labels must be in 0..2"):
        small.sample(2, labels=3)
