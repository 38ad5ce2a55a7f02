"""Statistics of the doctor against closed forms, simulations and real images."""

from __future__ import annotations

import io

import numpy as np
import pytest
import scipy.stats
from PIL import Image

from tfgan_models import analysis
from tfgan_models.analysis import diagnosis
from trainers import data

SETS = ("digits", "mnist/mnist", "fashion_mnist/fashion_mnist", "cifar10/train", "celeba64/celeba")


def read(name, request):
    """5,000 shuffled images in [-1, 1] and their labels; JPEG blobs are decoded."""
    if name == "digits":
        source = data.load("embedded:digits")
        batch = source.gather(np.random.default_rng(0).permutation(source.num_examples))
        return np.asarray(batch["image"]), np.asarray(batch["label"])
    with np.load(request.getfixturevalue("test_data") / f"{name}.npz") as arrays:
        if "blob" in arrays:
            blob, offset = arrays["blob"], arrays["offset"]
            chosen = np.random.default_rng(0).permutation(len(offset) - 1)[:4096]
            parts = (blob[offset[i] : offset[i + 1]].tobytes() for i in chosen)
            images = np.stack([np.asarray(Image.open(io.BytesIO(part))) for part in parts])
            labels = arrays["label"][chosen] if "label" in arrays else None
        else:
            chosen = np.random.default_rng(0).permutation(len(arrays["x_train"]))[:4096]
            images, labels = arrays["x_train"][chosen], arrays["y_train"][chosen]
    images = images.reshape(*images.shape[:3], -1)
    return images.astype("float32") / 127.5 - 1.0, labels


@pytest.fixture(scope="module", params=SETS)
def real(request):
    """(name, images, labels) of one real set."""
    return request.param.partition("/")[0], *read(request.param, request)


def batches(images, size=64, start=2048, count=30):
    count = min(count, (len(images) - start) // size)
    return images[start : start + count * size].reshape(count, size, *images.shape[1:])


def test_variety_of_real_and_of_repeated_images(real):
    _, images, _ = real
    variance, parts = diagnosis.total_variance(images[:2048]), batches(images)
    ratios = [diagnosis.variance_ratio(part, variance) for part in parts]
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.06) and min(ratios) > 0.8
    near = [diagnosis.nearest_in_batch(part) for part in parts]
    usual = np.mean(near)
    assert np.std(near) / usual < 0.06 and min(near) / usual > 0.85
    noise = np.random.default_rng(1).normal(0.0, 0.02, parts[0].shape)
    for distinct in (8, 16, 32):
        copies = np.repeat(parts[0][:distinct], 64 // distinct, axis=0) + noise
        assert 0.04 < diagnosis.nearest_in_batch(copies) / usual < 0.08
    # k distinct images have (k - 1)/k of the variance on average: 1/2 and 3/4.
    for distinct, share in ((1, 0.0), (2, 0.5), (4, 0.75)):
        groups = batches(images, distinct, 2048, 300)
        ratios = [diagnosis.variance_ratio(np.repeat(g, 4, axis=0), variance) for g in groups]
        assert np.mean(ratios) == pytest.approx(share, rel=0.1, abs=1e-6)


def test_clusters_see_missing_groups(real):
    _, images, labels = real
    images = diagnosis.pooled(images, 16)
    clusters = diagnosis.Clusters(images[:2048])
    assert clusters.shares.sum() == pytest.approx(1.0)
    variation, starved = clusters.coverage(clusters.counts(images[2048:3072]))
    assert variation < 0.1 and starved <= 1
    if labels is None or images.shape[-1] == 3:
        return
    left = images[2048:][labels[2048:] < 5]
    variation, starved = clusters.coverage(clusters.counts(left))
    assert variation > 0.25 and starved >= 1


def test_memorisation_distance(real):
    _, images, _ = real
    images = diagnosis.pooled(images, 32)
    train = images[:2048]
    usual = diagnosis.nearest_among(images[2048:2304], train)
    assert diagnosis.nearest_among(images[2304:2560], train) / usual == pytest.approx(1.0, abs=0.1)
    assert diagnosis.nearest_among(train[:256], train) / usual < 0.01
    noisy = train[:256] + np.random.default_rng(0).normal(0.0, 0.1, train[:256].shape)
    assert 0.2 < diagnosis.nearest_among(noisy, train) / usual < 0.75
    if images.shape[-1] == 1:  # pixels of drawings are blind to shifts
        shifted = np.roll(train[:256], 1, axis=2)
        assert diagnosis.nearest_among(shifted, train) / usual > 0.8


def test_grids_are_told_from_real_images(real):
    _, images, _ = real
    ratios = []
    for part in batches(images, 256, 0, 12):
        assert diagnosis.grid_strength(part) < 0.02
        ratios.append(diagnosis.corner_power(part))
    assert max(ratios) < 1.5
    rows, columns = np.indices(images.shape[1:3])
    grid = 0.02 * (2.0 * ((rows + columns) % 2) - 1.0)
    printed = images[:256] + grid[:, :, None]
    assert diagnosis.grid_strength(printed) > 0.15
    assert diagnosis.corner_power(printed) > 40.0


def test_class_share_of_the_known_sets(real):
    name, images, labels = real
    known = {"digits": 0.214, "mnist": 0.214, "fashion_mnist": 0.404, "cifar10": 0.077}
    if name in known:
        assert diagnosis.class_share(images, labels) == pytest.approx(known[name], rel=0.1)


def test_class_share_and_label_effect_in_closed_form():
    generator = np.random.default_rng(0)
    labels = np.arange(6000) % 3
    within = generator.normal(0.0, 1.0, (6000, 5))
    images = within + np.array([-1.0, 0.0, 1.0])[labels, None]
    between = 2.0 / 3.0
    assert diagnosis.class_share(images, labels) == pytest.approx(between / (1 + between), rel=0.05)
    table = images[:3000].reshape(1000, 3, 5)  # new noise for each pair, not a shared z
    share = diagnosis.class_share(images, labels)
    assert diagnosis.label_effect(table, share) > 1.0
    ignored = np.repeat(within[:100, None], 3, axis=1)
    assert diagnosis.label_effect(ignored, share) == pytest.approx(0.0, abs=1e-12)
    assert diagnosis.latent_effect(ignored, 5.0) == pytest.approx(1.0, rel=0.2)
    one_picture = np.repeat(images[None, :3], 16, axis=0)
    assert diagnosis.latent_effect(one_picture, 5.0) == pytest.approx(0.0, abs=1e-12)
    assert diagnosis.label_effect(one_picture, share) > 1.0
    assert diagnosis.label_effect(np.zeros((4, 3, 5)), share) == 0.0
    with pytest.raises(ValueError, match="at least two"):
        diagnosis.label_effect(images[:1, None], share)
    with pytest.raises(ValueError, match="do not vary"):
        diagnosis.class_share(np.ones((4, 3)), np.arange(4))


def test_label_laws_and_their_chance():
    generator = np.random.default_rng(0)
    draws = [generator.integers(0, 10, 5000) for _ in range(40)]
    found = [diagnosis.law_distance(a, b, 10) for a, b in zip(draws[::2], draws[1::2], strict=True)]
    distances, errors = np.array(found).T
    assert np.all(distances < errors + 3.0 * errors) and distances.mean() < errors.mean()
    skewed = generator.choice(10, 5000, p=np.r_[[0.3] * 2, [0.05] * 8])
    assert diagnosis.law_distance(draws[0], skewed, 10)[0] == pytest.approx(0.4, abs=0.03)


def test_runs_of_equal_labels():
    generator = np.random.default_rng(0)
    assert diagnosis.longest_run([1, 1, 2, 2, 2, 1]) == 3
    assert diagnosis.longest_run([4]) == 1
    for classes in (2, 10):
        runs = [diagnosis.longest_run(generator.integers(0, classes, 512)) for _ in range(200)]
        expected = diagnosis.expected_run(np.arange(512) % classes)
        assert np.mean(runs) == pytest.approx(expected, rel=0.2)
        assert max(runs) < 3.0 * expected
    assert diagnosis.expected_run(np.zeros(512)) == 512.0


def dirac_gap(loss, rate, steps, updates):
    track = analysis.play(analysis.dirac_gan(loss), (1.0, 1.0), steps, rate, updates)
    return track[:, 0] * track[:, 1], track[:, 0]


def test_oscillation_of_dirac_games():
    gap, theta = dirac_gap("wasserstein", 0.1, 200, "alternating")
    found = diagnosis.oscillation(gap[:200])
    assert found.peak == pytest.approx(0.995, abs=0.01) and found.lag == 31
    assert abs(diagnosis.oscillation(theta[:200]).lag - 2.0 * np.pi / 0.1) < 1.0
    gap, _ = dirac_gap("minimax", 0.2, 200, "alternating")
    found = diagnosis.oscillation(gap[:200])
    assert found.peak == pytest.approx(1.0, abs=0.02) and found.lag == 35
    gap, _ = dirac_gap("minimax", 0.2, 500, "simultaneous")
    assert diagnosis.oscillation(gap[:200]).peak == pytest.approx(0.34, abs=0.05)
    assert diagnosis.oscillation(gap[300:500]).peak < 0.0
    gap, _ = dirac_gap("wasserstein", 0.1, 200, "simultaneous")
    assert diagnosis.oscillation(gap[:200]).peak == pytest.approx(0.85, abs=0.02)


def test_oscillation_is_seldom_seen_in_noise_and_always_in_a_sine():
    generator = np.random.default_rng(0)

    def alarms(make, count=300):
        return np.mean([diagnosis.oscillation(make()).peak > 0.6 for _ in range(count)])

    def autoregressive(factor):
        series, noise = np.zeros(200), generator.standard_normal(200)
        for t in range(1, 200):
            series[t] = factor * series[t - 1] + noise[t]
        return series

    def sine():
        period, phase = generator.uniform(20.0, 60.0), generator.uniform(0.0, 2.0 * np.pi)
        wave = np.sin(2.0 * np.pi * np.arange(200) / period + phase) * 2.0**0.5
        return 2.0 * wave + generator.standard_normal(200)

    assert alarms(lambda: generator.standard_normal(200)) == 0.0
    assert alarms(lambda: autoregressive(1.0)) < 0.05
    assert alarms(lambda: autoregressive(0.97)) < 0.07
    assert alarms(sine) > 0.9
    straight = diagnosis.oscillation(3.0 + 0.1 * np.arange(50))
    assert straight.peak == 0.0 and straight.lag == 0
    assert diagnosis.autocorrelation(generator.standard_normal(20))[0] == pytest.approx(1.0)
    with pytest.raises(ValueError, match="at least 8"):
        diagnosis.oscillation([1.0, 2.0])


def test_scores_in_closed_form():
    assert diagnosis.accuracy([1.0, 2.0, -1.0, 3.0], [-1.0, -2.0, -3.0, -4.0]) == 0.875
    generator = np.random.default_rng(0)
    real, other = (generator.normal(m, 1.0, n).round(1) for m, n in ((0.5, 300), (0.0, 200)))
    exact = scipy.stats.mannwhitneyu(real, other).statistic / (300 * 200)  # rounded: with ties
    assert diagnosis.separation(real, other) == pytest.approx(exact, rel=1e-12)
    assert diagnosis.separation(3.0 * real - 9.0, 3.0 * other - 9.0) == pytest.approx(exact)
    assert diagnosis.separation([1.0, 2.0], [-1.0]) == 1.0
    train, held_out, fake = np.full(4, 3.0), np.full(4, 0.0), np.full(4, -1.0)
    value, error = diagnosis.overfitting(train, held_out, fake)
    assert value == pytest.approx(0.75) and error == 0.0
    for change in (lambda x: x + 7.0, lambda x: -2.0 * x):
        moved = diagnosis.overfitting(change(train), change(held_out), change(fake))
        assert moved[0] == pytest.approx(0.75)
    generator = np.random.default_rng(0)
    draws = [
        diagnosis.overfitting(
            *(generator.normal(m, 1.0, 64) for m in (1.0, 0.5)), generator.normal(-1.0, 0.01, 9999)
        )
        for _ in range(400)
    ]
    values, errors = np.array(draws).T
    assert values.mean() == pytest.approx(0.25, abs=0.02)
    assert errors.mean() == pytest.approx(values.std(), rel=0.25)
    assert diagnosis.overfitting(train, held_out, train) == (0.0, float("inf"))
    assert diagnosis.mean_sign([3.0, -1.0, 2.0, 5.0]) == 0.5
    assert diagnosis.gap_shrink(4.0, 1.0) == 0.75 and diagnosis.gap_shrink(0.0, 1.0) == 0.0


def test_states_in_closed_form():
    generator = np.random.default_rng(0)
    images = generator.normal(0.0, 2.0, (500, 30))
    assert diagnosis.mode_mismatch(images, images) == 0.0
    assert diagnosis.mode_mismatch(images, images + 1.0) == pytest.approx(0.5, rel=0.05)
    assert diagnosis.initial_share(298, 0.99) == pytest.approx(0.05, rel=0.01)
    assert diagnosis.initial_share(2994, 0.999) == pytest.approx(0.05, rel=0.01)
    assert diagnosis.initial_share_of_average(4.322 * 500, 500) == pytest.approx(0.05, rel=0.001)
    largest, variances = [0.0, 1.0, -1.0, 2.0], [0.0, 1.0, 0.5, 1.0]
    assert diagnosis.dead_share(largest, variances) == 0.5
    assert diagnosis.dead_share(largest, variances, rectified=False) == 0.25
    assert diagnosis.movement(images + 0.1, images, 2.0) == pytest.approx(0.05)
    weights = np.array([3.0, 4.0])
    assert diagnosis.relative_step(weights, weights * 0.9, 10) == pytest.approx(0.01)
    assert diagnosis.times_usual(-30.0, [1.0, 2.0, 3.0, 100.0, -3.0]) == pytest.approx(10.0)
    assert diagnosis.times_usual(30.0, [0.1], floor=1.0) == 30.0


def test_pixel_checks_in_closed_form():
    images = np.random.default_rng(0).uniform(-1.0, 1.0, (8, 8, 8, 1)).astype("float32")
    images[[2, 5]] = 0.25
    images[7] = images[1]
    assert diagnosis.blank_images(images).tolist() == [2, 5]
    assert diagnosis.repeated_share(images) == pytest.approx(0.25)
    images[:, 0] = -1.0
    assert diagnosis.constant_pixels(images).sum() == 8
    low, first, last, high = diagnosis.value_range(np.linspace(0.0, 1.0, 101))
    assert (low, first, last, high) == pytest.approx((0.0, 0.01, 0.99, 1.0))
    assert diagnosis.pooled(images, 4).shape == (8, 4, 4, 1)
    assert diagnosis.pooled(images, 4)[2, 3, 3, 0] == pytest.approx(0.25)
    assert np.array_equal(diagnosis.pooled(images, 16), images)


def test_a_grid_of_each_period_is_found():
    generator = np.random.default_rng(0)
    smooth = generator.normal(0.0, 0.2, (256, 32, 32, 1))
    for period in (2, 4, 8):
        places = generator.normal(0.0, 0.2, (period, period))
        tile = np.tile(places, (32 // period, 32 // period))[:, :, None]
        assert diagnosis.grid_strength(smooth + tile, period) > 0.3
        assert diagnosis.grid_strength(smooth, period) < 0.05
    assert diagnosis.grid_strength(np.ones((4, 8, 8, 1))) == 0.0
    with pytest.raises(ValueError, match="sides of at least 13"):
        diagnosis.grid_strength(np.ones((4, 12, 12, 1)), 8)


def test_bad_input_is_refused_in_one_line():
    with pytest.raises(ValueError, match="must be positive"):
        diagnosis.variance_ratio(np.ones((2, 3)), 0.0)
    with pytest.raises(ValueError, match="no neighbour"):
        diagnosis.nearest_in_batch(np.ones((1, 3)))
    with pytest.raises(ValueError, match="do not make 20 groups"):
        diagnosis.Clusters(np.ones((3, 2)))
    with pytest.raises(ValueError, match="got shape"):
        diagnosis.total_variance(np.ones(3))


def test_every_public_name_is_there_and_documented():
    assert diagnosis.__all__ == sorted(diagnosis.__all__)
    assert all(getattr(diagnosis, name).__doc__ for name in diagnosis.__all__)
