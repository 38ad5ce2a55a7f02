"""Text as images: round trip, refusals, divergences of n-grams with known values."""

import math

import numpy as np
import pytest

from tfgan_models import analysis


def test_round_trip_and_padding():
    texts = ["a cat", "(it's) up."]
    images = analysis.encode_text(texts, length=12)
    assert images.shape == (2, 12, 33, 1) and images.dtype == np.float32
    assert set(np.unique(images)) == {-1.0, 1.0}
    np.testing.assert_array_equal((images > 0).sum(axis=2), 1)
    assert analysis.decode_text(images) == [t.ljust(12) for t in texts]


def test_decoding_takes_the_likeliest_character():
    images = np.full((1, 2, 3, 1), -0.9)
    images[0, 0, 2], images[0, 1, 0] = -0.1, -0.2
    assert analysis.decode_text(images, alphabet="xyz") == ["zx"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: analysis.encode_text(["abc"], length=2), "Text 0 has 3 characters, more than 2"),
        (lambda: analysis.encode_text(["ok", "A"]), "Text 1 has 'A', which is not in"),
        (lambda: analysis.encode_text(["a"], alphabet="aa"), "must be different characters"),
        (lambda: analysis.decode_text(np.zeros((1, 4, 5, 1))), r"must be \(n, L, 33, 1\)"),
        (lambda: analysis.ngram_divergence(["a"], ["a"], 2), "no string of 2 characters"),
        (lambda: analysis.ngram_divergence(["a"], ["a"], 0), "n must be at least 1"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_divergences_of_known_distributions():
    """p = (1/2, 1/2, 0), q = (1/2, 0, 1/2): half of log 2; the bounds 0 and log 2."""
    half = analysis.ngram_divergence(["ab"], ["ac"], 1)
    assert half == pytest.approx(0.5 * math.log(2.0))
    assert analysis.ngram_divergence(["abba"], ["ab", "ba"], 1) == 0.0
    assert analysis.ngram_divergence(["abab"], ["cdcd"], 2) == pytest.approx(math.log(2.0))


def test_order_counts_from_two_characters_on():
    """ "ab ab" and "ba ba" have the same letters but other pairs; pairs end with the string."""
    assert analysis.ngram_divergence(["ab", "ab"], ["ba", "ba"], 1) == 0.0
    assert analysis.ngram_divergence(["ab", "ab"], ["ba", "ba"], 2) == pytest.approx(math.log(2))
