"""What the parts of a small BigGAN cost, as ratios of whole training steps.

    python -m benchmarks.biggan_cost [--size=32,64] [--rounds=9] [--steps=4] [--batch=32]

Each row changes one thing in the networks of `biggan_cifar10_small`. The step with a part and the
step without it alternate in one process, chunk by chunk, on equal data; the row is the median of
the paired ratios, with minimum and maximum. The last row sets Keras's own batch norm, which
computes in separate operations, under the conditional gains in place of the library's fused one.
"""

from __future__ import annotations

import argparse
import statistics
import time

from benchmarks import cases

_TARGETS = {"spectral norm": 1.1}


def main(argv: list[str] | None = None) -> None:
    """Prints the table."""
    flags = _parse(argv)
    cases.start(deterministic=False)
    print(f"{'size':<6}{'part':<34}{'median':>8}{'min':>7}{'max':>7}{'rounds':>8}")
    for size in flags.size:
        whole = _Step(size, flags.batch)
        for part, change in _PARTS.items():
            print(f"{size:<6}{_row(part, whole, _Step(size, flags.batch, **change), flags)}")


def _parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=_sizes, default=[32, 64], help="pixels: 32, 64 or both")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=4, help="length of a chunk")
    parser.add_argument("--batch", type=int, default=32)
    return parser.parse_args(argv)


def _sizes(text: str) -> list[int]:
    chosen = text.split(",")
    if not set(chosen) <= {"32", "64"}:
        raise argparse.ArgumentTypeError(f"{text!r}: sizes are 32 and 64")
    return [int(size) for size in chosen]


_PARTS = {
    "spectral norm": {"spectral_norm": False},
    "attention": {"attention": False},
    "fused batch norm": {"fused": False},
}


def _row(part: str, whole: _Step, without: _Step, flags) -> str:
    for step in (whole, without):  # traces
        step.run(1)
    pairs = [(whole.run(flags.steps), without.run(flags.steps)) for _ in range(flags.rounds)]
    ratios = [a / b for a, b in pairs]
    middle = statistics.median(ratios)
    row = f"{'with / without ' + part:<34}{middle:>8.3f}{min(ratios):>7.3f}{max(ratios):>7.3f}"
    row += f"{len(ratios):>8}"
    if part in _TARGETS:
        row += f"  target {_TARGETS[part]:.2f} {'pass' if middle <= _TARGETS[part] else 'above'}"
    return row


class _Step:
    """One model and its data.

    Args:
        size: Pixels, 32 or 64.
        batch: B.
        spectral_norm, attention, fused: Whether the networks have each.
    """

    def __init__(self, size: int, batch: int, spectral_norm=True, attention=True, fused=True):
        import keras

        from tfgan_models.families.biggan import BigGAN

        keras.utils.set_random_seed(0)
        case = cases.CASES[f"biggan_{size}"]
        settings = cases.recipe_of(case).model
        pair = _networks(settings, spectral_norm, attention)
        if not fused:
            pair = tuple(keras.models.clone_model(n, clone_function=_unfused) for n in pair)
        model = BigGAN(**settings, generator=pair[0], discriminator=pair[1])
        model.compile(**cases.recipe_of(case).compile)
        data = cases.make_dataset(cases.with_batch(case, batch))
        self._batches, self._function = iter(data), model.make_train_function()

    def run(self, steps: int) -> float:
        """Seconds of some steps."""
        start = time.perf_counter()
        for _ in range(steps):
            logs = self._function(self._batches)
        float(logs["g_loss"])
        return time.perf_counter() - start


def _networks(settings: dict, spectral_norm: bool, attention: bool):
    """The pair that `BigGAN` makes of these settings, and what it has no argument for."""
    from tfgan_models import networks

    shape, classes = settings["image_shape"], settings["num_classes"]
    rows = settings["attention_size"] if attention else None
    up, down = networks.biggan_widths(shape, settings["width"], settings["layout"], rows)
    common = {
        "num_classes": classes,
        "spectral_norm": spectral_norm,
        "initializer": "orthogonal",
    }
    generator = networks.resnet_generator(
        shape,
        settings["latent_dim"],
        **up,
        **common,
        batch_norm=(0.9, 1e-4),
        shared_dim=settings["shared_dim"],
        hierarchical=True,
    )
    return generator, networks.resnet_discriminator(shape, **down, **common)


def _unfused(layer):
    """A copy of a layer with Keras's batch norm in place of the library's."""
    import keras

    from tfgan_models.layers import BatchNorm, ConditionalBatchNorm

    def plain(norm, **options):
        return keras.layers.BatchNormalization(
            momentum=norm.momentum, epsilon=norm.epsilon, **options
        )

    if isinstance(layer, BatchNorm):
        return plain(layer, name=layer.name)
    copy = type(layer).from_config(layer.get_config())
    if isinstance(layer, ConditionalBatchNorm):
        copy.norm = plain(layer, center=False, scale=False, name="norm")
    return copy


if __name__ == "__main__":
    main()
