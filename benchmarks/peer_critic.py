"""The hand-written loop of WGAN-GP: `hand_loop` with the critic's losses and penalty."""

from __future__ import annotations

import tensorflow as tf

from benchmarks.hand_loop import HandLoop

_WEIGHT = 10.0


class CriticLoop(HandLoop):
    """Alternating updates of a critic with gradient penalty, arXiv:1704.00028, and a generator.

    Args:
        model, case, latents: As `HandLoop`.
        mix: step -> (B,) in [0, 1], where between real and fake images the slope is taken,
            instead of the loop's own draws.
    """

    def __init__(self, model, case, latents=None, mix=None):
        super().__init__(model, case, latents)
        self.mix = mix or self._draw_mix

    def _update_discriminator(self, real, fake, label):
        with tf.GradientTape() as tape:
            r = self.discriminator(real, training=True)
            f = self.discriminator(fake, training=True)
            loss = tf.reduce_mean(f) - tf.reduce_mean(r)
            total = loss + _WEIGHT * self._slope_penalty(real, fake)
        self._apply(tape, total, self.discriminator, self.d_optimizer)
        return loss

    def _slope_penalty(self, real, fake):
        u = tf.reshape(self.mix(self.step), (-1, 1, 1, 1))
        between = real + u * (fake - real)
        with tf.GradientTape() as tape:
            tape.watch(between)
            total = tf.reduce_sum(self.discriminator(between, training=True))
        squares = tf.reduce_sum(tf.square(tape.gradient(total, between)), axis=[1, 2, 3])
        return tf.reduce_mean(tf.square(tf.sqrt(squares) - 1.0))

    def _generator_loss(self, fake, label):
        loss = -tf.reduce_mean(self.discriminator(fake, training=True))
        return loss, loss

    def _draw_mix(self, step):
        return tf.random.stateless_uniform((self.case.batch,), tf.stack([step, 2]))
