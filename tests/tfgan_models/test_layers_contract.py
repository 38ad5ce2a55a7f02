"""What every layer must keep: files, XLA, second derivatives, precision, any batch."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_models import layers
from tfgan_models.core import optimization

IMAGE, VECTOR = (4, 4, 6, 8), (4, 8)  # images are not square
WIDE = (3, 8)


def conv(filters=3, **options):
    return keras.layers.Conv2D(filters, 3, padding="same", **options)


# name: (makes the layer, shapes of its inputs)
CASES = {
    "ada_in": (lambda: layers.AdaIN(), [IMAGE, (4, 3)]),
    "ada_in_dense": (lambda: layers.AdaIN(epsilon=1e-5, affine="dense"), [IMAGE, (4, 3)]),
    "ada_in_given": (lambda: layers.AdaIN(affine=None), [IMAGE, (4, 16)]),
    "batch_norm": (lambda: layers.BatchNorm(), [IMAGE]),
    "blur_pooling": (lambda: layers.BlurPooling2D(), [IMAGE]),
    "blur_reflect": (lambda: layers.BlurPooling2D((1, 2, 1), 1, border="reflect"), [IMAGE]),
    "blur_padding": (lambda: layers.BlurPooling2D(strides=1, padding=(2, 2), gain=4.0), [IMAGE]),
    "blur_upsampling": (lambda: layers.BlurUpsampling2D(), [IMAGE]),
    "blur_upsampling_reflect": (lambda: layers.BlurUpsampling2D((1, 2, 1), "reflect"), [IMAGE]),
    "conditional": (lambda: layers.ConditionalBatchNorm(), [IMAGE, (4, 3)]),
    "conditional_dense": (lambda: layers.ConditionalBatchNorm(0.8, 1e-3), [VECTOR, (4, 3)]),
    "conditional_spectral": (
        lambda: layers.ConditionalBatchNorm(spectral_norm=True),
        [IMAGE, (4, 3)],
    ),
    "dropout": (lambda: layers.Dropout(0.3, seed=4), [IMAGE]),
    "energy": (lambda: layers.ReconstructionEnergy(), [IMAGE, IMAGE]),
    "energy_l1": (lambda: layers.ReconstructionEnergy("l1"), [IMAGE, IMAGE]),
    "energy_l2": (lambda: layers.ReconstructionEnergy("l2"), [IMAGE, IMAGE]),
    "equalized_conv": (lambda: layers.EqualizedLearningRate(conv()), [IMAGE]),
    "equalized_dense": (
        lambda: layers.EqualizedLearningRate(keras.layers.Dense(5), gain=1.0, lr_multiplier=0.01),
        [VECTOR],
    ),
    "film": (lambda: layers.FiLM("glorot_uniform"), [IMAGE, (4, 3)]),
    "gaussian_noise": (lambda: layers.GaussianNoise(0.3, seed=4), [IMAGE]),
    "gumbel": (lambda: layers.GumbelSoftmax(0.7), [WIDE]),
    "gumbel_hard": (lambda: layers.GumbelSoftmax(0.7, hard=True, seed=4), [WIDE]),
    "instance_norm": (lambda: layers.InstanceNorm(affine=True), [IMAGE]),
    "minibatch_discrimination": (lambda: layers.MinibatchDiscrimination(5, 3), [VECTOR]),
    "minibatch_discrimination_plain": (
        lambda: layers.MinibatchDiscrimination(5, 3, True, False, False),
        [VECTOR],
    ),
    "minibatch_stddev": (lambda: layers.MinibatchStddev(2, 4), [IMAGE]),
    "pixel_norm": (lambda: layers.PixelNorm(), [IMAGE]),
    "reference_batch": (lambda: layers.ReferenceBatch((5, 8)), [VECTOR]),
    "reference_norm": (lambda: layers.ReferenceBatchNorm(), [IMAGE, (5, 4, 6, 8)]),
    "reversal": (lambda: layers.GradientReversal(0.3), [IMAGE]),
    "self_attention": (lambda: layers.SelfAttention2D(False), [IMAGE]),
    "self_attention_spectral": (lambda: layers.SelfAttention2D(), [IMAGE]),
    "self_modulated": (lambda: layers.SelfModulatedBatchNorm(), [IMAGE, (4, 3)]),
    "self_modulated_linear": (lambda: layers.SelfModulatedBatchNorm(0), [VECTOR, (4, 3)]),
    "spectral_conv": (lambda: layers.SpectralNorm(conv(activation="tanh")), [IMAGE]),
    "spectral_conv_transpose": (
        lambda: layers.SpectralNorm(keras.layers.Conv2DTranspose(3, 4, 2, "same"), 2, 1e-6),
        [IMAGE],
    ),
    "spectral_dense": (lambda: layers.SpectralNorm(keras.layers.Dense(5)), [VECTOR]),
    "spectral_separable": (
        lambda: layers.SpectralNorm(keras.layers.SeparableConv2D(3, 3)),
        [IMAGE],
    ),
    "vanishing_residual": (lambda: layers.VanishingResidual(), [IMAGE, IMAGE]),
    "virtual_norm": (lambda: layers.VirtualBatchNorm(), [IMAGE, (5, 4, 6, 8)]),
    "virtual_norm_dense": (lambda: layers.VirtualBatchNorm(1e-3, "ones"), [VECTOR, (5, 8)]),
    "weight_conv": (lambda: layers.WeightNorm(conv()), [IMAGE]),
    "weight_dense": (
        lambda: layers.WeightNorm(keras.layers.Dense(5), train_scale=False),
        [VECTOR],
    ),
}
MIXING = {"minibatch_discrimination", "minibatch_discrimination_plain", "minibatch_stddev"}
NOISY = {"dropout", "gaussian_noise", "gumbel", "gumbel_hard"}
# One of a kind where a compilation is paid for.
COMPILED = [
    name
    for name in CASES
    if name not in ("ada_in_dense", "ada_in_given", "equalized_dense", "conditional_dense")
]


def tensors(shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [tf.constant(rng.normal(0.3, 1.0, shape), tf.float32) for shape in shapes]


def make(name, seed=0):
    """A built layer whose weights are not their initial zeros and ones; its inputs."""
    keras.utils.set_random_seed(seed)
    factory, shapes = CASES[name]
    layer, inputs = factory(), tensors(shapes)
    call(layer, inputs)
    rng = np.random.default_rng(seed)
    for w in layer.trainable_weights:
        w.assign(w.numpy() + rng.normal(0, 0.1, w.shape))
    return layer, inputs


def call(layer, inputs, training=False):
    outputs = layer(inputs if len(inputs) > 1 else inputs[0], training=training)
    return outputs[0] if isinstance(outputs, list) else outputs


def functional(layer, shapes):
    """A model of the layer alone; references come from a layer of their own."""
    inputs = [keras.Input(shape[1:]) for shape in shapes if shape[0] != 5]
    sources = list(inputs)
    if len(inputs) < len(shapes):
        sources.append(layers.ReferenceBatch(shapes[1])(inputs[0]))
    outputs = layer(sources if len(sources) > 1 else sources[0])
    return keras.Model(inputs, outputs[0] if isinstance(outputs, list) else outputs)


def settings(layer):
    """The config, with a wrapped layer's own in place of its serialised form."""
    config = layer.get_config()
    return {**config, "layer": layer.layer.get_config()} if "layer" in config else config


@pytest.mark.parametrize("name", CASES)
def test_file_clone_and_checkpoint(name, tmp_path):
    factory, shapes = CASES[name]
    model = functional(factory(), shapes)
    rng = np.random.default_rng(1)
    for w in model.weights:
        w.assign(rng.uniform(0.1, 1.0, w.shape))
    inputs = tensors(shapes)[: len(model.inputs)]
    expected = model(inputs)
    assert expected.shape[1:] == model.output_shape[1:]
    model.save(tmp_path / "model.keras")
    for copy in (
        keras.saving.load_model(tmp_path / "model.keras"),
        optimization.clone_network(model),
    ):
        np.testing.assert_array_equal(copy(inputs), expected)
        for a, b in zip(copy.layers, model.layers, strict=True):
            assert type(a) is type(b) and settings(a) == settings(b)
    path = tf.train.Checkpoint(model=model).write(str(tmp_path / "checkpoint"))
    for w in model.weights:
        w.assign(tf.zeros_like(w))
    tf.train.Checkpoint(model=model).read(path).expect_partial()
    np.testing.assert_array_equal(model(inputs), expected)


def penalty(layer, inputs, training):
    """An R1-like number: its weight gradient needs the second derivatives of the layer."""
    with tf.GradientTape() as tape:
        tape.watch(inputs[0])
        y = tf.cast(call(layer, inputs, training), tf.float32)
        weights = tf.cos(tf.reshape(tf.range(tf.size(y), dtype=tf.float32), tf.shape(y)))
        total = tf.reduce_sum(tf.sin(y) * weights)
    slope = tape.gradient(total, inputs[0])
    return tf.reduce_mean(tf.square(slope)) + 0.1 * total


def penalty_and_gradients(layer, inputs, training):
    variables = [w.value for w in layer.trainable_weights]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = penalty(layer, inputs, training)
    zero = tf.UnconnectedGradients.ZERO
    return value, tape.gradient(value, [*inputs, *variables], unconnected_gradients=zero)


@pytest.mark.parametrize(
    "name", [n for n in COMPILED if n not in ("reference_batch", "gumbel_hard")]
)
def test_second_derivatives_and_xla(name):
    layer, inputs = make(name)
    # Where a call renews u, or draws noise, numbers a step apart are no function of the weights.
    training = "spectral" not in name and name not in NOISY
    value, gradients = penalty_and_gradients(layer, inputs, training)
    compiled = tf.function(
        lambda *x: penalty_and_gradients(layer, list(x), training), jit_compile=True
    )
    jit_value, jit_gradients = compiled(*inputs)
    np.testing.assert_allclose(jit_value, value, rtol=2e-5)
    for got, expected in zip(jit_gradients, gradients, strict=True):
        scale = max(1e-3, float(tf.reduce_max(tf.abs(expected))))
        np.testing.assert_allclose(got, expected, atol=2e-4 * scale)
    if name == "reversal":
        return  # its gradient is no derivative
    rng = np.random.default_rng(3)
    before = [w.numpy() for w in layer.trainable_weights]
    directions = [rng.normal(size=g.shape).astype("float32") for g in gradients]
    count = len(inputs)

    def at(step):
        moved = [x + step * d for x, d in zip(inputs, directions[:count], strict=True)]
        for w, b, d in zip(layer.trainable_weights, before, directions[count:], strict=True):
            w.assign(b + step * d)
        return float(compiled(*moved)[0])

    step = 2e-3
    numeric = (at(step) - at(-step)) / (2.0 * step)
    exact = sum(float(np.sum(g * d)) for g, d in zip(gradients, directions, strict=True))
    size = np.sqrt(sum(float(np.sum(np.square(g))) for g in gradients))
    assert size > 1e-3
    assert abs(numeric - exact) < 2e-2 * size, (numeric, exact, size)


@pytest.mark.parametrize("name", [n for n in CASES if n not in NOISY and "spectral" in n])
def test_training_calls_agree_under_xla(name):
    """Inference is compared above; in training the renewed u must agree too."""
    results = []
    for jit in (False, True):
        layer, inputs = make(name)
        function = tf.function(
            lambda *x, layer=layer: call(layer, list(x), training=True), jit_compile=jit
        )
        results.append([function(*inputs), function(*inputs), *layer.get_weights()])
    for plain, compiled in zip(*results, strict=True):
        np.testing.assert_allclose(plain, compiled, atol=2e-5)


# Not compiled with their gradients above: no gradient, or a sibling that is.
REST = [n for n in CASES if n not in COMPILED or n in ("reference_batch", *NOISY)]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", REST)
def test_the_rest_gives_the_same_outputs_under_xla(name, training):
    results = []
    for jit in (False, True):
        layer, inputs = make(name)
        if name in NOISY:
            layer.seed_generator.state.assign([5, 7])
        function = tf.function(
            lambda *x, layer=layer: call(layer, list(x), training=training), jit_compile=jit
        )
        results.append(tf.nest.flatten(function(*inputs)))
    for plain, compiled in zip(*results, strict=True):
        np.testing.assert_allclose(plain, compiled, atol=2e-5)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("name", CASES)
def test_mixed_precision(name, dtype):
    plain, inputs = make(name)
    keras.config.set_dtype_policy(dtype)
    factory, shapes = CASES[name]
    layer = factory()
    mixed = functional(layer, shapes)
    keras.config.set_dtype_policy("float32")
    layer.set_weights(plain.get_weights())
    assert {w.dtype for w in layer.weights} <= {"float32"}
    y = call(layer, inputs, training=name not in NOISY)
    expected = "float32" if "energy" in name else dtype.removeprefix("mixed_")
    assert y.dtype == expected and mixed.outputs[0].dtype == expected
    reference = call(plain, inputs, training=name not in NOISY)
    if name == "gumbel_hard":
        np.testing.assert_array_equal(tf.cast(y, "float32"), reference)
    scale = float(tf.reduce_max(tf.abs(reference)))
    np.testing.assert_allclose(tf.cast(y, "float32"), reference, atol=3e-2 * scale)


@pytest.mark.parametrize("name", CASES)
def test_inference_is_one_image_at_a_time_and_changes_nothing(name):
    layer, inputs = make(name)
    before = layer.get_weights()
    whole = call(layer, inputs)
    np.testing.assert_array_equal(call(layer, inputs), whole)
    for a, b in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    first = [x if len(x) == 5 else x[:1] for x in inputs]
    alone = call(layer, first)
    assert np.isfinite(alone).all()
    if name == "reference_batch":
        np.testing.assert_array_equal(alone, whole)
    elif name not in MIXING:
        np.testing.assert_allclose(alone, whole[:1], atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_shapes_are_known_without_data(name):
    factory, shapes = CASES[name]
    layer = factory()
    model = functional(layer, shapes)
    made = call(layer, tensors(shapes)).shape
    if "energy" not in name:
        known = layer.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])
        known = known[0] if isinstance(known[0], (tuple, list)) else known
        assert tuple(known) == tuple(made)
    assert model.output_shape[1:] == tuple(made)[1:]
    traced = tf.function(
        lambda *x: model(list(x)),
        input_signature=[tf.TensorSpec((None, *x.shape[1:])) for x in model.inputs],
    )
    known = traced.get_concrete_function().output_shapes
    assert tuple(known)[1:] == model.output_shape[1:]  # layers that follow may read it
    for count in (1, 3):
        inputs = [x[:count] for x in tensors(shapes)[: len(model.inputs)]]
        assert np.isfinite(traced(*inputs)).all()
