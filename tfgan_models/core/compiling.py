"""What `compile` makes of its arguments: objects of the model's own, as named attributes."""

from __future__ import annotations

import keras

from tfgan_models import losses, penalties
from tfgan_models.core import checks, freezing, lookup, optimization


class Compiling:
    """Losses, penalties, optimizers and the moving average; mixed into `GAN`."""

    def _replace(self, attribute, value):
        if hasattr(self, attribute):
            delattr(self, attribute)
        setattr(self, attribute, value)

    def _freeze(self, halvings):
        for layer in self.__dict__.get("_frozen", ()):
            layer.trainable = True
        frozen = freezing.freeze_lower(self.discriminator, halvings) if halvings else []
        self.freeze_discriminator = halvings
        object.__setattr__(self, "_frozen", frozen)  # Keras would track the list

    def _set_losses(self, specs):
        made = [losses.get(s) for s in lookup.sequence(specs)]
        checks.check_losses(made)
        made.sort(key=lambda loss: not loss.ADVERSARIAL)
        self._set_all("loss", made)

    def _set_penalties(self, specs):
        self._set_all("penalty", [penalties.get(s) for s in lookup.sequence(specs)])

    def _set_all(self, kind, objects):
        for i in range(getattr(self, f"_{kind}_count", 0)):
            delattr(self, f"{kind}_{i}")
        setattr(self, f"_{kind}_count", len(objects))
        for i, value in enumerate(objects):  # named attributes: both checkpoint formats keep them
            setattr(self, f"{kind}_{i}", value)

    def _chosen_losses(self):
        return [getattr(self, f"loss_{i}") for i in range(self._loss_count)]

    def _penalties(self):
        return [getattr(self, f"penalty_{i}") for i in range(self._penalty_count)]

    @property
    def adversarial_loss(self):
        """The game; `loss_1` and on are added to it."""
        return self.loss_0

    def _build_terms(self):
        networks = self.generator, self.discriminator
        for penalty in self._penalties():
            if hasattr(penalty, "build_for"):
                penalty.build_for(*(tuple(n.trainable_variables) for n in networks))
        if self.augment is not None:
            self.augment.build_for(self.image_shape, self.num_classes)

    def _log_names(self):
        players = ("discriminator", "generator")
        names = dict.fromkeys(self.LOGS)
        for loss in self._chosen_losses():
            added = [] if loss is self.adversarial_loss else players
            names |= dict.fromkeys(f"{p[0]}_{loss.NAME}" for p in added if hasattr(loss, p))
            names |= dict.fromkeys(loss.MEASURES)
        terms = [p.NAME for p in self._penalties() if any(hasattr(p, x) for x in players)]
        return names | dict.fromkeys(terms)

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
