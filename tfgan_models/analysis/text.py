"""Text as images and back, and how far two texts are apart: WGAN-GP's language setting.

Gulrajani et al. 2017, arXiv:1704.00028, and the authors' gan_language.py. A text of L characters
from an alphabet of V is an image (L, V, 1), a row a character: 1 in its column, -1 in the others.
"""

from __future__ import annotations

import collections

import numpy as np

ALPHABET = " abcdefghijklmnopqrstuvwxyz.,'()-"


def encode_text(texts, length=32, alphabet=ALPHABET) -> np.ndarray:
    """Texts -> float32 (n, length, V, 1) in {-1, 1}.

    Args:
        texts: Strings of at most `length` characters; shorter ones are filled up with the
            alphabet's first character.
        length: L.
        alphabet: V different characters.

    Raises:
        ValueError: A text is too long or has a character that the alphabet lacks.
    """
    if len(set(alphabet)) != len(alphabet) or not alphabet:
        raise ValueError(f"alphabet must be different characters; got {alphabet!r}.")
    place = {character: i for i, character in enumerate(alphabet)}
    rows = np.zeros((len(texts), length), np.int64)
    for i, text in enumerate(texts):
        if len(text) > length:
            raise ValueError(f"Text {i} has {len(text)} characters, more than {length}: {text!r}.")
        unknown = set(text) - set(alphabet)
        if unknown:
            raise ValueError(f"Text {i} has {sorted(unknown)[0]!r}, which is not in the alphabet.")
        rows[i, : len(text)] = [place[character] for character in text]
    images = np.full((*rows.shape, len(alphabet), 1), -1.0, np.float32)
    np.put_along_axis(images, rows[:, :, None, None], 1.0, axis=2)
    return images


def decode_text(images, alphabet=ALPHABET) -> list[str]:
    """Images (n, L, V, 1) -> n strings of the likeliest characters.

    Args:
        images: Float, larger where a character is likelier.
        alphabet: V characters.

    Raises:
        ValueError: The shape does not fit the alphabet.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[2:] != (len(alphabet), 1):
        raise ValueError(f"images must be (n, L, {len(alphabet)}, 1); got {images.shape}.")
    return ["".join(alphabet[k] for k in row) for row in images[..., 0].argmax(axis=2)]


def ngram_divergence(first, second, n: int) -> float:
    """Jensen-Shannon divergence of two lists of strings' n-grams, in nats: 0 to log 2.

    n-grams do not cross from one string to the next.

    Args:
        first, second: Lists of strings.
        n: Characters in an n-gram.

    Raises:
        ValueError: A list has no n-gram.
    """
    counts = [_ngrams(texts, n) for texts in (first, second)]
    keys = sorted(counts[0].keys() | counts[1].keys())
    p, q = (np.array([c[key] for key in keys], float) / c.total() for c in counts)
    middle = 0.5 * (p + q)
    return 0.5 * float(_kl(p, middle) + _kl(q, middle))


def _ngrams(texts, n):
    if n < 1:
        raise ValueError(f"n must be at least 1; got {n}.")
    counts = collections.Counter(t[i : i + n] for t in texts for i in range(len(t) - n + 1))
    if not counts:
        raise ValueError(f"There is no string of {n} characters or more.")
    return counts


def _kl(p, q):
    seen = p > 0
    return np.sum(p[seen] * np.log(p[seen] / q[seen]))
