"""Draws what R1 does to the Dirac-GAN: orbits become spirals into the equilibrium.

python examples/dirac_gan.py --output=games_dirac.png
"""

import argparse

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from tfgan_models import analysis

LOSSES, GAMMAS = ("minimax", "non_saturating", "wasserstein"), (0.0, 0.3, 1.0)
RATE, STEPS, REACH = 0.2, 500, 2.6


def main():
    """Plays each loss with each weight of R1, prints eigenvalues and final distances."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="games_dirac.png")
    arguments = parser.parse_args()

    figure, axes = plt.subplots(
        1, 4, dpi=72, figsize=(14, 4.1), width_ratios=(1, 1, 1, 1.4), layout="constrained"
    )
    ticks = np.linspace(-0.9 * REACH, 0.9 * REACH, 11)
    points = np.stack(np.meshgrid(ticks, ticks), axis=-1)
    for loss in LOSSES:
        for i, gamma in enumerate(GAMMAS):
            game = analysis.dirac_gan(loss, gamma)
            top = analysis.eigenvalues(game)[0]
            path = analysis.play(game, (1.0, 1.0), STEPS, RATE)
            distance = np.linalg.norm(path, axis=1)
            print(
                f"{loss:14s} gamma {gamma:3.1f}: eigenvalue {top.real:+.3f}{abs(top.imag):+.3f}i, "
                f"distance after {STEPS} steps {distance[-1]:.3g}"
            )
            if loss != "minimax":
                if gamma == 0.0:
                    axes[3].plot(distance, label=f"{loss}, no R1", linestyle="--")
                continue
            axis = axes[i]
            axis.quiver(
                *points.T, *analysis.vector_field(game, points).T, color="0.55", width=0.006
            )
            axis.plot(*path.T, color="tab:blue", linewidth=1.3)
            axis.plot(1, 1, "o", color="black", markersize=5)
            axis.plot(0, 0, "+", color="tab:red", markersize=11, markeredgewidth=2)
            axis.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
            axis.set_xlabel("generator's output")
            name = f"gamma {gamma:g}" if gamma else "no penalty"
            axis.set_title(f"{name}: eigenvalues\n{top.real:.2f} ± {abs(top.imag):.2f}i")
            axes[3].plot(distance, label=f"minimax, {name}")
    axes[0].set_ylabel("discriminator's slope")
    axes[3].set(
        yscale="log", ylim=(1e-11, 1e4), xlabel="step of 0.2", title="Distance to equilibrium"
    )
    axes[3].legend(fontsize=9, loc="lower right", framealpha=0.9)
    figure.suptitle("Dirac-GAN: the data is one point; simultaneous gradient steps, with R1 or not")
    figure.canvas.draw()
    Image.fromarray(np.array(figure.canvas.buffer_rgba())).quantize(64).save(arguments.output)
    print(
        "Without R1 the eigenvalues are imaginary and minimax spirals out; with it all come home."
    )
    print(f"Drew {arguments.output}")


if __name__ == "__main__":
    main()
