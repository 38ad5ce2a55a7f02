"""Evaluations against closed forms and against the metrics called by hand."""

from __future__ import annotations

import math
import os

import numpy as np
import pytest

from tfgan_models import features, metrics, registry
from tfgan_models.core import sampling
from tfgan_models.metrics import Protocol
from tfgan_models.metrics.protocol import score_name
from trainers import data
from trainers.data.source import ArraySource
from trainers.errors import NonFiniteError, UserError
from trainers.evaluation import Evaluation, comparisons, evaluate, fakes, reals, table, tables
from trainers.evaluation.stamps import reference_name

SHAPE = (4, 4, 1)
SCALE, SHIFT = 0.25, 0.1


class Normals:
    """A generator with a known law: images are SCALE z, or that beside a class's brightness."""

    image_shape, latent_dim, latent_distribution = SHAPE, 16, "normal"
    generator = ema_generator = None

    def __init__(self, num_classes=None, broken=False):
        self.num_classes, self.broken = num_classes, broken
        self.made = 0

    def sample_latents(self, n, seed=0, truncation=None):
        return sampling.latents(self, n, seed, truncation)

    def generate(self, latents, labels=None):
        self.made += len(latents)
        images = SCALE * np.asarray(latents).reshape(-1, *SHAPE)
        if labels is not None:
            images = 0.1 * images + np.reshape(labels, (-1, 1, 1, 1)) / 2 - 0.5
        if self.broken:
            images[3] = np.nan
        return np.clip(images, -1, 1).astype(np.float32)


class Counting(features.Pixels):
    """Pixels that count what they looked at."""

    seen = 0

    def _run(self, images):
        self.seen += len(images)
        return super()._run(images)


class Thirds(features.Pixels):
    """Tells three brightnesses apart, for generators of three classes."""

    name, num_classes = "thirds", 3

    def _run(self, images):
        flat = super()._run(images).features
        gaps = np.abs(flat.mean(axis=1, keepdims=True) - np.array([-0.5, 0.0, 0.5]))
        return features.Features(flat, np.eye(3, dtype=np.float32)[gaps.argmin(axis=1)])


def normal_source(n=2000, shift=SHIFT, seed=1):
    images = SCALE * np.random.default_rng(seed).standard_normal((n, *SHAPE)) + shift
    return ArraySource("test:normals", quantised(images))


@pytest.fixture(scope="module")
def source():
    return normal_source()


@pytest.fixture(scope="module")
def classes():
    """Three brightnesses in the shares 1, 2, 5, sorted by class."""
    labels = np.repeat([0, 1, 2], [200, 400, 1000]).astype(np.int32)
    images = Normals(3).generate(np.random.default_rng(2).standard_normal((1600, 16)), labels)
    return ArraySource("test:thirds", quantised(images), labels=labels, class_names="abc")


def quantised(images):
    return np.clip(np.rint((images + 1) * 127.5), 0, 255).astype(np.uint8)


def as_dict(scores):
    return {score.protocol.metric: score for score in scores}


def test_the_table_and_its_classes_agree():
    assert table.METRICS.keys() == comparisons.MEASUREMENTS.keys() <= registry.METRICS.keys()
    for name, metric in table.METRICS.items():
        assert set(metric.parts.values()) <= {"low", "high", "none"}
        for part in metric.parts:
            full = f"{name}.{part}" if part else name
            for network in ("none", "digits", "inception_2015"):
                assert name in table.metrics_of(score_name(full, network)), full
    assert table.metrics_of("fid") == {"frechet_distance": "low"}
    assert table.metrics_of("proxy_kid[digits]") == {"kernel_distance": "low"}
    assert table.metrics_of("recall[pixels]") == {"precision_recall": "high"}
    assert table.metrics_of("g_loss") == {}


def test_numbers_are_those_of_the_metrics_called_by_hand(source):
    names = [name for name, m in table.METRICS.items() if m.reads == "features"]
    names = [n for n in names if not table.METRICS[n].conditional]
    found = as_dict(evaluate(Normals(), source, names, "pixels", n_fake=700, seed=5))
    real = np.stack([x for images, _ in reals.pieces(source, 2000) for x in images])
    z = np.asarray(Normals().sample_latents(700, 5)).reshape(-1, *SHAPE)
    real, fake = (
        images.reshape(-1, 16).astype(np.float32) / 127.5 - 1.0
        for images in (real, quantised(SCALE * z))
    )
    expected = {
        "frechet_distance": metrics.frechet_distance(real, fake),
        "frechet_distance_infinity": metrics.frechet_distance_infinity(real, fake, seed=5).value,
        "mind": metrics.mind(real, fake, seed=5),
        "memorisation": metrics.memorisation(real, fake).ratio,
        "kernel_distance": metrics.kernel_distance(
            real, fake, form="blocks", subset_size=140, seed=5
        ).mean,
    }
    for name in ("precision_recall", "density_coverage"):
        values = getattr(metrics, name)(real, fake)._asdict()
        expected |= {f"{name}.{part}": value for part, value in values.items()}
    for name, value in expected.items():
        np.testing.assert_allclose(found[name].value, value, rtol=1e-9, err_msg=name)
    assert {name.partition(".")[0] for name in found} == set(names)


def test_frechet_distance_of_shifted_normals_and_its_interval(source):
    """|shift|^2 d plus the bias of the fakes; the jackknife knows the scatter over seeds."""
    found = [
        evaluate(Normals(), source, ["frechet_distance"], "pixels", 1000, seed=s)[0]
        for s in range(16)
    ]
    values = np.array([score.value for score in found])
    assert abs(values.mean() - 16 * SHIFT**2) < 0.02
    errors = np.array([(score.high - score.low) / (2 * 1.96) for score in found])
    assert 0.5 < errors.mean() / values.std(ddof=1) < 2.0
    assert all(score.low < score.value < score.high for score in found)


def test_protocol_says_how(source):
    (score,) = evaluate(Normals(), source, ["frechet_distance"], "pixels", 50, seed=3)
    protocol = score.protocol
    assert score.name == "proxy_fid[pixels]" and score.better == "low"
    assert (protocol.n_fake, protocol.n_real, protocol.seed) == (50, 2000, 3)
    assert (protocol.reference, protocol.labels) == ("test:normals train", "none")
    assert (protocol.network, protocol.resize, protocol.covariance) == ("pixels", "none", "n - 1")
    assert protocol.image_shape == SHAPE and protocol.weights == "raw"
    other = evaluate(Normals(), normal_source(seed=9), ["frechet_distance"], "pixels", 50, seed=3)
    with pytest.raises(ValueError, match="reference_digest"):
        score.minus(other[0])
    assert Protocol.from_dict(protocol.to_dict()) == protocol
    assert reference_name("folder:/home/someone/cats", "train") == "folder:cats train"


def test_fewer_reals_are_one_subset_for_every_seed(classes):
    images, labels = zip(*reals.pieces(classes, 400), strict=True)
    assert sum(map(len, images)) == 400
    shares = np.bincount(np.concatenate(labels)) / 400
    np.testing.assert_allclose(shares, [0.125, 0.25, 0.625], atol=0.08)
    again = np.concatenate([x for x, _ in reals.pieces(classes, 400)])
    np.testing.assert_array_equal(again, np.concatenate(images))


def test_labels_follow_the_data_and_more_fakes_begin_with_the_same(classes):
    labels = fakes.draw_labels([1, 0, 3], 20_000, seed=4)
    np.testing.assert_allclose(np.bincount(labels) / 20_000, [0.25, 0, 0.75], atol=0.01)
    np.testing.assert_array_equal(fakes.draw_labels([1, 0, 3], 50, seed=4), labels[:50])
    more, fewer = (
        [piece for piece in fakes.Fakes(Normals(3), n, 4, [1, 2, 5]).pieces()] for n in (600, 300)
    )
    np.testing.assert_array_equal(
        np.concatenate([p.images for p in fewer]), np.concatenate([p.images for p in more])[:300]
    )
    for law, shares in (("data", [0.125, 0.25, 0.625]), ("uniform", [1 / 3] * 3)):
        names = ["class_coverage", "label_consistency"]
        network = Thirds(SHAPE)
        found = as_dict(evaluate(Normals(3), classes, names, network, 1600, labels=law))
        assert found["label_consistency"].value == 1.0
        assert found["label_consistency"].protocol.labels == law
        data_law = np.array([0.125, 0.25, 0.625])
        divergence = np.sum(shares * np.log(shares / data_law))
        assert abs(found["class_coverage.reverse_kl"].value - divergence) < 0.01


def test_conditional_metrics_see_classes_that_are_mixed_up(classes):
    class Mixed(Normals):
        def generate(self, latents, labels=None):
            return super().generate(latents, (np.asarray(labels) + 1) % 3)

    names = ["frechet_distance", "intra_class_frechet_distance", "label_consistency"]
    network = Thirds(SHAPE)
    right, mixed = (
        as_dict(evaluate(model(3), classes, names, network, 600, labels="uniform"))
        for model in (Normals, Mixed)
    )
    name = "intra_class_frechet_distance"
    assert right[name].value < 0.01
    # Brightness moves by 1/2 in two classes and by 1 in the third, in all 16 pixels.
    assert mixed[name].value == pytest.approx(16 * (0.25 + 0.25 + 1) / 3, rel=0.05)
    assert mixed["label_consistency"].value == 0.0


def test_inception_score_of_certain_classes(classes):
    """Three certain classes with equal shares: 3."""
    names = ["inception_score", "inception_score_infinity"]
    found = as_dict(evaluate(Normals(3), classes, names, Thirds(SHAPE), 1500, labels="uniform"))
    assert found["inception_score"].value == pytest.approx(3.0, abs=0.05)
    assert found["inception_score_infinity"].value == pytest.approx(3.0, abs=0.05)
    assert found["inception_score"].protocol.n_real == 0


def test_images_and_paths_of_real_pictures():
    source = data.load("embedded:digits", image_size=(16, 16))

    class Drawn(Normals):
        image_shape, latent_dim = (16, 16, 1), 256

        def generate(self, latents, labels=None):
            return np.tanh(np.asarray(latents).reshape(-1, 16, 16, 1)).astype(np.float32)

    names = ["ms_ssim", "sliced_wasserstein", "perceptual_path_length", "birthday_paradox"]
    found = as_dict(evaluate(Drawn(), source, names, "pixels", 300))
    assert found["ms_ssim"].value < 0.1 and found["ms_ssim"].better == "none"
    swd = found["sliced_wasserstein"]
    assert swd.value > 50 and swd.protocol.n_real == swd.protocol.n_fake == 300
    assert found["birthday_paradox.collision"].value == 0.0
    assert "birthday_paradox.support" not in found
    assert found["perceptual_path_length"].protocol.quantisation == "none"


def test_path_length_of_a_linear_generator():
    """On the sphere of radius sqrt(d) images turn by angles whose square has the mean 2.483."""

    class Linear(Normals):
        image_shape, latent_dim = (8, 8, 1), 64

        def generate(self, latents, labels=None):
            return (np.asarray(latents, np.float64) / 16).reshape(-1, 8, 8, 1)

    (score,) = evaluate(Linear(), None, ["perceptual_path_length"], "pixels", 4000)
    assert score.value == pytest.approx(64 * 2.483273 / 256, rel=0.02)


def test_modes_of_a_toy_are_counted_before_quantisation():
    source = data.load("toy:ring8")

    class Five(Normals):
        image_shape, latent_dim = (1, 1, 2), 2

        def generate(self, latents, labels=None):
            z = np.asarray(latents)
            which = (np.arange(len(z)) + int(self.made)) % 5
            self.made += len(z)
            points = source.centres[which] + source.std * z
            return (points / source.scale).reshape(-1, 1, 1, 2).astype(np.float32)

    found = as_dict(evaluate(Five(), source, n_fake=5000))
    assert found["mode_coverage.modes"].value == 5
    assert found["mode_coverage.quality"].value == pytest.approx(1 - math.exp(-4.5), abs=0.006)
    assert found["mode_coverage.reverse_kl"].value == pytest.approx(math.log(8 / 5), abs=1e-3)
    assert found["mode_coverage.js"].protocol.quantisation == "none"


def test_reals_are_looked_at_once(source, tmp_path):
    network, cache = Counting(SHAPE), str(tmp_path)
    first = evaluate(Normals(), source, ["frechet_distance", "mind"], network, 300, cache=cache)
    assert network.seen == 2000 + 300
    network.seen = 0
    again = evaluate(Normals(), source, ["frechet_distance", "mind"], network, 300, cache=cache)
    assert network.seen == 300
    assert again == first
    (entry,) = (tmp_path / "references").iterdir()
    for damaged in (entry.read_bytes()[:-200], b"", b"x" * 500):
        entry.write_bytes(damaged)
        network.seen = 0
        assert evaluate(Normals(), source, ["mind"], network, 300, cache=cache) == first[1:]
        assert network.seen == 2300
    network.seen = 0
    assert evaluate(Normals(), source, ["mind"], network, 300) == first[1:]
    assert network.seen == 2300


def test_other_content_network_or_number_is_another_entry(source, tmp_path):
    def entries(source, network, **options):
        evaluate(Normals(), source, ["mind"], network, 20, cache=str(tmp_path), **options)
        return len(list((tmp_path / "references").iterdir()))

    pixels = features.get("pixels", SHAPE)
    other = features.get("pixels", SHAPE)
    other.digest = "0123456789abcdef"
    assert entries(source, pixels) == entries(source, pixels) == 1
    assert entries(normal_source(seed=8), pixels) == 2
    assert entries(source, other) == 3
    assert entries(source, pixels, n_real=1000) == 4
    assert entries(source, pixels, split="test") == 5


def test_moments_alone_are_kept_small(source, tmp_path):
    cache = str(tmp_path)
    small = evaluate(Normals(), source, ["frechet_distance"], "pixels", 300, cache=cache)
    (entry,) = (tmp_path / "references").iterdir()
    assert entry.stat().st_size < 8_000
    names = ["frechet_distance", "mind"]
    assert evaluate(Normals(), source, names, "pixels", 300, cache=cache)[0] == small[0]


def test_an_unwritable_cache_costs_a_note(source, tmp_path, capsys):
    (tmp_path / "file").write_text("no directory")
    cache = str(tmp_path / "file")
    assert evaluate(Normals(), source, ["frechet_distance"], "pixels", 300, cache=cache)
    assert "cache was not written" in capsys.readouterr().err


def test_cache_directory_is_the_environments(monkeypatch):
    monkeypatch.setenv("TFGAN_CACHE", "some/where")
    assert reals.default_cache() == "some/where"
    monkeypatch.delenv("TFGAN_CACHE")
    assert reals.default_cache().endswith(os.path.join(".cache", "tfgan_models"))


def test_truncation_trades_variety_for_precision():
    source = normal_source(shift=0.0)
    evaluation = Evaluation(
        table.SWEPT, source, "pixels", image_shape=SHAPE, num_classes=None, n_fake=1000
    )
    swept = {t: as_dict(evaluation.measure(Normals(), t)) for t in (1.0, 0.7, 0.4)}
    recall, precision = (
        [found[f"precision_recall.{name}"].value for found in swept.values()]
        for name in ("recall", "precision")
    )
    assert recall[0] > recall[1] > recall[2], recall
    assert precision == sorted(precision) and precision[-1] > 0.99, precision
    distances = [found["frechet_distance"].value for found in swept.values()]
    # Independent coordinates: d (s - s_t)^2, of the normal cut at 2 standard deviations.
    expected = [16 * SCALE**2 * (1 - 0.879626 * t) ** 2 for t in swept]
    np.testing.assert_allclose(distances, expected, atol=0.03)
    assert [f["frechet_distance"].protocol.truncation for f in swept.values()] == list(swept)
    drawn = tables.truncation_curves([s for found in swept.values() for s in found.values()])
    assert drawn.startswith(b"\x89PNG") and len(drawn) > 10_000


def test_notes_say_when_a_covariance_is_singular(source):
    notes = []
    evaluation = Evaluation(
        ["frechet_distance"],
        source,
        "pixels",
        image_shape=SHAPE,
        num_classes=None,
        n_fake=12,
        tell=notes.append,
    )
    for _ in range(2):
        evaluation.measure(Normals())
    assert len(notes) == 1 and "rank 11 from 12 samples" in notes[0]


def test_broken_generators_are_named(source):
    with pytest.raises(NonFiniteError, match="produced NaN at step 7, in 1 of 50 images"):
        evaluation = Evaluation(
            ["mind"], source, "pixels", image_shape=SHAPE, num_classes=None, n_fake=50
        )
        evaluation.measure(Normals(broken=True), step=7)


# Wrong input: (options, a part of the answer).
WRONG = [
    ({"metrics": ["frechet_distence"]}, "Did you mean 'frechet_distance'"),
    ({"metrics": ["realism"]}, "call tfgan_models.metrics.realism"),
    ({"metrics": []}, "no metric fits"),
    ({"metrics": ["label_consistency"]}, "needs a generator with classes"),
    ({"metrics": ["inception_score"]}, "pixels has none: choose another --network"),
    ({"metrics": ["ms_ssim"]}, "needs images of 16 pixels a side"),
    ({"metrics": ["mode_coverage"]}, "needs a toy mixture"),
    ({"metrics": ["frechet_distance_infinity"], "n_fake": 63}, "needs 64 generated images"),
    ({"metrics": ["precision_recall"], "n_fake": 3}, "needs 4 generated images"),
    ({"metrics": ["density_coverage"], "n_fake": 9, "n_real": 5}, "needs 6 real images"),
    ({"n_fake": 1}, "1 generated images are too few"),
    ({"n_real": 2001}, "test:normals has 2000"),
    ({"network": "pixles"}, "Did you mean 'pixels'"),
    ({"network": "efficientnet_lite0"}, "reads colour images"),
    ({"labels": "balanced"}, "labels is one of data, uniform"),
    ({"truncation": 1.5}, "truncation must be in (0, 1]"),
    ({"source": None, "metrics": ["mind"]}, "mind compares with real images"),
]


@pytest.mark.parametrize(("options", "answer"), WRONG, ids=range(len(WRONG)))
def test_wrong_input_gets_one_line(source, options, answer):
    arguments = {"source": source, "metrics": None, "network": "pixels", "n_fake": 50, **options}
    with pytest.raises(UserError) as error:
        evaluate(Normals(), **arguments)
    assert answer in str(error.value) and "\n" not in str(error.value)


def test_data_of_another_shape_and_uniform_latents_are_refused(source):
    model = Normals()
    model.latent_distribution = "uniform(-1,1)"
    with pytest.raises(UserError, match="needs normal latents"):
        evaluate(model, source, network="pixels", truncation=0.5)
    model.image_shape = (8, 8, 1)
    with pytest.raises(UserError, match=r"images of shape \(4, 4, 1\), the generator makes"):
        evaluate(model, source, network="pixels")


def test_network_of_other_classes_is_refused(classes):
    with pytest.raises(UserError, match="needs a network of the generator's 2 classes"):
        evaluate(Normals(2), classes, ["label_consistency"], Thirds(SHAPE))
