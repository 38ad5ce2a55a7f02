"""The loop that one would write without this library, for the same networks.

Plain TensorFlow: two networks, two Keras optimizers, one `tf.function`. It takes from
the library only the networks' builders, through a model whose networks it copies, so
that both sides start from equal weights.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from benchmarks.cases import Case


class HandLoop:
    """Alternating updates of a generator and a discriminator.

    Args:
        model: The library's model, whose networks and optimizer settings are copied.
        case: The mathematics that the model's configuration stands for.
        latents: (step, player) -> (B, latent_dim), instead of the loop's own draws.
    """

    def __init__(self, model, case: Case, latents=None):
        self.case, self.conditional = case, model.num_classes
        self.generator, self.discriminator = _copy(model.generator), _copy(model.discriminator)
        self.g_optimizer = _copy_optimizer(model.generator_optimizer, self.generator)
        self.d_optimizer = _copy_optimizer(model.discriminator_optimizer, self.discriminator)
        self.share_fakes = model.share_fakes
        self.average, self.beta = None, 1.0
        if model.ema_half_life_images is not None:
            self.average = _copy(model.generator)
            self.beta = 0.5 ** (case.batch / model.ema_half_life_images)
        self.step = tf.Variable(0, dtype=tf.int64)
        self.latent_dim = model.latent_dim
        self.latents = latents or self._draw
        self._steps_per_call = model.steps_per_execution
        self._call = tf.function(self._several if self._steps_per_call > 1 else self._one)

    def run(self, iterator, steps: int) -> tuple[float, float]:
        """Runs `steps` steps; returns the last losses of discriminator and generator."""
        for _ in range(steps // self._steps_per_call):
            losses = self._call(iterator)
        return tuple(float(loss) for loss in losses)

    def _one(self, iterator):
        return self.train_step(next(iterator))

    def _several(self, iterator):
        losses = (tf.constant(0.0), tf.constant(0.0))
        for _ in tf.range(self._steps_per_call):
            losses = self.train_step(next(iterator))
        return losses

    def train_step(self, batch):
        """One update of each player; returns their losses."""
        real = batch["image"]
        if self.case.unit:
            real = real * 0.5 + 0.5
        label = tf.one_hot(batch["label"], self.conditional) if self.conditional else None
        if self.share_fakes:
            losses = self._step_with_shared_fakes(real, label)
        else:
            losses = self._step(real, label)
        if self.average is not None:
            self._update_average()
        self.step.assign_add(1)
        return losses

    def _step(self, real, label):
        fake = self.generator(_join(self.latents(self.step, "critic"), label), training=True)
        d_loss = self._update_discriminator(real, fake, label)
        with tf.GradientTape() as tape:
            z = self.latents(self.step, "generator")
            fake = self.generator(_join(z, label), training=True)
            g_loss, total = self._generator_loss(fake, label)
        self._apply(tape, total, self.generator, self.g_optimizer)
        return d_loss, g_loss

    def _step_with_shared_fakes(self, real, label):
        with tf.GradientTape() as tape:
            z = self.latents(self.step, "critic")
            fake = self.generator(_join(z, label), training=True)
            with tape.stop_recording():
                d_loss = self._update_discriminator(real, fake, label)
            g_loss, total = self._generator_loss(fake, label)
        self._apply(tape, total, self.generator, self.g_optimizer)
        return d_loss, g_loss

    def _update_discriminator(self, real, fake, label):
        with tf.GradientTape() as tape:
            r = self.discriminator(_join(real, label), training=True)
            f = self.discriminator(_join(fake, label), training=True)
            loss = tf.reduce_mean(tf.nn.softplus(-r)) + tf.reduce_mean(tf.nn.softplus(f))
            total = self.case.d_weight * loss + self._decay(self.discriminator)
        self._apply(tape, total, self.discriminator, self.d_optimizer)
        return loss

    def _generator_loss(self, fake, label):
        f = self.discriminator(_join(fake, label), training=True)
        loss = tf.reduce_mean(tf.nn.softplus(-f))
        return loss, loss + self._decay(self.generator)

    def _decay(self, network):
        if not self.case.weight_decay:
            return 0.0
        squares = [tf.nn.l2_loss(w.value) for w in network.trainable_variables]
        return self.case.weight_decay * tf.add_n(squares)

    def _apply(self, tape, loss, network, optimizer):
        variables = network.trainable_variables
        optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)

    def _update_average(self):
        for a, w in zip(self.average.weights, self.generator.weights, strict=True):
            if w.trainable:
                a.assign(w.value + self.beta * (a.value - w.value))
            else:
                a.assign(w.value)

    def _draw(self, step, player):
        shape = (self.case.batch, self.latent_dim)
        seed = tf.stack([step, 0 if player == "critic" else 1])
        if self.case.uniform is None:
            return tf.random.stateless_normal(shape, seed)
        return tf.random.stateless_uniform(shape, seed, *self.case.uniform)


def _join(tensor, label):
    return tensor if label is None else [tensor, label]


def _copy(network):
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy


def _copy_optimizer(optimizer, network):
    copy = type(optimizer).from_config(optimizer.get_config())
    copy.build(network.trainable_variables)
    return copy
