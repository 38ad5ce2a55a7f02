"""Gradients for any number of replicas and any precision, and the moving average.

The only place that divides by the number of replicas and scales for float16.
"""

from __future__ import annotations

import keras
import tensorflow as tf


def gradients(loss, tape, variables, optimizer) -> list[tf.Tensor]:
    """Gradients of `loss` divided by the replicas and, for float16, scaled.

    Optimizers sum over replicas, so the division makes the update that of the mean
    over the global batch. It acts on the gradient (`output_gradients`): a division of
    the loss after the tape is closed would not be recorded.

    Args:
        loss: Scalar float32, mean over this replica's examples.
        tape: The closed (or persistent) tape that recorded it.
        variables: Keras variables or tensors to differentiate with respect to.
        optimizer: Whose `apply` the gradients go to (it undoes the float16 scale).

    Raises:
        ValueError: A variable has no gradient; the message names all of them.
    """
    context = tf.distribute.get_replica_context()
    replicas = context.num_replicas_in_sync if context is not None else 1
    scale = tf.ones_like(loss) / replicas
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        scale = scale * tf.convert_to_tensor(optimizer.dynamic_scale)
    sources = [getattr(v, "value", v) for v in variables]
    grads = tape.gradient(loss, sources, output_gradients=scale)
    missing = [v.path for v, g in zip(variables, grads, strict=True) if g is None]
    if missing:
        raise ValueError(
            f"The loss does not depend on {', '.join(missing)}: no gradient. Leave them out of "
            "the network, or make them non-trainable."
        )
    return _after(loss, grads)


def _after(loss, grads) -> list[tf.Tensor]:
    """The gradients, once the loss is known: what reads the weights comes before what moves them.

    Needed where a gradient does not depend on the weights, as with a critic's last layer.
    Grappler takes the order "read, then move" for implied by the optimizer's IdentityN over
    all gradients, drops it, and removes that IdentityN: a step's result is then a matter of luck.
    """
    with tf.control_dependencies([loss]):
        return [tf.identity(g) for g in grads]


def apply(grads, variables, optimizer) -> None:
    """Applies gradients; under float16 all replicas skip together when one is not finite."""
    context = tf.distribute.get_replica_context()
    scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    if scaled and context is not None and context.num_replicas_in_sync > 1:
        # LossScaleOptimizer looks at its own replica only.
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(g)) for g in grads])
        bad = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.cast(~finite, tf.float32))
        grads = [tf.where(bad > 0, tf.constant(float("nan"), g.dtype), g) for g in grads]
    optimizer.apply(grads, variables)


def uses_float16(*networks) -> bool:
    """Whether any layer of the networks computes in float16."""
    return any(
        layer.compute_dtype == "float16" for net in networks for layer in net._flatten_layers()
    )


def clone_network(network) -> keras.Model:
    """Returns a built copy of a network with equal weights."""
    clone = type(network).from_config(network.get_config())
    if not clone.built:
        clone.build(network.input_shape)
    clone.set_weights(network.get_weights())
    return clone


def update_average(average, network, beta) -> None:
    """average <- network + beta (average - network); statistics and counters are copied."""
    for a, w in zip(average.weights, network.weights, strict=True):
        value = tf.convert_to_tensor(w)
        if w.trainable:
            value = value + beta * (tf.convert_to_tensor(a) - value)
        a.assign(value)


def seed_noise_layers(networks, key) -> None:
    """Gives each layer with a random stream (Dropout, GaussianNoise) this step's seed.

    Keras does not save those streams, so a resumed run would draw other noise.

    Args:
        networks: The networks to look through.
        key: (layer index) -> uint32 tensor (2,), a function of seed, step and replica.
    """
    index = 0
    for network in networks:
        for layer in network._flatten_layers():
            generator = getattr(layer, "seed_generator", None)
            if generator is not None:
                generator.state.assign(key(index))
                index += 1
