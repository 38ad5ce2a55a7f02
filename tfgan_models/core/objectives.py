"""What each player minimises: the game, the terms added to it, the penalties."""

from __future__ import annotations

import tensorflow as tf

from tfgan_models.core import checks, gating
from tfgan_models.penalties import Game


class Objectives:
    """The two override points of every family and what they are made of; mixed into `GAN`."""

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
        loss, added, logs = self.loss_terms("discriminator", game)
        extra, penalty_logs = self.penalty_terms("discriminator", game)
        if self.augment is not None:
            self.augment.observe(game)
        self.update_rule.observe("discriminator", game, loss)
        logs |= {
            "d_real": tf.reduce_mean(game.real_logits),
            "d_fake": tf.reduce_mean(game.fake_logits),
        }
        return loss + added + extra, {**logs, **penalty_logs}

    def generator_objective(self, batch, fake):
        """Override point: what the generator minimises; as `discriminator_objective`,
        with the gradient of `fake` reaching the generator."""
        game = self.game(batch, fake, player="generator")
        loss, added, logs = self.loss_terms("generator", game)
        extra, penalty_logs = self.penalty_terms("generator", game)
        self.update_rule.observe("generator", game, loss)
        return loss + added + extra, {**logs, **penalty_logs}

    def game(self, batch, fake, player="discriminator") -> Game:
        """Runs the discriminator on fakes and, where the player needs them, real images."""
        draws = batch["draws"]
        real = batch["image"]
        if player == "generator":
            real = real if self.needs_real else None
        elif self.augment is not None:
            if self.fake_labels != "data":
                batch = {**batch, "fake_label": self.asked_label(batch)}
            batch, fake = self.augment.mix(batch, fake, draws.at("mix"))
            real = batch["image"]
        see, generate, latents = self.critic(batch), self.maker(batch), self.draw_latents(batch)
        real_outputs = None if real is None else see(real, "real")
        fake_outputs = {**see(fake, "fake"), "latents": latents}
        logits = self.adversarial_loss.logits
        weights = {
            name: tuple(getattr(self, name).trainable_variables)
            for name in ("discriminator", "generator")
        }

        def play():
            outputs = {**see(generate(latents), "fake"), "latents": latents}
            sides = see(batch["image"], "real"), outputs
            return tuple(
                self.loss_value(self.adversarial_loss, name, *sides, draws)
                for name in ("discriminator", "generator")
            )

        return Game(
            discriminate=lambda *args, **kwargs: logits(see(*args, **kwargs)),
            real=real,
            fake=fake,
            real_logits=None if real is None else logits(real_outputs),
            fake_logits=logits(fake_outputs),
            draws=draws,
            weights=weights.pop(player),
            real_outputs=real_outputs,
            fake_outputs=fake_outputs,
            outputs=see,
            latents=latents,
            generate=generate,
            play=play,
            opponent_weights=weights.popitem()[1],
            player=player,
            step=tf.convert_to_tensor(self.step),
            network=getattr(self, player),
        )

    def critic(self, batch):
        """Returns (images, kind="real", after=None, rows=None) -> the discriminator's named
        outputs and `label`, with this update's augmentation inside; see `penalties.Game`."""

        def see(images, kind="real", after=None, rows=None):
            label = batch.get("label")
            if kind == "fake":
                label = batch.get("fake_label", self.asked_label(batch))
            condition = self.condition(label)
            if condition is not None and rows is not None:
                condition = tf.gather(condition, rows)
            if self.augment is not None:
                images = self.augment(images, batch["draws"].at(kind))
            if after is not None:
                images = after(images)
            outputs = self.discriminator_outputs(images, condition, training=True)
            return outputs if condition is None else {**outputs, "label": condition}

        return see

    def maker(self, batch):
        """Returns latents -> images with the labels asked for, generator in training."""
        condition = self.condition(self.asked_label(batch))
        return lambda latents: self.synthesize(self.generator, latents, condition, True)

    def asked_label(self, batch):
        """Returns the labels that this update's fakes are made with, as the batch's; None
        without classes. The same for one `draws`."""
        if self.fake_labels == "data" or self.num_classes is None:
            return batch.get("label")
        u = batch["draws"].uniform("fake_labels")
        return tf.minimum(tf.cast(u * self.num_classes, tf.int32), self.num_classes - 1)

    def draw_latents(self, batch):
        """Draws this update's latents, float32 (B, latent_dim); the same for one `draws`."""
        return batch["draws"].latents("latents", self.latent_distribution, self.latent_dim)

    def make_fakes(self, batch):
        """Draws latents for this update and generates with the labels asked for."""
        latents, generate = self.draw_latents(batch), self.maker(batch)
        for penalty in self._penalties():
            if hasattr(penalty, "move_latents"):
                see = self.critic(batch)
                latents = penalty.move_latents(
                    latents,
                    lambda z, see=see: self.adversarial_loss.logits(see(generate(z), "fake")),
                    batch["draws"],
                )
        return generate(latents)

    @property
    def needs_real(self) -> bool:
        """Whether the generator's update looks at real images too."""
        terms = [*self._chosen_losses(), *self._penalties()]
        return any(term.NEEDS_REAL for term in terms if hasattr(term, "generator"))

    def loss_value(self, loss, player, real, fake, draws):
        """One player's part of one loss, unscaled.

        Args:
            loss: `losses.Loss`.
            player: "discriminator" or "generator".
            real, fake: Named outputs of the discriminator; `real` may be None.
            draws: The update's random numbers.
        """
        if loss.READS == ("logits",):
            real, fake = None if real is None else real["logits"], fake["logits"]
        if player == "generator":
            return loss.generator(fake, real)
        options = {"draws": draws.at(loss.NAME)} if loss.NEEDS_DRAWS else {}
        return loss.discriminator(real, fake, **options)

    def loss_terms(self, player, game):
        """Returns (the game's loss, sum of the weighted added terms, logs) of one player."""
        loss, added, logs = 0.0, 0.0, {}
        for term in self._chosen_losses():
            if not hasattr(term, player):
                continue
            value = self.loss_value(term, player, game.real_outputs, game.fake_outputs, game.draws)
            letter = player[0]
            if term is self.adversarial_loss:
                loss = value
                logs[f"{letter}_loss"] = value
            else:
                added += term.weight_of(player) * value
                logs[f"{letter}_{term.NAME}"] = value
            if player == "discriminator" and term.MEASURES:
                plain = term.READS == ("logits",)
                sides = game.real_outputs, game.fake_outputs
                logs |= term.measures(*(side["logits"] if plain else side for side in sides))
        return loss, added, logs

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
                networks = self.discriminator, self.generator
                states = [v for network in networks for v in network.non_trainable_variables]
                states += getattr(penalty, "variables", ())
                speaks = penalty.GLOBAL or checks.meets_mixing(self, penalty)
                value = gating.term_where(due, lambda t=term: t(game), states, speaks)
                ran = tf.cast(due, tf.float32)
            total += penalty.weight * penalty.every * value
            logs[penalty.NAME] = (value, ran)
        return total, logs
