"""What each penalty and augmentation costs, as a ratio to the plain step of DCGAN-64.

    python -m benchmarks.maths_cost [--only=r1,ada] [--rounds=5] [--steps=4] [--batch=32]
        [--width=64]

Every row is one entry of the registry with its default arguments, or a variant of it. The
plain step and the row's own alternate in one process, chunk by chunk, on equal networks and
data; the row is the median of the paired ratios with minimum and maximum. Chunks have
`--steps` steps, and for a lazy penalty a multiple of its interval. New entries appear by
themselves; those that the networks cannot serve are listed with the reason.
"""

from __future__ import annotations

import argparse
import statistics
import time

from benchmarks import cases
from tfgan_models.registry import AUGMENTATIONS, PENALTIES, near_matches

_SIDE = 64
_KINDS = {"penalties": PENALTIES, "augment": AUGMENTATIONS}
_VARIANTS = (
    {"name": "r1", "every": 16},
    {"name": "r1", "every": 4},
    {"name": "path_length", "every": 1},
    {"name": "ada", "pipeline": "bgcfnc"},
    {"name": "latent_optimization", "first_order": True},
)
_TARGETS = {"ada": 1.5, "r1 every=16": 1.1}
_HEADS = {"rotation_logits": 4}  # outputs that an entry reads: numbers an image


def main(argv: list[str] | None = None) -> None:
    """Prints the table."""
    flags = _parse(argv)
    cases.start()
    plain = _Step({}, flags)
    print(_header(flags))
    for spec in _specs(flags.only):
        print(_row(spec, plain, flags), flush=True)


def _parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", type=_names, default=[], help="names; all without it")
    parser.add_argument("--rounds", type=_positive, default=5)
    parser.add_argument("--steps", type=_positive, default=4, help="length of a chunk")
    parser.add_argument("--batch", type=_positive, default=32)
    parser.add_argument("--width", type=_positive, default=64, help="channels of the largest maps")
    return parser.parse_args(argv)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive int")
    return int(text)


def _names(text: str) -> list[str]:
    known = [name for table in _KINDS.values() for name in table]
    chosen = [name for name in text.split(",") if name]
    for name in chosen:
        if name not in known:
            raise argparse.ArgumentTypeError(
                f"{name!r} is neither a penalty nor an augmentation.{near_matches(name, known)}"
            )
    return chosen


def _specs(only) -> list[dict]:
    """One dict a row, "name" and arguments: every entry, each followed by its variants."""
    names = [name for table in _KINDS.values() for name in table if not only or name in only]
    return [
        spec
        for name in names
        for spec in ({"name": name}, *(v for v in _VARIANTS if v["name"] == name))
    ]


def _header(flags) -> str:
    return (
        f"DCGAN-64 (Torch port: 4x4 kernels, {_SIDE}x{_SIDE}x3), width {flags.width}, batch "
        f"{flags.batch}, non-saturating loss, Adam, float32.\n"
        "Batch norm is replaced, in the plain step too: instance norm in the generator, none in\n"
        "the discriminator, since gradients of single images need that. Ratio: step with the\n"
        f"row's term / plain step, paired chunks of {flags.steps} steps (lazy: of its interval).\n"
        f"\n{'term':<36}{'median':>8}{'min':>7}{'max':>7}{'rounds':>8}"
    )


def _label(spec: dict, every: int) -> str:
    values = {"every": every, **spec} if every > 1 else spec
    return " ".join(
        value if key == "name" else f"{key}={value}"
        for key, value in sorted(values.items(), key=lambda item: item[0] != "name")
    )


def _row(spec: dict, plain: _Step, flags) -> str:
    kind = next(kind for kind, table in _KINDS.items() if spec["name"] in table)
    try:
        step = _Step({kind: [spec]}, flags)
    except ValueError as error:
        return f"{_label(spec, 1):<36}skipped: {error}"
    chunk = -(-flags.steps // step.every) * step.every
    for side in (plain, step):  # traces; a new seed made TensorFlow forget the plain step's kernels
        side.run(step.every)
    pairs = [(plain.run(chunk), step.run(chunk)) for _ in range(flags.rounds)]
    ratios = [with_term / without for without, with_term in pairs]
    label, middle = _label(spec, step.every), statistics.median(ratios)
    row = f"{label:<36}{middle:>8.3f}{min(ratios):>7.3f}{max(ratios):>7.3f}{len(ratios):>8}"
    if label in _TARGETS:
        row += f"  target {_TARGETS[label]:.2f} {'pass' if middle <= _TARGETS[label] else 'above'}"
    return row


class _Step:
    """One model and its data.

    Args:
        terms: What is added to the plain step: arguments of `GAN.compile`.
        flags: Batch and width.

    Raises:
        ValueError: The networks cannot serve the terms.
    """

    def __init__(self, terms: dict, flags):
        import keras

        from tfgan_models import penalties
        from tfgan_models.core.gan import GAN

        keras.utils.set_random_seed(0)
        generator, discriminator = _networks(flags.width, _heads(terms))
        model = GAN((_SIDE, _SIDE, 3), generator=generator, discriminator=discriminator)
        model.compile(**terms)
        lazy = [penalties.get(spec).every for spec in terms.get("penalties", ())]
        self.every = max(lazy, default=1)
        self.batches = iter(_noise(flags.batch))
        self.function = model.make_train_function()

    def run(self, steps: int) -> float:
        """Seconds of some steps."""
        start = time.perf_counter()
        for _ in range(steps):
            self.function(self.batches)
        return time.perf_counter() - start


def _heads(terms: dict) -> dict:
    reads = [
        name
        for kind, specs in terms.items()
        for spec in specs
        for name in getattr(_KINDS[kind][spec["name"]].load(), "READS", ())
    ]
    return {name: _HEADS[name] for name in reads if name in _HEADS}


def _networks(width: int, heads: dict):
    """The DCGAN pair without batch norm; the discriminator with further outputs."""
    import keras
    from keras import layers

    from tfgan_models import networks
    from tfgan_models.layers import BatchNorm, InstanceNorm

    shape = (_SIDE, _SIDE, 3)

    def without_batch_norm(network, make_norm):
        def clone(layer):
            return (
                make_norm()
                if isinstance(layer, BatchNorm)
                else type(layer).from_config(layer.get_config())
            )

        return keras.models.clone_model(network, clone_function=clone)

    generator = without_batch_norm(
        networks.dcgan_generator(shape, width=width, port=True), lambda: InstanceNorm(affine=True)
    )
    discriminator = without_batch_norm(
        networks.dcgan_discriminator(shape, width=width, port=True), layers.Identity
    )
    if heads:
        features = discriminator.layers[-1].input
        outputs = {name: layers.Dense(units)(features) for name, units in heads.items()}
        discriminator = keras.Model(
            discriminator.input, {"logits": discriminator.output, **outputs}
        )
    return generator, discriminator


def _noise(batch: int):
    """An endless dataset of batches of images."""
    import numpy as np
    import tensorflow as tf

    shape = (8 * batch, _SIDE, _SIDE, 3)
    images = np.random.default_rng(0).uniform(-1.0, 1.0, shape).astype(np.float32)
    return tf.data.Dataset.from_tensor_slices(images).batch(batch, True).repeat().prefetch(2)


if __name__ == "__main__":
    main()
