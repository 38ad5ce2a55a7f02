"""Learning-rate and momentum schedules of the papers, as functions of the update count."""

from __future__ import annotations

import math

import keras
from keras import ops

_PACKAGE = "tfgan_models"


@keras.saving.register_keras_serializable(package=_PACKAGE)
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Constant, then linear to `final`.

    rate(t) = initial                                          for t <= start
            = initial + (final - initial) * (t - start) / (end - start), then final

    Args:
        initial: Rate before `start`.
        start: Update at which the decay begins.
        end: Update at which `final` is reached; must be over `start`.
        final: Rate afterwards.
    """

    def __init__(self, initial, start, end, final=0.0):
        if not end > start:
            raise ValueError(f"LinearDecay needs end > start; got start={start}, end={end}.")
        self.initial, self.start, self.end, self.final = initial, start, end, final

    def __call__(self, step):
        done = (ops.cast(step, "float32") - self.start) / (self.end - self.start)
        return self.initial + (self.final - self.initial) * ops.clip(done, 0.0, 1.0)

    def get_config(self):
        return {"initial": self.initial, "start": self.start, "end": self.end, "final": self.final}


@keras.saving.register_keras_serializable(package=_PACKAGE)
class FlooredExponentialDecay(keras.optimizers.schedules.LearningRateSchedule):
    """rate(t) = max(initial / decay^t, floor), as in the 2014 GAN code (decay 1.000004).

    Args:
        initial: Rate at update 0.
        decay: Factor over 1 that divides the rate after every update.
        floor: Smallest rate.
    """

    def __init__(self, initial, decay, floor):
        if not decay > 1.0:
            raise ValueError(f"FlooredExponentialDecay divides by decay > 1; got {decay}.")
        self.initial, self.decay, self.floor = initial, decay, floor

    def __call__(self, step):
        log_decay = math.log(self.decay)
        rate = self.initial * ops.exp(-log_decay * ops.cast(step, "float32"))
        return ops.maximum(rate, self.floor)

    def get_config(self):
        return {"initial": self.initial, "decay": self.decay, "floor": self.floor}


@keras.saving.register_keras_serializable(package=_PACKAGE)
class MomentumRampSGD(keras.optimizers.Optimizer):
    """SGD whose momentum rises linearly with the update count (Goodfellow et al. 2014).

        m(t) = momentum                                             for t <= ramp_start
             = momentum + (final_momentum - momentum) * (t - ramp_start) / (ramp_end - ramp_start)
        v <- m(t) v - lr(t) g;   w <- w + v

    Args:
        learning_rate: Float or schedule.
        momentum: Momentum until `ramp_start`.
        final_momentum: Momentum from `ramp_end` on.
        ramp_start, ramp_end: Updates between which it rises.
    """

    def __init__(
        self,
        learning_rate=0.1,
        momentum=0.5,
        final_momentum=0.7,
        ramp_start=0,
        ramp_end=1,
        name="momentum_ramp_sgd",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        if not ramp_end > ramp_start:
            raise ValueError(f"ramp_end must be over ramp_start; got {ramp_start}, {ramp_end}.")
        self.momentum, self.final_momentum = momentum, final_momentum
        self.ramp_start, self.ramp_end = ramp_start, ramp_end

    def build(self, variables):
        """Makes one velocity a variable."""
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")

    def update_step(self, gradient, variable, learning_rate):
        """Applies one update to one variable."""
        learning_rate = ops.cast(learning_rate, variable.dtype)
        done = (ops.cast(self.iterations, "float32") - self.ramp_start) / (
            self.ramp_end - self.ramp_start
        )
        momentum = self.momentum + (self.final_momentum - self.momentum) * ops.clip(done, 0.0, 1.0)
        velocity = self._velocities[self._get_variable_index(variable)]
        step = ops.cast(momentum, variable.dtype) * velocity - learning_rate * ops.cast(
            gradient, variable.dtype
        )
        self.assign(velocity, step)
        self.assign_add(variable, step)

    def get_config(self):
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "final_momentum": self.final_momentum,
            "ramp_start": self.ramp_start,
            "ramp_end": self.ramp_end,
        }
