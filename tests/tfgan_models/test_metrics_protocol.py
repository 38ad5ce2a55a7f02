"""Protocol stamps: what they are called, what they refuse, and that they survive JSON."""

import dataclasses
import json

import pytest

from tfgan_models import registry
from tfgan_models.metrics.protocol import Protocol, Score, score_name

PROTOCOL = Protocol(
    metric="precision_recall.precision",
    network="digits",
    network_digest="0123456789abcdef",
    resize="none",
    image_shape=(28, 28, 1),
    n_real=5000,
    n_fake=1000,
    reference="embedded:digits",
    reference_digest="fedcba9876543210",
    version="0.1.0",
    options=(("k", 3), ("level", 0.95)),
)
# Another value for every field.
OTHERS = {
    "metric": "precision_recall.recall",
    "network": "pixels",
    "network_digest": "0" * 16,
    "resize": "bilinear_antialias_28",
    "image_shape": (32, 32, 1),
    "n_real": 4999,
    "n_fake": 999,
    "reference": "npz:mnist.npz",
    "reference_digest": "1" * 16,
    "version": "0.2.0",
    "seed": 1,
    "options": (("k", 5), ("level", 0.95)),
    "value_range": "[0, 1]",
    "quantisation": "none",
    "labels": "uniform",
    "truncation": 0.7,
    "weights": "raw",
    "standing_batches": 16,
    "covariance": "n - 1",
}


def score(value, better="low", **changes):
    return Score(value, dataclasses.replace(PROTOCOL, **changes), better, low=0.1, high=0.9)


def test_every_field_has_another_value_here():
    assert set(OTHERS) == {field.name for field in dataclasses.fields(Protocol)}


@pytest.mark.parametrize("field", OTHERS)
def test_numbers_of_unlike_protocols_are_not_compared(field):
    mine, theirs = score(0.5), score(0.4, **{field: OTHERS[field]})
    assert mine.protocol.differences(theirs.protocol) == [
        f"{field}: {getattr(PROTOCOL, field)!r} / {OTHERS[field]!r}"
    ]
    for compare in (mine.minus, mine.is_better_than):
        with pytest.raises(ValueError, match="not measured alike") as error:
            compare(theirs)
        assert f"{field}: " in str(error.value) and "\n" not in str(error.value)


def test_several_differences_are_all_named():
    message = "; ".join(PROTOCOL.differences(dataclasses.replace(PROTOCOL, seed=3, n_fake=7)))
    assert message == "n_fake: 1000 / 7; seed: 0 / 3"


def test_a_protocol_equals_itself_through_json():
    for protocol in (PROTOCOL, dataclasses.replace(PROTOCOL, **OTHERS)):
        text = json.dumps(protocol.to_dict())
        assert Protocol.from_dict(json.loads(text)) == protocol


def test_a_score_equals_itself_through_json():
    for found in (score(0.5), Score(float("1e-17"), PROTOCOL, "none")):
        text = json.dumps(found.to_dict())
        again = Score.from_dict(json.loads(text))
        assert again == found and again.minus(found) == 0.0
        assert json.loads(text)["name"] == found.name


def test_differences_and_directions():
    assert score(0.75).minus(score(0.5)) == 0.25
    assert score(0.4).is_better_than(score(0.5)) and not score(0.5).is_better_than(score(0.4))
    assert score(0.5, "high").is_better_than(score(0.4, "high"))
    assert not score(0.5).is_better_than(score(0.5))
    with pytest.raises(ValueError, match="no better direction"):
        score(0.5, "none").is_better_than(score(0.4, "none"))


@pytest.mark.parametrize(
    ("metric", "network", "name"),
    [
        ("frechet_distance", "inception_2015", "fid"),
        ("frechet_distance", "digits", "proxy_fid[digits]"),
        ("frechet_distance", "pixels", "proxy_fid[pixels]"),
        ("frechet_distance", "classifier:inception_2015", "proxy_fid[classifier:inception_2015]"),
        ("frechet_distance_infinity", "garments", "proxy_fid_infinity[garments]"),
        ("intra_class_frechet_distance", "inception_2015", "intra_fid"),
        ("kernel_distance", "inception_2015", "kid"),
        ("kernel_distance", "efficientnet_lite0", "proxy_kid[efficientnet_lite0]"),
        ("inception_score", "inception_2015", "inception_score"),
        ("inception_score", "digits", "proxy_inception_score[digits]"),
        ("precision_recall.precision", "digits", "precision[digits]"),
        ("precision_recall.recall", "inception_2015", "recall"),
        ("density_coverage.coverage", "cifar10", "coverage[cifar10]"),
        ("mind", "digits", "mind[digits]"),
        ("mind", "inception_2015", "mind"),
        ("ms_ssim", "none", "ms_ssim"),
    ],
)
def test_names(metric, network, name):
    assert score_name(metric, network) == name
    protocol = dataclasses.replace(PROTOCOL, metric=metric, network=network)
    assert Score(1.0, protocol).name == name


def test_only_the_reference_network_gives_the_published_names():
    published = {"fid", "fid_infinity", "intra_fid", "kid", "inception_score"}
    for metric in registry.METRICS:
        for network in [*registry.FEATURES, "none"]:
            name = score_name(metric, network)
            assert (name in published) <= (network == "inception_2015"), name
