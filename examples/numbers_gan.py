"""A GAN on a list of numbers: is 15 more likely to be in this set than 24?

    python examples/numbers_gan.py                                  the lecture's fifty numbers
    python examples/numbers_gan.py --numbers=3.1,4.1,5.9,2.6,5.3 --ask=4,9
    python examples/numbers_gan.py --numbers=list.txt --output=numbers.png

Trains for some seconds, draws new numbers, and orders those asked about by the density of
ten thousand draws. The picture shows the list, the draws and their density.
"""

from __future__ import annotations

import argparse
import os
import sys

import numpy as np


def main(argv: list[str] | None = None) -> dict:
    """Trains, prints, and returns {"drawn": numbers, "density": one a question}."""
    flags = _parse(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tfgan_models as tfgan
    from trainers import data
    from trainers.errors import UserError

    try:
        source = data.load(f"numbers:{flags.numbers}")
    except UserError as error:
        sys.exit(f"numbers_gan: error: {error}")
    model = tfgan.from_preset("gaussian_numbers", model__seed=flags.seed)
    pipeline = data.pipeline(source, batch_size=50, seed=flags.seed)
    model.fit(pipeline, steps_per_epoch=flags.steps, verbose=0)
    units = {"scale": source.scale, "offset": source.offset}
    drawn = model.draw(10_000, **units)
    density = model.density(flags.ask, **units)
    _tell(source, drawn, flags, density)
    if flags.output:
        _draw(flags.output, source, drawn, lambda x: model.density(x, **units))
        print(f"picture: {flags.output}")
    return {"drawn": drawn, "density": density}


def _parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--numbers", default="lecture", help="a list, a text file, or 'lecture'")
    parser.add_argument("--ask", type=_floats, default=[1.0, 15.0, 24.0], help="which is likelier")
    parser.add_argument("--draw", type=int, default=5, help="new numbers to print")
    parser.add_argument("--steps", type=_multiple, default=3_000, help="multiple of 50")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", default="", help="PNG file")
    return parser.parse_args(argv)


def _floats(text: str) -> list[float]:
    try:
        return [float(word) for word in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers, such as 15,24") from None


def _multiple(text: str) -> int:
    if not text.isdigit() or int(text) < 50 or int(text) % 50:
        raise argparse.ArgumentTypeError(f"{text!r} is no multiple of 50 from 50 up")
    return int(text)


def _tell(source, drawn, flags, density) -> None:
    listed = source.numbers
    print(f"list   mean {np.mean(listed):8.3f}   std {np.std(listed, ddof=1):7.3f}")
    print(f"draws  mean {np.mean(drawn):8.3f}   std {np.std(drawn, ddof=1):7.3f}")
    print("new numbers:", ", ".join(f"{x:.2f}" for x in drawn[: flags.draw]))
    for x, p in sorted(zip(flags.ask, density, strict=True), key=lambda pair: -pair[1]):
        print(f"  {x:g}: density {p:.5f}")
    ordered = [f"{flags.ask[i]:g}" for i in np.argsort(-density)]
    print(f"likelier first: {', '.join(ordered)}")


def _draw(path, source, drawn, density) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.5), dpi=100, layout="constrained")
    axes = figure.subplots()
    edge = max(np.max(np.abs(source.numbers - source.offset)), 3 * np.std(drawn))
    line = np.linspace(source.offset - 1.2 * edge, source.offset + 1.2 * edge, 400)
    axes.hist(source.numbers, bins=12, density=True, alpha=0.35, label="the list")
    axes.plot(line, density(line), label="density of the draws")
    axes.plot(drawn[:100], np.zeros(100), "|", markersize=10, label="100 draws")
    axes.set(xlabel="number", ylabel="density")
    axes.legend()
    figure.savefig(path)


if __name__ == "__main__":
    main()
