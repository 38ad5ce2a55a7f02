"""What the penalties' formulas share."""

from __future__ import annotations

import tensorflow as tf


def as_float(value) -> tf.Tensor:
    """Returns a tensor in float32; float64 stays, for checks by finite differences."""
    value = tf.convert_to_tensor(value)
    return value if value.dtype == tf.float64 else tf.cast(value, tf.float32)


def squared_norms(value) -> tf.Tensor:
    """Sum of squares over all axes but the first, (B,)."""
    return tf.reduce_sum(tf.square(value), axis=list(range(1, value.shape.rank)))


def mean_squared_difference(name: str, first, second) -> tf.Tensor:
    """mean (first - second)^2 over every element, scalar.

    Raises:
        ValueError: The shapes disagree.
    """
    first, second = as_float(first), as_float(second)
    if first.shape != second.shape:
        raise ValueError(
            f"The two {name} must have one shape; got {tuple(first.shape)} and "
            f"{tuple(second.shape)}."
        )
    return tf.reduce_mean(tf.square(first - second))
