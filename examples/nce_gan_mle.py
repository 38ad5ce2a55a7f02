"""Draws three ways to fit a normal: maximum likelihood, noise contrast, and a GAN.

python examples/nce_gan_mle.py --output=games_nce.png
"""

import argparse

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from tfgan_models import analysis

MEAN, STD, COUNT = 4.0, 0.5, 400
NOISE = (0.4, 0.5, 0.7, 1.0, 2.0, 4.0, 8.0)


def contrast(samples, generator, std):
    """Noise-contrastive estimate with as much noise as data, at the data's mean."""
    noise = generator.normal(MEAN, std, len(samples))
    return analysis.noise_contrastive_estimate(
        samples, noise, lambda x: analysis.log_normal_density(x, MEAN, std)
    )


def main():
    """Fits one set of samples in three ways, then measures the spread over many sets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="games_nce.png")
    arguments = parser.parse_args()

    generator = np.random.default_rng(0)
    samples = generator.normal(MEAN, STD, COUNT)
    mle = analysis.normal_mle(samples)
    game = analysis.normal_gan(samples)
    path = analysis.play(game, np.zeros(5), 1500, (0.02, 0.2))
    means, stds = path[:, 0], np.exp(path[:, 1])
    nce = contrast(samples, generator, 2.0)
    print(f"maximum likelihood  mean {mle.mean:.4f}, deviation {mle.std:.4f}")
    print(f"GAN, 1500 steps     mean {means[-1]:.4f}, deviation {stds[-1]:.4f}")
    print(
        f"noise contrast      mean {nce.mean:.4f}, deviation {nce.std:.4f}, learned log Z "
        f"{nce.log_partition:.3f} (true: {np.log(nce.std * np.sqrt(2 * np.pi)):.3f})"
    )

    figure, (left, middle, right) = plt.subplots(1, 3, dpi=72, figsize=(14, 4))
    x = np.linspace(1.5, 6.5, 300)
    left.hist(samples, 25, density=True, color="0.88", label=f"{COUNT} samples")
    fits = {
        "maximum likelihood": ((mle.mean, mle.std), {"linewidth": 6, "alpha": 0.4}),
        "GAN": ((means[-1], stds[-1]), {"linestyle": "--"}),
        "noise contrast, noise N(4, 2²)": ((nce.mean, nce.std), {"linewidth": 1}),
    }
    for name, (fit, style) in fits.items():
        left.plot(x, analysis.normal_density(x, *fit), label=name, **style)
    left.set(title="One set of samples, three fits", xlabel="x", ylim=(0, 1.25))
    left.legend(fontsize=8, loc="upper left")

    middle.plot(means, label="mean")
    middle.plot(stds, label="deviation")
    for value in (mle.mean, mle.std):
        middle.axhline(value, color="0.4", linestyle=":", linewidth=1)
    middle.text(1500, mle.mean + 0.1, "maximum likelihood", ha="right", fontsize=8, color="0.4")
    middle.set(title="The GAN on its way there", xlabel="step", xlim=(0, 1500))
    middle.legend(fontsize=8, loc="center right")

    sets = [generator.normal(MEAN, STD, COUNT) for _ in range(200)]
    error = np.std([analysis.normal_mle(one).std for one in sets])
    errors = [np.std([contrast(one, generator, std).std for one in sets]) for std in NOISE]
    print(f"spread of the fitted deviation over 200 sets: maximum likelihood {error:.4f}")
    for std, value in zip(NOISE, errors, strict=True):
        print(f"  noise contrast, noise of deviation {std:3.1f}: {value:.4f}")
    right.semilogx(NOISE, errors, "o-", color="tab:green", label="noise contrast")
    right.axhline(error, label="maximum likelihood")
    right.axvline(STD, color="0.7", linestyle=":", label="deviation of the data")
    right.set(
        title="Error of the fitted deviation", xlabel="deviation of the noise", ylim=(0, None)
    )
    right.set_xticks(NOISE, [f"{std:g}" for std in NOISE])
    right.set_xticks([], minor=True)
    right.legend(fontsize=8)
    figure.tight_layout()
    figure.canvas.draw()
    Image.fromarray(np.array(figure.canvas.buffer_rgba())).quantize(64).save(arguments.output)
    print("Contrast wants noise a little wider than the data; this GAN ends at maximum likelihood.")
    print(f"Drew {arguments.output}")


if __name__ == "__main__":
    main()
