"""Draws rock-paper-scissors: fictitious play settles on average, gradient play circles.

python examples/rock_paper_scissors.py --output=games_rps.png
"""

import argparse

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from tfgan_models import analysis

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])
ROUNDS = 10_000


def triangle(axis, title):
    """Draws the simplex of mixed strategies."""
    axis.plot(*CORNERS[[0, 1, 2, 0]].T, color="0.6", linewidth=1)
    places = zip(("rock", "paper", "scissors"), CORNERS, (-0.09, -0.09, 0.03), strict=True)
    for name, (x, y), above in places:
        axis.text(x, y + above, name, ha="center")
    axis.plot(*CORNERS.mean(axis=0), "+", color="tab:red", markersize=12, markeredgewidth=2)
    axis.set(title=title, aspect="equal", xlim=(-0.12, 1.12), ylim=(-0.13, 1.0))
    axis.axis("off")


def main():
    """Plays both ways, prints the distance of a strategy to a third each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="games_rps.png")
    arguments = parser.parse_args()

    average, _ = analysis.fictitious_play(analysis.ROCK_PAPER_SCISSORS, ROUNDS)
    game = analysis.rock_paper_scissors()
    start = (0.5, 0.0, 0.0, 0.0, 0.2, 0.0)
    learned, _ = analysis.strategies(game, analysis.play(game, start, ROUNDS // 10, 0.5))
    calm, _ = analysis.strategies(
        game, analysis.play(game, start, ROUNDS // 10, 0.5, "extragradient")
    )

    figure, axes = plt.subplots(1, 3, dpi=72, figsize=(12, 4), width_ratios=(1, 1, 1.1))
    triangle(axes[0], "Fictitious play: the average of the moves")
    axes[0].plot(*(average[:1000] @ CORNERS).T, color="tab:green", linewidth=0.8)
    triangle(axes[1], "Gradient play: the strategy itself")
    axes[1].plot(*(learned[:600] @ CORNERS).T, color="tab:blue", linewidth=0.8)
    axes[1].plot(*(learned[0] @ CORNERS), "o", color="black", markersize=5)

    paths = {
        "gradient play": (learned, "tab:blue"),
        "extragradient": (calm, "tab:orange"),
        "fictitious play, average": (average, "tab:green"),
    }
    for name, (path, colour) in paths.items():
        gap = np.abs(path - 1 / 3).max(axis=1)
        axes[2].plot(np.arange(1, len(gap) + 1), gap, label=name, color=colour, linewidth=1)
        print(f"{name}: after {len(gap)} rounds {gap[-1]:.4f} from a third each")
    axes[2].set(xscale="log", yscale="log", ylim=(1e-3, 1), xlabel="round")
    axes[2].set_title("Largest distance to a third each")
    axes[2].legend(fontsize=8, loc="lower left")
    figure.tight_layout()
    figure.canvas.draw()
    Image.fromarray(np.array(figure.canvas.buffer_rgba())).quantize(64).save(arguments.output)
    print("Answering the opponent's average finds the equilibrium; chasing the last move does not.")
    print(f"Drew {arguments.output}")


if __name__ == "__main__":
    main()
