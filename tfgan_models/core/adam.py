"""Adam, each weight updated by one operation instead of a dozen."""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfgan_models")
class Adam(keras.optimizers.Adam):
    """Kingma and Ba 2014, arXiv:1412.6980, section 2, last lines; `keras.optimizers.Adam`.

    Arguments, variables, checkpoints and results (to 1e-5 of a step) are Keras's. TensorFlow's
    `ResourceApplyAdam` reads and writes a weight and its two moments once; with `amsgrad`,
    and for sparse gradients, Keras's own step runs.
    """

    def update_step(self, gradient, variable, learning_rate):
        """Updates one weight (`tf.Variable` of this device) by its gradient."""
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        index, dtype = self._get_variable_index(variable), variable.dtype
        step = tf.cast(self.iterations + 1, dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.cast(self.beta_1, dtype) ** step,
            beta2_power=tf.cast(self.beta_2, dtype) ** step,
            lr=tf.cast(learning_rate, dtype),
            beta1=tf.cast(self.beta_1, dtype),
            beta2=tf.cast(self.beta_2, dtype),
            epsilon=tf.cast(self.epsilon, dtype),
            grad=tf.cast(gradient, dtype),
        )
