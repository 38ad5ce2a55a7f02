"""ADA against a NumPy twin written from the paper's description, in float64."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage, stats

from tfgan_models import augment
from tfgan_models.augment import ada, colour, corruption, geometry
from tfgan_models.core import random

SYM6 = geometry.SYM6
ALL = "bgcfnc"


def pictures(count=4, shape=(12, 10, 3), seed=0, smooth=0.0):
    values = np.random.default_rng(seed).uniform(-1, 1, (count, *shape))
    if smooth:
        values = ndimage.gaussian_filter(values, (0, smooth, smooth, 0))
    return values.astype("float32")


def draws(count=4, step=0, seed=7):
    return random.Draws(seed, tf.constant(step, tf.int64), count)


# === The twin ===


def move(x, y):
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def stretch(x, y):
    return np.diag([x, y, 1.0])


def turn(angle):
    """Counter-clockwise on the screen, as np.rot90: y points down."""
    return np.array(
        [
            [math.cos(angle), math.sin(angle), 0],
            [-math.sin(angle), math.cos(angle), 0],
            [0, 0, 1.0],
        ]
    )


FORWARD = {
    "x_flip": lambda v: stretch(1 - 2 * v, 1),
    "rotate_90": lambda v: turn(v * math.pi / 2),
    "integer_translation": lambda v: move(*v),
    "isotropic_scale": lambda v: stretch(v, v),
    "pre_rotation": turn,
    "anisotropic_scale": lambda v: stretch(v, 1 / v),
    "post_rotation": turn,
    "fractional_translation": lambda v: move(*v),
}


def twin_inverse(parameters):
    """T_n ... T_1 multiplied as the image goes through them, then inverted."""
    count = len(next(iter(parameters.values())))
    maps = []
    for b in range(count):
        total = np.eye(3)
        for name, make in FORWARD.items():
            if name in parameters:
                total = make(parameters[name][b]) @ total
        maps.append(np.linalg.inv(total))
    return np.stack(maps)


def twin_margins(inverse, height, width):
    """(top, bottom, left, right), one for the whole batch."""
    cx, cy = (width - 1) / 2, (height - 1) / 2
    corners = np.array([[-cx, -cy, 1], [cx, -cy, 1], [-cx, cy, 1], [cx, cy, 1]]).T
    moved = inverse @ corners
    x, y = moved[:, 0], moved[:, 1]
    margins = [np.max(-y) - cy, np.max(y) - cy, np.max(-x) - cx, np.max(x) - cx]
    limits = [height - 1, height - 1, width - 1, width - 1]
    return [int(np.clip(np.ceil(m + 6), 0, most)) for m, most in zip(margins, limits, strict=True)]


def twin_up(x, axis):
    taps = SYM6 / SYM6.sum()

    def line(values):
        stuffed = np.zeros(2 * len(values))
        stuffed[::2] = values
        return 2 * np.convolve(stuffed, taps)[5 : 5 + len(stuffed)]

    return np.apply_along_axis(line, axis, x)


def twin_down(x, axis):
    taps = SYM6 / SYM6.sum()
    return np.apply_along_axis(
        lambda values: np.correlate(values[1:-1], taps, "valid")[::2], axis, x
    )


def twin_warp(images, inverse, margins=None):
    count, height, width, channels = images.shape
    top, bottom, left, right = margins or twin_margins(inverse, height, width)
    cx, cy = (width - 1) / 2, (height - 1) / 2
    x = images.astype("float64")
    x = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), mode="reflect")
    x = twin_up(twin_up(x, 1), 2)
    v, u = np.meshgrid(
        np.arange(2 * (height + 6)) / 2 - 3 - cy,
        np.arange(2 * (width + 6)) / 2 - 3 - cx,
        indexing="ij",
    )
    grid = np.stack([u.ravel(), v.ravel(), np.ones(u.size)])
    out = np.zeros((count, *u.shape, channels))
    for b in range(count):
        source = inverse[b] @ grid
        at = [2 * (source[1] + cy + top), 2 * (source[0] + cx + left)]
        for c in range(channels):
            values = ndimage.map_coordinates(x[b, ..., c], at, order=1, mode="grid-constant")
            out[b, ..., c] = values.reshape(u.shape)
    return twin_down(twin_down(out, 1), 2)


LUMA = np.full(3, 1 / math.sqrt(3))


def twin_colour(name, value):
    """4 x 4 matrix of one operation."""
    total = np.eye(4)
    if name == "brightness":
        total[:3, 3] = value
    elif name == "contrast":
        total[:3, :3] *= value
    elif name == "luma_flip":
        total[:3, :3] -= 2 * np.outer(LUMA, LUMA) * value
    elif name == "hue":
        from scipy.spatial.transform import Rotation

        total[:3, :3] = Rotation.from_rotvec(LUMA * value).as_matrix()
    else:
        grey = np.outer(LUMA, LUMA)
        total[:3, :3] = grey + (np.eye(3) - grey) * value
    return total


COLOURS = ("brightness", "contrast", "luma_flip", "hue", "saturation")


def twin_recolour(images, parameters):
    out = []
    grey = images.shape[-1] == 1
    for b, image in enumerate(images.astype("float64")):
        total = np.eye(4)
        for name in COLOURS:
            if name in parameters and not (grey and name in ("hue", "saturation")):
                total = twin_colour(name, parameters[name][b]) @ total
        if grey:
            row = total[:3].mean(0)
            out.append(image * row[:3].sum() + row[3])
        else:
            rgb = image[..., :3] @ total[:3, :3].T + total[:3, 3]
            out.append(np.concatenate([rgb, image[..., 3:]], -1))
    return np.stack(out)


def twin_filter(images, factors):
    low = np.array([-1, 0, 9, 16, 9, 0, -1]) / 32
    high = np.array([1, 0, -9, 16, -9, 0, 1]) / 32
    bank = [[1.0], [0.0], [0.0], [0.0]]
    for i in (1, 2, 3):
        for k in range(4):
            wide = np.zeros(2 * len(bank[k]) - 1)
            wide[::2] = bank[k]
            bank[k] = np.convolve(wide, low)
        middle = len(bank[i]) // 2
        bank[i][middle - 3 : middle + 4] += high
    power = np.array([10, 1, 1, 1]) / 13
    out = []
    for image, of_image in zip(images.astype("float64"), factors, strict=True):
        gains = np.ones(4)
        for i in range(4):
            t = np.ones(4)
            t[i] = of_image[i]
            gains *= t / np.sqrt((power * t * t).sum())
        taps = gains @ np.stack(bank)
        padded = np.pad(image, ((21, 21), (21, 21), (0, 0)), mode="reflect")
        for axis in (0, 1):
            padded = np.apply_along_axis(lambda v: np.convolve(v, taps, "valid"), axis, padded)  # noqa: B023
        out.append(padded)
    return np.stack(out)


def twin_cutout(images, values):
    out = images.astype("float64").copy()
    _, height, width, _ = images.shape
    for b, (cx, cy, size) in enumerate(values):
        for i in range(height):
            for j in range(width):
                near = abs((j + 0.5) / width - cx) < size / 2
                if near and abs((i + 0.5) / height - cy) < size / 2:
                    out[b, i, j] = 0
    return out


def twin(images, parameters, noise=None, margins=None):
    """All stages in order."""
    x = images
    moving = {k: v for k, v in parameters.items() if k in FORWARD}
    if moving:
        x = twin_warp(x, twin_inverse(moving), margins)
    x = twin_recolour(x, parameters)
    if "band_0" in parameters:
        x = twin_filter(x, np.stack([parameters[f"band_{i}"] for i in range(4)], 1))
    if "noise" in parameters:
        x = x + noise * parameters["noise"][:, None, None, None]
    return twin_cutout(x, parameters["cutout"]) if "cutout" in parameters else x


def whole_margins(height, width):
    return height - 1, height - 1, width - 1, width - 1


def values_of(parameters):
    return {name: value.numpy().astype("float64") for name, value in parameters.items()}


def drawn(names, count, shape, step=0, p=1.0):
    factors = {name: float(name in names) for name in ada.OPERATIONS}
    return ada.draw_parameters(draws(count, step), p, factors, *shape[:2])


# === Geometry ===

IDENTITY = geometry.affine(tf.ones(2), 0.0, 0.0, 1.0, 0.0, 0.0)


@pytest.mark.parametrize("shape", [(12, 10, 3), (7, 9, 1), (16, 5, 4), (1, 3, 2), (2, 2, 2)])
def test_identity_reproduces_the_image(shape):
    x = pictures(2, shape)
    np.testing.assert_allclose(geometry.warp(x, IDENTITY), x, atol=2e-6)


@pytest.mark.parametrize("shift", [(1, 0), (-3, 2), (5, -8)])
def test_whole_shifts_are_exact_with_mirrored_borders(shift):
    x = pictures(2)
    padded = np.pad(x, ((0, 0), (9, 9), (9, 9), (0, 0)), mode="reflect")
    expected = padded[:, 9 - shift[1] : 21 - shift[1], 9 - shift[0] : 19 - shift[0]]
    inverse = geometry.affine(tf.ones(2), 0.0, 0.0, 1.0, float(-shift[0]), float(-shift[1]))
    np.testing.assert_allclose(geometry.warp(x, inverse), expected, atol=3e-6)


@pytest.mark.parametrize("scale", [0.55, 0.8, 1.3, 2.5])
def test_constant_images_stay_constant_under_scale(scale):
    x = np.full((2, 12, 10, 3), 0.7, "float32")
    inverse = geometry.affine(tf.fill([2], 1 / scale), 0.0, 0.0, 1 / scale, 0.0, 0.0)
    np.testing.assert_allclose(geometry.warp(x, inverse), x, atol=1e-5)


def test_beyond_one_mirror_image_there_is_nothing():
    x = np.ones((1, 8, 8, 1), "float32")
    inverse = geometry.affine(tf.ones(1), 0.0, 0.0, 1.0, 40.0, 0.0)
    np.testing.assert_array_equal(geometry.warp(x, inverse), np.zeros_like(x))


@pytest.mark.parametrize("name", [*FORWARD, "all"])
def test_warp_is_that_of_the_paper(name):
    """With the margin that the largest move of the batch needs, as in the authors' code."""
    shape = (40, 36, 1) if name == "all" else (14, 12, 2)
    x = pictures(6, shape, smooth=1.0)
    parameters = drawn(FORWARD if name == "all" else [name], 6, shape, step=3)
    inverse = ada.inverse_map(parameters)
    expected = twin_inverse(values_of(parameters))
    np.testing.assert_allclose(inverse, expected[:, :2], atol=1e-5)
    np.testing.assert_allclose(geometry.warp(x, inverse), twin_warp(x, expected), atol=2e-5)


def test_one_margin_for_all_is_one_mirror_image():
    """An image that needs all of it sees at its far end the mirrors go on, where the
    authors' filter sees zeros; no image depends on the others of its batch."""
    x = pictures(3, (9, 8, 1), smooth=1.0)
    scale = tf.constant([1.9, 1.0, 0.5])
    inverse = geometry.affine(scale, 0.3, -0.1, scale, 0.0, 0.5)
    full = np.concatenate([inverse.numpy(), np.tile([[[0, 0, 1.0]]], (3, 1, 1))], axis=1)
    expected = twin_warp(x, full.astype("float64"), (8, 8, 7, 7))
    got = geometry.warp(x, inverse).numpy()
    np.testing.assert_allclose(got, expected, atol=2e-3)
    np.testing.assert_allclose(got[2], expected[2], atol=2e-5)
    alone = geometry.warp(x[2:], inverse[2:])
    np.testing.assert_allclose(got[2:], alone, atol=1e-6)


@pytest.mark.parametrize("shape", [(6, 6, 3), (6, 4, 1), (5, 9, 2)])
def test_flips_turns_and_shifts_alone_are_exact(shape):
    x = pictures(4, shape)
    turns = tf.constant([0.0, 1.0, 2.0, 3.0])
    if shape[0] == shape[1]:
        got = ada.augment_images(tf.constant(x), {"rotate_90": turns})
        np.testing.assert_array_equal(got, [np.rot90(image, k) for k, image in enumerate(x)])
    shifts = np.array([[0, 0], [1, 2], [-1, 0], [3, -3]], "float32")
    flips = np.array([1, 1, 0, 1], "float32")
    got = ada.augment_images(
        tf.constant(x), {"x_flip": tf.constant(flips), "integer_translation": tf.constant(shifts)}
    )
    for image, flipped, (right, down), result in zip(
        x, flips, shifts.astype(int), got, strict=True
    ):
        image = image[:, ::-1] if flipped else image
        padded = np.pad(image, ((3, 3), (3, 3), (0, 0)), mode="reflect")
        h, w = shape[:2]
        expected = padded[3 - down : 3 - down + h, 3 - right : 3 - right + w]
        np.testing.assert_array_equal(result, expected)


def test_exact_and_filtered_blits_agree_on_smooth_images():
    x = tf.constant(pictures(8, (16, 16, 2), smooth=2.5))
    parameters = drawn(["x_flip", "rotate_90", "integer_translation"], 8, (16, 16))
    inverse = ada.inverse_map(parameters)
    np.testing.assert_allclose(geometry.blit(x, inverse), geometry.warp(x, inverse), atol=0.02)


def test_a_quarter_turn_between_pixels_is_filtered():
    x = pictures(2, (9, 10, 1), smooth=1.0)
    parameters = {"rotate_90": tf.constant([1.0, 2.0])}
    expected = twin_warp(x, twin_inverse(values_of(parameters)))
    got = ada.augment_images(tf.constant(x), parameters)
    np.testing.assert_allclose(got, expected, atol=2e-5)


# === Colour, filter, noise, cutout ===


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("name", [*COLOURS, "all"])
def test_colours(name, channels):
    x = pictures(5, (3, 4, channels))
    parameters = drawn(COLOURS if name == "all" else [name], 5, x.shape[1:])
    got = ada.augment_images(tf.constant(x), parameters).numpy()
    np.testing.assert_allclose(got, twin_recolour(x, values_of(parameters)), atol=1e-5)
    if channels == 1 and name in ("hue", "saturation"):
        np.testing.assert_array_equal(got, x)
    elif name != "luma_flip":
        assert np.abs(got - x)[..., :3].max() > 0.01
    if channels == 4:
        np.testing.assert_array_equal(got[..., 3], x[..., 3])


def test_a_full_turn_of_hue_keeps_colours_and_every_turn_keeps_grey():
    x = pictures(2, (3, 4, 3))
    turned = colour.recolour(x, colour.colour_map({"hue": tf.fill([2], 2 * math.pi)}))
    np.testing.assert_allclose(turned, x, atol=1e-6)
    third = colour.recolour(x, colour.colour_map({"hue": tf.fill([2], 2 * math.pi / 3)}))
    np.testing.assert_allclose(third, np.roll(x, 1, axis=-1), atol=1e-6)
    grey = np.full((2, 3, 4, 3), 0.4, "float32")
    any_turn = colour.recolour(grey, colour.colour_map({"hue": tf.constant([0.3, -2.0])}))
    np.testing.assert_allclose(any_turn, grey, atol=1e-6)


@pytest.mark.parametrize("spec", ["bgc", "color"])
def test_two_channels_have_no_colours(spec):
    with pytest.raises(ValueError, match="2 channels"):
        augment.ADA(spec).build_for((8, 8, 2))
    with pytest.raises(ValueError, match="2 channels"):
        augment.ADA(spec)(pictures(4, (8, 8, 2)), draws())
    augment.ADA("bg").build_for((8, 8, 2))


def test_bank_of_filters():
    bank = corruption.band_filters()
    assert bank.shape == (4, 43)
    np.testing.assert_allclose(bank.sum(1), [1, 0, 0, 0], atol=1e-11)
    np.testing.assert_allclose(bank.sum(0), np.eye(43)[21], atol=1e-11)
    np.testing.assert_allclose((bank**2).sum(1), [0.1001, 0.0620, 0.1315, 0.4102], atol=5e-5)
    np.testing.assert_allclose(bank, bank[:, ::-1], atol=1e-11)


@pytest.mark.parametrize("shape", [(28, 24, 3), (22, 30, 1)])
def test_band_filter(shape):
    x = pictures(2, shape)
    parameters = drawn([f"band_{i}" for i in range(4)], 2, shape)
    factors = np.stack([v for v in values_of(parameters).values()], axis=1)
    got = ada.augment_images(tf.constant(x), parameters)
    np.testing.assert_allclose(got, twin_filter(x, factors), atol=2e-5)


def test_equal_gains_filter_nothing_at_any_size():
    for shape in ((24, 23, 3), (8, 5, 1)):
        x = pictures(2, shape)
        np.testing.assert_allclose(corruption.band_filter(x, tf.ones([2, 4])), x, atol=1e-5)


def test_noise_is_normal_with_a_level_for_each_image():
    """sigma = |N(0, 0.1)|, so a pixel over all images has the variance 0.01."""
    x = np.zeros((400, 8, 8, 3), "float32")
    got = augment.ADA("noise", initial_p=1.0)(x, draws(400)).numpy()
    level = got.std(axis=(1, 2, 3))
    assert stats.kstest(level, stats.halfnorm(scale=0.1).cdf).pvalue > 1e-3
    standard = got / level[:, None, None, None]
    assert stats.kstest(standard.ravel()[::7], "norm").pvalue > 1e-3
    assert abs(np.corrcoef(got[..., 0].ravel(), got[..., 1].ravel())[0, 1]) < 0.05


@pytest.mark.parametrize("shape", [(8, 8, 1), (7, 12, 3)])
def test_cutout(shape):
    x = np.abs(pictures(12, shape)) + 0.1
    parameters = drawn(["cutout"], 12, shape, p=0.7)
    got = ada.augment_images(tf.constant(x), parameters).numpy()
    np.testing.assert_array_equal(got, twin_cutout(x, values_of(parameters)["cutout"]))
    touched = (got == 0).any((1, 2, 3))
    assert 0 < touched.sum() < 12
    most = math.ceil(shape[0] / 2) * math.ceil(shape[1] / 2) * shape[2]
    assert (got == 0).sum((1, 2, 3)).max() <= most


# === The whole pipeline ===


@pytest.mark.parametrize("shape", [(24, 22, 3), (22, 26, 1), (24, 24, 4)])
def test_pipeline(shape):
    x = pictures(4, shape, smooth=1.0)
    layer = augment.ADA(ALL, initial_p=0.8)
    parameters = ada.draw_parameters(draws(), 0.8, layer.factors, *shape[:2])
    noise = draws().normal("ada_pixels", shape).numpy()
    expected = twin(x, values_of(parameters), noise, whole_margins(*shape[:2]))
    np.testing.assert_allclose(layer(tf.constant(x), draws()), expected, atol=3e-4)


@pytest.mark.parametrize("pipeline", ["bg", "bgc", "bgcf", "bgcfn", ALL, "blit", "color,cutout"])
@pytest.mark.parametrize("shape", [(12, 10, 3), (9, 12, 1)])
def test_p_zero_is_the_identity(pipeline, shape):
    x = pictures(4, shape)
    got = augment.ADA(pipeline)(tf.constant(x), draws())
    assert got.shape == x.shape and got.dtype == tf.float32
    np.testing.assert_allclose(got, x, atol=1e-5)


@pytest.mark.parametrize("name", list(ada.OPERATIONS))
def test_every_operation_has_a_switch(name):
    """Alone it changes images; left out of the full pipeline its draws are not missed."""
    x = tf.constant(pictures(4, (12, 10, 3)))
    alone = augment.ADA("", {name: 1.0}, initial_p=1.0)
    assert [k for k, v in alone.factors.items() if v] == [name]
    assert np.abs(alone(x, draws(step=2)) - x).max() > 1e-2
    without = augment.ADA(ALL, {name: 0.0}, initial_p=1.0)
    others = ada.draw_parameters(draws(), 1.0, without.factors, 12, 10)
    together = ada.draw_parameters(draws(), 1.0, augment.ADA(ALL).factors, 12, 10)
    assert set(together) - set(others) == {name}
    for other, value in others.items():
        np.testing.assert_array_equal(value, together[other])


def test_nothing_enabled_is_exactly_nothing():
    x = tf.constant(pictures())
    np.testing.assert_array_equal(augment.ADA("", initial_p=1.0)(x, draws()), x)


def test_xla_agrees():
    x = tf.constant(pictures(2, (9, 8, 3)))
    layer = augment.ADA(ALL, initial_p=0.8)

    def value_and_gradient(step):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, random.Draws(7, step, 2))
        return y, tape.gradient(y, x, output_gradients=tf.sin(y))

    step = tf.constant(5, tf.int64)
    plain = value_and_gradient(step)
    compiled = tf.function(value_and_gradient, jit_compile=True, autograph=False)(step)
    graph = tf.function(value_and_gradient, autograph=False)(step)
    for a, b, c in zip(plain, compiled, graph, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)
        np.testing.assert_allclose(a, c, atol=2e-5)


def test_gradient_is_the_adjoint():
    """<A v, y> = <v, A^T y> for the linear part A, whatever is drawn."""
    x, v, y = (tf.constant(pictures(seed=i)) for i in range(3))
    layer = augment.ADA(ALL, initial_p=0.9)
    with tf.GradientTape() as tape:
        tape.watch(x)
        out = layer(x, draws())
    back = tape.gradient(out, x, output_gradients=y)
    moved = layer(v, draws()) - layer(tf.zeros_like(v), draws())
    forward = tf.reduce_sum(tf.cast(moved * y, tf.float64))
    backward = tf.reduce_sum(tf.cast(v * back, tf.float64))
    np.testing.assert_allclose(forward, backward, rtol=1e-4)
    assert np.abs(back).max() > 0.1


def test_second_derivative():
    """h = |d/dx sum sin(A x)|^2 has d h . v = -2 <A g, sin(A x) A v>, A linear."""
    x, v = (tf.constant(pictures(2, seed=i)) for i in range(2))
    layer = augment.ADA("bg", initial_p=1.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            out = layer(x, draws(2))
            value = tf.reduce_sum(tf.sin(out))
        g = inner.gradient(value, x)
        h = tf.reduce_sum(tf.square(g))
    second = outer.gradient(h, x)
    expected = -2.0 * tf.reduce_sum(layer(g, draws(2)) * tf.sin(out) * layer(v, draws(2)))
    np.testing.assert_allclose(tf.reduce_sum(second * v), expected, rtol=1e-3)


def test_two_replicas_are_one(mirrored):
    x = tf.constant(pictures(4, (8, 8, 3)))
    with mirrored.scope():
        layer = augment.ADA(ALL, initial_p=0.8)

    @tf.function(autograph=False)
    def step():
        def on_replica():
            context = tf.distribute.get_replica_context()
            mine = tf.gather(x, tf.range(2) + 2 * context.replica_id_in_sync_group)
            return layer(mine, draws(2))

        return mirrored.run(on_replica)

    parts = mirrored.experimental_local_results(step())
    whole = augment.ADA(ALL, initial_p=0.8)(x, draws(4))
    np.testing.assert_allclose(tf.concat(parts, 0), whole, atol=2e-5)


# === What is drawn ===

COUNT = 6000


@pytest.fixture(scope="module")
def sampled():
    return values_of(drawn(ada.OPERATIONS, COUNT, (64, 32)))


def uniform(low, high):
    return stats.uniform(low, high - low).cdf


@pytest.mark.parametrize(
    ("name", "of", "law"),
    [
        ("isotropic_scale", np.log2, stats.norm(0, 0.2).cdf),
        ("anisotropic_scale", np.log2, stats.norm(0, 0.2).cdf),
        ("pre_rotation", np.array, uniform(-math.pi, math.pi)),
        ("post_rotation", np.array, uniform(-math.pi, math.pi)),
        ("fractional_translation", lambda v: v[:, 0], stats.norm(0, 4).cdf),
        ("fractional_translation", lambda v: v[:, 1], stats.norm(0, 8).cdf),
        ("brightness", np.array, stats.norm(0, 0.2).cdf),
        ("contrast", np.log2, stats.norm(0, 0.5).cdf),
        ("hue", np.array, uniform(-math.pi, math.pi)),
        ("saturation", np.log2, stats.norm(0, 1).cdf),
        ("band_0", np.log2, stats.norm(0, 1).cdf),
        ("band_3", np.log2, stats.norm(0, 1).cdf),
        ("noise", np.array, stats.halfnorm(scale=0.1).cdf),
        ("cutout", lambda v: v[:, 0], uniform(0, 1)),
        ("cutout", lambda v: v[:, 1], uniform(0, 1)),
    ],
)
def test_laws_of_continuous_parameters(sampled, name, of, law):
    assert stats.kstest(of(sampled[name]), law).pvalue > 1e-3


@pytest.mark.parametrize(("name", "count"), [("x_flip", 2), ("luma_flip", 2), ("rotate_90", 4)])
def test_laws_of_discrete_parameters(sampled, name, count):
    seen = np.bincount(sampled[name].astype(int), minlength=count)
    assert len(seen) == count and stats.chisquare(seen).pvalue > 1e-3


def test_law_of_whole_shifts(sampled):
    """round(U(-m, m)): the outermost values are half as likely."""
    for axis, most in ((0, 4), (1, 8)):
        seen = np.bincount(sampled["integer_translation"][:, axis].astype(int) + most)
        expected = np.full(2 * most + 1, COUNT / (2 * most))
        expected[[0, -1]] /= 2
        assert len(seen) == 2 * most + 1 and stats.chisquare(seen, expected).pvalue > 1e-3


def test_operations_are_drawn_apart(sampled):
    flat = np.stack([v if v.ndim == 1 else v[:, 0] for v in sampled.values()])
    correlation = np.corrcoef(flat) - np.eye(len(flat))
    assert np.abs(correlation).max() < 4.5 / math.sqrt(COUNT)


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0, 1.7])
def test_share_of_images_that_are_changed(p):
    values = values_of(drawn(ada.OPERATIONS, 4000, (64, 32), step=1, p=p))
    for name, value in values.items():
        value = value if value.ndim == 1 else value[:, -1]
        neutral = float("scale" in name or name in ("contrast", "saturation") or "band" in name)
        share = np.mean(value != neutral)
        chance = min(p, 1.0)
        if "rotation" in name:
            chance = 1 - math.sqrt(1 - chance)
        chance *= {"x_flip": 0.5, "luma_flip": 0.5, "rotate_90": 0.75}.get(name, 1.0)
        if name == "integer_translation":
            chance *= 15 / 16
        assert abs(share - chance) <= 4.5 * math.sqrt(chance * (1 - chance) / 4000), name
    turned = (values["pre_rotation"] != 0) | (values["post_rotation"] != 0)
    assert abs(turned.mean() - min(p, 1.0)) <= 4.5 * math.sqrt(0.25 / 4000)


def test_multipliers_scale_the_chance():
    factors = ada.pipeline_multipliers("", {"brightness": 0.5, "hue": 2.0})
    values = values_of(ada.draw_parameters(draws(4000), 0.4, factors, 8, 8))
    assert set(values) == {"brightness", "hue"}
    assert abs(np.mean(values["brightness"] != 0) - 0.2) < 0.03
    assert abs(np.mean(values["hue"] != 0) - 0.8) < 0.03


# === Arguments ===


def test_pipelines():
    assert list(ada.PIPELINES) == ["bg", "bgc", "bgcf", "bgcfn", ALL]
    assert all(ada.pipeline_multipliers(ALL).values())
    assert ada.pipeline_multipliers("bgc") == ada.pipeline_multipliers("blit, geom, color")
    assert augment.ADA().factors == ada.pipeline_multipliers("bgc")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pipeline": "bgx"}, "Unknown ADA pipeline 'bgx'.*'bg'"),
        ({"pipeline": "blit,colour"}, "Unknown ADA pipeline 'colour'.*'color'"),
        ({"multipliers": {"xflip": 1.0}}, "Unknown ADA operation 'xflip'.*'x_flip'"),
        ({"multipliers": {"hue": -1.0}}, "multiplier of 'hue'"),
        ({"initial_p": -0.1}, "initial_p"),
        ({"target": 1.5}, "target"),
        ({"kimg": 0}, "kimg"),
        ({"every": 0}, "every"),
        ({"every": 1.5}, "every"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        augment.ADA(**arguments)


def test_config_round_trip():
    layer = augment.ADA("bgcf", {"hue": 0.5}, 0.2, None, 100, 8)
    saved = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    for copy in (saved, augment.ADA.from_config(layer.get_config()), augment.get(layer)):
        assert copy is not layer and copy.get_config() == layer.get_config()
        assert copy.factors == layer.factors and float(copy.p) == np.float32(0.2)
