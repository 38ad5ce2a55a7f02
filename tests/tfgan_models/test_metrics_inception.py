"""Inception score against its golden values and the definition."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

from tfgan_models.metrics.inception import InceptionScore, inception_score


def rows(count=200, classes=7, seed=0):
    return np.random.default_rng(seed).dirichlet(np.full(classes, 0.3), count)


def by_definition(p):
    return np.exp(np.mean([scipy.stats.entropy(row, p.mean(axis=0)) for row in p]))


@pytest.mark.parametrize("seed", [None, 0])
@pytest.mark.parametrize(
    "probabilities, score",
    [
        (np.eye(10), 10.0),
        (np.tile(np.eye(10), (5, 1)), 10.0),
        (np.full((20, 10), 0.1), 1.0),
        ([[0.9, 0.1], [0.1, 0.9]], 1.4449348111684153),
        (
            [[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.3, 0.3, 0.4]],
            1.251414937192598,
        ),
    ],
)
def test_golden_values(probabilities, score, seed):
    np.testing.assert_allclose(
        inception_score(probabilities, splits=1, seed=seed), (score, 0.0), rtol=1e-12, atol=1e-12
    )


def test_contiguous_splits_are_those_of_the_authors_code():
    p = rows(203)
    scores = [by_definition(p[i * 203 // 10 : (i + 1) * 203 // 10]) for i in range(10)]
    score = inception_score(p, seed=None)
    np.testing.assert_allclose(score, (np.mean(scores), np.std(scores)), rtol=1e-10)


def test_random_splits_are_equal_parts_of_all_samples():
    p = rows(203)
    stream = InceptionScore(10)
    split = stream._split_of(0, 203)
    assert set(np.bincount(split)) == {20, 21}
    scores = [by_definition(p[split == i]) for i in range(10)]
    np.testing.assert_allclose(inception_score(p), (np.mean(scores), np.std(scores)), rtol=1e-10)


def test_random_splits_do_not_follow_the_order():
    # Neither sorted nor alternating classes leave a split with one class.
    p = np.eye(10)[np.arange(5000) // 500]
    assert inception_score(p, seed=None).mean == pytest.approx(1.0)
    for q in (p, np.eye(10)[np.arange(5000) % 10]):
        assert inception_score(q).mean > 9.5


def test_seeds():
    p = rows()
    assert inception_score(p, seed=3) == inception_score(p, seed=3)
    assert inception_score(p, seed=3) != inception_score(p, seed=4)


@pytest.mark.parametrize("splits", [1, 3, 4, 10])
@pytest.mark.parametrize("start", [0, 5, 1234])
def test_the_split_of_a_sample_depends_on_its_number_alone(splits, start):
    stream = InceptionScore(splits)
    np.testing.assert_array_equal(
        stream._split_of(start, 100), stream._split_of(0, start + 100)[start:]
    )


def test_logits():
    logits = np.random.default_rng(0).normal(0.0, 3.0, (100, 8))
    expected = inception_score(scipy.special.softmax(logits, axis=1), 5)
    np.testing.assert_allclose(inception_score(logits, 5, from_logits=True), expected, rtol=1e-10)
    np.testing.assert_allclose(
        inception_score(logits + 1e4, 5, from_logits=True), expected, rtol=1e-9
    )
    extreme = np.where(np.eye(4) > 0, 1e4, -1e4)
    np.testing.assert_allclose(inception_score(extreme, 1, from_logits=True).mean, 4.0)


def test_range():
    for seed in range(5):
        p = rows(50, 6, seed)
        assert 1.0 <= inception_score(p, 2).mean <= 6.0


def test_float32_probabilities_lose_only_their_rounding():
    p = rows()
    np.testing.assert_allclose(
        inception_score(p.astype("float32")).mean, inception_score(p).mean, rtol=1e-6
    )


@pytest.mark.parametrize("from_logits", [False, True])
def test_shards_that_know_where_they_start(from_logits):
    p = rows(5000)
    p = np.log(p + 1e-9) if from_logits else p
    whole = inception_score(p, 4, from_logits, 2)
    merged = InceptionScore(4, from_logits, 2)
    for start, end in ((1701, 5000), (3, 1701), (0, 3)):
        shard = InceptionScore(4, from_logits, 2, start)
        for i in range(start, end, 999):
            shard.update(p[i : min(i + 999, end)])
        merged.merge(shard)
    np.testing.assert_allclose(merged.result(), whole, rtol=1e-10)


def test_memory_is_constant():
    stream = InceptionScore(4)
    for seed in range(3):
        stream.update(rows(1000, 7, seed))
        arrays = [v for v in vars(stream).values() if isinstance(v, np.ndarray)]
        assert sum(a.size for a in arrays) == 4 * (7 + 2)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: inception_score(rows(5), 10), "splits must be .* from 1 to 5 .5 samples"),
        (lambda: inception_score(rows() * 3.0), "pass the softmax, or logits"),
        (lambda: inception_score(rows() * np.nan), "NaN or infinity in 200 of 200 rows"),
        (lambda: InceptionScore(2).result(), "0 samples leave one of 2 splits empty"),
        (lambda: InceptionScore(0), "splits must be"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_classes_must_stay():
    stream = InceptionScore(2)
    stream.update(rows())
    with pytest.raises(ValueError, match="3 classes here and 7 before"):
        stream.update(rows(classes=3))
    other = InceptionScore(2)
    other.update(rows(classes=3))
    with pytest.raises(ValueError, match="shards have 7 and 3 classes"):
        stream.merge(other)
