"""Running means of the logged scalars, kept in variables so that a resume continues them."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core import replicas


@keras.saving.register_keras_serializable(package="tfgan_models")
class LogMeans(keras.layers.Layer):
    """Means of named scalars since the last reset, over all replicas.

    Args:
        names: The declared names; any other raises.
    """

    def __init__(self, names, name="log_means", dtype="float32"):
        super().__init__(name=name, dtype=dtype, trainable=False)
        self.names = tuple(names)
        # Row 0: sums, row 1: how many scalars went into each.
        self.totals = self.add_weight(
            name="totals", shape=(2, len(self.names)), initializer="zeros"
        )
        self.built = True

    def update(self, entries: list[dict]) -> dict[str, tf.Tensor]:
        """Adds the logs of one step's updates and returns the means.

        Args:
            entries: One dict an update: name -> scalar, or -> (scalar, ran) with `ran`
                0 or 1 for a lazy term.

        Raises:
            ValueError: An undeclared name.
        """
        sums, counts = self._add_up(entries)
        self.totals.assign_add(tf.stack([replicas.mean(sums), counts]))
        total, count = tf.unstack(tf.convert_to_tensor(self.totals))
        means = tf.math.divide_no_nan(total, count)
        return dict(zip(self.names, tf.unstack(means), strict=True))

    def pack(self, logs: dict) -> tf.Tensor:
        """One update's logs as numbers that can be added up, float32 (2, names).

        Args:
            logs: As in `update`, one dict.

        Raises:
            ValueError: An undeclared name.
        """
        return tf.stack(self._add_up([logs]))

    def unpack(self, packed) -> dict:
        """The logs that `pack` packed: {name: (value, ran)} for all names."""
        values, ran = (tf.unstack(row) for row in tf.unstack(packed))
        return dict(zip(self.names, zip(values, ran, strict=True), strict=True))

    def _add_up(self, entries):
        sums, counts = dict.fromkeys(self.names, 0.0), dict.fromkeys(self.names, 0.0)
        for logs in entries:
            for name, value in logs.items():
                if name not in sums:
                    raise ValueError(
                        f"Log name {name!r} is not declared; add it to LOGS. Declared: "
                        f"{', '.join(self.names)}."
                    )
                value, ran = value if isinstance(value, tuple) else (value, 1.0)
                sums[name] += tf.cast(value, tf.float32)
                counts[name] += ran
        return tf.stack(list(sums.values())), tf.stack(list(counts.values()))

    def result(self) -> dict[str, float]:
        """Returns {name: mean}; a lazy term that has not run yet is left out."""
        sums, counts = self.totals.numpy().tolist()
        return {n: s / c for n, s, c in zip(self.names, sums, counts, strict=True) if c > 0}

    def reset(self) -> None:
        """Starts the means again."""
        self.totals.assign(tf.zeros_like(self.totals))

    def get_config(self):
        return {"names": self.names, "name": self.name}
