"""The base of every family with one generator and one discriminator.

It holds the networks, one optimizer each, the seed contract, `minimize`, the
moving average, the logs, and the alternating step of the 2014 paper's Algorithm 1;
`fit`, sampling and serialisation are in files of their own, mixed in. A family
overrides the two objectives, or writes its own `train_step` on top of `minimize`.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models import augment as augmentations
from tfgan_models import losses, penalties
from tfgan_models.core import batches, checks, lookup, optimization, random
from tfgan_models.core.fitting import Fitting
from tfgan_models.core.logs import LogMeans
from tfgan_models.core.sampling import Sampling
from tfgan_models.core.saving import Saving
from tfgan_models.penalties import Game

OUTPUT_RANGES = ("symmetric", "unit", "unbounded")


@keras.saving.register_keras_serializable(package="tfgan_models")
class GAN(Fitting, Sampling, Saving, keras.Model):
    """A generator and a discriminator trained against each other.

    Args:
        image_shape: (H, W, C), C from 1 to 4.
        generator: Network z (B, latent_dim) -> image; conditional: [z, y] with y float
            (B, num_classes), one-hot or mixtures.
        discriminator: Network image -> logits (B, 1); conditional: [image, y].
        latent_dim: Size of z.
        num_classes: Number of classes, None for an unconditional model.
        latent_distribution: "normal" or "uniform(a,b)".
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
        d_steps=1,
        share_fakes=False,
        ema_half_life_images=None,
        jit_compile=False,
        steps_per_execution=1,
        run_eagerly=False,
    ):
        """Sets how the model is trained; every family's defaults are its paper's.

        Args:
            generator_optimizer, discriminator_optimizer: Optimizer, name or dict; the
                default is Adam(2e-4, beta_1=0.5).
            loss: Name, dict or object; see `losses.get`.
            penalties: Sequence of names, dicts or objects; see `penalties.get`.
            augment: Name, dict, object or None; see `augment.get`.
            d_steps: k, discriminator updates for each generator update; a batch holds
                k * B images.
            share_fakes: The generator's update uses the fakes of the last
                discriminator update instead of new ones.
            ema_half_life_images: Half-life of the generator's moving average in
                generated images (B a step); None: no average.
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
        super().compile(
            optimizer=None,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=False,
        )
        self.use_xla = bool(jit_compile)  # Keras's own flag is refused under op determinism
        self.d_steps, self.share_fakes = int(d_steps), bool(share_fakes)
        self.ema_half_life_images = ema_half_life_images
        self.adversarial_loss = losses.get(loss)
        self.augment = augmentations.get(augment)
        with strategy.scope():
            self._set_penalties(penalties)
            self._set_optimizers(generator_optimizer, discriminator_optimizer)
            self._set_average()
            names = dict.fromkeys((*self.LOGS, *(p.NAME for p in self._penalties())))
            self._replace("log_means", LogMeans(names))
        self._batch_rows = None

    def _replace(self, attribute, value):
        if hasattr(self, attribute):
            delattr(self, attribute)
        setattr(self, attribute, value)

    def _set_penalties(self, specs):
        for i in range(getattr(self, "_penalty_count", 0)):
            delattr(self, f"penalty_{i}")
        specs = (specs,) if isinstance(specs, (str, dict)) else tuple(specs)
        self._penalty_count = len(specs)
        for i, spec in enumerate(specs):  # named attributes: both checkpoint formats keep them
            setattr(self, f"penalty_{i}", penalties.get(spec))
        checks.check_penalties(self, self._penalties())

    def _penalties(self):
        return [getattr(self, f"penalty_{i}") for i in range(self._penalty_count)]

    def _set_optimizers(self, generator_optimizer, discriminator_optimizer):
        default = {"name": "adam", "learning_rate": 2e-4, "beta_1": 0.5}
        scaled = optimization.uses_float16(self.generator, self.discriminator)
        for player, spec in (
            ("generator", generator_optimizer),
            ("discriminator", discriminator_optimizer),
        ):
            optimizer = lookup.optimizer(default if spec is None else spec)
            if scaled:
                optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
            optimizer.build(getattr(self, player).trainable_variables)
            self._replace(f"{player}_optimizer", optimizer)

    def _set_average(self):
        if self.ema_half_life_images is None:
            self.ema_generator = self.generator
        elif self.ema_generator is self.generator:
            self.ema_generator = optimization.clone_network(self.generator)
            self.ema_generator.trainable = False

    # === One step ===

    def train_step(self, data):
        """k discriminator updates and one generator update; returns the running means."""
        batch = batches.as_dict(data)
        batches.check_labels_present(batch, self.num_classes)
        parts = batches.split(batch, self.d_steps, self._local_rows())
        draws = random.Draws(self.seed, self.step, parts[0]["image"].shape[0])
        self._seed_noise_layers(draws)
        logs = []
        for i, part in enumerate(parts):
            part["draws"] = draws.at(f"critic_{i}")
            if self.share_fakes and i == self.d_steps - 1:
                logs += self._shared_updates(part)
            else:
                fake = tf.stop_gradient(self.make_fakes(part))
                logs.append(self._update_discriminator(part, fake))
        if not self.share_fakes:
            logs.append(self._update_generator({**parts[-1], "draws": draws.at("generator")}))
        return self.end_step(logs, draws)

    def _seed_noise_layers(self, draws):
        optimization.seed_noise_layers(
            (self.generator, self.discriminator),
            lambda i: random.bits(
                random.key(self.seed, f"layer_{i}", self.step), 1, (2,), draws.replica_id
            )[0],
        )

    def end_step(self, logs, draws):
        """Moves the average and the step counter; returns the running means of the logs.

        Args:
            logs: One dict an update.
            draws: The step's random numbers.
        """
        if self.ema_generator is not self.generator:
            beta = 0.5 ** (draws.local_batch * draws.replicas / self.ema_half_life_images)
            optimization.update_average(self.ema_generator, self.generator, beta)
        self.step.assign_add(1)
        return self.log_means.update(logs)

    def _update_discriminator(self, batch, fake):
        with tf.GradientTape() as tape:
            loss, logs = self.discriminator_objective(batch, fake)
        self.minimize(
            loss, tape, self.discriminator.trainable_variables, self.discriminator_optimizer
        )
        return logs

    def _update_generator(self, batch):
        with tf.GradientTape() as tape:
            loss, logs = self.generator_objective(batch, self.make_fakes(batch))
        self.minimize(loss, tape, self.generator.trainable_variables, self.generator_optimizer)
        return logs

    def _shared_updates(self, batch):
        with tf.GradientTape() as tape:
            fake = self.make_fakes(batch)
            with tape.stop_recording():
                d_logs = self._update_discriminator(batch, tf.stop_gradient(fake))
            loss, g_logs = self.generator_objective(batch, fake)
        self.minimize(loss, tape, self.generator.trainable_variables, self.generator_optimizer)
        return [d_logs, g_logs]

    def discriminator_objective(self, batch, fake):
        """Override point: what the discriminator minimises.

        Args:
            batch: Dict with `image` (B, H, W, C), conditional `label` (B,), and `draws`,
                this update's random numbers (`core.random.Draws`).
            fake: (B, H, W, C) in [-1, 1], without gradient.

        Returns:
            (scalar loss, {log name: scalar or (scalar, ran)}).
        """
        game = self.game(batch, fake)
        loss = self.adversarial_loss.discriminator(game.real_logits, game.fake_logits)
        extra, logs = self.penalty_terms("discriminator", game)
        real, fake = tf.reduce_mean(game.real_logits), tf.reduce_mean(game.fake_logits)
        return loss + extra, {"d_loss": loss, "d_real": real, "d_fake": fake, **logs}

    def generator_objective(self, batch, fake):
        """Override point: what the generator minimises; as `discriminator_objective`,
        with the gradient of `fake` reaching the generator."""
        paired = getattr(self.adversarial_loss, "NEEDS_REAL", False)
        game = self.game(batch if paired else {**batch, "image": None}, fake, player="generator")
        loss = self.adversarial_loss.generator(game.fake_logits, game.real_logits)
        extra, logs = self.penalty_terms("generator", game)
        return loss + extra, {"g_loss": loss, **logs}

    def game(self, batch, fake, player="discriminator") -> Game:
        """Runs the discriminator on fakes and, where the batch has them, real images."""
        see = self.critic(batch)
        real = batch["image"]
        real_logits = None if real is None else see(real)
        weights = tuple(getattr(self, player).trainable_variables)
        return Game(see, real, fake, real_logits, see(fake), batch["draws"], weights)

    def critic(self, batch):
        """Returns images -> logits, with the labels and this update's augmentation inside."""
        condition, draws = self.condition(batch.get("label")), batch["draws"]

        def see(images):
            if self.augment is not None:
                images = self.augment(images, draws)
            return self.discriminate(images, condition, training=True)

        return see

    def penalty_terms(self, player, game):
        """Sums the weighted penalties of one player; a lazy one only where it is due."""
        total, logs = 0.0, {}
        for penalty in self._penalties():
            term = getattr(penalty, player, None)
            if term is None:
                continue
            if penalty.every == 1:
                value, ran = term(game), 1.0
            else:
                due = tf.equal(self.step % penalty.every, 0)
                value = tf.cond(due, lambda t=term: t(game), lambda: tf.constant(0.0))
                ran = tf.cast(due, tf.float32)
            total += penalty.weight * penalty.every * value
            logs[penalty.NAME] = (value, ran)
        return total, logs

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
        if self.output_range == "unit":
            images = (images + 1.0) / 2.0
        inputs = images if condition is None else [images, condition]
        return tf.cast(self.discriminator(inputs, training=training), tf.float32)

    def make_fakes(self, batch):
        """Draws latents for this update and generates with the batch's own labels."""
        bounds = random.uniform_bounds(self.latent_distribution)
        if bounds is None:
            latents = batch["draws"].normal("latents", (self.latent_dim,))
        else:
            latents = batch["draws"].uniform("latents", (self.latent_dim,), *bounds)
        return self.synthesize(self.generator, latents, self.condition(batch.get("label")), True)

    def call(self, inputs, labels=None, training=False):
        """EMA generator in inference: z, (z, labels) or [z, labels] -> images in [-1, 1]."""
        if isinstance(inputs, (tuple, list)):
            inputs, labels = inputs
        if self.num_classes and labels is None:
            raise ValueError(f"The model has {self.num_classes} classes: call model(z, labels).")
        latents = tf.cast(inputs, tf.float32)
        images = self.synthesize(self.ema_generator, latents, self.condition(labels), False)
        return tf.clip_by_value(images, -1.0, 1.0)
