"""Presets of the lecture's example runs."""

from tfgan_models.presets.base import Preset

_SOURCE = "Raschka 2021, STAT 453 lecture 16"
_EPOCHS = 100 * 469  # of 60,000 images in batches of 128
_SMOOTH = {"name": "non_saturating", "real_target": 0.9, "generator_target": 0.9}


def _digits(summary, architecture, compile=None, steps=4_000, **fields):
    """A run of the notebooks on the embedded digits."""
    return Preset(
        family="lecture_gan",
        summary=summary,
        source=f"{_SOURCE}; its {_EPOCHS:,} steps on MNIST cut short, 5,000 digits",
        model={"image_shape": (28, 28, 1), "architecture": architecture},
        compile=compile or {},
        data={"source": "embedded:digits"},
        batch_size=128,
        steps=steps,
        **fields,
    )


def _photographs(summary, data, steps):
    return Preset(
        family="lecture_gan",
        summary=summary,
        source=f"{_SOURCE}; 50 epochs",
        model={"image_shape": (64, 64, 3), "architecture": "dcgan"},
        data={"source": data},
        batch_size=128,
        steps=steps,
    )


PRESETS = {
    "lecture_mlp": _digits("fully connected: works", "mlp", steps=20_000),
    "lecture_failing_cnn": _digits(
        "convolutions whose losses settle at log 2 while the pictures fail",
        "failing_cnn",
        steps=2_000,
    ),
    "lecture_collapse": _digits(
        "fully connected against convolutions: collapses to few pictures", "half_cnn"
    ),
    "lecture_not_great": _digits("convolutions without batch norm: blurred", "plain_cnn"),
    "lecture_good": _digits("the convolutions that work", "good_cnn"),
    "lecture_label_smoothing": _digits(
        "the convolutions that work, real target 0.9", "good_cnn", {"loss": _SMOOTH}
    ),
    "lecture_cats_dogs": _photographs(
        "DCGAN-64 on cats and dogs", "tfds:cats_vs_dogs", 50 * 23_262 // 128
    ),
    "lecture_faces": _photographs("DCGAN-64 on faces", "folder:faces", 50 * 202_599 // 128),
    "lecture_gan_tiny": Preset(
        family="lecture_gan",
        summary="seconds on a CPU, for tests",
        source="chosen here",
        model={"image_shape": (8, 8, 1), "latent_dim": 8, "width": 8},
        data={"source": "embedded:digits"},
        batch_size=8,
        steps=20,
        run={"log_every": 5, "checkpoint_every": 10},
    ),
}
