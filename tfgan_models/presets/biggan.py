"""Presets of BigGAN and BigGAN-deep.

`biggan_128_...` are the rows of the paper's table 1 before the last. The small ones depart from the
paper where time is short: 32 pixels in three blocks that taper, batches of 64, rates of 5e-4 and
2e-3 for 5e-5 and 2e-4, and an average with a short half-life.
"""

from tfgan_models.presets.base import Preset

_SOURCE = "Brock et al. 2019, arXiv:1809.11096"
_PARTS = {"shared_dim": 16, "hierarchical": True, "latent_dim": 32}
_SMALL = {"num_classes": 10, "width": 16, "layout": "tapered", "attention_size": 16, **_PARTS}


def _adam(rate):
    return {"name": "adam", "learning_rate": rate, "beta_1": 0.0, "beta_2": 0.999}


_FAST = {
    "generator_optimizer": _adam(5e-4),
    "discriminator_optimizer": _adam(2e-3),
    "ema_half_life_images": 5_000,
}


def _large(family, pixels, batch, steps, expected):
    return Preset(
        family=family,
        summary=f"{pixels}x{pixels} by class: the paper's pair and setting",
        source=f"{_SOURCE}, appendices B and C",
        model={"image_shape": (pixels, pixels, 3), "num_classes": 1000},
        compile={"ema_start_images": 20_000 * batch},
        data={"source": "folder:imagenet"},
        batch_size=batch,
        steps=steps,
        expected=f"unverified; the paper: {expected}",
    )


def _row(summary, batch, steps, model, penalties, expected):
    return Preset(
        family="biggan",
        summary=f"128x128, a row of the ablation: {summary}",
        source=f"{_SOURCE}, table 1",
        model={"image_shape": (128, 128, 3), "num_classes": 1000, **model},
        compile={"ema_start_images": 20_000 * batch, **penalties},
        data={"source": "folder:imagenet"},
        batch_size=batch,
        steps=steps,
        expected=f"unverified; the paper: {expected}",
    )


_NO_SHARED = {"shared_dim": None, "hierarchical": False}
_NO_SKIP = {"hierarchical": False}
_NO_ORTHOGONAL = {"penalties": []}
_NARROW = {"width": 64, **_NO_SHARED}

PRESETS = {
    "biggan_imagenet_128": _large("biggan", 128, 2048, 165_000, "FID 8.51, inception score 99.31"),
    "biggan_imagenet_256": _large("biggan", 256, 2048, 150_000, "FID 8.7, inception score 142.3"),
    "biggan_imagenet_512": _large("biggan", 512, 2048, 150_000, "FID 8.1, inception score 144.2"),
    "biggan_deep_imagenet_128": _large(
        "biggan_deep", 128, 2048, 150_000, "FID 5.7, inception score 124.5"
    ),
    "biggan_deep_imagenet_256": _large(
        "biggan_deep", 256, 2048, 150_000, "FID 6.9, inception score 171.4"
    ),
    "biggan_deep_imagenet_512": _large(
        "biggan_deep", 512, 2048, 150_000, "FID 7.5, inception score 152.8"
    ),
    "biggan_128_batch_512": _row(
        "w 64, batches of 512, nothing shared",
        512,
        1_000_000,
        _NARROW,
        _NO_ORTHOGONAL,
        "FID 15.30, inception score 58.77",
    ),
    "biggan_128_batch_1024": _row(
        "w 64, batches of 1,024, nothing shared",
        1024,
        1_000_000,
        _NARROW,
        _NO_ORTHOGONAL,
        "FID 14.88, inception score 63.03",
    ),
    "biggan_128_batch_2048": _row(
        "w 64, batches of 2,048, nothing shared",
        2048,
        732_000,
        _NARROW,
        _NO_ORTHOGONAL,
        "FID 12.39, inception score 76.85",
    ),
    "biggan_128_wide": _row(
        "w 96, nothing shared",
        2048,
        295_000,
        _NO_SHARED,
        _NO_ORTHOGONAL,
        "FID 9.54, inception score 92.98",
    ),
    "biggan_128_shared": _row(
        "w 96, shared embedding",
        2048,
        185_000,
        _NO_SKIP,
        _NO_ORTHOGONAL,
        "FID 9.18, inception score 94.94",
    ),
    "biggan_128_skip_z": _row(
        "w 96, shared embedding and skip-z",
        2048,
        152_000,
        {},
        _NO_ORTHOGONAL,
        "FID 8.73, inception score 98.76",
    ),
    "biggan_128_narrow": _row(
        "w 64, with all of it",
        2048,
        371_000,
        {"width": 64},
        {},
        "FID 10.48, inception score 86.90",
    ),
    "biggan_cifar10": Preset(
        family="biggan",
        summary="32x32 colour by class: tables of gains, four discriminator updates",
        source="the author's PyTorch script for CIFAR-10; orthogonal weights instead of N(0, 0.02)",
        model={
            "image_shape": (32, 32, 3),
            "num_classes": 10,
            "shared_dim": None,
            "hierarchical": False,
        },
        compile={
            "generator_optimizer": _adam(2e-4),
            "discriminator_optimizer": _adam(2e-4),
            "penalties": [],
            "d_steps": 4,
            "ema_half_life_images": 346_555,
            "ema_start_images": 50_000,
        },
        data={"source": "tfds:cifar10"},
        batch_size=50,
        steps=125_000,
        expected="unverified; the script's author: FID 8 to 9, inception score 9",
    ),
    "biggan_cifar10_small": Preset(
        family="biggan",
        summary="32x32 colour by class on a CPU: three blocks, skip-z, attention at 16x16",
        source="layers of the paper; channels and settings chosen here",
        model={"image_shape": (32, 32, 3), **_SMALL},
        compile=_FAST,
        data={"source": "tfds:cifar10"},
        batch_size=64,
        steps=1_500,
        expected="on 30,000 images, with standing statistics: 53.8 % read as asked by a network "
        "right on 72.6 % of real ones",
    ),
    "biggan_garments": Preset(
        family="biggan",
        summary="garments by class on a CPU: new items of a kind, walks between two",
        source="layers of the paper; channels and settings chosen here",
        model={"image_shape": (32, 32, 1), **_SMALL},
        compile=_FAST,
        data={"source": "tfds:fashion_mnist"},
        batch_size=64,
        steps=800,
        expected="on 20,000 images: 84.6 % read as asked by a network right on 89.3 % of real ones",
    ),
    "biggan_digits": Preset(
        family="biggan",
        summary="embedded digits by class in minutes: three blocks, skip-z, attention at 16x16",
        source="layers of the paper; channels and settings chosen here",
        model={"image_shape": (32, 32, 1), **_SMALL},
        compile=_FAST,
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=700,
        expected="98.9 % of 2,000 samples read as the class asked for, proxy FID 0.35, seed 0",
    ),
    "s3gan_digits": Preset(
        family="biggan",
        summary="embedded digits, one label in ten known: guessed classes and turned images",
        source="Lucic et al. 2019, arXiv:1903.02271 (S3GAN); channels and settings chosen here",
        model={
            "image_shape": (32, 32, 1),
            **_SMALL,
            "head": "semi_projection",
            "rotation": True,
        },
        compile=_FAST,
        data={"source": "embedded:digits", "labelled": 0.1},
        batch_size=64,
        steps=700,
        expected="99.3 % of 2,000 samples read as the class asked for, proxy FID 0.32, seed 0",
    ),
    "biggan_deep_digits": Preset(
        family="biggan_deep",
        summary="embedded digits by class in minutes: six bottleneck blocks, attention at 16x16",
        source="layers of the paper; channels and settings chosen here",
        model={
            "image_shape": (32, 32, 1),
            "num_classes": 10,
            "latent_dim": 32,
            "width": 16,
            "layout": "tapered",
            "shared_dim": 16,
            "attention_size": 16,
        },
        compile=_FAST,
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=1_100,
        expected="95.1 % of 2,000 samples read as the class asked for, proxy FID 0.25, seed 0",
    ),
    "biggan_tiny": Preset(
        family="biggan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={
            "image_shape": (8, 8, 1),
            "num_classes": 10,
            "width": 8,
            "latent_dim": 6,
            "shared_dim": 4,
            "hierarchical": True,
            "layout": "tapered",
        },
        compile={"ema_half_life_images": 100},
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
    "biggan_deep_tiny": Preset(
        family="biggan_deep",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={
            "image_shape": (8, 8, 1),
            "num_classes": 10,
            "width": 8,
            "layout": "tapered",
            "latent_dim": 6,
            "shared_dim": 4,
        },
        compile={"ema_half_life_images": 100},
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
