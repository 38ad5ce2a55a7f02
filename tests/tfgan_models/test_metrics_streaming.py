"""Streams of features equal one call, merged shards equal the whole."""

import copy
import pickle

import numpy as np
import pytest

from tfgan_models.metrics import (
    extrapolation,
    frechet,
    inception,
    intra_class,
    kernel,
    neighbours,
    prd,
    rows,
    support,
)
from tfgan_models.metrics.slices import Mind, mind

RANDOM = np.random.default_rng(0)
REAL = RANDOM.normal(size=(230, 4)).astype("float32")
FAKE = RANDOM.normal(0.2, 1.1, (190, 4)).astype("float32")
HELD_OUT = RANDOM.normal(size=(90, 4)).astype("float32")
X, Y = np.arange(230) % 3, np.arange(190) % 3
CUTS = {"real": [100, 150, 230], "fake": [1, 130, 190], "held_out": [0, 90, 90]}

# Class, one-shot function, options, options that do not fit.
CASES = [
    (frechet.FrechetDistance, frechet.frechet_distance, {}, None),
    (
        extrapolation.FrechetDistanceInfinity,
        extrapolation.frechet_distance_infinity,
        {"points": 4},
        {"points": 5},
    ),
    (
        kernel.KernelDistance,
        kernel.kernel_distance,
        {"subsets": 4, "subset_size": 60},
        {"subsets": 5, "subset_size": 60},
    ),
    (kernel.KernelDistance, kernel.kernel_distance, {"form": "full"}, {"form": "blocks"}),
    (neighbours.PrecisionRecall, neighbours.precision_recall, {"k": 4}, {"k": 3}),
    (neighbours.DensityCoverage, neighbours.density_coverage, {"k": 4}, {"k": 3}),
    (neighbours.Realism, neighbours.realism, {"k": 2}, {"k": 3}),
    (
        prd.PrecisionRecallCurve,
        prd.precision_recall_curve,
        {"clusters": 5, "angles": 21, "runs": 2},
        {"clusters": 5, "angles": 21, "runs": 2, "seed": 1},
    ),
    (Mind, mind, {"projections": 30}, {"projections": 30, "seed": 1}),
    (
        support.NearestNeighbours,
        support.nearest_neighbours,
        {"k": 3, "metric": "euclidean"},
        {"k": 3},
    ),
    (support.Memorisation, support.memorisation, {}, {"metric": "euclidean"}),
]
IDS = [case[0].__name__ + str(i) for i, case in enumerate(CASES)]


def numbers(value):
    """All numbers of a result, in one row."""
    parts = value if isinstance(value, tuple) else (value,)
    return np.concatenate([np.ravel(np.asarray(p, "float64")) for p in parts])


def arrays(cls):
    found = {"real": REAL, "fake": FAKE}
    if cls is support.Memorisation:
        found["held_out"] = HELD_OUT
    return found


def shard(cls, options, i):
    statistic = cls(**options)
    for name, array in arrays(cls).items():
        start = CUTS[name][i - 1] if i else 0
        for piece in np.array_split(array[start : CUTS[name][i]], 2):
            statistic.update(**{name: piece})
    return statistic


@pytest.mark.parametrize("cls, function, options, other", CASES, ids=IDS)
def test_streams_and_shards_equal_one_call(cls, function, options, other):
    expected = numbers(function(*arrays(cls).values(), **options))
    stream = cls(**options)
    for i in range(0, 230, 37):
        stream.update(real=REAL[i : i + 37], fake=FAKE[i : i + 37])
        if cls is support.Memorisation:
            stream.update(held_out=HELD_OUT[i : i + 37])
    np.testing.assert_allclose(numbers(stream.result()), expected, rtol=1e-10, atol=1e-12)
    shards = [pickle.loads(pickle.dumps(shard(cls, options, i))) for i in range(3)]
    merged = shards[0].merge(shards[1]).merge(shards[2])
    assert merged is shards[0]
    np.testing.assert_allclose(numbers(merged.result()), expected, rtol=1e-10, atol=1e-12)
    # A result does not end a stream.
    np.testing.assert_array_equal(numbers(merged.result()), numbers(merged.result()))


@pytest.mark.parametrize("cls, function, options, other", CASES, ids=IDS)
def test_unlike_statistics_are_not_merged(cls, function, options, other):
    with pytest.raises(ValueError, match="merge shards of one statistic"):
        cls(**options).merge(inception.InceptionScore())
    if other is not None:
        with pytest.raises(ValueError, match=f"{cls.__name__} with different options cannot be"):
            cls(**options).merge(cls(**other))


@pytest.mark.parametrize("cls, function, options, other", CASES, ids=IDS)
def test_the_callers_arrays_are_neither_kept_nor_changed(cls, function, options, other):
    given = {name: array.copy() for name, array in arrays(cls).items()}
    expected = numbers(function(*given.values(), **options))
    for name, array in arrays(cls).items():
        np.testing.assert_array_equal(given[name], array)
    stream = cls(**options)
    stream.update(**given)
    for array in given.values():
        array[:] = np.nan
    np.testing.assert_allclose(numbers(stream.result()), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("cls, function, options, other", CASES, ids=IDS)
def test_bad_batches_are_refused_when_they_come(cls, function, options, other):
    stream = cls(**options)
    stream.update(real=REAL)
    with pytest.raises(ValueError, match="real has 3 dimensions here and 4 before"):
        stream.update(real=REAL[:, :3])
    with pytest.raises(ValueError, match="fake has NaN or infinity in 190 of 190 rows"):
        stream.update(fake=FAKE * np.nan)
    with pytest.raises(ValueError, match="fake has"):
        stream.result()
    stream.update(fake=FAKE[:, :3])
    with pytest.raises(ValueError, match="real has 4 dimensions and fake 3"):
        stream.result()


def test_intra_class_shards():
    expected = intra_class.intra_class_frechet_distance(REAL, X, FAKE, Y)
    merged = intra_class.IntraClassFrechetDistance()
    for i in range(3):
        part = intra_class.IntraClassFrechetDistance()
        for name, array, labels in (("real", REAL, X), ("fake", FAKE, Y)):
            rows_ = slice(CUTS[name][i - 1] if i else 0, CUTS[name][i])
            part.update(**{name: array[rows_], f"{name}_labels": labels[rows_]})
        merged.merge(part)
    value = merged.result()
    np.testing.assert_allclose(value.mean, expected.mean, rtol=1e-10)
    assert value.by_class.keys() == expected.by_class.keys()


def test_one_sample_shards():
    p = np.random.default_rng(0).dirichlet(np.ones(4), 200)
    cases = [
        (
            extrapolation.InceptionScoreInfinity,
            extrapolation.inception_score_infinity,
            {"points": 4},
            p,
        ),
        (support.BirthdayParadox, support.birthday_paradox, {"threshold": 0.1}, p),
    ]
    for cls, function, options, array in cases:
        parts = [cls(**options) for _ in range(3)]
        for part, piece in zip(parts, np.array_split(array, 3), strict=True):
            part.update(piece)
        merged = parts[0].merge(parts[1]).merge(parts[2])
        np.testing.assert_allclose(
            numbers(merged.result()), numbers(function(array, **options)), rtol=1e-10
        )


def test_moments_in_constant_memory():
    stream = frechet.FrechetDistance()
    sizes = []
    for _ in range(3):
        stream.update(real=REAL, fake=FAKE)
        sizes.append(len(pickle.dumps(stream)))
    assert max(sizes) - min(sizes) < 16  # the count itself grows


def test_kept_rows_keep_their_type():
    for dtype in ("float32", "float64"):
        kept = rows.Rows("x")
        for piece in np.array_split(REAL.astype(dtype), 4):
            kept.append(piece)
        assert len(kept) == 230
        assert kept.array().dtype == dtype
        np.testing.assert_array_equal(kept.array(), REAL.astype(dtype))
        assert kept.array() is kept.array()
    clone = copy.deepcopy(kept)
    clone.append(REAL[:1])
    assert len(clone) == 231 and len(kept) == 230
