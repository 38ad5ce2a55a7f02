"""SNGAN: the paper's weights, channels by size, normalised kernels, settings, refusals."""

import math

import keras
import numpy as np
import pytest

import tfgan_models as tfgan
from tfgan_models import networks, presets

CIFAR, STL = (32, 32, 3), (48, 48, 3)


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def test_weights_of_the_convolutional_pair():
    assert count(networks.sngan_generator(CIFAR)) == 3_813_379
    assert count(networks.sngan_discriminator(CIFAR)) == 2_935_873
    assert count(networks.sngan_discriminator(CIFAR, widen_at_stride=True)) == 5_860_865


@pytest.mark.parametrize("shape", [CIFAR, STL])
def test_convolutional_maps(shape):
    generator = networks.sngan_generator(shape, width=2)
    discriminator = networks.sngan_discriminator(shape, width=2)
    start = shape[0] // 8
    maps = [
        x.output.shape[1:]
        for x in generator.layers
        if isinstance(x, (keras.layers.Reshape, keras.layers.ReLU))
    ]
    assert maps[0] == (start, start, 16)
    assert [m[2] for m in maps[1:]] == [16, 8, 4, 2]
    sides = [x.output.shape[1] for x in discriminator.layers if hasattr(x, "sigmas")][:-1]
    halves = [shape[0] >> i for i in range(4)]
    assert sides == [halves[0], *(n for half in halves[1:] for n in (half, half))]
    assert generator.output.shape == (None, *shape)


def test_weights_of_the_residual_pairs():
    model = tfgan.SNGAN(CIFAR)
    assert (count(model.generator), count(model.discriminator)) == (4_276_739, 1_053_825)
    up, down = networks.residual_widths(STL)
    assert up == {"widths": (256, 128, 64), "first_width": 512}
    assert down == {"widths": (64, 128, 256, 512), "plain": (1024,)}


@pytest.mark.parametrize(
    ("side", "halvings"), [(8, 1), (16, 2), (28, 2), (32, 3), (48, 3), (64, 4), (128, 5)]
)
def test_both_networks_end_between_4_and_7(side, halvings):
    assert networks.sngan.halvings((side, side, 1)) == halvings
    up, down = networks.residual_widths((side, side, 1), 2)
    assert len(up["widths"]) == halvings
    if side >= 64:
        assert up["widths"] == down["widths"][::-1] and down["plain"] == up["widths"][:1]


def test_every_kernel_of_the_discriminator_alone_is_normalised():
    model = tfgan.SNGAN((16, 16, 1), architecture="cnn", width=4, latent_dim=4)
    x = np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, 1)).astype("float32")
    for _ in range(100):
        model.discriminator(x, training=True)
    wrapped = [layer for layer in model.discriminator.layers if hasattr(layer, "sigmas")]
    assert len(wrapped) == 1 + 2 * 2 + 1
    for layer in wrapped:
        kernel = layer.layer.kernel.numpy()
        largest = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
        np.testing.assert_allclose(float(layer.sigmas()[0][0]) / largest, 1.0, rtol=2e-2)
    assert not any(hasattr(layer, "sigmas") for layer in model.generator.layers)
    looked = [model.discriminate(x).numpy() for _ in range(2)]
    np.testing.assert_array_equal(*looked)  # inference renews no singular vector


def test_a_larger_kernel_changes_nothing():
    """W / sigma(W) does not see the scale of W: ten times every kernel, one discriminator."""
    network = networks.sngan_discriminator((8, 8, 1), width=4)
    x = np.random.default_rng(0).uniform(-1, 1, (3, 8, 8, 1)).astype("float32")
    before = network(x).numpy()
    for layer in network.layers:
        if hasattr(layer, "sigmas"):
            layer.layer.kernel.assign(10.0 * layer.layer.kernel)
    np.testing.assert_allclose(network(x).numpy(), before, rtol=1e-4, atol=1e-6)


def test_residual_setting_is_the_papers():
    model = tfgan.SNGAN((8, 8, 1), width=2)
    model.compile()
    assert (model.d_steps, model.adversarial_loss.NAME) == (5, "hinge")
    for player, updates in (("generator", 1), ("discriminator", 5)):
        optimizer = getattr(model, f"{player}_optimizer")
        assert (optimizer.beta_1, optimizer.beta_2) == (0.0, 0.9)
        rate = optimizer._learning_rate
        np.testing.assert_allclose(
            [rate(step * updates) for step in (0, 50_000, 100_000)], [2e-4, 1e-4, 0.0], atol=1e-9
        )


def test_convolutional_setting_is_the_papers():
    model = tfgan.SNGAN((8, 8, 1), width=2, architecture="cnn")
    model.compile()
    assert (model.d_steps, model.adversarial_loss.NAME) == (1, "non_saturating")
    optimizer = model.discriminator_optimizer
    assert (float(optimizer.learning_rate), optimizer.beta_1) == (pytest.approx(2e-4), 0.5)


def test_presets_build():
    assert presets.get("sngan_cifar10_resnet").steps == 100_000
    for name in ("sngan_stl10_resnet", "sngan_stl10_cnn", "sngan_cifar10_cnn_code"):
        model = tfgan.from_preset(name, model__width=1)
        assert model.sample(2).shape == (2, *model.image_shape)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"architecture": "mlp"}, "architecture must be one of 'resnet', 'cnn'"),
        ({"widen_at_stride": True}, "widen_at_stride is of architecture 'cnn'"),
        ({"image_shape": (30, 30, 3)}, "multiples of 4; got 30x30. Nearest that works: 32x32"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        tfgan.SNGAN(**arguments)
