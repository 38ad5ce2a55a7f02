"""Draws a density estimate of fifty numbers, a mixture fit, and the optimal discriminator.

python examples/densities_1d.py --output=games_densities.png
"""

import argparse

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from tfgan_models import analysis

# A lecture's question: could 15 be one of these? Is 15 likelier than 24?
NUMBERS = np.fromstring(
    """
    26.784374 16.221426 23.969908 18.128964 13.310599 16.169977 10.518126 19.088016 11.662497
    12.075612 18.459770 16.673500 18.325148 9.600440 22.215492 18.303797 16.037155 20.368163
    16.665176 13.573404 15.139798 16.515108 5.441134 13.283509 16.787477 18.294751 25.165056
    16.328220 12.926385 20.027098 14.360396 15.171232 13.447607 20.654171 20.809167 22.041561
    8.681153 8.919257 21.681817 14.043993 20.389758 11.593847 15.781812 25.418625 21.020760
    12.751493 5.676766 16.448069 17.550310 18.291067
    """,
    sep=" ",
)


def main():
    """Fits, prints what each fit says of 15, 24 and 1, and how far two normals are apart."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default="games_densities.png")
    arguments = parser.parse_args()

    figure, (left, middle, right) = plt.subplots(1, 3, dpi=72, figsize=(14, 4))
    x = np.linspace(-2, 36, 400)
    fit = analysis.normal_mle(NUMBERS)
    asked = np.array([15.0, 24.0, 1.0])
    print(f"Maximum likelihood: mean {fit.mean:.4f}, deviation {fit.std:.4f}")
    likely = analysis.normal_density(asked, fit.mean, fit.std)
    kernels = analysis.kernel_density(NUMBERS, asked)
    print("  p(15), p(24), p(1) of the normal: ", *(f"{p:.5f}" for p in likely))
    print("  p(15), p(24), p(1) of the kernels:", *(f"{p:.5f}" for p in kernels))
    left.plot(NUMBERS, np.full(len(NUMBERS), -0.003), "|", color="black", label="the fifty numbers")
    left.plot(x, analysis.normal_density(x, fit.mean, fit.std), label="likeliest normal")
    left.plot(x, analysis.kernel_density(NUMBERS, x), label="kernels, Scott's width")
    left.plot(
        x, analysis.kernel_density(NUMBERS, x, 0.5), linewidth=0.8, label="kernels, width 0.5"
    )
    left.set(title="Which number could come next?", xlabel="number", ylabel="density")
    left.set_ylim(-0.01, 0.17)
    left.legend(fontsize=8, loc="upper left")

    u = np.linspace(-6, 7, 4001)
    samples = np.concatenate([np.random.default_rng(0).normal(m, 0.8, 300) for m in (-2, 2.5)])
    mixture = analysis.mixture_mle(samples, 2)
    one = analysis.normal_mle(samples)
    print(f"Two normals by expectation maximisation: means {np.round(mixture.means, 2)}")
    middle.hist(samples, 40, density=True, color="0.85", label="600 samples of two bumps")
    middle.plot(u, analysis.normal_density(u, one.mean, one.std), label="likeliest normal")
    middle.plot(u, analysis.mixture_density(u, *mixture[:3]), label="likeliest two normals")
    middle.set(title="The family must fit: one bump or two", xlabel="x", ylim=(0, 0.36))
    middle.legend(fontsize=8, loc="upper left")

    logs = analysis.log_normal_density(u), analysis.log_normal_density(u, 1.0)
    p, q = np.exp(logs)
    print(
        f"N(0, 1) and N(1, 1): KL {analysis.kl(p, q, u):.4f}, JS {analysis.js(p, q, u):.6f}, "
        f"TV {analysis.total_variation(p, q, u):.6f}, "
        f"W1 {analysis.wasserstein1_densities(p, q, u):.4f}"
    )
    right.plot(u, p, label="data p = N(0, 1)")
    right.plot(u, q, label="model q = N(1, 1)")
    right.plot(u, analysis.optimal_discriminator(*logs)[1], label="D* = p / (p + q)")
    right.axhline(0.5, color="0.7", linewidth=0.8, linestyle=":")
    right.set(title="The best discriminator of two normals", xlabel="x", xlim=(-4, 5))
    right.set_ylim(0, 1.25)
    right.legend(fontsize=8, loc="upper right")
    figure.tight_layout()
    figure.canvas.draw()
    Image.fromarray(np.array(figure.canvas.buffer_rgba())).quantize(64).save(arguments.output)
    print("15 is likelier than 24, and 24 than 1; D* is one half where the densities cross.")
    print(f"Drew {arguments.output}")


if __name__ == "__main__":
    main()
