"""Presets of DCGAN."""

from tfgan_models.presets.base import Preset

_SOURCE = "Radford et al. 2015, arXiv:1511.06434"
_ADAM = {"name": "adam", "learning_rate": 2e-4, "beta_1": 0.5}

PRESETS = {
    "dcgan_mnist_28": Preset(
        family="dcgan",
        summary="28x28 digits: the authors' MNIST network without labels",
        source=f"{_SOURCE}; authors' mnist/train_cond_dcgan.py without y",
        model={"image_shape": (28, 28, 1)},
        data={"source": "tfds:mnist"},
        batch_size=128,
        steps=46_800,
    ),
    "dcgan_cifar10_32": Preset(
        family="dcgan",
        summary="32x32 colour: the DCGAN that WGAN-GP compares with",
        source="networks as in Gulrajani et al. 2017, arXiv:1704.00028; settings of the paper",
        model={"image_shape": (32, 32, 3)},
        data={"source": "tfds:cifar10"},
        batch_size=128,
        steps=100_000,
    ),
    "dcgan_faces_64": Preset(
        family="dcgan",
        summary="the paper's 64x64 network, L2 and 25 epochs",
        source=f"{_SOURCE}; authors' faces/train_uncond_dcgan.py (ngf = ndf = 128)",
        model={"image_shape": (64, 64, 3)},
        data={"source": "folder:faces"},
        batch_size=128,
        steps=68_000,
    ),
    "dcgan_port_64": Preset(
        family="dcgan",
        summary="the Torch port at 64x64: 4x4 kernels, normal latents",
        source="Torch and PyTorch ports (ngf = ndf = 64); 25 epochs of 202,599 faces",
        model={"image_shape": (64, 64, 3), "port": True},
        data={"source": "folder:faces"},
        batch_size=64,
        steps=79_000,
    ),
    "dcgan_128": Preset(
        family="dcgan",
        summary="one stage more than the paper's, 128x128",
        source=f"{_SOURCE}; extrapolated by one stage",
        model={"image_shape": (128, 128, 3)},
        data={"source": "folder:faces"},
        batch_size=64,
        steps=100_000,
    ),
    "dcgan_digits": Preset(
        family="dcgan",
        summary="embedded digits in minutes: the 28x28 network, narrow",
        source="networks of the authors' MNIST code at width 24; length chosen here",
        model={"image_shape": (28, 28, 1), "width": 24},
        compile={
            "generator_optimizer": _ADAM,
            "discriminator_optimizer": _ADAM,
            "ema_half_life_images": 20_000,
        },
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=3_000,
    ),
    "dcgan_tiny": Preset(
        family="dcgan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (8, 8, 1), "width": 2, "latent_dim": 8},
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
