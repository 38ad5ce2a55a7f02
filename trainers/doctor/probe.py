"""What the doctor asks of the networks at a check: pictures, logits, activations.

Everything runs outside replicas and without collectives, on the process that calls it.
Networks with batch norm are asked in training mode too, where there is one replica: a
discriminator normalises real and fake batches apart in training, so that in inference it is
another one. The variables that this changes are put back. None of the run's random numbers
is used.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf

from tfgan_models.analysis import diagnosis
from tfgan_models.layers import MinibatchStddev
from trainers.doctor.limits import limit

FIXED = 64  # latents that stay the same over the run
COUNT = 256  # images of each kind
_LARGE = 64 * 64 * 3  # images above this size go through the networks in small batches
_SMALL_BATCH = 32
_LATENTS_A_CLASS, _CLASSES = 16, 10
_SPOTS = 1024  # pixels and weights remembered from check to check
_NOISE = 1.0 / 255.0
_UNSEEN = 0.2  # a tenth of the range of values: black is still black


@dataclass
class Sample:
    """What one check saw; arrays of NumPy.

    Attributes:
        step: After how many steps.
        fakes: (n, H, W, C) in [-1, 1] of the raw generator in inference; the first 64 are of
            the same latents at every check.
        train_logits, held_out_logits, fake_logits: (n,), higher for real; the second None
            without held-out images.
        gaps: {change of both inputs: (gap before, gap after)} of real minus fake logits.
        slope: Mean slope of the generator's loss at the fakes' logits, in units of that at
            logit 0; None where the loss does not read plain logits.
        modes: {name: (images in training mode, in inference, in training mode with half of
            the latents replaced)} of generators with batch norm.
        channels: {layer: (largest, variance, rectified)} of each channel.
        table: (Z, K, H, W, C) of the same latents with each label, or None.
        augment_p: Of an adaptive augmentation, or None.
        spots, weights: A few pixels of the fixed pictures and weights of the generator.
    """

    step: int
    fakes: np.ndarray
    train_logits: np.ndarray
    fake_logits: np.ndarray
    held_out_logits: np.ndarray | None = None
    gaps: dict = field(default_factory=dict)
    slope: float | None = None
    modes: dict = field(default_factory=dict)
    channels: dict = field(default_factory=dict)
    table: np.ndarray | None = None
    augment_p: float | None = None
    spots: np.ndarray | None = None
    weights: np.ndarray | None = None


class Probe:
    """Runs the networks of one model.

    Args:
        model: A built and compiled GAN.
        reals: `baseline.Reals`, measured.
        batch_size: B.
        seed: Of the latents; not the run's.
    """

    def __init__(self, model, reals, batch_size: int, seed: int = 0):
        self.model, self.reals, self.seed = model, reals, seed
        self.alone = model.distribute_strategy.num_replicas_in_sync == 1
        norms = any(hasattr(layer, "moving_mean") for layer in layers_of(model.discriminator))
        self._judges_training = norms and self.alone
        mixing = any(map(_compares_images, layers_of(model.discriminator)))
        large = int(np.prod(model.image_shape)) > _LARGE
        self.rows = _SMALL_BATCH if large else COUNT
        self._batch_size = batch_size
        self.judged_rows = batch_size if mixing or self._judges_training else self.rows
        self._train, self._train_labels = reals.images[:COUNT], self._labels_of(reals)
        held_out = getattr(reals.source, "held_out", None)
        self.held_out = None if held_out is None else _images_of(held_out)
        self._taps = [
            (network, *_taps(network)) for network in (model.generator, model.discriminator)
        ]
        self._generate = tf.function(self._fakes, autograph=False)
        self._judge = tf.function(self._logits, autograph=False)
        self._feel = [tf.function(_moments_of(model), autograph=False) for *_, model in self._taps]

    def _labels_of(self, reals):
        return reals.labels[:COUNT] if self.model.num_classes else None

    def _fakes(self, network_index, latents, condition):
        network = (self.model.generator, self.model.ema_generator)[network_index]
        images = self.model.synthesize(network, latents, condition, False)
        return tf.clip_by_value(images, -1.0, 1.0)

    def _logits(self, images, condition):
        logits = self.model.discriminate(images, condition, self._judges_training)
        logits = tf.reshape(logits, (tf.shape(logits)[0], -1))
        sign = -1.0 if self.model.adversarial_loss.ENERGY else 1.0
        return sign * tf.reduce_mean(logits, axis=1)

    def _condition(self, labels):
        return None if labels is None else self.model.condition(labels)

    @staticmethod
    def _in_parts(function, rows, *arrays):
        """Runs a function over the rows in batches of one size; what is left over is dropped."""
        count = len(arrays[0])
        size = min(rows, count)
        parts = []
        for start in range(0, count - size + 1, size):
            pieces = [None if a is None else a[start : start + size] for a in arrays]
            parts.append(np.asarray(function(*pieces)))
        return np.concatenate(parts)

    def logits(self, images, labels=None) -> np.ndarray:
        """Logits (n,) of images, the mean over maps, high for real."""
        condition = self._condition(labels)
        images = np.asarray(images, "float32")
        with _put_back(self.model.discriminator if self._judges_training else None):
            return self._in_parts(self._judge, self.judged_rows, images, condition)

    def pictures(self, latents, labels=None, average: bool = False) -> np.ndarray:
        """Images of the raw generator, or of its average, in inference."""
        index = int(average)
        condition = self._condition(labels)
        return self._in_parts(
            lambda z, y: self._generate(index, z, y), self.rows, latents, condition
        )

    def sample(self, step: int, check: int) -> Sample:
        """Looks at everything once.

        Args:
            step: Steps done.
            check: How many checks there were before: chooses the latents that change.
        """
        fixed = self.model.sample_latents(FIXED, self.seed)
        fresh = self.model.sample_latents(COUNT - FIXED, self.seed + 1 + check)
        latents = tf.concat([fixed, fresh], axis=0)
        labels = None
        if self.model.num_classes:
            labels = np.resize(self._train_labels, COUNT)
        fakes = self.pictures(latents, labels)
        seen = Sample(
            step,
            fakes,
            train_logits=self.logits(self._train, self._train_labels),
            fake_logits=self.logits(fakes, None if labels is None else labels[: len(fakes)]),
            augment_p=_strength(self.model.augment),
        )
        if self.held_out is not None:
            images, kept_labels = self.held_out
            seen.held_out_logits = self.logits(
                images, kept_labels if self.model.num_classes else None
            )
        seen.slope = self._slope(seen.fake_logits)
        self._look_closer(seen, latents, labels)
        return seen

    def _look_closer(self, seen, latents, labels):
        head = None if labels is None else labels[:FIXED]
        if not self.reals.points:
            seen.gaps = self._gaps(seen, head)
        if self.alone:
            seen.modes = self._modes(seen.step, latents, head)
        for (network, names, _), feel in zip(self._taps, self._feel, strict=True):
            if names:
                inputs = latents[:FIXED] if network is self.model.generator else self._train[:FIXED]
                known = None if head is None else head[: len(inputs)]
                seen.channels |= self._channels(network, names, feel, inputs, known)
        if self.model.num_classes:
            seen.table = self._table()
        seen.spots = _few(seen.fakes[:FIXED].ravel(), _SPOTS)
        seen.weights = self._weights()

    def _slope(self, logits) -> float | None:
        loss = self.model.adversarial_loss
        stateful = isinstance(loss, keras.layers.Layer)
        if loss.READS != ("logits",) or loss.NEEDS_REAL or loss.ENERGY or stateful:
            return None

        def slope(values):
            values = tf.constant(values, tf.float32)[:, None]
            with tf.GradientTape() as tape:
                tape.watch(values)
                value = loss.generator(values)
            return float(tf.reduce_sum(tf.abs(tape.gradient(value, values))))

        at_zero = slope(np.zeros_like(logits))
        return slope(logits) / at_zero if at_zero > 0.0 else None

    def _gaps(self, seen, labels) -> dict:
        """Gaps before and after changes that no viewer would see."""
        count = min(FIXED, len(self._train), len(seen.fakes))  # there may be few images
        real, fake = self._train[:count], seen.fakes[:count]
        before = float(seen.train_logits[:count].mean() - seen.fake_logits[:count].mean())
        noise = np.random.default_rng(0).normal(0.0, _NOISE, (2, *real.shape)).astype("float32")
        real_labels = None if labels is None else self._train_labels[:count]
        labels = None if labels is None else labels[:count]
        changes = {"under noise of one grey level": (real + noise[0], fake + noise[1])}
        constant = self.reals.constant
        if constant.any():
            filled = np.where(constant, self.reals.images[0], fake)
            changes["when pixels that never change are set right"] = (real, filled)
        clipped = np.clip(real, fake.min(), fake.max())
        if 0.0 < np.abs(clipped - real).max() < _UNSEEN:
            name = "when real images keep to the values that the generator reaches"
            changes[name] = (clipped, fake)
        return {
            name: (
                before,
                float(self.logits(a, real_labels).mean() - self.logits(b, labels).mean()),
            )
            for name, (a, b) in changes.items()
        }

    def _modes(self, step, latents, labels) -> dict:
        networks = {"Pictures": self.model.generator}
        if self._average_has_begun(step):
            networks["Pictures of the averaged generator"] = self.model.ema_generator
        first = latents[:FIXED]
        other = tf.concat([first[: FIXED // 2], latents[FIXED : FIXED + FIXED // 2]], axis=0)
        found, condition = {}, self._condition(labels)
        for name, network in networks.items():
            if not any(hasattr(layer, "moving_mean") for layer in layers_of(network)):
                continue
            with _put_back(network), _thawed(network):
                train = [
                    self.model.synthesize(network, z, condition, True).numpy()
                    for z in (first, other)
                ]
            average = network is not self.model.generator
            found[name] = (train[0], self.pictures(first, labels, average), train[1])
        return found

    def _average_has_begun(self, step) -> bool:
        """Whether hardly anything is left of the average's first weights, which do not fit the
        statistics that it takes over; before, `ema_lag` says all there is to say."""
        half_life = self.model.ema_half_life_images
        if self.model.ema_generator is self.model.generator or not half_life:
            return False
        left = diagnosis.initial_share_of_average(step * self._batch_size, half_life)
        return left <= limit("initial_share")

    def _channels(self, network, names, feel, inputs, labels) -> dict:
        condition = self._condition(labels)
        if network is self.model.discriminator and self.model.output_range == "unit":
            inputs = (inputs + 1.0) / 2.0
        both = len(network.inputs) == 2
        moments = feel([inputs, condition] if both else inputs)
        return {
            f"{network.name}/{name}": (largest.numpy(), variance.numpy(), rectified)
            for (name, rectified), (largest, variance) in zip(names, moments, strict=True)
        }

    def _table(self) -> np.ndarray:
        classes = np.arange(min(self.model.num_classes, _CLASSES))
        latents = np.repeat(self.model.sample_latents(_LATENTS_A_CLASS, 1), len(classes), axis=0)
        labels = np.tile(classes, _LATENTS_A_CLASS)
        count = len(labels)
        # Whole batches only: the rows that fill the last one are thrown away.
        padded = -(-count // min(self.rows, count)) * min(self.rows, count)
        fill = np.arange(padded) % count
        images = self.pictures(tf.constant(latents[fill]), labels[fill])[:count]
        return images.reshape(_LATENTS_A_CLASS, len(classes), *images.shape[1:])

    def _weights(self) -> np.ndarray:
        variables = self.model.generator.trainable_variables
        if not variables:
            return np.zeros(1, "float32")
        each = max(1, _SPOTS // len(variables))
        return np.concatenate([_few(tf.reshape(v, [-1]), each) for v in variables])


@contextlib.contextmanager
def _put_back(network):
    """Gives a network's statistics and seeds back the values that they had."""
    kept = [(v, v.numpy()) for v in network.non_trainable_variables] if network else []
    try:
        yield
    finally:
        for variable, value in kept:
            variable.assign(value)


@contextlib.contextmanager
def _thawed(network):
    """Lets the batch norm of a frozen network, such as an average, run in training mode."""
    norms = [layer for layer in layers_of(network) if hasattr(layer, "moving_mean")]
    kept = [layer.trainable for layer in norms]
    try:
        for layer in norms:
            layer.trainable = True
        yield
    finally:
        for layer, value in zip(norms, kept, strict=True):
            layer.trainable = value


def layers_of(network):
    """All layers of a network, nested ones too."""
    return [layer for layer in network._flatten_layers() if layer is not network]


def _compares_images(layer) -> bool:
    """Whether a layer of the discriminator looks at the whole batch in inference too."""
    moving = hasattr(layer, "moving_mean")
    return isinstance(layer, MinibatchStddev) or getattr(layer, "MIXES_BATCH", False) and not moving


def _images_of(source):
    """At most `COUNT` images and labels in random order: batch norm looks at their neighbours."""
    order = np.random.default_rng(0).permutation(source.num_examples)
    indices = order[:COUNT].astype(np.int64)
    batch = source.gather(indices)
    labels = batch.get("label")
    return np.asarray(batch["image"]), None if labels is None else np.asarray(labels)


def _taps(network):
    """([(layer name, rectified)], model of their outputs) of the ReLU layers of a network."""
    names, outputs = [], []
    for layer in getattr(network, "layers", ()):
        kind = _rectifier(layer)
        # A layer used twice has no single output.
        if kind is not None and len(getattr(layer, "_inbound_nodes", ())) == 1:
            names.append((layer.name, kind == "relu"))
            outputs.append(layer.output)
    if not outputs or not hasattr(network, "inputs"):
        return [], None
    return names, keras.Model(network.inputs, outputs)


def _rectifier(layer) -> str | None:
    """ "relu" or "leaky" for a layer that rectifies."""
    if isinstance(layer, keras.layers.ReLU):
        return "leaky" if layer.negative_slope else "relu"
    if isinstance(layer, keras.layers.LeakyReLU):
        return "leaky"
    activation = getattr(getattr(layer, "activation", None), "__name__", None)
    return {"relu": "relu", "leaky_relu": "leaky"}.get(activation)


def _moments_of(model):
    """Inputs -> [(largest, variance)] of each channel of each of a model's outputs."""

    def moments(inputs):
        found = []
        for value in tf.nest.flatten(model(inputs, training=False)):
            value = tf.reshape(tf.cast(value, tf.float32), (-1, value.shape[-1]))
            found.append((tf.reduce_max(value, axis=0), tf.math.reduce_variance(value, axis=0)))
        return found

    return moments


def _strength(augment) -> float | None:
    """The largest p of adaptive augmentations."""
    stages = getattr(augment, "stages", [augment])
    found = [float(s.p.numpy()) for s in stages if getattr(s, "CONTROLLED", False)]
    return max(found) if found else None


def _few(flat, count: int) -> np.ndarray:
    """At most `count` entries of a flat tensor, at equal distances."""
    size = int(flat.shape[0])
    return tf.gather(flat, np.linspace(0, size - 1, min(count, size)).astype(int)).numpy()
