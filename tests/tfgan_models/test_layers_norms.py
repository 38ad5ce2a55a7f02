"""Norms with conditions, styles and references, against NumPy and closed forms."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_models import layers
from tfgan_models.core import optimization


def data(shape, seed=0, loc=1.0, scale=2.0):
    return np.random.default_rng(seed).normal(loc, scale, shape).astype("float32")


def one_channel(values):
    """A batch of scalars, (n, 1)."""
    return tf.constant(values, tf.float32)[:, None]


def test_batch_norm_golden():
    x = one_channel([1.0, 3.0])
    np.testing.assert_allclose(
        layers.BatchNorm(epsilon=1e-5)(x, training=True), [[-0.999995], [0.999995]], rtol=1e-6
    )
    layer = layers.ConditionalBatchNorm(epsilon=1e-5)
    condition = tf.eye(2)
    layer([x, condition])
    layer.gain.kernel.assign([[0.5], [0.0]])
    layer.bias.kernel.assign([[0.2], [0.0]])
    y = layer([x, condition], training=True)
    np.testing.assert_allclose(y, [[-1.299993], [0.999995]], rtol=1e-6)


@pytest.mark.parametrize("shape", [(6, 5), (6, 3, 4, 5)])
@pytest.mark.parametrize("training", [True, False])
def test_conditional_batch_norm(shape, training):
    x, condition = data(shape), data((6, 3), 1)
    layer = layers.ConditionalBatchNorm(epsilon=1e-3)
    y = layer([x, condition], training=training)
    rows = np.ones((1,) * (len(shape) - 2) + (5,))
    normal = layers.BatchNorm(epsilon=1e-3)(x, training=training)
    gain = 1.0 + condition @ layer.gain.kernel.numpy()
    bias = condition @ layer.bias.kernel.numpy()
    spread = [6] + [1] * (len(shape) - 2) + [5]
    expected = normal * (gain.reshape(spread) * rows) + bias.reshape(spread)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-4)
    assert np.abs(gain - 1.0).max() > 0.1
    assert len(layer.trainable_weights) == 2


@pytest.mark.parametrize("training", [True, False])
def test_conditional_batch_norm_of_zero_maps_is_batch_norm(training):
    x, condition = data((4, 3, 3, 5)), data((4, 3), 1)
    layer = layers.ConditionalBatchNorm(kernel_initializer="zeros")
    plain = layers.BatchNorm(epsilon=1e-4)
    np.testing.assert_array_equal(
        layer([x, condition], training=training), plain(x, training=training)
    )


def test_conditional_batch_norm_maps_differ_at_first():
    layer = layers.ConditionalBatchNorm()
    layer.build([(None, 6), (None, 6)])
    for kernel in (layer.gain.kernel, layer.bias.kernel):
        np.testing.assert_allclose(kernel.numpy() @ kernel.numpy().T, np.eye(6), atol=1e-5)
    assert np.abs(layer.gain.kernel - layer.bias.kernel).max() > 0.1


def test_conditional_batch_norm_takes_mixtures_of_classes():
    """In inference the result is affine in the condition."""
    layer = layers.ConditionalBatchNorm()
    x = np.repeat(data((1, 2, 2, 5)), 3, axis=0)
    classes = np.array([[1, 0, 0], [0, 1, 0], [0.25, 0.75, 0]], "float32")
    first, second, mixed = layer([x, classes]).numpy()
    np.testing.assert_allclose(mixed, 0.25 * first + 0.75 * second, rtol=1e-4, atol=1e-5)


def test_conditional_batch_norm_with_spectral_norm():
    keras.utils.set_random_seed(0)
    layer = layers.ConditionalBatchNorm(spectral_norm=True, kernel_initializer="glorot_normal")
    x, condition = data((4, 5)), np.eye(4, dtype="float32")
    for _ in range(60):
        layer([x, condition], training=True)
    used = layer.gain(tf.eye(4)).numpy()
    np.testing.assert_allclose(np.linalg.norm(used, 2), 1.0, rtol=1e-4)
    kernel = layer.gain.layer.kernel.numpy()
    np.testing.assert_allclose(used, kernel / np.linalg.norm(kernel, 2), rtol=1e-3, atol=1e-5)
    assert sorted(w.name for w in layer.trainable_weights) == ["kernel", "kernel"]


@pytest.mark.parametrize("shape", [(4, 5, 2), (4, None), (4,)])
def test_conditions_are_vectors(shape):
    for layer in (
        layers.ConditionalBatchNorm(),
        layers.SelfModulatedBatchNorm(),
        layers.FiLM(),
        layers.AdaIN(),
    ):
        with pytest.raises(ValueError, match="second input of .* shape \\(B, n\\)"):
            layer.build([(4, 3, 3, 5), shape])


def test_self_modulation():
    layer = layers.SelfModulatedBatchNorm(hidden=7, epsilon=1e-3)
    x, z = data((5, 2, 3, 4)), data((5, 6), 1, 0.0, 1.0)
    layer([x, z])
    for w in layer.trainable_weights:
        w.assign(np.random.default_rng(2).normal(size=w.shape))
    hidden = np.maximum(z @ layer.mlp.kernel.numpy() + layer.mlp.bias.numpy(), 0.0)
    gain = hidden @ layer.gain.kernel.numpy() + layer.gain.bias.numpy()
    bias = hidden @ layer.bias.kernel.numpy() + layer.bias.bias.numpy()
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    expected = (x - mean) / np.sqrt(variance + 1e-3) * gain[:, None, None] + bias[:, None, None]
    np.testing.assert_allclose(layer([x, z], training=True), expected, rtol=1e-3, atol=1e-3)


def test_self_modulation_starts_near_batch_norm():
    keras.utils.set_random_seed(0)
    x, z = data((16, 4)), data((16, 6), 1, 0.0, 1.0)
    plain = layers.BatchNorm()(x, training=True)
    for hidden, weights in ((32, 6), (0, 4)):
        layer = layers.SelfModulatedBatchNorm(hidden)
        assert np.abs(layer([x, z], training=True) - plain).max() < 0.5
        assert len(layer.trainable_weights) == weights
        np.testing.assert_array_equal(layer.gain.bias.numpy(), np.ones(4))


def test_conditional_batch_norm_on_two_replicas(mirrored):
    """Output, gradients and moving statistics are those of one replica with the whole batch."""
    x, condition = tf.constant(data((8, 2, 3, 4))), tf.constant(data((8, 3), 1))
    weights = tf.constant(data((8, 2, 3, 4), 2))
    results = {}
    for name in ("one", "two"):
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(5)
        with mirrored.scope() if name == "two" else tf.distribute.get_strategy().scope():
            layer = layers.ConditionalBatchNorm(spectral_norm=True)
            layer.build([(None, 2, 3, 4), (None, 3)])

        def forward(rows, layer=layer):
            with tf.GradientTape() as tape:
                y = layer([x[rows], condition[rows]], training=True)
                loss = tf.reduce_mean(tf.sin(y) * weights[rows])
            return y, optimization.gradients(loss, tape, layer.trainable_variables, None)

        if name == "one":
            y, grads = forward(slice(0, 8))
            results[name] = [y, *grads, *layer.get_weights()]
            continue

        @tf.function
        def step(forward=forward):
            def replica():
                context = tf.distribute.get_replica_context()
                start = context.replica_id_in_sync_group * 4
                y, grads = forward(slice(start, start + 4))
                return y, context.all_reduce("sum", grads)

            return mirrored.run(replica)

        y, grads = step()
        y = tf.concat(mirrored.experimental_local_results(y), 0)
        grads = [mirrored.experimental_local_results(g)[0] for g in grads]
        results[name] = [y, *grads, *layer.get_weights()]
    for one, two in zip(results["one"], results["two"], strict=True):
        np.testing.assert_allclose(two, one, atol=2e-6)


def test_adaptive_instance_norm_golden():
    x = tf.reshape(tf.constant([1.0, 2.0, 3.0, 6.0]), (1, 2, 2, 1))
    y = layers.adaptive_instance_norm(x, [[-1.0]], [[2.0]], epsilon=1e-5)
    np.testing.assert_allclose(
        np.ravel(y), [-3.138087, -2.069043, -1.0, 2.207130], rtol=1e-6, atol=1e-6
    )
    given = layers.AdaIN(epsilon=1e-5, affine=None)([x, tf.constant([[1.0, -1.0]])])
    np.testing.assert_allclose(given, y, rtol=1e-6)


@pytest.mark.parametrize("affine", ["equalized", "dense"])
def test_ada_in_makes_its_style(affine):
    x, w = data((3, 4, 5, 2)), data((3, 6), 1)
    layer = layers.AdaIN(affine=affine)
    y = layer([x, w]).numpy()
    dense = layer.style.layer if affine == "equalized" else layer.style
    dense.bias.assign([0.1, 0.2, 0.3, 0.4])
    y = layer([x, w]).numpy()
    kernel = dense.kernel.numpy() / (6**0.5 if affine == "equalized" else 1.0)
    style = w @ kernel + dense.bias.numpy()
    np.testing.assert_allclose(y.mean((1, 2)), style[:, 2:], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(y.std((1, 2)), np.abs(1.0 + style[:, :2]), rtol=1e-3, atol=1e-4)


def test_ada_in_refuses_what_it_cannot_use():
    with pytest.raises(ValueError, match="affine must be"):
        layers.AdaIN(affine="linear")
    with pytest.raises(ValueError, match=r"shape \(B, 10\); got \(4, 9\)"):
        layers.AdaIN(affine=None).build([(4, 2, 2, 5), (4, 9)])


def test_film():
    x, u = data((3, 2, 4, 5)), data((3, 2), 1)
    layer = layers.FiLM()
    np.testing.assert_array_equal(layer([x, u]), x)
    kernel = data((2, 10), 2)
    layer.affine.kernel.assign(kernel)
    scale, bias = np.split(u @ kernel, 2, axis=1)
    expected = x * (1.0 + scale[:, None, None]) + bias[:, None, None]
    np.testing.assert_allclose(layer([x, u]), expected, rtol=1e-4, atol=1e-4)


def test_pixel_norm():
    x = data((3, 2, 4, 5))
    expected = x / np.sqrt(np.mean(x.astype("float64") ** 2, axis=-1, keepdims=True) + 1e-8)
    np.testing.assert_allclose(layers.PixelNorm()(x), expected, rtol=1e-5)
    z = layers.PixelNorm()(data((3, 16)))
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 4.0, rtol=1e-5)
    np.testing.assert_allclose(
        layers.PixelNorm()(np.array([[3.0, 4.0]])), [[0.848528, 1.131371]], rtol=1e-6
    )
    np.testing.assert_array_equal(layers.PixelNorm()(tf.zeros((2, 3))), np.zeros((2, 3)))


@pytest.mark.parametrize("training", [True, False])
def test_instance_norm(training):
    x = data((3, 4, 5, 2))
    mean, variance = x.mean((1, 2), keepdims=True), x.var((1, 2), keepdims=True)
    expected = (x - mean) / np.sqrt(variance + 1e-5)
    layer = layers.InstanceNorm()
    np.testing.assert_allclose(layer(x, training=training), expected, rtol=1e-4, atol=1e-5)
    assert layer.weights == []
    affine = layers.InstanceNorm(affine=True)
    affine.build(x.shape)
    affine.gamma.assign([2.0, 3.0])
    affine.beta.assign([-1.0, 1.0])
    np.testing.assert_allclose(affine(x), expected * [2, 3] + [-1, 1], rtol=1e-4, atol=1e-4)


def test_instance_norm_of_a_constant_image_is_zero():
    np.testing.assert_array_equal(
        layers.InstanceNorm()(tf.fill((2, 1, 1, 3), 7.0)), np.zeros((2, 1, 1, 3))
    )


def test_instance_norm_keeps_small_differences_of_large_values():
    x = 1e4 + data((1, 8, 8, 1), scale=1.0)
    y = layers.InstanceNorm()(x).numpy()
    np.testing.assert_allclose(y.std(), 1.0, rtol=1e-3)


def test_virtual_batch_norm_golden():
    layer = layers.VirtualBatchNorm(gamma_initializer="ones")
    x, references = layer([one_channel([4.0]), one_channel([1.0, 2.0, 6.0])])
    np.testing.assert_allclose(x, [[0.390566]], rtol=1e-6)
    np.testing.assert_allclose((4.0 - 3.25) / np.sqrt(3.6875 + 1e-5), x[0, 0], rtol=1e-6)
    expected = (np.array([1.0, 2.0, 6.0]) - 3.0) / np.sqrt(14.0 / 3.0 + 1e-5)
    np.testing.assert_allclose(references[:, 0], expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(5,), (3, 4, 5)])
@pytest.mark.parametrize("training", [True, False])
def test_virtual_batch_norm_has_the_moments_of_references_and_example(shape, training):
    x, references = data((4, *shape)), data((7, *shape), 1, loc=-3.0)
    layer = layers.VirtualBatchNorm(epsilon=1e-3)
    y, normal = layer([x, references], training=training)
    gamma = layer.gamma.numpy()
    for i in range(4):
        union = np.concatenate([references, x[i : i + 1]]).astype("float64").reshape(-1, 5)
        expected = (x[i] - union.mean(0)) / np.sqrt(union.var(0) + 1e-3) * gamma
        np.testing.assert_allclose(y[i], expected, rtol=1e-4, atol=1e-4)
    flat = references.astype("float64").reshape(-1, 5)
    expected = (references - flat.mean(0)) / np.sqrt(flat.var(0) + 1e-3) * gamma
    np.testing.assert_allclose(normal, expected, rtol=1e-4, atol=1e-4)
    assert 0.9 < gamma.min() and gamma.max() < 1.1 and len(set(gamma)) == 5


def test_reference_batch_norm_uses_references_alone():
    x, references = data((4, 3, 3, 2)), data((7, 3, 3, 2), 1)
    y, normal = layers.ReferenceBatchNorm(gamma_initializer="ones")([x, references])
    flat = references.reshape(-1, 2)
    np.testing.assert_allclose(y, (x - flat.mean(0)) / np.sqrt(flat.var(0) + 1e-5), rtol=1e-4)
    np.testing.assert_allclose(np.reshape(normal, (-1, 2)).std(0), 1.0, rtol=1e-4)


def referenced_network(norm):
    keras.utils.set_random_seed(2)
    inputs = keras.Input((4, 6, 2))
    references = layers.ReferenceBatch((5, 4, 6, 2))(inputs)
    both = [inputs, references]
    for width in (4, 3):
        convolution = keras.layers.Conv2D(width, 3, 2, "same", activation="tanh")
        both = norm()([convolution(h) for h in both])
    logits = keras.layers.Dense(1)(keras.layers.Flatten()(both[0]))
    return keras.Model(inputs, logits)


@pytest.mark.parametrize("norm", [layers.VirtualBatchNorm, layers.ReferenceBatchNorm])
def test_referenced_norms_do_not_mix_images(norm):
    """The gradient of the sum of logits is each image's own, so penalties may take it."""
    network, x = referenced_network(norm), tf.constant(data((3, 4, 6, 2), 1))
    other = tf.concat([x[:1], data((4, 4, 6, 2), 9, loc=8.0)], 0)
    np.testing.assert_allclose(network(x)[0], network(other)[0], atol=1e-6)
    assert not norm.MIXES_BATCH
    gradients = []
    for batch in (x, other):
        with tf.GradientTape() as tape:
            tape.watch(batch)
            total = tf.reduce_sum(network(batch))
        gradients.append(tape.gradient(total, batch)[0])
    np.testing.assert_allclose(*gradients, atol=1e-6)
    assert np.abs(gradients[0]).max() > 1e-4


def test_references_are_saved_and_reach_the_weights(tmp_path):
    network = referenced_network(layers.VirtualBatchNorm)
    holder = next(w for w in network.layers if isinstance(w, layers.ReferenceBatch))
    images = data((5, 4, 6, 2), 3)
    holder.assign(images)
    assert not any(w is holder.reference for w in network.trainable_weights)
    network.save(tmp_path / "network.keras")
    x = data((2, 4, 6, 2), 4)
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(loaded(x), network(x))
    before = network(x).numpy()
    holder.assign(images + 1.0)
    assert np.abs(network(x) - before).max() > 1e-3
    # With the live pass cut off, the first kernel is still reached through the references.
    convolution, norm = network.layers[2], network.layers[3]
    with tf.GradientTape() as tape:
        live = tf.stop_gradient(convolution(x))
        value = tf.reduce_sum(tf.sin(norm([live, convolution(images)])[0]))
    gradient = tape.gradient(value, convolution.kernel.value)
    assert np.abs(gradient).max() > 1e-4


def test_references_for_latents_are_standard_normal():
    layer = layers.ReferenceBatch((500, 20))
    z = layer(tf.zeros((1, 20))).numpy()
    np.testing.assert_allclose([z.mean(), z.std()], [0.0, 1.0], atol=0.03)


def test_references_must_fit():
    with pytest.raises(ValueError, match="with the same channels"):
        layers.VirtualBatchNorm().build([(None, 4, 4, 3), (5, 4, 4, 2)])
