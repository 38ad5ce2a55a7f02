"""Draws the three generator costs of 2014 and their slopes against D(G(z)).

python examples/generator_costs.py --output=games_costs.png
"""

import argparse

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from PIL import Image

from tfgan_models import losses

COSTS = {
    "minimax": "minimax: log(1 - D)",
    "non_saturating": "non-saturating: -log D",
    "maximum_likelihood": "maximum likelihood: -D / (1 - D)",
}


def main():
    """Evaluates the library's losses, prints their slopes where D is sure, unsure and wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="games_costs.png")
    arguments = parser.parse_args()

    probability = np.concatenate([[0.01, 0.5, 0.99], np.linspace(0.002, 0.99, 400)])
    logit = tf.constant(np.log(probability / (1 - probability)), tf.float32)
    figure, (left, right) = plt.subplots(1, 2, dpi=72, figsize=(10, 4))
    print("Size of the slope by the logit at D(G(z)) = 0.01, 0.50 and 0.99:")
    for name, label in COSTS.items():
        generator = losses.get(name).generator
        with tf.GradientTape() as tape:
            tape.watch(logit)
            cost = tf.vectorized_map(lambda one, loss=generator: loss(one[None]), logit)
        slope = -tape.gradient(cost, logit).numpy()
        print(f"  {name:18s} {slope[0]:8.4f} {slope[1]:8.4f} {slope[2]:8.4f}")
        left.plot(probability[3:], cost[3:], label=label)
        right.plot(probability[3:], slope[3:], label=label)
    left.set(ylim=(-8, 6), xlabel="D(G(z)): how real the fake looks", title="Generator's cost")
    left.legend(loc="lower left")
    right.set(yscale="log", ylim=(1e-3, 1e2), xlabel="D(G(z))")
    right.set_title("Its slope: how hard a sample pulls")
    right.annotate(
        "early on D is sure of every fake:\nonly one cost pulls",
        xy=(0.01, 1.05),
        xytext=(0.1, 12),
        arrowprops={"arrowstyle": "->"},
    )
    for axis in (left, right):
        axis.set_xlim(0, 1)
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.canvas.draw()
    Image.fromarray(np.array(figure.canvas.buffer_rgba())).quantize(64).save(arguments.output)
    print(
        "Sure of a fake, D leaves a slope to one cost only; likelihood heeds the few best samples."
    )
    print(f"Drew {arguments.output}")


if __name__ == "__main__":
    main()
