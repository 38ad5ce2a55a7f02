"""What users of an export run: a program that knows nothing of this library.

`python client.py EXPORTS EXPECTED.npz RESULTS.json` runs every `check_*` function and
writes {name: "ok" or the traceback}.
"""

import functools
import json
import os
import pathlib
import re
import sys
import traceback

import keras
import numpy as np
import tensorflow as tf
import tensorflow_hub as hub
import tf_keras

EXPORTS = pathlib.Path(sys.argv[1])
EXPECTED = dict(np.load(sys.argv[2]))
CONDITIONAL, PLAIN = str(EXPORTS / "conditional"), str(EXPORTS / "plain")
DISCRIMINATOR = str(EXPORTS / "conditional" / "discriminator")
BATCHES = (1, 7, 64)


@functools.cache
def loaded(path):
    return tf.saved_model.load(path)


def conditional_case(n):
    return tuple(EXPECTED[f"conditional/{n}/{name}"] for name in ("z", "y", "images"))


def plain_case(n):
    return tuple(EXPECTED[f"plain/{n}/{name}"] for name in ("z", "images"))


def same(made, expected):
    made = np.asarray(made)
    assert made.dtype == np.float32 and made.shape == expected.shape, (made.dtype, made.shape)
    np.testing.assert_allclose(made, expected, rtol=0, atol=1e-5)
    assert made.min() >= -1.0 and made.max() <= 1.0


def check_library_is_absent():
    ours = [name for name in sys.modules if name.partition(".")[0] in ("tfgan_models", "export")]
    assert not ours, ours


def check_saved_model_conditional_calls():
    module = loaded(CONDITIONAL)
    for n in BATCHES:
        z, y, images = conditional_case(n)
        same(module(z, y), images)
        same(module(z, y, 0.5), images)
        same(module(z=z, y=y, truncation=0.5), images)
        same(module(dict(z=z, y=y)), images)
        same(module(dict(z=z, y=y, truncation=tf.constant(0.5)), training=False), images)


def check_saved_model_plain_calls():
    module = loaded(PLAIN)
    for n in BATCHES:
        z, images = plain_case(n)
        same(module(z), images)
        same(module(z=z), images)
        same(module(dict(z=z)), images)
        same(module(z, truncation=0.5), images)
        same(module(z, None, 0.5), images)


def check_other_dtypes():
    module = loaded(CONDITIONAL)
    z, y, images = conditional_case(7)
    for z_type in (np.float32, np.float64):
        for y_type in (np.float32, np.float64, np.int32, np.int64):
            for truncation in (0.5, np.float32(0.5), np.float64(0.5), tf.constant(0.5)):
                z_cast, y_cast = z.astype(z_type), y.astype(y_type)
                same(module(z_cast, y_cast, truncation), images)
                same(module(dict(z=z_cast, y=y_cast, truncation=truncation)), images)
    same(loaded(PLAIN)(plain_case(7)[0].astype(np.float64)), plain_case(7)[1])


def check_mixtures():
    module = loaded(CONDITIONAL)
    same(module(EXPECTED["mixture/z"], EXPECTED["mixture/y"]), EXPECTED["mixture/images"])


def check_signatures():
    module, plain = loaded(CONDITIONAL), loaded(PLAIN)
    for name in ("default", "serving_default"):
        signature = module.signatures[name]
        inputs = signature.structured_input_signature[1]
        assert sorted(inputs) == ["truncation", "y", "z"]
        assert inputs["z"].shape.as_list() == [None, 8]
        assert inputs["y"].shape.as_list() == [None, 10]
        assert signature.structured_outputs["default"].shape.as_list() == [None, 8, 8, 1]
        for n in BATCHES:
            z, y, images = map(tf.constant, conditional_case(n))
            made = signature(z=z, y=y, truncation=tf.constant(0.5))
            assert list(made) == ["default"]
            same(made["default"], images.numpy())
            z, images = plain_case(n)
            same(plain.signatures[name](tf.constant(z))["default"], images)
            same(plain.signatures[name](z=tf.constant(z))["default"], images)


def check_static_shapes():
    module = loaded(CONDITIONAL)

    @tf.function(input_signature=[tf.TensorSpec([None, 8]), tf.TensorSpec([None, 10])])
    def generate(z, y):
        return module(z, y)

    assert generate.get_concrete_function().output_shapes.as_list() == [None, 8, 8, 1]


def check_gradients():
    module = loaded(CONDITIONAL)
    z, y, _ = map(tf.constant, conditional_case(7))
    calls = (
        lambda: module(z, y),
        lambda: module(dict(z=z, y=y)),
        lambda: module.signatures["default"](z=z, y=y, truncation=tf.constant(1.0))["default"],
    )
    for call in calls:
        with tf.GradientTape() as tape:
            tape.watch([z, y])
            loss = tf.reduce_sum(tf.square(call()))
        for gradient in tape.gradient(loss, [z, y]):
            assert float(tf.reduce_max(tf.abs(gradient))) > 0
    plain, v = loaded(PLAIN), tf.constant(plain_case(7)[0])
    with tf.GradientTape() as tape:
        tape.watch(v)
        loss = tf.reduce_sum(tf.square(plain.signatures["default"](v)["default"]))
    assert float(tf.reduce_max(tf.abs(tape.gradient(loss, v)))) > 0


def check_hub_load():
    z, y, images = conditional_case(7)
    module = hub.load(CONDITIONAL)
    same(module(dict(z=z, y=y, truncation=0.5)), images)
    signature, tensors = module.signatures["default"], dict(z=tf.constant(z), y=tf.constant(y))
    same(signature(**tensors, truncation=tf.constant(0.5))["default"], images)
    same(hub.load(PLAIN)(plain_case(7)[0]), plain_case(7)[1])


def check_hub_keras_layer():
    z, y, images = conditional_case(7)
    layer = hub.KerasLayer(CONDITIONAL)
    same(layer(dict(y=tf.constant(y), z=tf.constant(z), truncation=tf.constant(0.5))), images)
    assert not layer.trainable_variables
    same(hub.KerasLayer(PLAIN)(tf.constant(plain_case(7)[0])), plain_case(7)[1])


def check_fine_tuning_with_keras_layer():
    for path, widths in ((CONDITIONAL, {"z": 8, "y": 10}), (PLAIN, {"z": 8})):
        layer = hub.KerasLayer(path, trainable=True)
        inputs = {name: tf_keras.Input((width,), name=name) for name, width in widths.items()}
        model = tf_keras.Model(inputs, layer(inputs))
        assert len(model.trainable_variables) == len(layer.trainable_variables) > 0
        tuned = [v for v in layer.variables if v.trainable or "moving" in v.name]
        before = [v.numpy() for v in tuned]
        model.compile(tf_keras.optimizers.SGD(1.0), "mse")
        name = "conditional" if "y" in widths else "plain"
        x = {key: EXPECTED[f"{name}/64/{key}"] for key in widths}
        model.fit(x, np.zeros((64, 8, 8, 1), np.float32), batch_size=32, verbose=0)
        after = [v.numpy() for v in tuned]
        changed = [not np.array_equal(a, b) for a, b in zip(after, before, strict=True)]
        assert all(changed), changed  # weights by the optimizer, statistics by the batches


def check_training_mode_uses_batch_statistics():
    module = tf.saved_model.load(PLAIN)  # a copy of its own, since its statistics change
    z = plain_case(64)[0]
    statistics = [v for v in module.variables if "moving" in v.name]
    before = [v.numpy() for v in statistics]
    made = module(z, training=True)
    assert statistics and np.abs(made - plain_case(64)[1]).max() > 1e-3
    assert not np.array_equal(before[0], statistics[0].numpy())


def check_tfsm_layer():
    z, y, images = conditional_case(7)
    layer = keras.layers.TFSMLayer(CONDITIONAL, call_endpoint="serve")
    same(layer(dict(z=z.astype(np.float64), y=y.astype(np.int64))), images)
    same(layer(dict(z=z, y=y, truncation=np.float32(0.5))), images)
    layer = keras.layers.TFSMLayer(CONDITIONAL, call_endpoint="serving_default")
    same(layer(dict(z=z, y=y))["default"], images)
    z, images = plain_case(7)
    layer = keras.layers.TFSMLayer(PLAIN, call_endpoint="serve")
    same(layer(z), images)
    same(layer(dict(z=z)), images)
    layer = keras.layers.TFSMLayer(PLAIN, call_endpoint="serving_default")
    same(layer(z)["default"], images)


def check_tfsm_layer_in_a_keras_model():
    inputs = {"z": keras.Input((8,)), "y": keras.Input((10,))}
    layer = keras.layers.TFSMLayer(CONDITIONAL, call_endpoint="serve")
    model = keras.Model(inputs, layer(inputs))
    z, y, images = conditional_case(64)
    same(model.predict(dict(z=z, y=y), batch_size=32, verbose=0), images)


def check_discriminator():
    module = loaded(DISCRIMINATOR)
    _, y, images = conditional_case(7)
    logits = EXPECTED["conditional/7/logits"]
    for made in (
        module(images, y),
        module(dict(image=images.astype(np.float64), y=y.astype(np.int64))),
        module.serve(dict(image=images, y=y)),
        module.signatures["default"](image=tf.constant(images), y=tf.constant(y))["prediction"],
    ):
        np.testing.assert_allclose(made, logits, rtol=1e-5, atol=1e-5)
    assert tf.saved_model.load(DISCRIMINATOR)(images, y, training=True).shape == logits.shape
    assert len(module.trainable_variables) > 0


def check_examples_of_the_cards():
    os.chdir(EXPORTS)
    for card in EXPORTS.rglob("README.md"):
        (block,) = re.findall(r"```python\n(.*?)```", card.read_text(encoding="utf-8"), re.DOTALL)
        exec(compile(block, str(card), "exec"), {})


def main():
    results = {}
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            try:
                check()
                results[name] = "ok"
            except Exception:
                results[name] = traceback.format_exc()
    pathlib.Path(sys.argv[3]).write_text(json.dumps(results), encoding="utf-8")


main()
