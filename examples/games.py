"""Draws how six ways to update two players behave on the xy game and on the Dirac-GAN.

python examples/games.py --output=games_updates.png
"""

import argparse

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from tfgan_models import analysis

GAMES = {
    "xy game: min over x, max over y of xy": (analysis.xy_game(), "x", "y", 0.1),
    "Dirac-GAN, the 2014 loss": (analysis.dirac_gan("minimax"), "generator", "discriminator", 0.2),
}
START, STEPS, REACH = (1.0, 1.0), 250, 2.4


def main():
    """Plays every game by every rule, prints how far the players end from the equilibrium."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="games_updates.png")
    arguments = parser.parse_args()

    rows, columns = len(GAMES), len(analysis.UPDATES)
    figure, axes = plt.subplots(
        rows, columns, dpi=72, figsize=(14, 5.9), sharex=True, sharey=True, layout="constrained"
    )
    ticks = np.linspace(-0.9 * REACH, 0.9 * REACH, 9)
    points = np.stack(np.meshgrid(ticks, ticks), axis=-1)
    for row, (title, (game, first, second, rate)) in zip(axes, GAMES.items(), strict=True):
        field = analysis.vector_field(game, points)
        print(f"{title}; distance from the equilibrium after {STEPS} steps of {rate}, from 1.41:")
        for axis, updates in zip(row, analysis.UPDATES, strict=True):
            path = analysis.play(game, START, STEPS, rate, updates)
            end = np.linalg.norm(path[-1])
            print(f"  {updates:14s} {end:.4f}")
            axis.quiver(*points.T, *field.T, color="0.55", width=0.007)
            axis.plot(*path.T, color="tab:blue", linewidth=1.3)
            axis.plot(*path[0], "o", color="black", markersize=5)
            axis.plot(0, 0, "+", color="tab:red", markersize=11, markeredgewidth=2)
            axis.set_title(f"{updates}\nends at distance {end:.2f}", fontsize=10)
            axis.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
            axis.set_xlabel(first)
        row[0].set_ylabel(f"{title.split(':')[0].split(',')[0]}\n{second}")
    figure.suptitle(
        "From the dot to the equilibrium (cross)? Arrows: where each player wants to go"
    )
    figure.canvas.draw()
    Image.fromarray(np.array(figure.canvas.buffer_rgba())).quantize(64).save(arguments.output)
    print("Simultaneous steps spiral out, alternating ones circle; looking ahead comes home.")
    print(f"Drew {arguments.output}")


if __name__ == "__main__":
    main()
