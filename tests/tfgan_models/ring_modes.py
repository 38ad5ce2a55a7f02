"""Prints the modes that the ring's presets reach in 1,500 steps: a program of its own, since the
tests' processes have XLA's optimizations off, which are five times the time here."""

import json
import sys

import numpy as np

import tfgan_models as tfgan
from tfgan_models import metrics
from trainers import data


def main() -> None:
    """Trains K = 0 and K = 10 from each seed given; prints {K: modes by the loose criterion}."""
    source, modes = data.load("toy:ring8"), {0: [], 10: []}
    for steps, found in modes.items():
        for seed in map(int, sys.argv[1:]):
            recipe = tfgan.presets.get("unrolled_ring8").override({"compile.unrolled_steps": steps})
            model = tfgan.presets.build(recipe, seed)
            pipeline = data.pipeline(source, batch_size=512, seed=seed)
            model.fit(pipeline, steps_per_epoch=1_500, verbose=0)
            points = np.reshape(model.sample(2_500, seed=7), (-1, 2)) * source.scale
            found.append(int(metrics.mode_coverage(points, source.centres, source.std).loose))
    print(json.dumps(modes))


if __name__ == "__main__":
    main()
