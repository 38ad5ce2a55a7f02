"""BigGAN: the sheet's weights, where z and the class go, heads, rates, refusals."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models import networks, presets
from tfgan_models.core import random
from tfgan_models.networks import biggan_deep, heads, residual

# Sheet of Brock et al. 2019; those of 64 and 32 pixels from the codes named in the networks' files.
COUNTS = {
    "biggan 128": (("BigGAN", 128), {}, 70_433_988, 87_982_370),
    "biggan 256": (("BigGAN", 256), {}, 82_097_604, 99_225_890),
    "biggan 512": (("BigGAN", 512), {}, 82_468_068, 99_401_282),
    "biggan 64": (("BigGAN", 64), {}, 31_866_116, 20_571_842),
    "biggan 64 of Google": (("BigGAN", 64), {"layout": "compare_gan"}, 31_866_116, 39_346_562),
    "biggan 32": (("BigGAN", 32), {}, 4_794_883, 4_460_801),
    "biggan 32 with tables": (
        ("BigGAN", 32),
        {"num_classes": 10, "shared_dim": None},
        4_304_387,
        4_207_361,
    ),
    "biggan 128 narrow": (("BigGAN", 128), {"width": 64}, 31_978_628, 39_448_258),
    "deep 32": (("BigGANDeep", 32), {}, 7_561_987, 3_088_129),
    "deep 64": (("BigGANDeep", 64), {}, 49_583_876, 20_869_633),
    "deep 128": (("BigGANDeep", 128), {}, 50_244_484, 34_590_210),
    "deep 256": (("BigGANDeep", 256), {}, 55_736_708, 38_247_426),
    "deep 512": (("BigGANDeep", 512), {}, 56_019_780, 38_301_122),
}
# Weights of both networks in millions, table 1 of the paper.
ROWS = {
    "biggan_128_batch_2048": 81.5,
    "biggan_128_wide": 173.5,
    "biggan_128_shared": 160.6,
    "biggan_128_skip_z": 158.3,
    "biggan_imagenet_128": 158.3,
    "biggan_128_narrow": 71.3,
}
SMALL = {"latent_dim": 6, "shared_dim": 4, "width": 8, "layout": "tapered", "attention_size": 8}


def count(network):
    return sum(math.prod(w.shape) for w in network.trainable_weights)


def symbolic(make):
    """What `make` builds, without initial values: orthogonal ones of this size take minutes."""
    with keras.StatelessScope(initialize_variables=False):
        return make()


@pytest.fixture(scope="module")
def small():
    keras.utils.set_random_seed(0)
    return tfgan.BigGAN((16, 16, 1), 3, hierarchical=True, **SMALL)


@pytest.fixture(scope="module")
def deep():
    keras.utils.set_random_seed(0)
    options = {name: value for name, value in SMALL.items() if name != "layout"}
    return tfgan.BigGANDeep((16, 16, 1), 3, **options)


def images(n=4):
    return np.random.default_rng(0).uniform(-1, 1, (n, 16, 16, 1)).astype("float32")


def latents(n=4, dim=6):
    return np.random.default_rng(1).normal(size=(n, dim)).astype("float32")


def classes(labels):
    return np.eye(3, dtype="float32")[labels]


def named(network, kind):
    return [layer for layer in network._flatten_layers() if type(layer).__name__ == kind]


@pytest.mark.parametrize("name", COUNTS)
def test_weights_are_the_sheets(name):
    (family, side), options, generator, discriminator = COUNTS[name]
    model = symbolic(lambda: getattr(tfgan, family)((side, side, 3), **options))
    assert (count(model.generator), count(model.discriminator)) == (generator, discriminator)


@pytest.mark.parametrize("name", ROWS)
def test_rows_of_the_ablation_have_their_size(name):
    recipe = presets.get(name)
    model = symbolic(lambda: tfgan.BigGAN(**recipe.model))
    weights = count(model.generator) + count(model.discriminator)
    assert weights / 1e6 == pytest.approx(ROWS[name], abs=0.25)
    assert model.latent_dim == (120 if model.hierarchical else 128)


def test_attention_stands_where_the_tables_say():
    for side, rows in ((64, (32, 32)), (128, (64, 64)), (256, (128, 64)), (512, (64, 64))):
        model = symbolic(lambda side=side: tfgan.BigGAN((side, side, 3), width=8))
        pair = model.generator, model.discriminator
        assert tuple(named(n, "SelfAttention2D")[0].input.shape[1] for n in pair) == rows


def test_parts_of_z_go_to_their_blocks(small):
    """The first part feeds the dense layer alone, each other one block's batch norms."""
    z, y = latents(), classes([0, 1, 2, 0])
    base = small.generator([z, y])
    for part in range(3):
        other = z.copy()
        other[:, 2 * part : 2 * part + 2] += 1.0
        assert float(tf.reduce_max(tf.abs(small.generator([other, y]) - base))) > 1e-4
    norms = named(small.generator, "ConditionalBatchNorm")
    kept = [(w, w.numpy()) for n in norms for w in n.trainable_weights]
    for weight, value in kept:
        weight.assign(np.zeros_like(value))
    plain = small.generator([z, y])
    other = z.copy()
    other[:, 2:] += 1.0
    np.testing.assert_array_equal(small.generator([other, classes([2, 2, 1, 1])]), plain)
    other[:, :2] += 1.0
    assert float(tf.reduce_max(tf.abs(small.generator([other, y]) - plain))) > 1e-4
    for weight, value in kept:
        weight.assign(value)


def test_condition_is_class_embedding_and_part_of_z(small):
    embedding = small.generator.get_layer("embedding")
    assert not hasattr(embedding, "sigmas")  # spectral norm there would break the generator
    norms = named(small.generator, "ConditionalBatchNorm")
    assert [tuple(n.gain.layer.kernel.shape)[0] for n in norms] == [4 + 2] * 4
    assert all(hasattr(n.gain, "sigmas") and n.norm.epsilon == 1e-4 for n in norms)


def test_kernels_start_orthogonal(small, deep):
    for model in (small, deep):
        for network in (model.generator, model.discriminator):
            for layer in named(network, "SpectralNorm"):
                kernel = layer.kernels[0].variable.numpy()
                matrix = kernel.reshape(-1, kernel.shape[-1])
                if matrix.shape[0] < matrix.shape[1]:
                    matrix = matrix.T
                gram = matrix.T @ matrix
                np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-5)


def test_all_of_z_enters_every_block_of_the_deep_one(deep):
    norms = named(deep.generator, "ConditionalBatchNorm")
    assert len(norms) == 4 * 4
    assert {tuple(n.gain.layer.kernel.shape)[0] for n in norms} == {6 + 4}


def test_deep_skips_have_no_weights():
    """With a last convolution of zeros a block keeps, drops or appends channels."""
    style = residual.Style(True, initializer="orthogonal", tables=False)
    x, condition = keras.Input((4, 4, 16)), keras.Input((3,))
    up = biggan_deep.generator_block(style, x, 8, condition, up=True)
    block = keras.Model([x, condition], up)
    zero_last(block)
    maps = np.random.default_rng(0).normal(size=(2, 4, 4, 16)).astype("float32")
    expected = maps[..., :8].repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_array_equal(block([maps, latents(2, 3)]), expected)

    down = keras.Model(x, biggan_deep.discriminator_block(style, x, 24, down=True))
    zero_last(down)
    made = down(maps).numpy()
    pooled = maps.reshape(2, 2, 2, 2, 2, 16).mean(axis=(2, 4))
    np.testing.assert_allclose(made[..., :16], pooled, atol=1e-6)
    assert np.abs(made[..., 16:]).max() > 0.01


def zero_last(block):
    """Zeroes the last convolution of the branch: the first input of the addition."""
    branch = named(block, "Add")[0].input[0]._keras_history.operation
    for weight in branch.trainable_weights:
        weight.assign(np.zeros(weight.shape))


@pytest.mark.parametrize("head", heads.HEADS)
def test_every_head_plays_its_game(head):
    """Both objectives are finite and their gradients reach every weight of their player."""
    model = tfgan.BigGAN((16, 16, 1), 3, hierarchical=True, head=head, rotation=True, **SMALL)
    model.compile()
    assert [p.NAME for p in model._penalties()] == ["orthogonal", "rotation"]
    batch = {
        "image": tf.constant(images()),
        "label": tf.constant([0, 1, 2, 1]),
        "draws": random.Draws(0, tf.constant(0, tf.int64), 4),
    }
    for player in ("discriminator", "generator"):
        network = getattr(model, player)
        with tf.GradientTape() as tape:
            fake = model.make_fakes(batch)
            loss, logs = getattr(model, f"{player}_objective")(batch, fake)
        assert np.isfinite(float(loss)) and set(logs) <= set(model.log_means.names)
        gradients = tape.gradient(loss, network.trainable_weights)
        lost = [
            w.path for w, g in zip(network.trainable_weights, gradients, strict=True) if g is None
        ]
        assert lost == []


def test_projection_is_linear_in_the_class(small):
    """logit(x, a) - logit(x, b) = <h, V_a - V_b>, so mixtures lie between."""
    x = images(2)
    by_class = [small.discriminator([x, classes([k, k])]).numpy() for k in range(3)]
    mixed = small.discriminator([x, np.array([[0.25, 0.75, 0.0]] * 2, "float32")])
    np.testing.assert_allclose(mixed, 0.25 * by_class[0] + 0.75 * by_class[1], atol=1e-5)


def test_unknown_classes_are_guessed_without_gradient():
    """S3GAN: a row of zeros is projected with the class that the head names."""
    network = networks.resnet_discriminator(
        (16, 16, 1), (8, 8), (8,), num_classes=3, head="semi_projection"
    )
    x = images(4)
    guessed = network([x, np.zeros((4, 3), "float32")])
    named_classes = np.argmax(guessed["class_logits"], axis=-1)
    known = network([x, classes(named_classes)])
    np.testing.assert_array_equal(guessed["logits"], known["logits"])
    (predictor,) = [
        layer.layer
        for layer in named(network, "SpectralNorm")
        if layer.layer.name == "class_logits"
    ]
    with tf.GradientTape() as tape:
        logits = tf.reduce_sum(network([x, np.zeros((4, 3), "float32")])["logits"])
    assert tape.gradient(logits, predictor.kernel.value) is None


def test_settings_are_the_papers(small):
    small.compile()
    assert (small.d_steps, small.fake_labels, small.adversarial_loss.NAME) == (
        2,
        "uniform",
        "hinge",
    )
    assert 0.5 ** (2048 / small.ema_half_life_images) == pytest.approx(0.9999, abs=1e-7)
    for player, rate in (("generator", 5e-5), ("discriminator", 2e-4)):
        optimizer = getattr(small, f"{player}_optimizer")
        assert float(optimizer.learning_rate) == pytest.approx(rate)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.0, 0.999)
    (penalty,) = small._penalties()
    assert (penalty.weight, penalty.player, penalty.spectral) == (1e-4, "generator", True)


def test_deep_rates_by_size():
    for side, rates in ((128, (5e-5, 2e-4)), (256, (2.5e-5, 2.5e-5))):
        model = symbolic(lambda side=side: tfgan.BigGANDeep((side, side, 3), width=8))
        assert model.rates() == rates


def test_without_classes():
    model = tfgan.BigGAN((16, 16, 1), None, **SMALL)
    model.compile()
    assert model.fake_labels == "data" and not named(model.generator, "ConditionalBatchNorm")
    assert model.sample(2).shape == (2, 16, 16, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"latent_dim": 7, "hierarchical": True}, "does not divide into 3 parts; use 6 or 9"),
        ({"shared_dim": None, "hierarchical": True}, "Parts of z join a shared class embedding"),
        ({"head": "projektion"}, "head must be one of 'projection'"),
        ({"layout": "torch"}, "layout must be one of"),
        ({"attention_size": 5}, "attention_size=5: the maps have"),
        ({"image_shape": (1024, 1024, 3)}, "up to 512 pixels"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        tfgan.BigGAN(**{"image_shape": (16, 16, 1), "num_classes": 3, **SMALL, **arguments})
