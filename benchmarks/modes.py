"""How many modes of a mixture in the plane does each method find?

    python -m benchmarks.modes [--sets=ring8,grid25] [--methods=plain,r1] [--seeds=5]
        [--steps=5000] [--batch=128] [--rate=0.001] [--out=DIR]

Trains every method on every set from `--seeds` seeds, counted from 0, and prints a row a
method: mean and standard deviation over the seeds. The first two rows of a set are the data
themselves, and points that know nothing of them. With `--out`, a picture a set of the
first seed's points, `modes_SET.png`. The header states the protocol.
"""

from __future__ import annotations

import argparse
import io
import pathlib
from typing import NamedTuple

import numpy as np

from benchmarks import cases
from tfgan_models.metrics.modes import mode_coverage
from tfgan_models.registry import near_matches

SETS = ("ring8", "grid25")
POINTS = 2_500
_LATENT = 256
_HIDDEN = 128
_TOGETHER = 50  # steps in one call of the train function


class Method(NamedTuple):
    """One row of the table.

    Attributes:
        summary: Loss, penalties, betas of Adam, for the header.
        betas: beta_1 and beta_2 of Adam, of both players.
        compile: Further arguments of `GAN.compile`.
        similarities: Whether the discriminator has a minibatch discrimination layer.
    """

    summary: str
    betas: tuple[float, float]
    compile: dict
    similarities: bool = False


METHODS = {
    "plain": Method("non-saturating loss; Adam (.5, .999)", (0.5, 0.999), {}),
    "saturating": Method(
        "the game as written; Adam (.5, .999). It is the baseline of the unrolled GAN,\n"
        "              which equals it at K = 0; that family comes later",
        (0.5, 0.999),
        {"loss": "minimax"},
    ),
    "wgan_gp": Method(
        "Wasserstein, gradient penalty 0.1, 5 critic steps; Adam (.5, .9)",
        (0.5, 0.9),
        {
            "loss": "wasserstein",
            "penalties": [{"name": "gradient_penalty", "weight": 0.1}],
            "d_steps": 5,
        },
    ),
    "r1": Method(
        "non-saturating, R1 with gamma 10; Adam (0, .99)",
        (0.0, 0.99),
        {"penalties": [{"name": "r1", "gamma": 10.0}]},
    ),
    "rpgan_r1_r2": Method(
        "relativistic pairing, R1 and R2 with gamma 10; Adam (0, .9)",
        (0.0, 0.9),
        {
            "loss": "relativistic_pairing",
            "penalties": [{"name": "r1", "gamma": 10.0}, {"name": "r2", "gamma": 10.0}],
        },
    ),
    "minibatch": Method(
        "non-saturating, minibatch discrimination (5 kernels of 3) before D's last layer;\n"
        "              Adam (.5, .999)",
        (0.5, 0.999),
        {},
        similarities=True,
    ),
}
_PROTOCOL = """\
Modes of mixtures: {seeds} seed(s), {steps} generator steps of batch {batch}, Adam's rate {rate:g}.
networks      of the unrolled GAN (arXiv:1611.02163, appendix): z N(0, 1)^256, G 128-128-2, D of x/4
              128-1, relu, orthogonal start of gain 0.8; 49,666 and 513 weights (`minibatch`: more)
data          ring8: radius 2, std 0.02; grid25: {{-4, -2, 0, 2, 4}}^2, std 0.05. Penalties take
              gradients by x/2.5 and x/5, the images that the library sees
modes         of VEEGAN and PacGAN: nearest to at least one of {points} points that is within 3 std
%HQ           share of the points within 3 std of the nearest centre; the target's is 98.89
loose         modes with a hundredth of the points within half the distance between centres
reverse KL    of the histogram of nearest centres against the uniform one, nats
target        points of the data, what a perfect model would make
cloud         uniform points in [-2.5, 2.5]^2 and [-5, 5]^2: what the columns give for nothing
{methods}
"""
_COLUMNS = ("modes", "%HQ", "loose", "reverse KL")


def main(argv: list[str] | None = None) -> None:
    """Prints the table."""
    flags = _parse(argv)
    cases.start()
    from trainers import data

    lines = [f"{name:<14}{METHODS[name].summary}" for name in flags.methods]
    values = {name: getattr(flags, name) for name in ("seeds", "steps", "batch", "rate")}
    print(_PROTOCOL.format(points=POINTS, methods="\n".join(lines), **values))
    print(f"{'set':<8}{'method':<13}" + "".join(f"{column:>16}" for column in _COLUMNS))
    for name in flags.sets:
        source = data.load(f"toy:{name}")
        shown = {}
        for method in ("target", "cloud", *flags.methods):
            runs = [_points(source, method, seed, flags) for seed in range(flags.seeds)]
            print(_row(name, method, source, runs), flush=True)
            if method != "cloud":
                shown[method] = runs[0]
        if flags.out:
            path = pathlib.Path(flags.out) / f"modes_{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture(shown, source))


def _parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = ", ".join(METHODS)
    parser.add_argument("--sets", type=_names("set", SETS), default=list(SETS))
    methods = _names("method", METHODS)
    parser.add_argument("--methods", type=methods, default=list(METHODS), help=f"of {known}")
    parser.add_argument("--seeds", type=_positive, default=5, help="how many")
    parser.add_argument("--steps", type=_steps, default=5_000, help="generator updates")
    parser.add_argument("--batch", type=_positive, default=128)
    parser.add_argument("--rate", type=float, default=1e-3, help="of Adam, both players")
    parser.add_argument("--out", default="", help="directory of the pictures")
    return parser.parse_args(argv)


def _names(kind: str, known):
    """Returns a reader of names separated by commas, for argparse."""

    def read(text: str) -> list[str]:
        chosen = [name for name in text.split(",") if name]
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(
                    f"unknown {kind} {name!r}.{near_matches(name, known)}"
                )
        return chosen

    return read


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive int")
    return int(text)


def _steps(text: str) -> int:
    steps = _positive(text)
    if steps % _TOGETHER:
        raise argparse.ArgumentTypeError(f"{steps} is not a multiple of {_TOGETHER}")
    return steps


def _row(name: str, method: str, source, runs) -> str:
    counts = [mode_coverage(points, source.centres, source.std) for points in runs]
    found = np.array([(c.modes, c.quality, c.loose, c.reverse_kl) for c in counts])
    found[:, 1] *= 100.0
    mean, spread = found.mean(axis=0), found.std(axis=0, ddof=min(1, len(runs) - 1))
    cells = [
        f"{mean[i]:.{digits}f} +- {spread[i]:.{digits}f}" for i, digits in enumerate((1, 2, 1, 3))
    ]
    return f"{name:<8}{method:<13}" + "".join(f"{cell:>16}" for cell in cells)


def _points(source, method: str, seed: int, flags) -> np.ndarray:
    """`POINTS` points (POINTS, 2) in the set's units, of a reference or a trained model."""
    if method == "cloud":
        uniform = np.random.default_rng(seed).uniform(-1.0, 1.0, (POINTS, 2))
        return uniform * source.scale
    if method == "target":
        from trainers import data

        batch = next(iter(data.pipeline(source, batch_size=POINTS, seed=seed)))
        return batch["image"].numpy().reshape(POINTS, 2) * source.scale
    return train(source, METHODS[method], seed, flags.steps, flags.batch, flags.rate)


def make_model(source, method: Method, seed: int, rate: float = 1e-3):
    """Returns the compiled model of a method for a toy set, initialised from `seed`."""
    import keras
    from keras import layers

    from tfgan_models.core.gan import GAN
    from tfgan_models.layers import MinibatchDiscrimination

    keras.utils.set_random_seed(seed)

    def dense(units, activation=None):
        start = keras.initializers.Orthogonal(gain=0.8)
        return layers.Dense(units, activation, kernel_initializer=start)

    z, x = keras.Input((_LATENT,)), keras.Input((1, 1, 2))
    h = dense(2)(dense(_HIDDEN, "relu")(dense(_HIDDEN, "relu")(z)))
    made = layers.Reshape((1, 1, 2))(layers.Rescaling(1.0 / source.scale)(h))
    h = layers.Rescaling(source.scale / 4.0)(layers.Flatten()(x))
    h = dense(_HIDDEN, "relu")(h)
    if method.similarities:
        h = MinibatchDiscrimination(kernels=5, dims=3)(h)
    model = GAN(
        (1, 1, 2),
        generator=keras.Model(z, made),
        discriminator=keras.Model(x, dense(1)(h)),
        latent_dim=_LATENT,
        output_range="unbounded",
        seed=seed,
    )
    beta_1, beta_2 = method.betas
    adam = {"name": "adam", "learning_rate": rate, "beta_1": beta_1, "beta_2": beta_2}
    model.compile(
        generator_optimizer=adam,
        discriminator_optimizer=adam,
        steps_per_execution=_TOGETHER,
        **method.compile,
    )
    return model


def train(
    source, method: Method, seed: int, steps: int, batch: int = 128, rate: float = 1e-3
) -> np.ndarray:
    """Trains a model; returns `POINTS` points (POINTS, 2) of its generator, in the set's units."""
    from trainers import data

    model = make_model(source, method, seed, rate)
    batches = data.pipeline(source, batch_size=batch, seed=seed, d_steps=model.d_steps)
    model.fit(batches, steps_per_epoch=steps, verbose=0)
    latents = model.sample_latents(POINTS, seed=seed)
    images = model.synthesize(model.generator, latents, None, training=False)  # unclipped
    return images.numpy().reshape(POINTS, 2) * source.scale


def picture(shown: dict, source) -> bytes:
    """Draws small multiples of points over the centres; returns a PNG.

    Args:
        shown: {title: points (n, 2)}.
        source: The toy set.
    """
    from matplotlib.figure import Figure
    from PIL import Image

    columns = min(4, len(shown))
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(2.2 * columns, 2.4 * rows), dpi=100, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).flat
    limit = 1.1 * source.scale
    for axes, (title, points) in zip(panels, shown.items(), strict=False):
        axes.scatter(*source.centres.T, s=60, facecolors="none", edgecolors="0.6", linewidths=0.8)
        axes.scatter(*points.T, s=1.5, alpha=0.4, linewidths=0)
        axes.set_title(title, fontsize=9)
    for axes in figure.axes:
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xticks=[], yticks=[])
    for axes in figure.axes[len(shown) :]:
        axes.set_axis_off()
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png")
    Image.open(drawn).convert("RGB").quantize(64).save(small, format="png", optimize=True)
    return small.getvalue()


if __name__ == "__main__":
    main()
