"""Presets of the unrolled GAN and of its plain twin."""

from tfgan_models.presets.base import Preset

_SOURCE = "Metz et al. 2017, arXiv:1611.02163, appendix A"


def _ring(summary, unrolled_steps, steps=25_000):
    return Preset(
        family="unrolled_gan",
        summary=summary,
        source=_SOURCE,
        model={"image_shape": (1, 1, 2)},
        compile={"unrolled_steps": unrolled_steps, "jit_compile": True},
        data={"source": "toy:ring8"},
        batch_size=512,
        steps=steps,
        run={"log_every": 100, "checkpoint_every": 500},
    )


PRESETS = {
    "unrolled_ring8": _ring("eight Gaussians on a ring, ten updates ahead", 10),
    "unrolled_ring8_plain": _ring("the same without a look ahead: collapses", 0),
    "unrolled_ring8_fast": _ring("eight Gaussians in two minutes, ten updates ahead", 10, 2_500),
    "unrolled_grid25": Preset(
        family="unrolled_gan",
        summary="25 Gaussians on a grid, ten updates ahead",
        source=f"{_SOURCE}; data of Srivastava et al. 2017, arXiv:1705.07761",
        model={"image_shape": (1, 1, 2), "scale": 5.0},
        compile={"unrolled_steps": 10, "jit_compile": True},
        data={"source": "toy:grid25"},
        batch_size=512,
        steps=25_000,
        run={"log_every": 100, "checkpoint_every": 500},
    ),
    "unrolled_gan_tiny": Preset(
        family="unrolled_gan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (1, 1, 2), "latent_dim": 8},
        compile={"unrolled_steps": 2},
        data={"source": "toy:ring8"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
