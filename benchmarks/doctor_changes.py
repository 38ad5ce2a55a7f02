"""Ways to break a run for `doctor_validation`: each takes (source, model), returns a source."""

from __future__ import annotations

import io

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from PIL import Image

from trainers.data.source import ArraySource, Source
from trainers.data.subset import Subset, hold_out


class Changed(Source):
    """A source whose batches are changed.

    Args:
        parent: The source.
        change: (batch, indices) -> batch.
    """

    def __init__(self, parent, change, labels=None):
        super().__init__(
            parent.spec,
            parent.num_examples,
            parent.image_shape,
            labels=parent.labels if labels is None else labels,
            class_names=parent.class_names,
            fingerprint=parent.fingerprint,
        )
        self.parent, self.change = parent, change

    def gather(self, indices):
        """The parent's batch, changed."""
        indices = tf.convert_to_tensor(indices)
        return self.change(self.parent.gather(indices), indices)


def _images(source, change):
    return Changed(source, lambda batch, i: {**batch, "image": change(batch["image"], i)})


def bytes(source, model):
    """Values 0 to 255."""
    return _images(source, lambda x, i: (x + 1.0) * 127.5)


def unit(source, model):
    """Values 0 to 1."""
    return _images(source, lambda x, i: (x + 1.0) / 2.0)


def blank(source, model):
    """Every twentieth image is black."""
    return _images(source, lambda x, i: tf.where((i % 20 == 0)[:, None, None, None], -1.0, x))


def repeated(source, model):
    """Each image is there twice."""
    return Changed(source, lambda batch, i: source.gather(i // 2))


def stuck(source, model):
    """Every batch is the first one."""
    return Changed(source, lambda batch, i: source.gather(tf.range(tf.size(i))))


def sorted(source, model):
    """A stream in the order of the labels."""

    class Stream(Subset):
        random_access = False

        def stream(self, seed, shuffle):
            """Examples in their order, for ever."""
            numbers = tf.data.Dataset.range(self.num_examples).repeat()
            return numbers.map(lambda i: {k: v[0] for k, v in self.parent.gather(i[None]).items()})

    return Stream(source, np.argsort(source.labels, kind="stable"))


def labels_from_1(source, model):
    """Labels 1 to K."""
    up = source.labels + 1
    return Changed(source, lambda batch, i: {**batch, "label": batch["label"] + 1}, up)


def missing_class(source, model):
    """No image of class 3."""
    return Subset(source, np.flatnonzero(source.labels != 3))


def dark(source, model):
    """Values from -1 to -0.6."""
    return _images(source, lambda x, i: 0.2 * x - 0.8)


def one_class(source, model):
    """Images of class 3 alone."""
    return Subset(source, np.flatnonzero(source.labels == 3))


def imbalanced(source, model):
    """Class 0 has a tenth of the images of the others."""
    zero = np.flatnonzero(source.labels == 0)
    kept = np.r_[zero[: len(zero) // 10], np.flatnonzero(source.labels != 0)]
    return Subset(source, np.sort(kept))


def skewed(source, model):
    """Classes 5 to 9 have a tenth of the images of the others."""
    kept = (source.labels < 5) | (np.arange(source.num_examples) % 10 == 0)
    return Subset(source, np.flatnonzero(kept))


def few(source, model):
    """400 images, half of them held out."""
    parent = source.parent
    return hold_out(Subset(parent, np.arange(0, parent.num_examples, 12)[:400]), 0.5)


def fifty(source, model):
    """50 images."""
    return Subset(source, np.arange(0, source.num_examples, source.num_examples // 50)[:50])


def half_classes(source, model):
    """The training sees classes 0 to 4, who looks at the data sees all."""
    left = np.flatnonzero(source.labels < 5)

    def swap(batch, indices):
        if tf.executing_eagerly():
            return batch
        return source.gather(tf.gather(left, indices % len(left)))

    return Changed(source, swap)


def _wrap(model, network, inputs, outputs):
    wrapped = keras.Model(inputs, outputs, name="generator")
    if network is not None:
        wrapped.inner = network
    model.generator = model.ema_generator = wrapped
    model.compile_from_config(model.get_compile_config())


def _after(model, change):
    """Replaces the generator by change(its output)."""
    network = model.generator
    _wrap(model, network, network.inputs, change(network.outputs[0]))


def no_black(source, model):
    """The generator's values are in [0, 1] of [-1, 1]."""
    _after(model, lambda x: 0.5 + 0.5 * x)
    return source


def frame(source, model):
    """A black frame that the generator can only make dark grey."""
    _after(model, lambda x: 0.05 + 0.95 * x)
    return _framed(source)


def out_of_reach(source, model):
    """A black frame; the generator's values end at 0.95 of the range, on both sides."""
    _after(model, lambda x: 0.95 * x)
    return _framed(source)


def _framed(source):
    mask = np.zeros((*source.image_shape[:2], 1), "float32")
    mask[2:-2, 2:-2] = 1.0
    return _images(source, lambda x, i: (x + 1.0) * mask - 1.0)


def _table(source, model, change):
    """The generator draws changed real images, one for each latent that is largest."""
    count = model.latent_dim
    chosen = np.sort(np.random.default_rng(0).choice(source.num_examples, count, replace=False))
    images = np.asarray(source.gather(chosen)["image"]).reshape(count, -1)
    z = keras.Input((count,))
    table = layers.Dense(images.shape[1], use_bias=False)
    drawn = table(ops.one_hot(ops.argmax(z, axis=-1), count))
    table.kernel.assign(images)
    _wrap(model, None, [z], change(layers.Reshape(model.image_shape)(drawn)))
    return source


def no_pure_black(source, model):
    """The generator draws real images whose values stop short of -1."""
    return _table(source, model, lambda x: 0.05 + 0.95 * x)


def grid(source, model):
    """Real images with every second pixel of every second row lighter by a tenth."""
    rows, columns = np.indices(model.image_shape[:2]) % 2
    lighter = 0.1 * (rows * columns)[..., None].astype("float32")
    return _table(source, model, lambda x: 0.9 * x + lighter)


def no_label(source, model):
    """The generator gets class 0 always."""
    network = model.generator
    z, y = network.inputs
    first = ops.one_hot(ops.zeros_like(y[:, 0], dtype="int32"), y.shape[-1])
    _wrap(model, network, [z, y], network([z, first]))
    return source


def no_latent(source, model):
    """The generator gets a latent of zeros."""
    network = model.generator
    z, y = network.inputs
    _wrap(model, network, [z, y], network([0.0 * z, y]))
    return source


def momentum(source, model):
    """Moving statistics that hardly move."""
    for network in (model.generator, model.ema_generator):
        for layer in network.layers:
            if hasattr(layer, "moving_mean"):
                layer.momentum = 0.9999
    return source


def forgetful(source, model):
    """The averaged generator keeps its initial moving statistics."""
    for layer in model.ema_generator.layers:
        for name in ("moving_mean", "moving_variance"):
            if hasattr(layer, name):
                kept = keras.Variable(getattr(layer, name).numpy(), trainable=False)
                # Past the layer's own tracking: what the average copies no longer arrives.
                object.__setattr__(layer, name, kept)
                layer.momentum = 1.0
    return source


def dead(source, model):
    """Half of the generator's first channels never fire."""
    for network in (model.generator, model.ema_generator):
        norm = next(x for x in network.layers if hasattr(x, "moving_mean"))
        beta = norm.beta.numpy()
        beta[::2] = -10.0
        norm.beta.assign(beta)
    return source


class _Jump(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return tf.where(step < 400, 1e-3, 1e-2)


def rate_jump(source, model):
    """The discriminator's rate grows tenfold at update 400."""
    model.discriminator_optimizer._learning_rate = _Jump()
    return source


def dirac(source, model):
    """A generator that moves one point, a linear discriminator, plain gradient descent."""
    z = keras.Input((model.latent_dim,))
    kernel = keras.initializers.RandomNormal(0.0, 0.3 / model.latent_dim**0.5, seed=0)
    start = keras.initializers.Constant(0.2)
    move = layers.Dense(2, kernel_initializer=kernel, bias_initializer=start)
    x = keras.Input((1, 1, 2))
    line = layers.Dense(1, use_bias=False, kernel_initializer=start)
    model.generator = model.ema_generator = keras.Model(z, layers.Reshape((1, 1, 2))(move(z)))
    model.discriminator = keras.Model(x, line(layers.Flatten()(x)))
    model.output_range = "unbounded"
    model.compile(
        generator_optimizer={"name": "sgd", "learning_rate": 0.1},
        discriminator_optimizer={"name": "sgd", "learning_rate": 0.1},
        loss="wasserstein",
    )
    points = np.random.default_rng(0).normal(0.0, 0.3, (1000, 1, 1, 2)).astype("float32")
    return ArraySource("points", points)


def read(path, model: dict) -> Source:
    """4,000 images of further data, resized to the model's."""
    height, width, channels = model["image_shape"]
    with np.load(path) as arrays:
        if "blob" in arrays:
            blob, offset = arrays["blob"], arrays["offset"]
            parts = (blob[offset[i] : offset[i + 1]].tobytes() for i in range(4000))
            images = [Image.open(io.BytesIO(part)).resize((width, height)) for part in parts]
            images = np.stack([np.asarray(image) for image in images])
        else:
            images = arrays["x_train"][:4000]
    return ArraySource(path.stem, images.reshape(-1, height, width, channels))
