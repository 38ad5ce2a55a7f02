"""EQ-T and EQ-R: analytic pictures, quarter turns, filters by direct sums, pooled arithmetic."""

import math

import numpy as np
import pytest

from tfgan_models.metrics import movement as eq

SIZE = 48


def waves(highest, seed=0, size=SIZE):
    """A generator of sums of sines of up to `highest` cycles a side, moved exactly."""
    random = np.random.default_rng(seed)
    frequencies = random.normal(size=(12, 2))
    frequencies *= random.uniform(1, highest, (12, 1)) / np.linalg.norm(
        frequencies, axis=1, keepdims=True
    )
    phases, amplitudes = random.uniform(size=12), random.normal(size=12) / 12
    middle = (np.arange(size) + 0.5) / size - 0.5
    y, x = np.meshgrid(middle, middle, indexing="ij")

    def generate(z, matrix):
        places = np.stack([x, y, np.ones_like(x)], axis=-1) @ matrix.T
        angles = 2 * np.pi * (places[..., :2] @ frequencies.T + phases)
        return (1.0 + 0.1 * z[:, None, None, :2]) * (np.sin(angles) @ amplitudes)[..., None]

    return generate


def noise(count=2, size=SIZE, channels=3, seed=0):
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (count, size, size, channels))


def test_an_equivariant_picture():
    generate = waves(SIZE / 6)
    assert eq.equivariance(generate, 3, "translation", samples=8).value > 250.0
    assert eq.equivariance(generate, 3, "fractional", samples=8).low > 55.0
    assert eq.equivariance(generate, 3, "rotation", samples=8).low > 55.0


def test_a_picture_fixed_to_the_pixels():
    def fixed(z, matrix):
        return waves(SIZE / 6)(z, np.eye(3))

    for kind in ("translation", "fractional", "rotation"):
        assert eq.equivariance(fixed, 3, kind, samples=8).value < 25.0


@pytest.mark.parametrize("kind", ["translation", "rotation"])
def test_the_other_way_round_is_seen(kind):
    generate = waves(SIZE / 6)

    def wrong(z, matrix):
        return generate(z, np.linalg.inv(matrix))

    assert eq.equivariance(wrong, 3, kind, samples=8).value < 25.0


def test_decibels_by_hand():
    """An error of 0.02 everywhere: 20 log10(2 / 0.02) = 40, whatever the shift."""
    original = noise(3)
    shift = np.array([[0.125, -0.0625], [0.0, 0.0], [-0.125, 0.125]])
    moved = np.stack(
        [
            np.roll(o, (round(v * SIZE), round(u * SIZE)), (0, 1))
            for o, (u, v) in zip(original, shift, strict=True)
        ]
    )
    found = eq.equivariance_translation(original, moved + 0.02, shift)
    np.testing.assert_allclose(found.value, 40.0, rtol=1e-12)
    np.testing.assert_allclose(found.standard_error, 0.0, atol=1e-5)
    exact = eq.equivariance_translation(original, moved, shift)
    assert exact.value == exact.low == math.inf


def test_pairs_are_pooled_by_area():
    original = np.zeros((2, 32, 32, 1))
    moved = np.stack([np.full((32, 32, 1), 0.1), np.full((32, 32, 1), 0.3)])
    found = eq.equivariance_translation(original, moved, [[0.0, 0.0], [0.5, 0.25]])
    areas = np.array([32 * 32, 16 * 24])
    mse = np.sum(areas * [0.01, 0.09]) / areas.sum()
    np.testing.assert_allclose(found.value, 20 * math.log10(2) - 10 * math.log10(mse))


def test_interval_of_the_decibels():
    """Against the spread of the value over many sets of pairs."""
    random = np.random.default_rng(0)

    def draw():
        errors = random.exponential(0.1, (100, 1, 1, 1)) * np.ones((1, 8, 8, 1))
        return eq.equivariance_translation(np.zeros((100, 8, 8, 1)), errors, (0.0, 0.0))

    found = [draw() for _ in range(200)]
    spread = np.std([f.value for f in found])
    np.testing.assert_allclose(np.mean([f.standard_error for f in found]), spread, rtol=0.25)


def test_whole_pixels():
    images = noise(1, 32)
    shifted, mask = eq.translate_integer(images, 3 / 32, -2 / 32)
    assert np.array_equal(shifted[:, :-2, 3:], images[:, 2:, :-3])
    assert mask.sum() == 30 * 29 and np.all(mask[:-2, 3:] == 1.0)
    assert np.array_equal(shifted * mask[:, :, None], shifted)
    assert eq.translate_integer(images, 1.5, 0.0)[1].sum() == 0.0


def test_fractions_of_pixels_by_hand():
    images, right = noise(1, 32, 1), 2.3 / 32
    shifted, mask = eq.translate_fractional(images, right, 0.0)
    taps = np.arange(-2, 4)
    t = taps - 0.3
    weights = 3 * np.sin(np.pi * t) * np.sin(np.pi * t / 3) / (np.pi * t) ** 2
    weights /= weights.sum()
    expected = sum(w * images[0, 10, 15 - 2 - k, 0] for w, k in zip(weights, taps, strict=True))
    np.testing.assert_allclose(shifted[0, 10, 15, 0], expected, rtol=1e-12)
    assert np.array_equal(np.flatnonzero(mask[16]), np.arange(5, 32))
    assert np.array_equal(np.flatnonzero(mask[:, 16]), np.arange(3, 30))


@pytest.mark.parametrize("right, down", [(0.0, 0.0), (4 / 32, -3 / 32)])
def test_fractions_that_are_whole(right, down):
    images = noise(1, 32)
    shifted, mask = eq.translate_fractional(images, right, down)
    expected, wider = eq.translate_integer(images, right, down)
    assert np.all(wider >= mask)
    np.testing.assert_allclose(shifted, expected * mask[:, :, None], atol=1e-14)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_quarter_turns(quarters):
    """A quarter turn needs no filter: np.rot90 turns counterclockwise as seen."""
    images = waves(SIZE / 6)(np.zeros((1, 2)), np.eye(3))
    turned, mask = eq.rotate(images, quarters * math.pi / 2)
    expected = np.rot90(images, quarters, axes=(1, 2)) * mask[:, :, None]
    np.testing.assert_allclose(turned, expected, atol=1e-4)
    assert np.array_equal(np.flatnonzero(mask[SIZE // 2]), np.arange(6, SIZE - 6))
    same, _ = eq.pseudo_rotate(images, quarters * math.pi / 2)
    inside = slice(5, SIZE - 5)
    np.testing.assert_allclose(same[:, inside, inside], images[:, inside, inside], atol=1e-12)


@pytest.mark.parametrize("angle", [0.3, -2.0])
def test_turning_by_direct_sums(angle):
    """Each value: four fine points, each a sum over the pixels under the filter."""
    images = noise(1, 32, 1)
    taps = eq.rotation_filter(angle, 4)
    turned, mask = eq.rotate(images, angle)
    rows, columns = np.nonzero(mask)
    cos, sin = math.cos(angle), math.sin(angle)
    for i in np.linspace(0, len(rows) - 1, 6).astype(int):
        x, y = columns[i] + 0.5 - 16, rows[i] + 0.5 - 16
        # In quarters of a pixel, from the centre of the first pixel.
        fine_x, fine_y = (4 * (v + 16 - 0.5) for v in (cos * x - sin * y, sin * x + cos * y))
        total = 0.0
        for a in (math.floor(fine_y), math.floor(fine_y) + 1):
            for b in (math.floor(fine_x), math.floor(fine_x) + 1):
                weight = (1 - abs(fine_y - a)) * (1 - abs(fine_x - b))
                for m in range(32):
                    for n in range(32):
                        u, v = a - 4 * m + 23, b - 4 * n + 23
                        if 0 <= u < 47 and 0 <= v < 47:
                            total += 16 * weight * taps[u, v] * images[0, m, n, 0]
        np.testing.assert_allclose(turned[0, rows[i], columns[i], 0], total, rtol=1e-9)


@pytest.mark.parametrize("angle, up", [(0.3, 1), (-2.0, 1), (0.7, 4)])
def test_the_filter_by_direct_sums(angle, up):
    """Circular convolutions of the sheet's functions at single places; then phases."""
    reach = 64 * up - 1
    steps = np.arange(-reach, reach + 1) / up
    cos, sin = math.cos(angle), math.sin(angle)
    y, x = np.meshgrid(steps, steps, indexing="ij")

    def window(t):
        return np.where(np.abs(t) < 3, np.sinc(t / 3), 0.0)

    turned = cos * x + sin * y, -sin * x + cos * y
    a, b = np.sinc(x) * np.sinc(y), np.sinc(turned[0]) * np.sinc(turned[1])
    c, d = window(x) * window(y), window(turned[0]) * window(turned[1])

    def circular(first, second, row, column):
        """At an offset from the middle."""
        flipped = np.roll(second[::-1, ::-1], (row, column), (0, 1))
        return np.sum(first * flipped)

    taps = eq.rotation_filter(angle, up)
    middle = 6 * up - 1
    assert taps.shape == (2 * middle + 1,) * 2
    np.testing.assert_allclose(taps, taps[::-1, ::-1], atol=1e-15)
    for phase in range(up):
        np.testing.assert_allclose(taps[phase::up, phase::up].sum(), 1 / up**2, rtol=1e-12)
    places = [(0, 0), (up, 0), (-2 * up, 3 * up), (4 * up, up)]  # of one phase
    values = [circular(a, b, *p) * circular(c, d, *p) for p in places]
    found = [taps[middle + i, middle + j] for i, j in places]
    np.testing.assert_allclose(np.array(found) / found[0], np.array(values) / values[0], atol=1e-9)


def test_stacks_and_shards():
    generate = waves(SIZE / 4)
    z = np.random.default_rng(0).normal(size=(5, 2))
    original = generate(z, np.eye(3))
    moved = original + 0.01 * noise(5, channels=1)
    for whole, stream, moves in (
        (
            eq.equivariance_translation,
            eq.EquivarianceTranslation,
            np.array([[0.0, 0.1]] * 2 + [[0.1, 0.0]] * 3),
        ),
        (eq.equivariance_rotation, eq.EquivarianceRotation, np.array([0.1] * 4 + [-0.2])),
    ):
        first, second = stream(), stream()
        first.update(original[:1], moved[:1], moves[0])
        first.update(original[1:3], moved[1:3], moves[1:3])
        second.update(original[3:].astype("float64"), moved[3:], moves[3:])
        found = first.merge(second).result()
        np.testing.assert_allclose(found, whole(original, moved, moves), rtol=1e-10)


def test_the_draws():
    seen = []

    def generate(z, matrix):
        seen.append((z, matrix))
        return np.zeros((len(z), 32, 32, 1)) + 0.01 * len(seen)

    for _ in range(2):
        eq.equivariance(generate, 3, samples=6, seed=4)
    assert [len(z) for z, _ in seen[:4]] == [4, 4, 2, 2]
    assert np.array_equal(seen[0][0], seen[1][0]) and not np.array_equal(seen[0][0], seen[2][0])
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(seen[:4], seen[4:], strict=True))
    shifts = np.array([matrix[:2, 2] for _, matrix in seen[1::2]])
    np.testing.assert_allclose(32 * shifts, np.rint(32 * shifts), atol=1e-12)
    assert 0.0 < np.abs(shifts).max() <= 0.125

    seen.clear()
    latents = np.arange(10.0).reshape(5, 2)
    eq.equivariance(generate, latents, "rotation", batch_size=3)
    assert np.array_equal(np.concatenate([z for z, _ in seen[::2]]), latents)
    for _, matrix in seen[1::2]:
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
        np.testing.assert_allclose(np.linalg.det(matrix), 1.0)


@pytest.mark.parametrize(
    "original, moved, moves, message",
    [
        (noise(), noise(3), (0.0, 0.0), "must have one shape"),
        (noise(), noise(), np.zeros((3, 2)), "2 pairs need finite shifts"),
        (noise(), noise(), (0.0, np.nan), "need finite shifts"),
        (noise(), noise(), (1.0, 0.0), "no pixel in common"),
        (noise()[:0], noise()[:0], (0.0, 0.0), "0 pairs have no pixel"),
        (noise()[0], noise()[0], (0.0, 0.0), "original has shape"),
        (noise(), np.zeros((2, SIZE, SIZE, 3), "uint8"), (0.0, 0.0), "moved has type uint8"),
        (noise(), noise() * np.nan, (0.0, 0.0), "moved has NaN or infinity in 2 of 2"),
        (noise() * 255.0, noise(), (0.0, 0.0), "original has values up to 25"),
    ],
)
def test_errors(original, moved, moves, message):
    with pytest.raises(ValueError, match=message):
        eq.equivariance_translation(original, moved, moves)


def test_errors_of_rotation_and_options():
    with pytest.raises(ValueError, match="32x48 cannot be turned"):
        eq.equivariance_rotation(noise()[:, :32], noise()[:, :32], 0.1)
    with pytest.raises(ValueError, match="16x16 cannot be turned"):
        eq.equivariance_rotation(noise(size=16), noise(size=16), 0.1)
    with pytest.raises(ValueError, match="2 pairs need finite angles"):
        eq.equivariance_rotation(noise(), noise(), [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match='kind is "translation"'):
        eq.equivariance(waves(4), 3, "shear")
    with pytest.raises(ValueError, match="samples must be .* from 1 to 4"):
        eq.equivariance(waves(4), np.zeros((4, 2)), samples=5)
    with pytest.raises(ValueError, match="different options"):
        eq.EquivarianceTranslation().merge(eq.EquivarianceTranslation(fractional=True))
    with pytest.raises(ValueError, match="cannot merge"):
        eq.EquivarianceTranslation().merge(eq.EquivarianceRotation())
