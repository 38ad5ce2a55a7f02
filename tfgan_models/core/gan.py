"""The base of every family with one generator and one discriminator.

It holds the networks, one optimizer each, the seed contract, `minimize`, the
moving average, the logs, and the alternating step of the 2014 paper's Algorithm 1;
what `compile` makes, the objectives, `fit`, sampling and serialisation are in files of
their own, mixed in. A family overrides the two objectives, or writes its own `train_step`
on top of `minimize`.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models import augment as augmentations
from tfgan_models import losses
from tfgan_models import updates as update_rules
from tfgan_models.core import accumulating, batches, checks, gating, optimization, random
from tfgan_models.core.arguments import one_of, positive_int
from tfgan_models.core.compiling import Compiling
from tfgan_models.core.fitting import Fitting
from tfgan_models.core.logs import LogMeans
from tfgan_models.core.objectives import Objectives
from tfgan_models.core.sampling import Sampling
from tfgan_models.core.saving import Saving

OUTPUT_RANGES = ("symmetric", "unit", "unbounded")
FAKE_LABELS = ("data", "uniform")


@keras.saving.register_keras_serializable(package="tfgan_models")
class GAN(Compiling, Objectives, Fitting, Sampling, Saving, keras.Model):
    """A generator and a discriminator trained against each other.

    Args:
        image_shape: (H, W, C), C from 1 to 4.
        generator: Network z (B, latent_dim) -> image; conditional: [z, y] with y float
            (B, num_classes), one-hot or mixtures.
        discriminator: Network image -> logits (B, 1); conditional: [image, y].
        latent_dim: Size of z.
        num_classes: Number of classes, None for an unconditional model.
        latent_distribution: "normal" or "uniform(a,b)", after "onehot(K)+" for each code.
        output_range: What the generator's last layer makes: "symmetric" [-1, 1] (tanh),
            "unit" [0, 1] (sigmoid; the discriminator sees [0, 1] too), or "unbounded"
            (linear; clipped to [-1, 1] only when sampled or exported).
        seed: Int; every random number of training derives from it.
        name: Keras name.

    Batch: float images (d_steps * B, H, W, C) in [-1, 1], or (image, label), or a dict
    with `image` and `label`. Logs: `LOGS` and the names of the penalties.

    Raises:
        ValueError: The shapes of the networks do not fit each other or `image_shape`.
    """

    LOGS = ("d_loss", "g_loss", "d_real", "d_fake")
    ACCUMULATES = True  # a class with a step of its own says it again, where it holds there

    def __init__(
        self,
        image_shape,
        *,
        generator,
        discriminator,
        latent_dim=100,
        num_classes=None,
        latent_distribution="normal",
        output_range="symmetric",
        seed=0,
        name=None,
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        self.image_shape = tuple(int(n) for n in image_shape)
        self.latent_dim, self.num_classes = latent_dim, num_classes
        self.latent_distribution, self.output_range = latent_distribution, output_range
        self.seed = int(seed)
        checks.check_architecture(self, generator, discriminator, OUTPUT_RANGES)

        self.generator, self.discriminator = generator, discriminator
        self.ema_generator = generator  # `compile` makes a copy where a half-life is given
        self.step = self.add_weight(
            name="step", shape=(), dtype="int64", initializer="zeros", trainable=False
        )
        self.built = True

    # === How it is trained ===

    def compile(
        self,
        *,
        generator_optimizer=None,
        discriminator_optimizer=None,
        loss="non_saturating",
        penalties=(),
        augment=None,
        updates=None,
        d_steps=1,
        share_fakes=False,
        ema_half_life_images=None,
        ema_start_images=0,
        fake_labels="data",
        accumulation=1,
        freeze_discriminator=0,
        jit_compile=False,
        steps_per_execution=1,
        run_eagerly=False,
    ):
        """Sets how the model is trained; every family's defaults are its paper's.

        Args:
            generator_optimizer, discriminator_optimizer: Optimizer, name or dict; None:
                Adam(2e-4, beta_1=0.5).
            loss: Name, dict or object, or a sequence: one game and the terms added to it,
                ("hinge", "auxiliary_classifier"); see `losses.get`.
            penalties: Sequence of names, dicts or objects; see `penalties.get`.
            augment: Name, dict, object, None or a sequence; see `augment.get`.
            updates: What else decides which player is updated; see `updates.get`.
            d_steps: k, discriminator updates for each generator update; a batch holds
                k * B images.
            share_fakes: The generator's update reuses the last discriminator update's fakes.
            ema_half_life_images: Half-life of the generator's moving average in
                generated images (B a step); None: no average.
            ema_start_images: Generated images before which the average is a copy.
            fake_labels: Labels of the fakes: "data", those of the batch's real images, which
                follows the frequencies of the classes, or "uniform" over the classes.
            accumulation: n, parts that each update's batch is computed in, one after the
                other, in the memory of B / n images. The update is that of n = 1, but that
                batch norm sees B / n images, spectral norm iterates n times and dropout
                draws other noise (docs/distributed.md).
            freeze_discriminator: Halvings below which the discriminator is held (FreezeD).
            jit_compile: Compile the step with XLA.
            steps_per_execution: Steps in one call of the train function.
            run_eagerly: Run without tf.function, for debugging.

        Raises:
            ValueError: An unknown name or argument, or a combination that cannot work.
        """
        strategy = self.distribute_strategy
        if jit_compile and strategy.num_replicas_in_sync > 1:
            raise ValueError("jit_compile is not supported with several replicas; leave it off.")
        if d_steps < 1 or steps_per_execution < 1:
            raise ValueError("d_steps and steps_per_execution must be at least 1.")
        self.compiled = False  # until all of it is: a refused combination cannot be trained
        self.use_xla = bool(jit_compile)  # Keras's own flag is refused under op determinism
        self.d_steps, self.share_fakes = int(d_steps), bool(share_fakes)
        self.ema_half_life_images = ema_half_life_images
        self.ema_start_images = positive_int("ema_start_images", ema_start_images, 0)
        self.fake_labels = one_of("fake_labels", fake_labels, FAKE_LABELS)
        self.accumulation = positive_int("accumulation", accumulation)
        self._freeze(positive_int("freeze_discriminator", freeze_discriminator, 0))
        with strategy.scope():
            self._set_losses(loss)
            self._set_penalties(penalties)
            self._replace("augment", augmentations.get(augment))
            self._replace("update_rule", update_rules.get(updates))
            checks.check_combination(self)
            accumulating.check(self)
            self._build_terms()
            self._set_optimizers(generator_optimizer, discriminator_optimizer)
            self._set_average()
            self._replace("log_means", LogMeans(self._log_names()))
        self._batch_rows = None
        super().compile(
            optimizer=None,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=False,
        )

    # === One step ===

    def train_step(self, data):
        """k discriminator updates and one generator update; returns the running means."""
        batch = batches.as_dict(data)
        batches.check_labels_present(batch, self.num_classes)
        parts = batches.split(batch, self.d_steps, self._local_rows())
        draws = random.Draws(self.seed, self.step, parts[0]["image"].shape[0])
        self._seed_noise_layers(draws)
        logs, shared = [], self.share_fakes or self.update_rule.SIMULTANEOUS
        for i, part in enumerate(parts):
            part["draws"] = draws.at(f"critic_{i}")
            if shared and i == self.d_steps - 1:
                logs += self._shared_updates(part)
            else:
                logs.append(self._gated_discriminator(self.update_rule.discriminator(i), part))
        gate = True if shared else self.update_rule.generator()
        if not shared:
            last = {**parts[-1], "draws": draws.at("generator")}
            logs.append(self._gated_generator(gate, last))
        return self.end_step(logs, draws, gate)

    def _seed_noise_layers(self, draws):
        optimization.seed_noise_layers(
            (self.generator, self.discriminator),
            lambda i: random.bits(
                random.key(self.seed, f"layer_{i}", self.step), 1, (2,), draws.replica_id
            )[0],
        )

    def end_step(self, logs, draws, generator_ran=True):
        """Moves the average and the step counter; returns the running means of the logs.

        Args:
            logs: One dict an update.
            draws: The step's random numbers.
            generator_ran: True or bool scalar; the average rests where it is false.
        """
        if self.ema_generator is not self.generator:
            images = draws.local_batch * draws.replicas
            beta = 0.5 ** (images / self.ema_half_life_images)
            if self.ema_start_images:
                seen = tf.convert_to_tensor(self.step) * images
                beta = tf.where(seen < self.ema_start_images, 0.0, beta)
            if generator_ran is not True:
                beta = tf.where(generator_ran, beta, 1.0)
            optimization.update_average(self.ema_generator, self.generator, beta)
        self.step.assign_add(1)
        return self.log_means.update(logs)

    def _gated_discriminator(self, gate, batch):
        changed, look = self._changing_variables(), None
        if self.update_rule.WATCHES_SKIPPED:
            weights = self.discriminator.trainable_variables
            changed = [*weights, *self.discriminator_optimizer.variables]

            def look():
                return self.discriminator_objective(batch, self.make_fakes(batch))[1]

        return gating.update_where(
            gate, changed, lambda: self._update_discriminator(batch), self.log_means.names, look
        )

    def _gated_generator(self, gate, batch):
        changed = self._changing_variables()
        return gating.update_where(
            gate, changed, lambda: self._update_generator(batch), self.log_means.names
        )

    def _changing_variables(self):
        kept = {id(self.step), *map(id, self.log_means.variables)}
        if self.ema_generator is not self.generator:
            kept |= set(map(id, self.ema_generator.variables))
        optimizers = self.generator_optimizer, self.discriminator_optimizer
        return [v for owner in (self, *optimizers) for v in owner.variables if id(v) not in kept]

    def _update_discriminator(self, batch):
        def objective(part):
            fake = tf.stop_gradient(self.make_fakes(part))
            with tf.GradientTape() as tape:
                return *self.discriminator_objective(part, fake), tape

        logs = self._update("discriminator", objective, batch)
        self._constrain()
        return logs

    def _constrain(self):
        for penalty in self._penalties():
            if hasattr(penalty, "constrain"):
                penalty.constrain(tuple(self.discriminator.trainable_variables))

    def _update_generator(self, batch):
        def objective(part):
            with tf.GradientTape() as tape:
                return *self.generator_objective(part, self.make_fakes(part)), tape

        return self._update("generator", objective, batch)

    def _update(self, player, objective, batch):
        """One update of a player by `objective`, (batch) -> (loss, logs, tape); returns logs."""
        weights = getattr(self, player).trainable_variables
        optimizer = getattr(self, f"{player}_optimizer")
        if self.accumulation == 1:
            loss, logs, tape = objective(batch)
            self.minimize(loss, tape, weights, optimizer)
            return logs

        def differentiate(part):
            loss, logs, tape = objective(part)
            return optimization.gradients(loss, tape, weights, optimizer), logs

        grads, logs = accumulating.gradients(
            differentiate, batch, self.accumulation, weights, self.log_means
        )
        optimization.apply(grads, weights, optimizer)
        return logs

    def _shared_updates(self, batch):
        """Both updates on one batch of fakes; simultaneous: both gradients come first."""
        d_weights = self.discriminator.trainable_variables
        g_weights = self.generator.trainable_variables
        with tf.GradientTape() as tape:
            fake = self.make_fakes(batch)
            with tape.stop_recording():
                with tf.GradientTape() as d_tape:
                    d_loss, d_logs = self.discriminator_objective(batch, tf.stop_gradient(fake))
                d_grads = optimization.gradients(
                    d_loss, d_tape, d_weights, self.discriminator_optimizer
                )
                if not self.update_rule.SIMULTANEOUS:
                    optimization.apply(d_grads, d_weights, self.discriminator_optimizer)
                    self._constrain()
            loss, g_logs = self.generator_objective(batch, fake)
        g_grads = optimization.gradients(loss, tape, g_weights, self.generator_optimizer)
        if self.update_rule.SIMULTANEOUS:
            optimization.apply(d_grads, d_weights, self.discriminator_optimizer)
            self._constrain()
        optimization.apply(g_grads, g_weights, self.generator_optimizer)
        return [d_logs, g_logs]

    def minimize(self, loss, tape, variables, optimizer):
        """Applies one update that minimises `loss` over the global batch.

        Args:
            loss: Scalar mean over this replica's examples.
            tape: The tape that recorded it.
            variables: The variables to update.
            optimizer: Theirs.

        Raises:
            ValueError: A variable has no gradient; the message names it.
        """
        grads = optimization.gradients(loss, tape, variables, optimizer)
        optimization.apply(grads, variables, optimizer)

    # === The networks ===

    def condition(self, labels):
        """Returns labels as float (B, num_classes): ints one-hot, mixtures as they are."""
        if self.num_classes is None or labels is None:
            return None
        labels = tf.convert_to_tensor(labels)
        if labels.shape.rank == 1:
            return tf.one_hot(tf.cast(labels, tf.int32), self.num_classes)
        return tf.cast(labels, tf.float32)

    def synthesize(self, network, latents, condition, training):
        """Runs a generator and maps its output to [-1, 1] (unclipped where unbounded)."""
        inputs = latents if condition is None else [latents, condition]
        images = tf.cast(network(inputs, training=training), tf.float32)
        return images * 2.0 - 1.0 if self.output_range == "unit" else images

    def discriminate(self, images, condition=None, training=False):
        """Runs the discriminator on images in [-1, 1]; returns float32 logits."""
        outputs = self.discriminator_outputs(images, condition, training)
        loss = self.adversarial_loss if self.compiled else losses.Loss()
        return loss.logits(outputs)

    def discriminator_outputs(self, images, condition=None, training=False) -> dict:
        """Runs the discriminator on images in [-1, 1]; returns {output name: float32 tensor}.

        A network with one output names it `logits`.
        """
        if self.output_range == "unit":
            images = (images + 1.0) / 2.0
        sees_labels = condition is not None and len(self.discriminator.inputs) == 2
        inputs = [images, condition] if sees_labels else images
        outputs = self.discriminator(inputs, training=training)
        outputs = outputs if isinstance(outputs, dict) else {"logits": outputs}
        return {name: tf.cast(value, tf.float32) for name, value in outputs.items()}

    def call(self, inputs, labels=None, training=False):
        """EMA generator in inference: z, (z, labels) or [z, labels] -> images in [-1, 1]."""
        if isinstance(inputs, (tuple, list)):
            inputs, labels = inputs
        if self.num_classes and labels is None:
            raise ValueError(f"The model has {self.num_classes} classes: call model(z, labels).")
        latents = tf.cast(inputs, tf.float32)
        images = self.synthesize(self.ema_generator, latents, self.condition(labels), False)
        return tf.clip_by_value(images, -1.0, 1.0)
