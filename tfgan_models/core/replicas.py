"""Statistics over the global batch: what one replica sees combined with the others'.

Both functions are differentiable, and outside a strategy they return what they are given.
"""

from __future__ import annotations

import tensorflow as tf


def mean(value):
    """Mean over replicas of a tensor or a list of tensors of one shape each.

    With the loss divided by the number of replicas (`core.optimization.gradients`), the
    gradient through it is that of one replica with the whole batch.
    """
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.MEAN, value)


def gather(value) -> tf.Tensor:
    """Concatenates (B, ...) of all replicas along the batch axis, in replica order."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return tf.convert_to_tensor(value)
    return context.all_gather(value, axis=0)
