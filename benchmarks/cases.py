"""What the benchmarks train: a model of this library and what its hand-written twin needs.

Imports TensorFlow only when a model or data are made, so that the parent processes of
`memory` and `start_time` stay small.
"""

from __future__ import annotations

import argparse
import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Case:
    """One training step to measure.

    Attributes:
        preset: Preset that the library side starts from.
        overrides: Its fields by dotted name.
        data: A `--data` spec, or "noise" for random bytes of the model's shape.
        batch: B.
        uniform: Bounds of uniform latents, None for normal ones.
        unit: Whether the networks work on [0, 1] instead of [-1, 1].
        d_weight: Factor of the discriminator's loss.
        weight_decay: Factor of half the sum of squares of a player's weights.
        networks: "mlp" (three hidden layers) or "resnet" (WGAN-GP): ready networks that
            the family gets instead of its own; "" for none.
        width: Their units or channels.
    """

    preset: str
    overrides: dict
    data: str
    batch: int
    uniform: tuple[float, float] | None = None
    unit: bool = False
    d_weight: float = 1.0
    weight_decay: float = 0.0
    networks: str = ""
    width: int = 128


def _dcgan(side: int, channels: int, width: int, data: str, batch: int = 64, **kwargs) -> Case:
    overrides = {"model.image_shape": [side, side, channels], "model.width": width}
    return Case(
        "dcgan_cifar10_32", overrides, data, batch, uniform=(-1.0, 1.0), unit=side == 28, **kwargs
    )


def _mlp(batch: int) -> Case:
    bounds = (-math.sqrt(3.0), math.sqrt(3.0))
    return Case(
        "gan_ring8",
        {},
        "toy:ring8",
        batch,
        uniform=bounds,
        unit=True,
        d_weight=0.5,
        networks="mlp",
    )


def _resnet(side: int, width: int, batch: int) -> Case:
    adam = {"name": "adam", "learning_rate": 1e-4, "beta_1": 0.0, "beta_2": 0.9}
    overrides = {
        "model.image_shape": [side, side, 3],
        "model.latent_dim": 128,
        "model.latent_distribution": "normal",
        "model.output_range": "symmetric",
        "compile.loss": "wasserstein",
        "compile.penalties": [{"name": "gradient_penalty"}],
        "compile.generator_optimizer": adam,
        "compile.discriminator_optimizer": adam,
    }
    return Case("dcgan_cifar10_32", overrides, "noise", batch, networks="resnet", width=width)


def _biggan(side: int, batch: int, latent_dim: int, **model) -> Case:
    # Adam's first step is the sign of each gradient: at higher rates rounding alone moves losses.
    adam = {"name": "adam", "learning_rate": 5e-5, "beta_1": 0.0, "beta_2": 0.999}
    overrides = {
        "model.image_shape": [side, side, 3],
        "model.latent_dim": latent_dim,
        **{f"model.{name}": value for name, value in model.items()},
        "compile.loss": "non_saturating",
        "compile.penalties": [],
        "compile.fake_labels": "data",
        "compile.d_steps": 1,
        "compile.ema_half_life_images": None,
        "compile.generator_optimizer": adam,
        "compile.discriminator_optimizer": adam,
    }
    return Case("biggan_cifar10_small", overrides, "noise", batch)


CASES = {
    "mlp_toy": Case(
        "gan_ring8",
        {},
        "toy:ring8",
        128,
        uniform=(-math.sqrt(3.0), math.sqrt(3.0)),
        unit=True,
        d_weight=0.5,
    ),
    "dcgan_28": _dcgan(28, 1, 64, "embedded:digits", weight_decay=2.5e-5),
    "dcgan_28_narrow": _dcgan(28, 1, 8, "embedded:digits", weight_decay=2.5e-5),
    "dcgan_32": _dcgan(32, 3, 64, "noise"),
    "dcgan_64_narrow": _dcgan(64, 3, 16, "noise", batch=32, weight_decay=1e-5),
    "dcgan_64": Case("dcgan_port_64", {}, "noise", 32),
    "dcgan_64_port_narrow": Case("dcgan_port_64", {"model.width": 4}, "noise", 8),
    "mlp_128": _mlp(128),
    "mlp_128_large_batch": _mlp(512),
    "resnet_wgan_gp": _resnet(32, 128, 32),
    "resnet_wgan_gp_narrow": _resnet(8, 4, 8),
    "biggan_32": _biggan(32, 64, 32),
    "biggan_64": _biggan(64, 32, 40),
    "biggan_narrow": _biggan(16, 8, 12, width=8, attention_size=8),
    "quickstart": Case("quickstart", {"compile.penalties": []}, "embedded:digits", 64),
}


def names(text: str) -> list[str]:
    """Reads case names separated by commas, for argparse."""
    chosen = [name for name in text.split(",") if name]
    for name in chosen:
        if name not in CASES:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(CASES)}")
    return chosen


def make_model(case: Case, seed: int = 0, **overrides):
    """Returns the library's compiled model of a case.

    Args:
        case: The case.
        seed: Of the weights and the latents.
        **overrides: Further fields, `__` for the dot: `compile__steps_per_execution=1`.
    """
    from tfgan_models import presets

    recipe = recipe_of(case, **overrides)
    if case.networks:
        return _with_ready_networks(case, recipe, seed)
    return presets.build(recipe, seed)


def recipe_of(case: Case, **overrides):
    """Returns the preset of a case with its fields and further ones, `__` for the dot."""
    from tfgan_models import presets

    more = {name.replace("__", "."): value for name, value in overrides.items()}
    return presets.get(case.preset).override({**case.overrides, **more})


def with_batch(case: Case, batch: int) -> Case:
    """Returns the case with another batch size."""
    return dataclasses.replace(case, batch=batch)


def _with_ready_networks(case: Case, recipe, seed: int):
    import keras

    from tfgan_models import registry

    keras.utils.set_random_seed(seed)
    make = {"mlp": _mlp_networks, "resnet": _resnet_networks}[case.networks]
    shape = tuple(recipe.model["image_shape"])
    generator, discriminator = make(shape, recipe.model["latent_dim"], case.width)
    family = registry.family_class(recipe.family)
    model = family(**recipe.model, seed=seed, generator=generator, discriminator=discriminator)
    model.compile(**recipe.compile)
    return model


def _mlp_networks(image_shape, latent_dim: int, width: int):
    """Three hidden ReLU layers each; the generator ends in a sigmoid."""
    import keras
    from keras import layers

    def hidden(h):
        for _ in range(3):
            h = layers.Dense(width, "relu")(h)
        return h

    z, x = keras.Input((latent_dim,)), keras.Input(image_shape)
    image = layers.Dense(math.prod(image_shape), "sigmoid", dtype="float32")(hidden(z))
    image = layers.Reshape(image_shape, dtype="float32")(image)
    logit = layers.Dense(1, dtype="float32")(hidden(layers.Flatten()(x)))
    return keras.Model(z, image, name="generator"), keras.Model(x, logit, name="discriminator")


def _resnet_networks(image_shape, latent_dim: int, width: int):
    """The residual networks of WGAN-GP, arXiv:1704.00028, for small images."""
    from tfgan_models import networks

    generator = networks.resnet_generator(image_shape, latent_dim, (width,) * 3)
    discriminator = networks.resnet_discriminator(
        image_shape, (width, width), (width, width), pool="mean", spectral_norm=False
    )
    return generator, discriminator


def make_dataset(case: Case, seed: int = 0):
    """Returns the endless pipeline of batches that both sides read."""
    from trainers import data

    return data.pipeline(_source(case), batch_size=case.batch, seed=seed)


def _source(case: Case):
    from trainers import data

    if case.data != "noise":
        return data.load(case.data)
    import numpy as np

    from trainers.data.source import ArraySource

    recipe = recipe_of(case)
    shape = recipe.model["image_shape"]
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (2_048, *shape), np.uint8)
    classes = recipe.model.get("num_classes")
    if not classes:
        return ArraySource("noise", images)
    names = [str(i) for i in range(classes)]
    return ArraySource("noise", images, labels=np.arange(2_048) % classes, class_names=names)


def start(deterministic: bool = True) -> None:
    """Starts TensorFlow as `tfgan-train` does: quietly, with deterministic operations."""
    from trainers.commands.base import start_tensorflow

    start_tensorflow()
    import tensorflow as tf

    if deterministic:
        tf.config.experimental.enable_op_determinism()
