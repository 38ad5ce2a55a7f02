"""Draws one normal fitted to two bumps: KL covers both, reverse KL seeks one.

python examples/kl_directions.py --output=games_kl.png
"""

import argparse

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from tfgan_models import analysis

FITS = {
    "kl": "KL(data, model), likelihood:\ncovers all the data",
    "jensen_shannon": "Jensen-Shannon, the 2014 GAN:\nthis far apart it seeks too",
    "reverse_kl": "KL(model, data):\nseeks one mode",
}
GRID = np.linspace(-14, 14, 701)
GAPS = np.linspace(1.0, 6.0, 11)


def bumps(gap):
    """Density of 0.6 N(-gap/2, 0.7^2) + 0.4 N(gap/2, 0.7^2)."""
    return analysis.mixture_density(GRID, (0.6, 0.4), (-gap / 2, gap / 2), (0.7, 0.7))


def main():
    """Fits a normal by three divergences, prints them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="games_kl.png")
    arguments = parser.parse_args()

    data = bumps(5.5)
    figure, axes = plt.subplots(1, 4, dpi=72, figsize=(14, 3.5), layout="constrained")
    for axis, (name, title) in zip(axes, FITS.items(), strict=False):
        fit = analysis.nearest_normal(data, GRID, name)
        model = analysis.normal_density(GRID, fit.mean, fit.std)
        value = analysis.f_divergence(data, model, GRID, name)
        print(f"{name:15s} mean {fit.mean:+.3f}, deviation {fit.std:.3f}, divergence {value:.4f}")
        axis.fill_between(GRID, data, color="0.8", label="data: two bumps")
        axis.plot(GRID, model, color="tab:blue", label="model: one normal")
        axis.set(title=title, xlim=(-6.5, 6.5), ylim=(0, 0.7), xlabel="x")
    axes[0].legend(fontsize=9, loc="upper right")
    styles = dict(zip(FITS, ("-", "--", "-"), strict=True))
    for name, style in styles.items():
        stds = [analysis.nearest_normal(bumps(gap), GRID, name, rounds=5).std for gap in GAPS]
        axes[3].plot(GAPS, stds, style, marker=".", label=name.replace("_", " "))
    axes[3].set(title="Deviation of the fit\nas the bumps part", xlabel="distance of the bumps")
    axes[3].set_ylim(0, 3.3)
    axes[3].legend(fontsize=9, loc="upper left")
    figure.canvas.draw()
    Image.fromarray(np.array(figure.canvas.buffer_rgba())).quantize(64).save(arguments.output)
    print("A model too small for the data: the divergence decides what it gives up.")
    print(f"Drew {arguments.output}")


if __name__ == "__main__":
    main()
