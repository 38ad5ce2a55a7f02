"""Running means of the logged scalars, kept in variables so that a resume continues them."""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfgan_models")
class LogMeans(keras.layers.Layer):
    """Means of named scalars since the last reset, over all replicas.

    Args:
        names: The declared names; any other raises.
    """

    def __init__(self, names, name="log_means", dtype="float32"):
        super().__init__(name=name, dtype=dtype, trainable=False)
        self.names = tuple(names)
        shape = (len(self.names),)
        self.sums = self.add_weight(name="sums", shape=shape, initializer="zeros")
        self.counts = self.add_weight(name="counts", shape=shape, initializer="zeros")
        self.built = True

    def update(self, entries: list[dict]) -> dict[str, tf.Tensor]:
        """Adds the logs of one step's updates and returns the means.

        Args:
            entries: One dict an update: name -> scalar, or -> (scalar, ran) with `ran`
                0 or 1 for a lazy term.

        Raises:
            ValueError: An undeclared name.
        """
        sums = {name: [] for name in self.names}
        counts = {name: [] for name in self.names}
        for logs in entries:
            for name, value in logs.items():
                if name not in sums:
                    raise ValueError(
                        f"Log name {name!r} is not declared; add it to LOGS. Declared: "
                        f"{', '.join(self.names)}."
                    )
                value, ran = value if isinstance(value, tuple) else (value, 1.0)
                sums[name].append(tf.cast(value, tf.float32))
                counts[name].append(tf.cast(ran, tf.float32))
        total = tf.stack([tf.add_n(v) if v else 0.0 for v in sums.values()])
        ran = tf.stack([tf.add_n(v) if v else 0.0 for v in counts.values()])
        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            total = context.all_reduce(tf.distribute.ReduceOp.MEAN, total)
        self.sums.assign_add(total)
        self.counts.assign_add(ran)
        means = tf.math.divide_no_nan(
            tf.convert_to_tensor(self.sums), tf.convert_to_tensor(self.counts)
        )
        return dict(zip(self.names, tf.unstack(means), strict=True))

    def result(self) -> dict[str, float]:
        """Returns {name: mean}; a lazy term that has not run yet is left out."""
        sums, counts = self.sums.numpy().tolist(), self.counts.numpy().tolist()
        return {n: s / c for n, s, c in zip(self.names, sums, counts, strict=True) if c > 0}

    def reset(self) -> None:
        """Starts the means again."""
        self.sums.assign(tf.zeros_like(self.sums))
        self.counts.assign(tf.zeros_like(self.counts))

    def get_config(self):
        return {"names": self.names, "name": self.name}
