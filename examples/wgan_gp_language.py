"""Trains WGAN-GP on characters; prints what it writes and how far its n-grams are from real ones.

python examples/wgan_gp_language.py --steps=2000
python examples/wgan_gp_language.py --write=text.npz

The text is the language reference inside every CPython (`pydoc_data.topics`, licence of the
Python Software Foundation), so nothing is downloaded. --write saves it for
`tfgan-train --preset=wgan_gp_language --data=npz:text.npz` and does not train.
"""

import argparse
import math
import re
from pydoc_data import topics

import numpy as np
import tensorflow as tf

import tfgan_models as tfgan
from tfgan_models.analysis import decode_text, encode_text, ngram_divergence
from tfgan_models.analysis.text import ALPHABET

LENGTH = 32


def corpus(length=LENGTH):
    """Returns strings of whole words, filled up with spaces, in an order without topics."""
    text = " ".join(topics.topics.values()).lower()
    words = re.sub(f"[^{re.escape(ALPHABET)}]", " ", text).split()
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) >= length and line:
            lines.append(line)
            line = ""
        line = (f"{line} {word}" if line else word)[:length]
    order = np.random.default_rng(0).permutation(len(lines))
    return [lines[i].ljust(length) for i in order]


def report(step, samples, held_out):
    """Prints the divergences of 1- to 4-grams."""
    values = [f"{ngram_divergence(samples, held_out, n):.4f}" for n in (1, 2, 3, 4)]
    print(f"{step:>10}: JSD of 1- to 4-grams in nats {', '.join(values)}", flush=True)


def train(lines, held_out, preset, steps, seed):
    """Trains and returns the model, with a report eight times."""
    model = tfgan.from_preset(preset, model__seed=seed)
    batches = tf.data.Dataset.from_tensor_slices(encode_text(lines, LENGTH))
    batches = batches.shuffle(len(lines), seed=seed).repeat().batch(64 * model.d_steps, True)
    stretch = math.ceil(steps / 8)
    while (done := int(model.step.numpy())) < steps:
        model.fit(batches, steps_per_epoch=min(stretch, steps - done), verbose=0)
        samples = decode_text(model.sample(len(held_out), seed=1))
        report(f"step {int(model.step.numpy())}", samples, held_out)
    return model


def main():
    """Builds the text, trains, prints samples and divergences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=2_000, help="generator updates")
    parser.add_argument("--preset", default="wgan_gp_language_small")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", help="save the text as an .npz file and stop")
    options = parser.parse_args()
    lines = corpus()
    if options.write:
        np.savez_compressed(options.write, images=(encode_text(lines) > 0).astype(np.uint8) * 255)
        print(f"{len(lines):,} texts of {LENGTH} characters in {options.write}")
        return
    held_out, lines = lines[:2_000], lines[2_000:]
    print(f"{len(lines):,} texts such as {lines[0]!r}")
    report("real text", lines[:2_000], held_out)
    model = train(lines, held_out, options.preset, options.steps, options.seed)
    print("\n".join(decode_text(model.sample(16, seed=2))))


if __name__ == "__main__":
    main()
