"""What `fit` and its relatives need of a model with two optimizers and no Keras metrics."""

from __future__ import annotations

import tensorflow as tf

from tfgan_models.core import batches, train_function


class Fitting:
    """Keras's training entry points; mixed into `GAN`."""

    def fit(
        self, x=None, y=None, *, batch_size=64, epochs=1, steps_per_epoch=None, shuffle=True, **kw
    ):
        """Trains; as `keras.Model.fit`.

        Args:
            x: Images (N, H, W, C) in [-1, 1], or a tf.data.Dataset of batches of
                d_steps * B with a static size.
            y: Labels (N,), with arrays only.
            batch_size: B, with arrays only; the remainder is dropped.
            epochs, steps_per_epoch, **kw: As in Keras; validation is refused.
            shuffle: Shuffle arrays anew in each epoch, by the model's seed.

        Raises:
            ValueError: Wrong shapes, ragged batches, missing labels, steps that do not
                divide by `steps_per_execution`.
        """
        if not self.compiled:
            raise ValueError("Call compile() before fit().")
        if kw.get("validation_data") is not None or kw.get("validation_split"):
            self.evaluate()
        if not isinstance(x, tf.data.Dataset):
            rows = batch_size * self.d_steps
            batches.check_labels_present(
                {"image"} | ({"label"} if y is not None else set()), self.num_classes
            )
            x = batches.from_arrays(x, y, rows, self.seed, shuffle)
        self._batch_rows = batches.check_dataset(
            x,
            self.image_shape,
            self.num_classes,
            self.d_steps,
            self.distribute_strategy.num_replicas_in_sync,
            self.accumulation,
        )
        train_function.check_steps(x, steps_per_epoch, self.steps_per_execution)
        return super().fit(x, epochs=epochs, steps_per_epoch=steps_per_epoch, shuffle=False, **kw)

    def evaluate(self, *args, **kwargs):
        """Refused: a GAN has no validation loss."""
        raise ValueError(
            "A GAN has no validation loss. Look at sample(), or measure its samples: "
            "parzen_log_likelihood, a classifier's label consistency, a Frechet distance."
        )

    @property
    def metrics(self):
        """Empty: the means are in `log_means`, which checkpoints carry."""
        return []

    def reset_metrics(self):
        """Starts the logged means again."""
        self.log_means.reset()

    def make_train_function(self, force=False):
        """Sets the function that `fit` calls; see `core.train_function`."""
        if self.train_function is None or force:
            self.train_function = train_function.make(self)
        return self.train_function

    def _local_rows(self):
        if self._batch_rows is None:
            return None
        return self._batch_rows // self.distribute_strategy.num_replicas_in_sync

    def _maybe_symbolic_build(self, *args, **kwargs):
        """Nothing to build: Keras would call the generator on a batch of images."""
