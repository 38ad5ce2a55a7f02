"""What each code of a trained InfoGAN does: pictures in which one code alone changes.

    tfgan-train --preset=infogan_digits --workdir=runs/infogan
    python examples/infogan_traversal.py --workdir=runs/infogan --output=codes.png

The picture has a block a code. Within a block a row is one draw of everything else, and along it
the code goes through its classes, or from -2 to 2. Prints how many nats of the one-hot codes the
reader Q finds in the images and, for grey digits, the digit that most images of each class show.
"""

from __future__ import annotations

import argparse
import os
import sys

import numpy as np

RANGE = 2.0  # training stays within -1 and 1; twice as far shows where a code leads


def main(argv: list[str] | None = None) -> dict:
    """Draws, prints, and returns {"information": nats, "error": share or None}."""
    flags = _parse(argv)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from trainers import run
    from trainers.errors import UserError

    try:
        model = run.load_run(flags.workdir, None)[0]
    except UserError as error:
        sys.exit(f"infogan_traversal: error: {error}")
    if not hasattr(model, "traversal_latents"):
        sys.exit(f"infogan_traversal: error: {flags.workdir} holds no InfoGAN.")
    _draw(model, flags)
    information = model.discrete_information(flags.samples, flags.seed)
    limit = sum(np.log(size) for size in model.categories)
    print(f"information of the one-hot codes: {information:.3f} of {limit:.3f} nats")
    digits = model.image_shape == (28, 28, 1) and model.categories
    error = _tell_digits(model, flags) if digits else None
    return {"information": information, "error": error}


def _parse(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workdir", required=True, help="run directory of an InfoGAN")
    parser.add_argument("--rows", type=int, default=5, help="rows a code")
    parser.add_argument("--columns", type=int, default=10, help="values of a continuous code")
    parser.add_argument("--samples", type=int, default=2_000, help="images for the numbers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", default="codes.png", help="PNG file")
    return parser.parse_args(argv)


def _values(model, code, columns):
    if code < len(model.categories):
        return np.arange(model.categories[code])
    return np.linspace(-RANGE, RANGE, columns)


def _draw(model, flags):
    """A block a code, filled up with black to the widest, a black row between two."""
    from trainers import files, pictures

    codes = range(len(model.categories) + model.continuous)
    columns = max(len(_values(model, code, flags.columns)) for code in codes)
    tiles = []
    for code in codes:
        values = _values(model, code, flags.columns)
        z = model.traversal_latents(code, values, flags.rows, flags.seed)
        block = model.generate(z).numpy().reshape(flags.rows, len(values), *model.image_shape)
        wide = np.pad(
            block,
            [(0, 0), (0, columns - len(values))] + [(0, 0)] * 3,
            constant_values=-1.0,
        )
        tiles += [wide, -np.ones((1, *wide.shape[1:]), "float32")]
    images = np.concatenate(tiles[:-1]).reshape(-1, *model.image_shape)
    files.write_atomically(flags.output, pictures.grid(images, columns))
    print(f"picture: {flags.output}")


def _tell_digits(model, flags) -> float:
    """Prints which digit each class of the first code shows; returns the error of that reading."""
    from tfgan_models import features
    from trainers import pictures

    size = model.categories[0]
    z = model.traversal_latents(0, range(size), flags.samples // size, flags.seed)
    images = pictures.to_uint8(model.generate(z))
    read = features.get("digits", model.image_shape)(images).probabilities
    digits = read.argmax(axis=1).reshape(-1, size)
    shares = np.stack([np.bincount(column, minlength=10) for column in digits.T]) / len(digits)
    for code, row in enumerate(shares):
        print(f"class {code}: digit {row.argmax()} in {100 * row.max():.0f} % of its images")
    error = 1.0 - shares.max(axis=1).mean()
    print(f"images of another digit than their class's: {100 * error:.1f} %")
    return error


if __name__ == "__main__":
    main()
