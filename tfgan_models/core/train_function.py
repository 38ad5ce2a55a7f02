"""Our own train function for `fit`.

Keras's fails under MultiWorkerMirroredStrategy (it reduces scalars over axis 0)
and, with several steps per execution, under MirroredStrategy. This one runs the
step with `strategy.run` and takes the mean of the logs over replicas.
"""

from __future__ import annotations

import tensorflow as tf


def make(model):
    """Returns the function that `fit` and `train_on_batch` call with their iterator.

    Args:
        model: A compiled GAN.
    """
    strategy = model.distribute_strategy
    step = model.train_step
    if model.use_xla:
        step = tf.function(step, jit_compile=True, autograph=False)

    def one_step(data):
        logs = strategy.run(step, args=(data,))
        return {
            name: strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None)
            for name, value in logs.items()
        }

    on_batch = one_step if model.run_eagerly else tf.function(one_step, autograph=False)

    def several_steps(iterator):
        if model.steps_per_execution == 1:
            return one_step(next(iterator))

        # A loop in the graph: unrolled, 50 steps take minutes to optimise.
        def body(done, _):
            return done + 1, on_batch(next(iterator))

        logs = on_batch(next(iterator))

        return tf.while_loop(
            lambda done, _: done < model.steps_per_execution,
            body,
            (tf.constant(1), logs),
            parallel_iterations=1,
        )[1]

    if not model.run_eagerly:
        several_steps = tf.function(several_steps, reduce_retracing=True, autograph=False)

    def train_function(iterator):
        if isinstance(iterator, (tf.data.Iterator, tf.distribute.DistributedIterator)):
            return several_steps(iterator)
        return on_batch(next(iterator))

    return train_function


def check_steps(dataset, steps_per_epoch, steps_per_execution) -> None:
    """Refuses a number of steps that `steps_per_execution` would overshoot.

    Raises:
        ValueError: The steps of an epoch do not divide by `steps_per_execution`.
    """
    steps = steps_per_epoch
    if steps is None:
        size = int(dataset.cardinality().numpy())
        if size < 0:
            raise ValueError("The dataset has no known end: give steps_per_epoch.")
        steps = size
    if steps % steps_per_execution:
        lower = steps // steps_per_execution * steps_per_execution
        raise ValueError(
            f"{steps} steps an epoch do not divide by steps_per_execution="
            f"{steps_per_execution}; use {lower or steps_per_execution} steps."
        )
