"""Finds a latent by gradient through an exported class-conditional generator.

TensorFlow alone loads it; this library is not imported.

    python examples/use_an_export.py exports/digits
"""

import sys

import tensorflow as tf


def main(directory):
    """Recovers the latent of a generated image by descending on the pixels' distance."""
    module = tf.saved_model.load(directory)
    inputs = module.signatures["default"].structured_input_signature[1]
    z_size, classes = inputs["z"].shape[1], inputs["y"].shape[1]
    y = tf.one_hot([3 % classes], classes)
    target = module(tf.random.stateless_normal((1, z_size), [1, 2]), y, 1.0)

    z = tf.Variable(tf.zeros((1, z_size)))
    optimizer = tf.keras.optimizers.Adam(0.05)
    for step in range(201):
        with tf.GradientTape() as tape:
            distance = tf.reduce_mean(tf.square(module(z, y, 1.0) - target))
        optimizer.apply([tape.gradient(distance, z)], [z])
        if step % 50 == 0:
            print(f"step {step}: mean squared distance {float(distance):.4f}")


if __name__ == "__main__":
    main(sys.argv[1])
