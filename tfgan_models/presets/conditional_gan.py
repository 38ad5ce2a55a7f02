"""Presets of the conditional GAN."""

from tfgan_models.presets.base import Preset

_ADAM = {"name": "adam", "learning_rate": 2e-4, "beta_1": 0.5}
_FAST = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.0, "beta_2": 0.99}

PRESETS = {
    "quickstart": Preset(
        family="conditional_gan",
        summary="digits by class in two minutes on a laptop: the first run",
        source="chosen here: small convolutional pair, label projection, lazy R1, average",
        model={
            "image_shape": (28, 28, 1),
            "num_classes": 10,
            "architecture": "projection",
            "latent_dim": 64,
            "width": 24,
        },
        compile={
            "generator_optimizer": _FAST,
            "discriminator_optimizer": _FAST,
            "penalties": [{"name": "r1", "gamma": 0.05, "every": 8}],
            "ema_half_life_images": 20_000,
            "share_fakes": True,
        },
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=1_500,
        expected="99 % of 1,000 samples read as the class asked for by a small classifier of real "
        "digits (97 % on held-out real ones), seed 0, 78 s on 2 CPU cores",
    ),
    "cgan_mnist_mlp": Preset(
        family="conditional_gan",
        summary="the paper's MNIST: maxout MLP with the label beside z and x",
        source="Mirza & Osindero 2014, arXiv:1411.1784, section 4.1",
        model={"image_shape": (28, 28, 1), "num_classes": 10, "architecture": "mlp"},
        data={"source": "tfds:mnist"},
        batch_size=100,
        steps=150_000,
        expected="unverified; the paper: Parzen log-likelihood 132 +- 1.8 nats",
    ),
    "cgan_mnist_conv": Preset(
        family="conditional_gan",
        summary="the DCGAN authors' conditional MNIST, the label at every layer",
        source="DCGAN authors' code, mnist/train_cond_dcgan.py; 200 epochs of 468 updates",
        model={"image_shape": (28, 28, 1), "num_classes": 10, "architecture": "conv"},
        data={"source": "tfds:mnist"},
        batch_size=128,
        steps=93_600,
    ),
    "cgan_digits": Preset(
        family="conditional_gan",
        summary="embedded digits in minutes: the DCGAN authors' conditional network, narrow",
        source="networks of mnist/train_cond_dcgan.py at width 24; length chosen here",
        model={
            "image_shape": (28, 28, 1),
            "num_classes": 10,
            "architecture": "conv",
            "width": 24,
        },
        compile={
            "generator_optimizer": _ADAM,
            "discriminator_optimizer": _ADAM,
            "penalties": [{"name": "weight_decay", "weight": 2.5e-5}],
            "ema_half_life_images": 20_000,
        },
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=3_000,
    ),
    "cgan_tiny": Preset(
        family="conditional_gan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={
            "image_shape": (8, 8, 1),
            "num_classes": 10,
            "architecture": "projection",
            "latent_dim": 8,
            "width": 4,
        },
        compile={
            "generator_optimizer": _FAST,
            "discriminator_optimizer": _FAST,
            "penalties": [{"name": "r1", "gamma": 0.5, "every": 2}, {"name": "lecam"}],
            "ema_half_life_images": 100,
            "d_steps": 2,
        },
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
