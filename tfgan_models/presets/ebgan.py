"""Presets of EBGAN."""

from tfgan_models.presets.base import Preset

_SOURCE = "Zhao et al. 2017, arXiv:1609.03126"
_ADAM = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5}


def _photographs(summary, data, margin, steps, pulling_away=False):
    """The 64x64 networks; batches of 128 are DCGAN's."""
    game = {"name": "energy_margin", "margin": margin}
    return Preset(
        family="ebgan",
        summary=summary,
        source=f"{_SOURCE}, section 4; batch and length as in DCGAN",
        model={"image_shape": (64, 64, 3), "architecture": "conv"},
        compile={"loss": [game, "pulling_away"] if pulling_away else game},
        data={"source": data},
        batch_size=128,
        steps=steps,
    )


PRESETS = {
    "ebgan_mnist": Preset(
        family="ebgan",
        summary="the paper's MNIST: the best run of its grid search, margin 10",
        source=f"{_SOURCE}, section 4.1 and the authors' MNIST code",
        model={"image_shape": (28, 28, 1), "architecture": "mlp"},
        data={"source": "tfds:mnist"},
        batch_size=64,
        steps=93_700,
    ),
    "ebgan_bedrooms_64": _photographs(
        "64x64 rooms, margin 80", "folder:bedrooms", margin=80.0, steps=100_000
    ),
    "ebgan_faces_64": _photographs(
        "64x64 faces, margin 20", "folder:faces", margin=20.0, steps=68_000
    ),
    "ebgan_pt_faces_64": _photographs(
        "64x64 faces with the pulling-away term",
        "folder:faces",
        margin=20.0,
        steps=68_000,
        pulling_away=True,
    ),
    "ebgan_digits": Preset(
        family="ebgan",
        summary="embedded digits in minutes: EBGAN-PT, the convolutional pair, narrow",
        source="networks of the paper at width 16, 32x32 pixels; the rest chosen here",
        model={
            "image_shape": (32, 32, 1),
            "architecture": "conv",
            "latent_dim": 32,
            "width": 16,
        },
        compile={
            "generator_optimizer": _ADAM,
            "discriminator_optimizer": _ADAM,
            "loss": [{"name": "energy_margin", "margin": 8.0}, "pulling_away"],
            "ema_half_life_images": 10_000,
        },
        data={"source": "embedded:digits"},
        batch_size=64,
        steps=1_500,
        expected="digits of all classes; energies of real images near 6, of fakes near 7.6, seed 0",
    ),
    "ebgan_tiny": Preset(
        family="ebgan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (8, 8, 1), "latent_dim": 8, "width": 20},
        compile={
            "generator_optimizer": _ADAM,
            "discriminator_optimizer": _ADAM,
            "loss": ["energy_margin", "pulling_away"],
        },
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
