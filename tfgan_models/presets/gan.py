"""Presets of the 2014 GAN."""

from tfgan_models.presets.base import Preset

_SOURCE = "Goodfellow et al. 2014, arXiv:1406.2661, authors' configuration"
_ADAM = {"name": "adam", "learning_rate": 2e-4, "beta_1": 0.5}

PRESETS = {
    "gan_mnist": Preset(
        family="gan",
        summary="the paper's MNIST digits: maxout MLP, SGD with rising momentum",
        source=f"{_SOURCE} mnist.yaml; 500 updates an epoch on 50,000 images",
        model={"image_shape": (28, 28, 1)},
        data={"source": "tfds:mnist"},
        batch_size=100,
        steps=125_000,
        expected="unverified; the paper: Parzen log-likelihood 225 +- 2 nats",
    ),
    "gan_cifar10_mlp": Preset(
        family="gan",
        summary="the paper's CIFAR-10, fully connected",
        source=f"{_SOURCE} cifar10_fully_connected.yaml",
        model={"image_shape": (32, 32, 3), "architecture": "cifar_mlp"},
        data={"source": "tfds:cifar10"},
        batch_size=100,
        steps=125_000,
    ),
    "gan_cifar10_conv": Preset(
        family="gan",
        summary="the paper's CIFAR-10, convolutional",
        source=f"{_SOURCE} cifar10_convolutional.yaml",
        model={"image_shape": (32, 32, 3), "architecture": "cifar_conv"},
        data={"source": "tfds:cifar10"},
        batch_size=128,
        steps=125_000,
    ),
    "gan_digits": Preset(
        family="gan",
        summary="embedded digits in minutes: the paper's networks, Adam and R1",
        source="networks of the paper; optimizer, R1 and length chosen here for 5,000 images",
        model={"image_shape": (28, 28, 1)},
        compile={
            "generator_optimizer": _ADAM,
            "discriminator_optimizer": _ADAM,
            "penalties": [{"name": "r1", "gamma": 1.0, "every": 4}],  # without it: only ones
            "ema_half_life_images": 20_000,
        },
        data={"source": "embedded:digits"},
        batch_size=100,
        steps=4_000,
    ),
    "gan_ring8": Preset(
        family="gan",
        summary="eight Gaussians on a ring: a toy whose modes one can count",
        source="data of Metz et al. 2017, arXiv:1611.02163; networks chosen here",
        model={"image_shape": (1, 1, 2), "width": 160, "latent_dim": 16},
        compile={
            "generator_optimizer": {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5},
            "discriminator_optimizer": {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5},
            "steps_per_execution": 50,
        },
        data={"source": "toy:ring8"},
        batch_size=128,
        steps=10_000,
        run={"log_every": 500, "checkpoint_every": 2_000},
    ),
    "gan_tiny": Preset(
        family="gan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (8, 8, 1), "width": 20, "latent_dim": 8},
        compile={"generator_optimizer": _ADAM, "discriminator_optimizer": _ADAM},
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
