"""Work that is done only where a tensor says so.

Without a strategy a branch of the graph skips the work. Under one, collectives
(gradients, synchronised statistics) may not stand in a branch: there the work is done
and what it changed is put back, with the same result.
"""

from __future__ import annotations

import tensorflow as tf


def put_back_unless(gate, variables, work):
    """Runs `work` and restores `variables` where `gate` is false; returns its result.

    Args:
        gate: Bool scalar.
        variables: Everything of `work`'s changes that is to be undone.
        work: Function of nothing.
    """
    before = [tf.identity(tf.convert_to_tensor(v)) for v in variables]
    result = work()
    for variable, old in zip(variables, before, strict=True):
        variable.assign(tf.where(gate, tf.convert_to_tensor(variable), old))
    return result


def term_where(due, penalty, term):
    """Value of a lazy penalty: `term()` where `due`, else zero, its state untouched."""
    if tf.distribute.has_strategy() and getattr(penalty, "GLOBAL", False):
        state = list(getattr(penalty, "variables", ()))
        return tf.where(due, put_back_unless(due, state, term), 0.0)
    return tf.cond(due, lambda: tf.cast(term(), tf.float32), lambda: tf.constant(0.0))


def update_where(gate, variables, update, skipped, names):
    """Runs one player's update where `gate`.

    Args:
        gate: True or bool scalar.
        variables: What `update` changes and `skipped` does not.
        update: () -> logs, {name: scalar or (scalar, ran)}.
        skipped: () -> logs where there is no update.
        names: All declared log names.

    Returns:
        Logs; `ran` is zero for what `skipped` does not return where there was no update.
    """
    if gate is True:
        return update()
    if not tf.distribute.has_strategy():
        return tf.cond(gate, lambda: as_pairs(update(), names), lambda: as_pairs(skipped(), names))
    ran = tf.cast(gate, tf.float32)
    logs = as_pairs(put_back_unless(gate, variables, update), names)
    return {name: (value, count * ran) for name, (value, count) in logs.items()}


def as_pairs(logs, names) -> dict:
    """Returns {name: (float32 scalar, ran)} for all names: one structure for both branches."""
    pairs = {k: v if isinstance(v, tuple) else (v, 1.0) for k, v in logs.items()}
    pairs = {**dict.fromkeys(names, (0.0, 0.0)), **pairs}
    return {k: tuple(tf.cast(n, tf.float32) for n in pair) for k, pair in pairs.items()}
