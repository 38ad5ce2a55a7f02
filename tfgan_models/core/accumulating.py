"""Gradient accumulation: large batches on few devices.

The batch of an update is cut into parts, whose gradients are computed one after the other;
the optimizer gets their mean once. Memory is that of one part, and what is a mean over images
is the whole batch's: every example keeps its random numbers.
"""

from __future__ import annotations

import tensorflow as tf

from tfgan_models.core import batches, random
from tfgan_models.updates import Updates

STEP = ("train_step", "minimize", "_update_discriminator", "_update_generator")


def gradients(differentiate, batch, parts, variables, log_means):
    """Gradients and logs of one update.

    Args:
        differentiate: (batch) -> (gradients, logs) of the mean over the batch's examples.
        batch: Tensors of B rows, and `draws`.
        parts: n. Part i has the examples i, i + n, ...: with this stride the parts of all
            replicas together are those of one replica.
        variables: What is differentiated.
        log_means: The model's `LogMeans`, which knows the logs' names.

    Returns:
        (gradients, logs), both means over the parts.

    Raises:
        ValueError: The rows do not divide by n.
    """
    columns = _columns(batch, parts)

    def add(i, totals):
        part = {name: tf.gather(column, i, axis=1) for name, column in columns.items()}
        grads, logs = differentiate({**part, "draws": batch["draws"].part(i, parts)})
        return [a + b for a, b in zip(totals, [*grads, log_means.pack(logs)], strict=True)]

    totals = [tf.zeros(v.shape, v.dtype) for v in variables]
    *grads, logs = _over_parts(add, parts, [*totals, tf.zeros((2, len(log_means.names)))])
    return [g / parts for g in grads], log_means.unpack(logs / parts)


def _columns(batch, parts):
    rows = batch["image"].shape[0]
    if rows % parts:
        raise ValueError(batches.divide_message(rows, parts, "accumulation"))
    return {
        name: tf.reshape(value, (rows // parts, parts, *value.shape[1:]))
        for name, value in batch.items()
        if name != "draws"
    }


def _over_parts(add, parts, totals):
    if random.replica()[1] == 1:
        return tf.while_loop(
            lambda i, _: i < parts,
            lambda i, totals: (i + 1, add(i, totals)),
            (tf.constant(0), totals),
            parallel_iterations=1,
        )[1]
    # Synchronised statistics speak to the other replicas, which may not stand in a loop of the
    # graph: "merge_call" raises. Each copy of the part waits for the one before, so the memory
    # is still one part's; only the graph grows.
    for i in range(parts):
        with tf.control_dependencies(totals):
            totals = add(i, totals)
    return totals


def check(model) -> None:
    """Refuses accumulation where the mean over parts would not be the update of the batch.

    Raises:
        ValueError: One line: what stands against it, what to do.
    """
    parts = model.accumulation
    if parts == 1:
        return
    owners = [_owner(model, name) for name in STEP]
    if not model.ACCUMULATES or not all(vars(owner).get("ACCUMULATES") for owner in owners):
        raise ValueError(
            f"{type(model).__name__} has an update of its own, which does not come in parts: "
            f"accumulation must be 1, not {parts}."
        )
    if model.share_fakes:
        raise ValueError(
            f"share_fakes keeps the fakes of a whole batch, which accumulation={parts} makes in "
            "parts; use share_fakes=False."
        )
    if type(model.update_rule) is not Updates:
        raise ValueError(
            f"updates={type(model.update_rule).__name__} looks at whole updates, which "
            f"accumulation={parts} makes in parts; leave one of them out."
        )
    terms = [
        *((f"Loss {loss.NAME!r}", loss) for loss in model._chosen_losses()),
        *((f"Penalty {penalty.NAME!r}", penalty) for penalty in model._penalties()),
        (f"Augmentation {type(model.augment).__name__}", model.augment),
    ]
    for name, term in terms:
        _check_term(name, term, parts)


def _owner(model, name):
    """The class whose method `name` a model runs."""
    return next(cls for cls in type(model).__mro__ if name in vars(cls))


def _check_term(name, term, parts) -> None:
    reason = None
    if getattr(term, "WHOLE_BATCH", False) or getattr(term, "GLOBAL", False):
        reason = "looks at all images of a batch together"
    elif getattr(term, "variables", None) and not getattr(term, "ACCUMULATES", False):
        reason = "moves its state with every batch it sees"
    if reason:
        raise ValueError(
            f"{name} {reason}, and accumulation={parts} shows it parts of a batch: leave one "
            "of them out."
        )
