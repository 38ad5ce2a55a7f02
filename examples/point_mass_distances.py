"""Draws the distances between a point at 0 and a point at theta, sharp and blurred.

python examples/point_mass_distances.py --output=games_distances.png
"""

import argparse

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from tfgan_models import analysis

DISTANCES = {
    "earth mover": analysis.wasserstein1_densities,
    "total variation": analysis.total_variation,
    "Jensen-Shannon": analysis.js,
    "KL": analysis.kl,
}
GRID = np.linspace(-4, 4, 8001)
THETA = np.linspace(-1.5, 1.5, 61)


def curves(width):
    """{name: distance to N(0, width^2) of N(theta, width^2) for each theta}."""
    # Far out the densities are zero in floating point, which KL would take for an infinity.
    still = np.maximum(analysis.normal_density(GRID, 0.0, width), 1e-300)
    moved = [np.maximum(analysis.normal_density(GRID, theta, width), 1e-300) for theta in THETA]
    return {
        name: np.array([distance(still, one, GRID) for one in moved])
        for name, distance in DISTANCES.items()
    }


def main():
    """Computes the distances at two widths, prints their slopes at theta = 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="games_distances.png")
    arguments = parser.parse_args()

    widths = {0.05: "Nearly points (deviation 0.05)", 0.5: "The same with noise (deviation 0.5)"}
    figure, axes = plt.subplots(1, 2, dpi=72, figsize=(10, 4), sharey=True)
    right = len(THETA) - 11
    for axis, (width, title) in zip(axes, widths.items(), strict=True):
        print(f"deviation {width}: value and slope at theta = {THETA[right]:.2f}")
        for name, values in curves(width).items():
            slope = np.gradient(values, THETA)[right]
            print(f"  {name:16s} {values[right]:10.4f} {slope:10.4f}")
            axis.plot(THETA, values, label=name)
        axis.axhline(np.log(2), color="0.7", linewidth=0.8, linestyle=":")
        axis.text(-1.48, np.log(2) + 0.02, "log 2", fontsize=8, color="0.4")
        axis.set(title=title, xlabel="theta", ylim=(0, 2), xlim=(-1.5, 1.5))
    axes[0].set_ylabel("distance of data at 0, model at theta")
    axes[1].legend(loc="upper center")
    figure.tight_layout()
    figure.canvas.draw()
    Image.fromarray(np.array(figure.canvas.buffer_rgba())).quantize(64).save(arguments.output)
    print(
        "Apart, JS and TV are flat, KL explodes, the earth mover's slope is one; noise helps all."
    )
    print(f"Drew {arguments.output}")


if __name__ == "__main__":
    main()
