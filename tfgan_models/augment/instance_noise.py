"""Instance noise: Sonderby et al. 2017, arXiv:1610.04490; Arjovsky & Bottou 2017."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tfgan_models.augment.base import Augmentation

SCHEDULES = ("linear", "exponential", "constant")


def noise_level(step, sigma, steps=None, schedule="linear", decay=0.9999) -> tf.Tensor:
    """Standard deviation of the noise at a step; scalar float32.

    linear: sigma max(0, 1 - t / steps); exponential: sigma decay^t; constant: sigma.

    Args:
        step: t, int scalar.
        sigma: Level at t = 0, in units of images in [-1, 1].
        steps: Step at which the linear schedule arrives at zero; None: it stays at sigma.
        schedule: "linear", "exponential" or "constant".
        decay: Factor a step of the exponential schedule.
    """
    t = tf.cast(step, tf.float32)
    if schedule == "exponential":
        return sigma * tf.exp(t * math.log(decay))
    if schedule == "linear" and steps is not None:
        return sigma * tf.maximum(0.0, 1.0 - t / float(steps))
    return tf.constant(float(sigma))


@keras.saving.register_keras_serializable(package="tfgan_models")
class InstanceNoise(Augmentation):
    """Adds fresh N(0, sigma_t^2) to every image that the discriminator sees.

    The result is not clipped: that would make the noise another one. To second order
    in sigma it is a gradient penalty (Roth et al. 2017).

    Args:
        sigma: Level at the start.
        steps: Generator updates until the linear schedule is at zero: the run's length or
            half of it. None keeps sigma.
        schedule: "linear", "exponential" or "constant".
        decay: Factor a step of the exponential schedule, in (0, 1]; chosen here.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(self, sigma=0.1, steps=None, schedule="linear", decay=0.9999):
        if schedule not in SCHEDULES:
            raise ValueError(f"schedule is {schedule!r}; use one of {', '.join(SCHEDULES)}.")
        if sigma < 0.0:
            raise ValueError(f"sigma must be at least 0; got {sigma}.")
        if steps is not None and steps <= 0:
            raise ValueError(f"steps must be positive, or None to keep sigma; got {steps}.")
        if not 0.0 < decay <= 1.0:
            raise ValueError(f"decay must be in (0, 1]; got {decay}.")
        self.sigma, self.steps, self.schedule, self.decay = sigma, steps, schedule, decay

    def __call__(self, images, draws):
        if self.sigma == 0.0:
            return images
        images = tf.convert_to_tensor(images)
        level = noise_level(draws.step, self.sigma, self.steps, self.schedule, self.decay)
        noise = level * draws.normal("instance_noise", images.shape[1:])
        return images + tf.cast(noise, images.dtype)

    def get_config(self):
        return {
            "sigma": self.sigma,
            "steps": self.steps,
            "schedule": self.schedule,
            "decay": self.decay,
        }
