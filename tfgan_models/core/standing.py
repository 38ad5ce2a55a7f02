"""Standing statistics of batch norm: Brock et al. 2019, arXiv:1809.11096, section 4 and appendix.

Moving averages lag behind the weights, and they describe untruncated latents. Standing
statistics are those of many batches of one generator: of its averaged weights, and of
the latents that it will be sampled with. As in the authors' code every batch runs in
training mode, with its own statistics, and with m and v the mean and variance of a batch

    mean = E[m],   variance = E[v + m^2] - E[m]^2
"""

from __future__ import annotations

import contextlib

import numpy as np
import tensorflow as tf

from tfgan_models.core import optimization, random, sampling
from tfgan_models.core.arguments import positive_int


def standing_statistics(
    model, truncation=None, batches=16, batch_size=64, seed=0, labels=None
) -> dict[str, np.ndarray]:
    """Returns the standing statistics of a model's `ema_generator`; nothing is changed.

    Args:
        model: A GAN whose generator has batch norm: this library's, alone or inside a
            conditional norm, or `keras.layers.BatchNormalization`.
        truncation: In [0, 1]: statistics of z as `sampling.latents` truncates it, of z = 0 at
            0; None: of the training distribution.
        batches: Number of batches.
        batch_size: Images in a batch.
        seed: Int; the same seed gives the same statistics.
        labels: One class, or (batches * batch_size,) classes or (.., num_classes) mixtures;
            None draws classes at random. Only for conditional models.

    Returns:
        {path of a `moving_mean` or `moving_variance` of `ema_generator`: float32 (C,)}.

    Raises:
        ValueError: The generator has no batch norm, the latents cannot be truncated, or an
            argument is out of range.
    """
    return _Standing(model, batches, batch_size, seed, labels).at(truncation)


def standing_table(
    model, truncations, batches=16, batch_size=64, seed=0, labels=None
) -> dict[str, np.ndarray]:
    """Returns {path: float32 (len(truncations), C)}: `standing_statistics` of each truncation.

    The draws are those of one seed, scaled. Arguments and errors are those of
    `standing_statistics`.
    """
    standing = _Standing(model, batches, batch_size, seed, labels)
    rows = [standing.at(truncation) for truncation in truncations]
    return {path: np.stack([row[path] for row in rows]) for path in rows[0]}


def assign(network, statistics: dict[str, np.ndarray]) -> None:
    """Writes statistics, as `standing_statistics` returns them, into a network.

    Args:
        network: Of the architecture that they were taken of; its names may differ.
        statistics: The mapping, in its own order.
    """
    for variable, value in zip(statistics_variables(network), statistics.values(), strict=True):
        variable.assign(value)


@contextlib.contextmanager
def applied(model, truncation=None, batches=16, batch_size=64, seed=0, labels=None):
    """Inside, `ema_generator` has standing statistics; its own come back afterwards.

    Arguments and errors are those of `standing_statistics`.
    """
    statistics = standing_statistics(model, truncation, batches, batch_size, seed, labels)
    own = {v.path: v.numpy() for v in statistics_variables(model.ema_generator)}
    assign(model.ema_generator, statistics)
    try:
        yield
    finally:
        assign(model.ema_generator, own)


def statistics_variables(network) -> list:
    """Returns the moving mean and variance of each batch norm, in order of the mappings."""
    return [v for layer in norm_layers(network) for v in _variables(layer)]


def norm_layers(network) -> list:
    """Returns the batch-norm layers of a network, nested ones too, in order.

    Raises:
        ValueError: It has none, or two of one path.
    """
    names = ("moving_mean", "moving_variance", "momentum")
    layers = [
        layer
        for layer in network._flatten_layers()
        if all(getattr(layer, name, None) is not None for name in names)
    ]
    if not layers:
        raise ValueError(
            f"{network.name} has no batch norm, so there are no standing statistics; leave out "
            "what asks for them."
        )
    paths = [layer.moving_mean.path for layer in layers]
    if len(set(paths)) < len(paths):
        raise ValueError(f"{network.name} has batch-norm layers of one name; rename them.")
    return layers


def _variables(layer):
    return layer.moving_mean, layer.moving_variance


class _Standing:
    """A copy of the generator that measures, and the draws of one seed."""

    def __init__(self, model, batches, batch_size, seed, labels):
        self.batches = positive_int("batches", batches)
        self.batch_size = positive_int("batch_size", batch_size)
        self.model, self.seed = model, seed
        self.paths = [v.path for v in statistics_variables(model.ema_generator)]
        self.labels = self._conditions(labels)
        self.network = optimization.clone_network(model.ema_generator)
        self.network.trainable = True  # frozen layers would not use the batch
        self.layers = norm_layers(self.network)
        for layer in self.layers:
            layer.momentum = 0.0  # the moving statistics become those of the last batch
            layer.moving_mean.assign(tf.zeros_like(layer.moving_mean))
            layer.moving_variance.assign(tf.zeros_like(layer.moving_variance))
        self._measure = tf.function(self._run, autograph=False)

    def at(self, truncation) -> dict[str, np.ndarray]:
        """Returns the statistics at one truncation."""
        z = self._latents(truncation)
        sums = [np.zeros((2, layer.moving_mean.shape[0])) for layer in self.layers]
        for i in range(self.batches):
            rows = slice(i * self.batch_size, (i + 1) * self.batch_size)
            y = None if self.labels is None else self.labels[rows]
            measured = self._measure(z[rows], y, tf.constant(i))
            for total, moments in zip(sums, measured, strict=True):
                mean, variance = moments.numpy().astype(np.float64)
                total += mean, variance + mean**2
        values = []
        for total in sums:
            mean, square = total / self.batches
            values += [mean, np.maximum(square - mean**2, 0.0)]
        return {
            path: value.astype(np.float32) for path, value in zip(self.paths, values, strict=True)
        }

    def _run(self, z, y, batch):
        from tfgan_models.layers import hold_spectral_state

        optimization.seed_noise_layers(
            (self.network,),
            lambda i: random.bits(random.key(self.seed, f"standing_{i}", batch), 1, (2,))[0],
        )
        with hold_spectral_state():  # the weights that inference uses
            self.model.synthesize(self.network, z, y, True)
        return [tf.stack([tf.convert_to_tensor(v) for v in _variables(n)]) for n in self.layers]

    def _latents(self, truncation):
        n = self.batches * self.batch_size
        if truncation != 0.0:  # None too
            return sampling.latents(self.model, n, self.seed, truncation)
        return 0.0 * sampling.latents(self.model, n, self.seed, 1.0)

    def _conditions(self, labels):
        n, classes = self.batches * self.batch_size, self.model.num_classes
        if labels is None and classes:
            labels = sampling.random_labels(classes, n, self.seed)
        elif labels is not None and np.ndim(labels) == 0:
            labels = np.full(n, labels)
        return self.model.condition(sampling.check_labels(labels, n, classes))
