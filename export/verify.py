"""Checks saved models against reference outputs, with TensorFlow alone.

Run as a script in a fresh process: `python verify.py DIRECTORY REFERENCE [...]`, pairs
of a SavedModel and an .npz file with `names` (inputs in order), `signatures` and `output`
(their names and the key of their output), `part` (the attribute to call, empty for the
root), `tolerance`, and for each batch `batch/<input>` and `batch/expected`; an input that
is not there is left out, and so are the signatures that need it. Exit code 1 and one line on
stdout where a model does not load or differs.
"""

from __future__ import annotations

import sys

import numpy as np
import tensorflow as tf


def check(directory: str, reference: str) -> str | None:
    """Returns what is wrong with a SavedModel in one line, None if nothing is."""
    arrays = dict(np.load(reference))
    names = [str(name) for name in arrays["names"]]
    module = tf.saved_model.load(directory)
    signatures = {str(name): module.signatures.get(str(name)) for name in arrays["signatures"]}
    unchecked = {f"signature {name!r}" for name in signatures}
    for name, signature in signatures.items():
        if signature is None:
            return f"signature {name!r} is missing"
    part = str(arrays["part"])
    target = getattr(module, part) if part else module
    batches = sorted(key.partition("/")[0] for key in arrays if key.endswith("/expected"))
    for batch in batches:
        inputs = {n: arrays[f"{batch}/{n}"] for n in names if f"{batch}/{n}" in arrays}
        expected = arrays[f"{batch}/expected"]
        limit = float(arrays["tolerance"]) * max(1.0, float(np.abs(expected).max()))
        for way, made in _outputs(target, signatures, inputs, str(arrays["output"])):
            if made.shape != expected.shape:
                return f"batch {batch}, {way}: shape {made.shape} instead of {expected.shape}"
            difference = float(np.abs(made - expected).max())
            if not difference <= limit:
                return f"batch {batch}, {way}: differs by {difference:.3g} (limit {limit:.3g})"
            unchecked.discard(way)
    return f"no batch for {', '.join(sorted(unchecked))}" if unchecked else None


def _outputs(target, signatures, inputs, output):
    """Yields (how it was called, output) for every way of calling; signatures too."""
    yield "keywords", target(**inputs).numpy()
    yield "dict", target(dict(inputs)).numpy()
    yield "serve", target.serve(dict(inputs)).numpy()
    for name, signature in signatures.items():
        wanted = signature.structured_input_signature[1]
        if set(wanted) <= set(inputs):
            tensors = {key: tf.constant(inputs[key]) for key in wanted}
            yield f"signature {name!r}", signature(**tensors)[output].numpy()


def main(arguments: list[str]) -> int:
    """Checks pairs of directory and reference; returns the exit code."""
    for directory, reference in zip(arguments[::2], arguments[1::2], strict=True):
        try:
            problem = check(directory, reference)
        except Exception as error:  # whatever fails here would fail in a client
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            problem = f"{type(error).__name__}: {first}"
        if problem:
            print(problem)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
