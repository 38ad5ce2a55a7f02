"""Several augmentations in a row, and how an augmentation is named."""

from __future__ import annotations

import keras

from tfgan_models.augment.base import Augmentation
from tfgan_models.augment.diff_augment import POLICIES, DiffAugment
from tfgan_models.core.lookup import resolve
from tfgan_models.registry import AUGMENTATIONS, near_matches


def get(spec):
    """Returns a new augmentation, or None for None.

    Args:
        spec: A name ("ada"), a dict of plain data ({"name": "ada", "kimg": 100}), an object,
            a policy of DiffAugment ("color,translation"), or a sequence of these, which
            becomes a `Chain`.

    Raises:
        ValueError: Unknown name or argument; near matches are listed.
    """
    if isinstance(spec, (list, tuple)):
        stages = [stage for stage in spec if stage is not None]
        return Chain(stages) if stages else None
    if isinstance(spec, str) and ("," in spec or spec in POLICIES):
        return DiffAugment(spec)
    if isinstance(spec, str) and spec not in AUGMENTATIONS:
        near = near_matches(spec, (*AUGMENTATIONS, *POLICIES))
        raise ValueError(f"Unknown augmentation {spec!r}.{near}")
    return None if spec is None else resolve("augmentation", spec, AUGMENTATIONS)


@keras.saving.register_keras_serializable(package="tfgan_models")
class Chain(keras.layers.Layer, Augmentation):
    """Augmentations applied one after the other, each with random numbers of its own.

    Args:
        stages: Sequence of what `augment.get` takes; held as `stage_0`, `stage_1`, ...
        name, dtype: Keras's.
    """

    def __init__(self, stages, name=None, dtype="float32"):
        keras.layers.Layer.__init__(self, name=name, dtype=dtype, trainable=False)
        made = [get(stage) for stage in stages]
        for i, stage in enumerate(made):
            setattr(self, f"stage_{i}", stage)
        self._count = len(made)
        self.CONTROLLED = any(stage.CONTROLLED for stage in made)
        self.TURNS = any(stage.TURNS for stage in made)
        self.ACCUMULATES = all(
            stage.ACCUMULATES for stage in made if getattr(stage, "variables", None)
        )
        self.built = True

    @property
    def stages(self) -> list:
        """The augmentations in their order."""
        return [getattr(self, f"stage_{i}") for i in range(self._count)]

    def __call__(self, images, draws):
        for i, stage in enumerate(self.stages):
            images = stage(images, draws.at(f"stage_{i}"))
        return images

    def mix(self, batch, fake, draws):
        for i, stage in enumerate(self.stages):
            batch, fake = stage.mix(batch, fake, draws.at(f"stage_{i}"))
        return batch, fake

    def observe(self, game):
        for stage in self.stages:
            stage.observe(game)

    def build_for(self, image_shape, num_classes=None):
        for stage in self.stages:
            stage.build_for(image_shape, num_classes)

    def get_config(self):
        plain = keras.saving.serialize_keras_object
        return {"stages": [plain(stage) for stage in self.stages], "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
