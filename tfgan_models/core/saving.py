"""How a model goes into a `.keras` file and out again, and into a SavedModel."""

from __future__ import annotations

import importlib

import keras

from tfgan_models.updates import Updates


class Saving:
    """Serialisation of the constructor's and of `compile`'s arguments; mixed into `GAN`."""

    def get_config(self):
        """Returns the constructor's arguments, networks included."""
        return {
            "image_shape": self.image_shape,
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "latent_dim": self.latent_dim,
            "num_classes": self.num_classes,
            "latent_distribution": self.latent_distribution,
            "output_range": self.output_range,
            "seed": self.seed,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes a model from `get_config`."""
        config = dict(config)
        for network in ("generator", "discriminator"):
            config[network] = keras.saving.deserialize_keras_object(config[network])
        return cls(**config)

    def get_compile_config(self):
        """Returns the arguments of `compile` as serialised objects."""
        if not self.compiled:
            return None
        plain = keras.saving.serialize_keras_object
        inner = {
            f"{player}_optimizer": getattr(
                getattr(self, f"{player}_optimizer"),
                "inner_optimizer",
                getattr(self, f"{player}_optimizer"),
            )
            for player in ("generator", "discriminator")
        }
        return {
            **{name: plain(optimizer) for name, optimizer in inner.items()},
            "loss": [plain(loss) for loss in self._chosen_losses()],
            "penalties": [plain(p) for p in self._penalties()],
            "augment": None if self.augment is None else plain(self.augment),
            "updates": self._plain_update_rule(),
            "d_steps": self.d_steps,
            "share_fakes": self.share_fakes,
            "ema_half_life_images": self.ema_half_life_images,
            "ema_start_images": self.ema_start_images,
            "fake_labels": self.fake_labels,
            "accumulation": self.accumulation,
            "freeze_discriminator": self.freeze_discriminator,
            "jit_compile": self.use_xla,
            "steps_per_execution": self.steps_per_execution,
        }

    def _plain_update_rule(self):
        if type(self.update_rule) is Updates:
            return None
        return keras.saving.serialize_keras_object(self.update_rule)

    def compile_from_config(self, config):
        """Compiles from `get_compile_config`."""
        self.compile(**config)

    def export(self, directory, **kwargs):
        """Writes a SavedModel of the EMA generator; see `export.export_generator`."""
        return importlib.import_module("export").export_generator(self, directory, **kwargs)
