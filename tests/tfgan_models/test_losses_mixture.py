"""What the classifier terms do to the diversity within a class (spec: overlapping classes)."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tfgan_models import losses

Z = tf.constant(scipy.stats.norm.ppf((np.arange(64) + 0.5) / 64), tf.float32)
LABELS = tf.repeat(tf.eye(2), 64, axis=0)
REAL = tf.concat([Z - 0.5, Z + 0.5], 0)


def outputs(x, w):
    """Quadratic logistic heads: logit, classes, twin classes, classes of real and fake."""
    h = tf.matmul(tf.stack([tf.ones_like(x), x, tf.square(x)], 1), w)
    return {
        "logits": h[:, :1],
        "class_logits": h[:, 1:5],
        "mutual_class_logits": h[:, 5:7],
        "label": LABELS,
    }


def spreads(name):
    """Deviation within each class after 2000 steps of Adam for both players."""
    game, term = losses.NonSaturating(), losses.get(name)
    columns = 4 if name == "auxiliary_discriminative_classifier" else 2

    def see(x, w):
        read = outputs(x, w)
        return {**read, "class_logits": read["class_logits"][:, :columns]}

    def generate(g):  # means and log deviations
        return tf.reshape(g[0][:, None] + tf.exp(g[1])[:, None] * Z[None, :], [-1])

    def d_loss(w, g):
        real, fake = see(REAL, w), see(tf.stop_gradient(generate(g)), w)
        # A little decay keeps the logistic heads from running away.
        return (
            game.discriminator(real["logits"], fake["logits"])
            + term.weight * term.discriminator(real, fake)
            + 1e-3 * tf.reduce_sum(tf.square(w))
        )

    def g_loss(w, g):
        fake = see(generate(g), w)
        return game.generator(fake["logits"]) + term.weight * term.generator(fake)

    def moved(loss, variable, moments, step, rate):
        with tf.GradientTape() as tape:
            tape.watch(variable)
            value = loss(variable)
        slope = tape.gradient(value, variable)
        first = 0.5 * moments[0] + 0.5 * slope
        second = 0.99 * moments[1] + 0.01 * tf.square(slope)
        t = tf.cast(step + 1, tf.float32)
        direction = first / (1 - 0.5**t) / (tf.sqrt(second / (1 - 0.99**t)) + 1e-8)
        return variable - rate * direction, tf.stack([first, second])

    def update(step, w, w_moments, g, g_moments, total):
        w, w_moments = moved(lambda v: d_loss(v, g), w, w_moments, step, 0.02)
        g, g_moments = moved(lambda v: g_loss(w, v), g, g_moments, step, 0.005)
        late = tf.cast(step >= 1500, tf.float32) / 500.0
        return step + 1, w, w_moments, g, g_moments, total + late * tf.exp(g[1])

    @tf.function(autograph=False)
    def run():
        w, g = tf.zeros((3, 7)), tf.zeros((2, 2))
        start = tf.constant(0), w, tf.zeros((2, 3, 7)), g, tf.zeros((2, 2, 2)), tf.zeros(2)
        return tf.while_loop(lambda step, *_: step < 2000, update, start)[-1]

    return run().numpy()


@pytest.mark.slow
def test_ac_narrows_overlapping_classes_and_its_repairs_do_not():
    found = {
        name: spreads(name)
        for name in (
            "auxiliary_classifier",
            "twin_auxiliary_classifier",
            "auxiliary_discriminative_classifier",
        )
    }
    assert np.all(found.pop("auxiliary_classifier") < 0.8)
    for name, deviations in found.items():
        np.testing.assert_allclose(deviations, 1.0, atol=0.15, err_msg=name)
