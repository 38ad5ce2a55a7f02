"""Networks: weight counts, shapes at every stage, ranges and conditioning of the papers."""

import functools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_models import networks
from tfgan_models.families.original_gan import OriginalGAN
from tfgan_models.layers import BatchNorm
from tfgan_models.networks.goodfellow import CIFAR_HIDDEN

DIGITS, CIFAR, FACES = (28, 28, 1), (32, 32, 3), (64, 64, 3)
# Trainable weights as the papers' tables give them.
PUBLISHED = {
    ("mlp_generator", DIGITS): 2_503_984,
    ("mlp_discriminator", DIGITS): 1_231_441,
    ("conditional_mlp_generator", DIGITS, 10): 2_413_984,
    ("conditional_mlp_discriminator", DIGITS, 10): 1_224_351,
    ("conditional_conv_generator", DIGITS, 10): 6_820_538,
    ("conditional_conv_discriminator", DIGITS, 10): 6_688_202,
    ("dcgan_generator", CIFAR): 4_926_595,
    ("dcgan_discriminator", CIFAR): 4_115_457,
    ("dcgan_generator", FACES): 18_885_760,
    ("dcgan_discriminator", FACES): 17_232_768,
    ("dcgan_generator", FACES, "port"): 3_576_704,
    ("dcgan_discriminator", FACES, "port"): 2_765_568,
}
# Maps after each stage: the generator's projection and deconvolutions, the discriminator's
# convolutions, as (side, channels).
STAGES = {
    DIGITS: ([(7, 128), (14, 64), (28, 1)], [(14, 64), (7, 128)]),
    CIFAR: ([(4, 512), (8, 256), (16, 128), (32, 3)], [(16, 128), (8, 256), (4, 512)]),
    FACES: (
        [(4, 1024), (8, 512), (16, 256), (32, 128), (64, 3)],
        [(32, 128), (16, 256), (8, 512), (4, 1024)],
    ),
    (128, 128, 3): (
        [(4, 1024), (8, 512), (16, 256), (32, 128), (64, 64), (128, 3)],
        [(64, 64), (32, 128), (16, 256), (8, 512), (4, 1024)],
    ),
}
PORT = (
    [(4, 512), (8, 256), (16, 128), (32, 64), (64, 3)],
    [(32, 64), (16, 128), (8, 256), (4, 512)],
)


@functools.cache
def build(name, image_shape, *options):
    """A network of `tfgan_models.networks`, kept: the large ones take a second."""
    keras.utils.set_random_seed(0)
    if options == ("port",):
        return getattr(networks, name)(image_shape, port=True)
    return getattr(networks, name)(image_shape, *options)


def weights(network):
    return sum(math.prod(w.shape) for w in network.trainable_variables)


def latents(count=8, size=100, seed=0):
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, (count, size)), tf.float32)


def pictures(shape, count=8, seed=0):
    return tf.constant(np.random.default_rng(seed).uniform(0, 1, (count, *shape)), tf.float32)


def one_hot(count=8, classes=10):
    return tf.constant(np.eye(classes, dtype="float32")[np.arange(count) % classes])


def of_type(network, *types):
    return [layer for layer in network.layers if isinstance(layer, types)]


def kernels(network):
    return [tuple(layer.kernel.shape) for layer in network.layers if hasattr(layer, "kernel")]


def conv_maps(network):
    """(height, width, channels) after each convolution or transposed convolution."""
    found = of_type(network, keras.layers.Conv2D, keras.layers.Conv2DTranspose)
    return [tuple(layer.output.shape[1:]) for layer in found]


@pytest.mark.parametrize("key", PUBLISHED, ids=lambda key: "-".join(map(str, key)))
def test_published_number_of_weights(key):
    assert weights(build(*key)) == PUBLISHED[key]


def test_number_of_weights_at_28_pixels():
    generator = 100 * 1024 + 1024 * 7 * 7 * 128 + 25 * (128 * 64 + 64)
    discriminator = 25 * (64 + 64 * 128) + 7 * 7 * 128 * 1024 + 1024
    assert weights(build("dcgan_generator", DIGITS)) == generator
    assert weights(build("dcgan_discriminator", DIGITS)) == discriminator


def test_number_of_weights_at_128_pixels():
    maps = [1024, 512, 256, 128, 64]
    pairs = sum(25 * a * b for a, b in zip(maps, maps[1:], strict=False))
    generator = 100 * 16 * 1024 + 2 * 16 * 1024 + pairs + 2 * sum(maps[1:]) + 25 * 64 * 3
    discriminator = 25 * 3 * 64 + pairs + 2 * sum(maps[:-1]) + 16 * 1024
    assert weights(build("dcgan_generator", (128, 128, 3))) == generator
    assert weights(build("dcgan_discriminator", (128, 128, 3))) == discriminator


def test_number_of_weights_of_the_cifar_mlp():
    """With 80 units for the paper's 8000, and 16 maxout units for 1600."""
    assert CIFAR_HIDDEN == ((8000, "relu", 0.05), (8000, "sigmoid", 0.05))
    hidden = tuple((80, *rest) for _, *rest in CIFAR_HIDDEN)
    generator = networks.mlp_generator(CIFAR, 100, hidden, "linear", 0.5)
    assert weights(generator) == 101 * 80 + 81 * 80 + 81 * 3072
    discriminator = networks.mlp_discriminator(CIFAR, units=16)
    assert weights(discriminator) == 3073 * 80 + 17 * 80 + 17


def test_number_of_weights_of_the_cifar_convolutions():
    generator = networks.conv_generator(CIFAR, units=800)
    assert weights(generator) == 101 * 800 + 801 * 800 + 25 * 8 * 3 + 3
    convolutions = 64 * 3 * 64 + 64 + 64 * 32 * 64 + 64 + 25 * 32 * 384 + 384
    dense = (4 * 4 * 192 + 1) * 2500 + 501
    assert weights(networks.conv_discriminator(CIFAR)) == convolutions + dense


def test_cifar_convolutions_stage_by_stage():
    generator = networks.conv_generator(CIFAR, units=800)
    reshaped = of_type(generator, keras.layers.Reshape)[0]
    assert reshaped.output.shape[1:] == (10, 10, 8)
    assert conv_maps(generator) == [(32, 32, 3)]
    pooled = of_type(networks.conv_discriminator(CIFAR), keras.layers.MaxPooling2D)
    assert [layer.output.shape[1:] for layer in pooled] == [(15, 15, 32), (6, 6, 32), (4, 4, 192)]


def dcgan_pair(shape, port):
    options = ("port",) if port else ()
    return [build(name, shape, *options) for name in ("dcgan_generator", "dcgan_discriminator")]


DCGANS = [*((shape, False) for shape in STAGES), (FACES, True)]


@pytest.mark.parametrize("shape, port", DCGANS)
def test_dcgan_stage_by_stage(shape, port):
    generator, discriminator = dcgan_pair(shape, port)
    up, down = PORT if port else STAGES[shape]
    (side, channels), *later = up
    first = of_type(generator, keras.layers.ReLU)
    assert (side, side, channels) in [layer.output.shape[1:] for layer in first]
    made = conv_maps(generator)
    if port:  # its projection is itself a transposed convolution
        assert made.pop(0) == (side, side, channels)
    assert made == [(s, s, c) for s, c in later]
    assert conv_maps(discriminator) == [(s, s, c) for s, c in down]
    assert discriminator.output.shape == (None, 1)


@pytest.mark.parametrize("shape, port", DCGANS)
def test_dcgan_kernels_are_square_and_small(shape, port):
    for network in dcgan_pair(shape, port):
        sides = {kernel[:2] for kernel in kernels(network) if len(kernel) == 4}
        assert sides == ({(4, 4)} if port else {(5, 5)})


@pytest.mark.parametrize("shape, port", DCGANS)
def test_dcgan_has_no_batch_norm_at_its_ends(shape, port):
    generator, discriminator = dcgan_pair(shape, port)
    last = [type(layer).__name__ for layer in generator.layers][-2:]
    assert last == ["Conv2DTranspose", "Activation"]
    first = [type(layer).__name__ for layer in discriminator.layers][1:4]
    assert first == ["Conv2D", "LeakyReLU", "Conv2D"]
    hidden = len(kernels(generator)) - 1, len(kernels(discriminator)) - 2
    assert (len(of_type(generator, BatchNorm)), len(of_type(discriminator, BatchNorm))) == hidden
    assert {layer.negative_slope for layer in of_type(discriminator, keras.layers.LeakyReLU)} == {
        0.2
    }


@pytest.mark.parametrize("shape, port", DCGANS)
def test_dcgan_initial_weights(shape, port):
    for network in dcgan_pair(shape, port):
        drawn = np.concatenate([np.ravel(k.numpy()) for k in network.weights if "kernel" in k.path])
        np.testing.assert_allclose([drawn.mean(), drawn.std()], [0.0, 0.02], atol=2e-4)
        gains = [layer.gamma.numpy() for layer in of_type(network, BatchNorm) if layer.scale]
        if shape == DIGITS:
            assert gains == []
        else:
            drawn = np.concatenate(gains)
            np.testing.assert_allclose([drawn.mean(), drawn.std()], [1.0, 0.02], atol=4e-3)


def test_dcgan_batch_norm_epsilon():
    assert {n.epsilon for n in of_type(build("dcgan_generator", FACES), BatchNorm)} == {1e-8}
    assert {n.epsilon for n in of_type(build("dcgan_generator", CIFAR), BatchNorm)} == {1e-5}
    port = build("dcgan_generator", FACES, "port")
    assert {n.epsilon for n in of_type(port, BatchNorm)} == {1e-5}


@pytest.mark.parametrize(
    "name, shape, low",
    [
        ("dcgan_generator", CIFAR, -1.0),
        ("dcgan_generator", DIGITS, 0.0),
        ("mlp_generator", DIGITS, 0.0),
        ("conditional_mlp_generator", DIGITS, 0.0),
        ("conditional_conv_generator", DIGITS, 0.0),
        ("projection_generator", DIGITS, -1.0),
    ],
)
def test_output_range(name, shape, low):
    conditional = name.startswith(("conditional", "projection"))
    network = build(name, shape, 10) if conditional else build(name, shape)
    z = latents(size=network.inputs[0].shape[1])
    images = network([z, one_hot()] if conditional else z, training=True)
    assert images.shape == (8, *shape) and images.dtype == tf.float32
    assert low < np.min(images) and np.max(images) < 1.0
    if low < 0:
        assert np.min(images) < 0
    assert np.std(images, axis=0).max() > 1e-4  # z matters


def test_unbounded_output_of_the_cifar_generators():
    hidden = ((40, "relu", 0.05), (40, "sigmoid", 0.05))
    images = networks.mlp_generator(CIFAR, 100, hidden, "linear", 5.0)(latents())
    assert np.abs(images).max() > 1.0


@pytest.mark.parametrize(
    "shape, grid", [((32, 64, 3), (4, 8)), ((64, 32, 1), (8, 4)), ((28, 12, 2), (7, 3))]
)
def test_dcgan_makes_rectangles(shape, grid):
    generator = networks.dcgan_generator(shape, 8, width=4)
    discriminator = networks.dcgan_discriminator(shape, width=4)
    images = generator(latents(2, 8))
    assert images.shape == (2, *shape)
    assert discriminator(images).shape == (2, 1)
    assert conv_maps(discriminator)[-1][:2] == grid


@pytest.mark.parametrize("kind", ["conditional_mlp", "conditional_conv", "projection"])
def test_conditional_networks_make_rectangles(kind):
    shape = (8, 12, 3)
    options = {"units": (6, 6, 8)} if kind == "conditional_mlp" else {"width": 4}
    generator = getattr(networks, f"{kind}_generator")(shape, 5, 8, **options)
    discriminator = getattr(networks, f"{kind}_discriminator")(shape, 5)
    y = one_hot(5, 5)
    images = generator([latents(5, 8), y])
    assert images.shape == (5, *shape)
    assert discriminator([images, y]).shape == (5, 1)


BAD_SIZES = [
    (networks.dcgan_generator, (30, 30, 1), "32x32"),
    (networks.dcgan_generator, (2, 65, 1), "4x64"),
    (networks.dcgan_discriminator, (64, 63, 3), "64x64"),
    (functools.partial(networks.dcgan_generator, port=True), (48, 48, 3), "64"),
    (functools.partial(networks.dcgan_discriminator, port=True), (64, 32, 3), "64"),
    (networks.conv_generator, (30, 30, 3), "29"),
    (networks.conv_generator, (64, 64, 3), "65"),
    (functools.partial(networks.conditional_conv_generator, num_classes=3), (27, 28, 1), "28x28"),
    (functools.partial(networks.conditional_conv_discriminator, num_classes=3), (9, 9, 1), "8x8"),
    (functools.partial(networks.projection_generator, num_classes=3), (31, 33, 1), "32x32"),
    (functools.partial(networks.projection_discriminator, num_classes=3), (3, 8, 1), "4x8"),
]


@pytest.mark.parametrize("builder, shape, nearest", BAD_SIZES)
def test_sizes_that_do_not_fit_name_the_nearest_that_does(builder, shape, nearest):
    with pytest.raises(ValueError) as raised:
        builder(shape)
    message = str(raised.value)
    assert nearest in message and f"{shape[0]}x{shape[1]}" in message


def test_conv_generator_checks_its_units_and_smallest_side():
    with pytest.raises(ValueError, match="multiple of 100"):
        networks.conv_generator(CIFAR, units=150)
    with pytest.raises(ValueError, match="2x2"):
        networks.conv_generator((2, 2, 3), units=8)


def test_labels_enter_every_stage_of_the_conditional_convolutions():
    generator = build("conditional_conv_generator", DIGITS, 10)
    assert kernels(generator) == [
        (110, 1024),
        (1034, 7 * 7 * 128),
        (5, 5, 64, 138),
        (5, 5, 1, 74),
    ]
    discriminator = build("conditional_conv_discriminator", DIGITS, 10)
    assert kernels(discriminator) == [
        (5, 5, 11, 64),
        (5, 5, 74, 128),
        (7 * 7 * 128 + 10, 1024),
        (1034, 1),
    ]


def test_labels_enter_the_conditional_mlp():
    shapes = kernels(build("conditional_mlp_generator", DIGITS, 10))
    assert sorted(shapes) == sorted([(100, 200), (10, 1000), (1200, 1200), (1200, 784)])
    shapes = kernels(build("conditional_mlp_discriminator", DIGITS, 10))
    assert sorted(shapes) == sorted([(784, 1200), (10, 250), (290, 960), (240, 1)])


CONDITIONAL = ["conditional_mlp", "conditional_conv", "projection"]


@pytest.mark.parametrize("kind", CONDITIONAL)
def test_another_label_changes_both_networks(kind):
    generator = build(f"{kind}_generator", DIGITS, 10)
    discriminator = build(f"{kind}_discriminator", DIGITS, 10)
    z = latents(size=generator.inputs[0].shape[1])
    y, other = one_hot(), tf.roll(one_hot(), 1, axis=1)
    for network, x in ((generator, z), (discriminator, pictures(DIGITS))):
        change = np.abs(network([x, y]).numpy() - network([x, other]).numpy())
        assert change.reshape(8, -1).max(axis=1).min() > 0.0


def test_projection_discriminator_is_a_projection():
    """The label enters as <h, V y>: mixtures of labels mix the logits linearly."""
    network = build("projection_discriminator", DIGITS, 10)
    x = pictures(DIGITS)
    a, b = one_hot(), tf.roll(one_hot(), 1, axis=1)
    mixed = network([x, 0.25 * a + 0.75 * b])
    expected = 0.25 * network([x, a]).numpy() + 0.75 * network([x, b]).numpy()
    np.testing.assert_allclose(mixed, expected, rtol=1e-4, atol=1e-5)


def test_dropout_rates():
    """Kept shares 0.8, 0.5, 0.5 before the three layers; one half in the conditional pair."""
    rates = {
        name: [layer.rate for layer in of_type(build(name, DIGITS, *rest), keras.layers.Dropout)]
        for name, *rest in (
            ("mlp_discriminator",),
            ("conditional_mlp_generator", 10),
            ("conditional_mlp_discriminator", 10),
        )
    }
    assert rates["mlp_discriminator"] == [0.2, 0.5, 0.5]
    assert rates["conditional_mlp_generator"] == [0.5]
    assert rates["conditional_mlp_discriminator"] == [0.5, 0.5]
    convolutions = of_type(networks.conv_discriminator(CIFAR), keras.layers.Dropout)
    assert [layer.rate for layer in convolutions] == [0.2, 0.5, 0.5, 0.5, 0.5]


def test_dropout_acts_on_each_layers_input_in_training_only():
    discriminator = build("mlp_discriminator", DIGITS)
    order = [type(layer).__name__ for layer in discriminator.layers][2:]
    assert order == ["Dropout", "Dense", "Maxout"] * 2 + ["Dropout", "Dense"]
    x = pictures(DIGITS)
    np.testing.assert_array_equal(discriminator(x), discriminator(x))
    assert np.all(discriminator(x, training=True) != discriminator(x, training=True))


def test_initial_ranges_of_the_2014_networks():
    for name, bound in (("mlp_generator", 0.05), ("mlp_discriminator", 0.005)):
        for layer in of_type(build(name, DIGITS), keras.layers.Dense):
            kernel = layer.kernel.numpy()
            assert np.abs(kernel).max() <= bound and kernel.max() > 0.9 * bound
            np.testing.assert_allclose(kernel.std(), bound / math.sqrt(3.0), rtol=0.1)


def test_an_adapted_generator_starts_at_the_mean_image():
    rows, columns = np.mgrid[0:28, 0:28] / 27.0
    mean_image = (np.sin(3 * rows) * np.cos(2 * columns) * 0.9)[..., None]
    model = OriginalGAN(seed=1)
    z = np.sqrt(3.0) * latents(256)

    def error():
        return np.abs(np.mean(model(z), axis=0) - mean_image)

    before = error().mean()
    model.adapt(mean_image)
    assert before > 0.3 and error().mean() < 0.05 and error().max() < 0.25


def test_adapt_is_exact_where_the_hidden_layers_are_silent():
    mean_image = np.linspace(-1.0, 1.0, 784).reshape(DIGITS)
    model = OriginalGAN(width=8, latent_dim=4)
    model.adapt(mean_image)
    model.generator.get_layer("output").kernel.assign(np.zeros((8, 784)))
    made = model(latents(2, 4))
    assert np.all(np.isfinite(model.generator.get_layer("output").bias.numpy()))
    np.testing.assert_allclose(made[0], mean_image, atol=2.1e-3)  # black and white are clipped


MIXED = {
    "dcgan": lambda: (
        networks.dcgan_generator((16, 16, 3), 8, width=4),
        networks.dcgan_discriminator((16, 16, 3), width=4),
    ),
    "port": lambda: (
        networks.dcgan_generator((16, 16, 3), 8, width=4, port=True),
        networks.dcgan_discriminator((16, 16, 3), width=4, port=True),
    ),
    "mlp": lambda: (
        networks.mlp_generator((16, 16, 3), 8, ((8, "relu", 0.05),)),
        networks.mlp_discriminator((16, 16, 3), 8),
    ),
    "cifar_conv": lambda: (
        networks.conv_generator((32, 32, 3), 8, 200),
        networks.conv_discriminator((32, 32, 3), (2, 2, 2), 4),
    ),
    "conditional_mlp": lambda: (
        networks.conditional_mlp_generator((16, 16, 3), 10, 8, (8, 8, 8)),
        networks.conditional_mlp_discriminator((16, 16, 3), 10, (4, 4, 4)),
    ),
    "conditional_conv": lambda: (
        networks.conditional_conv_generator((16, 16, 3), 10, 8, 4, 16),
        networks.conditional_conv_discriminator((16, 16, 3), 10, 4, 16),
    ),
    "projection": lambda: (
        networks.projection_generator((16, 16, 3), 10, 8, 4),
        networks.projection_discriminator((16, 16, 3), 10, 4),
    ),
}


@pytest.fixture
def mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.usefixtures("mixed_precision")
@pytest.mark.parametrize("kind", MIXED)
def test_heads_are_float32_in_mixed_precision(kind):
    generator, discriminator = MIXED[kind]()
    labels = [one_hot()] if len(generator.inputs) == 2 else []
    images = generator([latents(size=8), *labels] if labels else latents(size=8), training=True)
    logits = discriminator([images, *labels] if labels else images, training=True)
    for network, out in ((generator, images), (discriminator, logits)):
        assert out.dtype == tf.float32 and np.all(np.isfinite(out))
        assert {w.dtype for w in network.trainable_variables} == {"float32"}
        assert "bfloat16" in {layer.compute_dtype for layer in network.layers}
