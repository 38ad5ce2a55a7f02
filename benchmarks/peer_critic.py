"""The hand-written loop of WGAN-GP: `hand_loop` with the critic's losses and penalty."""

from __future__ import annotations

import tensorflow as tf

from benchmarks.hand_loop import HandLoop

_WEIGHT = 10.0


class CriticLoop(HandLoop):
    """Alternating updates of a critic with gradient penalty, arXiv:1704.00028, and a generator."""

    def _update_discriminator(self, real, fake, label):
        with tf.GradientTape() as tape:
            r = self.discriminator(real, training=True)
            f = self.discriminator(fake, training=True)
            loss = tf.reduce_mean(f) - tf.reduce_mean(r)
            total = loss + _WEIGHT * self._slope_penalty(real, fake)
        self._apply(tape, total, self.discriminator, self.d_optimizer)
        return loss

    def _slope_penalty(self, real, fake):
        seed = tf.stack([self.step, 2])
        u = tf.random.stateless_uniform((self.case.batch, 1, 1, 1), seed)
        between = real + u * (fake - real)
        with tf.GradientTape() as tape:
            tape.watch(between)
            total = tf.reduce_sum(self.discriminator(between, training=True))
        squares = tf.reduce_sum(tf.square(tape.gradient(total, between)), axis=[1, 2, 3])
        return tf.reduce_mean(tf.square(tf.sqrt(squares) - 1.0))

    def _generator_loss(self, fake, label):
        loss = -tf.reduce_mean(self.discriminator(fake, training=True))
        return loss, loss
