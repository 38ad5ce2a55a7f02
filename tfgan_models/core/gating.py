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


def term_where(due, term, states, speaks):
    """Value of a lazy penalty: `term()` where `due`, else zero and no state changed.

    Args:
        due: Bool scalar.
        term: () -> scalar.
        states: Variables that the term may change: the penalty's, the networks' statistics.
        speaks: Whether the term, or a network that it may run, speaks to other replicas.
    """
    if tf.distribute.has_strategy() and speaks:
        return tf.where(due, put_back_unless(due, states, term), 0.0)
    return tf.cond(due, lambda: tf.cast(term(), tf.float32), lambda: tf.constant(0.0))


def update_where(gate, variables, update, names, look=None):
    """Runs one player's update where `gate`.

    Args:
        gate: True or bool scalar.
        variables: What `update` changes and `look` does not.
        update: () -> logs, {name: scalar or (scalar, ran)}.
        names: All declared log names.
        look: What is done instead where the gate is false: all of `update` but the change
            of the weights, with the same logs. None: nothing.

    Returns:
        Logs; zero, and `ran` zero, for what was not done.
    """
    if gate is True:
        return update()
    if not tf.distribute.has_strategy():
        instead = look or dict
        return tf.cond(gate, lambda: as_pairs(update(), names), lambda: as_pairs(instead(), names))
    done = as_pairs(put_back_unless(gate, variables, update), names)
    if look is not None:
        return done
    return tf.nest.map_structure(lambda a, b: tf.where(gate, a, b), done, as_pairs({}, names))


def as_pairs(logs, names) -> dict:
    """Returns {name: (float32 scalar, ran)} for all names: one structure for both branches."""
    pairs = {k: v if isinstance(v, tuple) else (v, 1.0) for k, v in logs.items()}
    pairs = {**dict.fromkeys(names, (0.0, 0.0)), **pairs}
    return {k: tuple(tf.cast(n, tf.float32) for n in pair) for k, pair in pairs.items()}
