"""Residual networks: the papers' weight counts, blocks, heads and refusals."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_models import networks

CIFAR, LARGE, STL = (32, 32, 3), (128, 128, 3), (48, 48, 3)
WIDE = (64, 128, 256, 512, 1024)
# (builder, arguments): trainable weights published or counted from the papers' tables.
COUNTS = {
    "wgan_gp": ("resnet_generator", (CIFAR, 128, (128,) * 3), {}, 1_204_483),
    "wgan_gp critic": (
        "resnet_discriminator",
        (CIFAR,),
        {"pool": "mean", "spectral_norm": False},
        1_053_825,
    ),
    "sngan": ("resnet_generator", (CIFAR,), {}, 4_276_739),
    "sngan discriminator": ("resnet_discriminator", (CIFAR,), {}, 1_053_825),
    "sngan by class": ("resnet_generator", (CIFAR,), {"num_classes": 10}, 4_304_387),
    "projection": (
        "resnet_generator",
        (LARGE, 128, WIDE[::-1]),
        {"num_classes": 1000},
        41_996_931,
    ),
    "projection discriminator": (
        "resnet_discriminator",
        (LARGE, WIDE, (1024,)),
        {"num_classes": 1000},
        30_041_857,
    ),
}
SMALL = {"widths": (8, 8), "plain": (8,)}


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def images(shape, n=4):
    return np.random.default_rng(0).uniform(-1, 1, (n, *shape)).astype("float32")


@pytest.mark.parametrize("name", COUNTS)
def test_weights_are_the_papers(name):
    builder, arguments, options, expected = COUNTS[name]
    network = getattr(networks, builder)(*arguments, **options)
    assert count(network) == expected


def test_stl_networks_make_48_pixels():
    generator = networks.resnet_generator(STL, 128, (256, 128, 64), first_width=512)
    discriminator = networks.resnet_discriminator(STL, (64, 128, 256, 512), (1024,))
    z = tf.random.stateless_normal((2, 128), (0, 1))
    made = generator(z)
    assert made.shape == (2, *STL) and float(tf.reduce_max(tf.abs(made))) <= 1.0
    assert discriminator(made).shape == (2, 1)


def test_shortcuts_equal_the_other_order():
    """A 1x1 convolution commutes with averaging and with repeating pixels."""
    conv = keras.layers.Conv2D(5, 1)
    pool, repeat = keras.layers.AveragePooling2D(2), keras.layers.UpSampling2D(2)
    x = tf.constant(images((8, 8, 3)))
    for resize in (pool, repeat):
        np.testing.assert_allclose(conv(resize(x)), resize(conv(x)), atol=1e-6)


def test_repeated_pixels_have_a_second_gradient():
    """Of sum(y^3), y each x four times: slopes 12 x^2, and of their squares 576 x^3."""
    x = tf.constant(images((3, 3, 2)))
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            total = tf.reduce_sum(keras.layers.UpSampling2D(2)(x) ** 3)
        slopes = inner.gradient(total, x)
        squares = tf.reduce_sum(slopes**2)
    np.testing.assert_allclose(slopes, 12 * x**2, rtol=1e-5)
    np.testing.assert_allclose(outer.gradient(squares, x), 576 * x**3, rtol=1e-5)


def test_first_block_passes_negative_pixels():
    """Without the block's first relu an image and its negative give unlike features."""
    network = networks.resnet_discriminator((8, 8, 1), (4,), (), spectral_norm=False)
    dark = -np.abs(images((8, 8, 1)))
    assert np.abs(network(dark) - network(dark / 2)).max() > 1e-4


def test_sum_pooling_grows_with_the_area():
    keras.utils.set_random_seed(0)
    network = networks.resnet_discriminator((16, 16, 1), **SMALL, pool="sum", spectral_norm=False)
    keras.utils.set_random_seed(0)
    mean = networks.resnet_discriminator((16, 16, 1), **SMALL, pool="mean", spectral_norm=False)
    x = images((16, 16, 1))
    np.testing.assert_allclose(network(x), 16 * mean(x), rtol=1e-4)  # maps of 4 x 4, bias 0


def test_projection_adds_the_embedding_of_the_label():
    network = networks.resnet_discriminator(
        (16, 16, 1), **SMALL, num_classes=3, spectral_norm=False
    )
    x, labels = images((16, 16, 1), 3), np.eye(3, dtype="float32")
    features = keras.Model(network.inputs[0], network.get_layer("logit").input)(x)
    embedding = network.get_layer("embedding").kernel.numpy()
    first = network([x, labels[[0, 0, 0]]]) - network([x, labels[[2, 2, 2]]])
    np.testing.assert_allclose(
        first[:, 0], features.numpy() @ (embedding[0] - embedding[2]), rtol=1e-3, atol=1e-4
    )


def test_auxiliary_head_names_its_outputs():
    network = networks.resnet_discriminator((16, 16, 1), **SMALL, num_classes=3, head="auxiliary")
    outputs = network(images((16, 16, 1)))
    assert {name: value.shape for name, value in outputs.items()} == {
        "logits": (4, 1),
        "class_logits": (4, 3),
    }


def test_every_kernel_of_the_discriminator_is_normalised():
    keras.utils.set_random_seed(0)  # two largest singular values close together take longer
    network = networks.resnet_discriminator((16, 16, 1), **SMALL, num_classes=3)
    x, y = images((16, 16, 1)), np.eye(3, dtype="float32")[[0, 1, 2, 0]]
    for _ in range(150):
        network([x, y], training=True)
    wrapped = [layer for layer in network.layers if hasattr(layer, "sigmas")]
    plain = [layer.name for layer in network.layers if hasattr(layer, "kernel")]
    assert len(wrapped) == 3 * 2 + 2 + 2 and not plain  # blocks, shortcuts of two, two dense
    for layer in wrapped:
        kernel = layer.layer.kernel.numpy()
        largest = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
        np.testing.assert_allclose(float(layer.sigmas()[0][0]), largest, rtol=1e-2)


def test_attention_stands_at_its_size_and_starts_as_identity():
    plain = networks.resnet_generator((16, 16, 1), 8, (8, 8))
    network = networks.resnet_generator((16, 16, 1), 8, (8, 8), attention_size=8)
    (attention,) = [layer for layer in network.layers if hasattr(layer, "attention")]
    assert attention.input.shape[1:3] == (8, 8)
    assert count(network) == count(plain) + 2 * 8 * 1 + 2 * 8 * 4 + 1
    assert float(attention.gamma) == 0.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: networks.resnet_generator((30, 32, 3)), "multiple"),
        (
            lambda: networks.resnet_generator(CIFAR, attention_size=7),
            "the maps have 8, 16, 32 rows",
        ),
        (lambda: networks.resnet_discriminator(CIFAR, pool="max"), "pool must be one of"),
        (lambda: networks.resnet_discriminator(CIFAR, head="both"), "head must be one of"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()
