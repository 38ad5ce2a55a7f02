"""SAGAN: weights, where attention stands and how it starts, norms, two time scales, refusals."""

import math

import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models import networks

LARGE = (128, 128, 3)


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def attention(network):
    (layer,) = [x for x in network._flatten_layers() if hasattr(x, "attention")]
    return layer


@pytest.fixture(scope="module")
def small():
    return tfgan.SAGAN((16, 16, 1), 3, latent_dim=4, width=8)


def test_weights_of_the_paper():
    """SNGAN's ImageNet pair, attention at 32 rows, first convolutions widened to `channels`."""
    model = tfgan.SAGAN(LARGE)
    at_256, at_128 = 2 * 256 * 32 + 2 * 256 * 128 + 1, 2 * 128 * 16 + 2 * 128 * 64 + 1
    assert at_256 == 81_921
    assert count(model.generator) == 41_996_931 + at_256
    pairs = ((64, 128), (128, 256), (256, 512), (512, 1024))
    wider = sum((9 * b * b + b + 9 * a * b) - (9 * a * b + 9 * a * a + a) for a, b in pairs)
    assert count(model.discriminator) == 30_041_857 + at_128 + wider == 39_463_618
    for network in (model.generator, model.discriminator):
        assert attention(network).input.shape[1:3] == (32, 32)
    assert attention(model.generator).input.shape[3] == 256
    assert attention(model.discriminator).input.shape[3] == 128


@pytest.mark.parametrize(("side", "rows"), [(16, 8), (28, 14), (32, 16), (48, 12), (64, 16)])
def test_both_networks_attend_at_one_size(side, rows):
    model = tfgan.SAGAN((side, side, 1), None, width=8, latent_dim=4)
    for network in (model.generator, model.discriminator):
        assert attention(network).input.shape[1] == rows


def test_attention_starts_as_nothing_and_learns_from_gamma(small):
    x = tf.constant(np.random.default_rng(0).uniform(-1, 1, (2, 16, 16, 1)), tf.float32)
    layer = attention(small.discriminator)
    weights = layer.trainable_weights
    with tf.GradientTape() as tape:
        logits = small.discriminate(x, small.condition([0, 1]))
    gradients = tape.gradient(logits, weights)
    names = [w.path.split("/")[-1] for w in weights]
    largest = dict(zip(names, (float(np.abs(g).max()) for g in gradients), strict=True))
    assert largest.pop("gamma") > 0 and set(largest.values()) == {0.0}
    rows = layer.attention(tf.random.stateless_normal((2, *layer.input.shape[1:]), (0, 1)))
    np.testing.assert_allclose(tf.reduce_sum(rows, axis=-1), 1.0, rtol=1e-5)
    assert rows.shape == (2, 64, 16)  # queries of 8 x 8, keys of 4 x 4


def test_every_kernel_of_both_networks_is_normalised(small):
    for network in (small.generator, small.discriminator):
        plain = [
            x.name
            for x in network.layers
            if hasattr(x, "kernel") and not hasattr(x, "sigmas") and "norm" not in x.name
        ]
        assert plain == []
        assert sum(hasattr(x, "sigmas") for x in network._flatten_layers()) >= 4 + 8


def test_two_time_scales(small):
    model = tfgan.SAGAN((16, 16, 1), None, latent_dim=4, width=8)
    model.compile()
    assert (model.d_steps, model.adversarial_loss.NAME) == (1, "hinge")
    for player, rate in (("generator", 1e-4), ("discriminator", 4e-4)):
        optimizer = getattr(model, f"{player}_optimizer")
        assert float(optimizer.learning_rate) == pytest.approx(rate)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.0, 0.9)
    x = np.random.default_rng(0).uniform(-1, 1, (24, 16, 16, 1)).astype("float32")
    model.fit(x, batch_size=8, verbose=0)
    gammas = [float(attention(n).gamma) for n in (model.generator, model.discriminator)]
    assert all(g != 0.0 for g in gammas) and abs(gammas[1]) > abs(gammas[0])


def test_presets_build():
    for name in ("sagan_cifar10", "sagan_faces_64"):
        model = tfgan.from_preset(name, model__width=8)
        assert model.sample(2).shape == (2, *model.image_shape)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_shape": (32, 32, 3), "attention_size": 4}, "the maps have 8, 16, 32 rows"),
        ({"image_shape": (32, 32, 3), "attention_size": 32}, "the maps have 16, 8 rows"),
        ({"image_shape": (32, 32, 3), "width": 4}, "C divisible by 8"),
        ({"image_shape": (8, 8, 1), "width": 8}, "attention_size=4: the maps have 8 rows"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        tfgan.SAGAN(**{"num_classes": 10, **arguments})


def test_channels_of_other_sizes_are_sngans():
    up, down = networks.residual_widths((64, 64, 3))
    assert up["widths"] == (512, 256, 128, 64) and down["widths"] == (64, 128, 256, 512)
