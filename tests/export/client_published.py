"""Programs written for the modules of TensorFlow Hub, with only the address changed.

`python client_published.py EXPORTS EXPECTED.npz RESULTS.json` runs every `check_*` function
and writes {name: "ok" or the traceback}; it knows nothing of this library.
"""

import gc
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

EXPORTS = pathlib.Path(sys.argv[1])
EXPECTED = dict(np.load(sys.argv[2]))
BIGGAN, PROGAN, COMPARE_GAN = (str(EXPORTS / x) for x in ("biggan", "progan", "compare_gan"))
Z, Y, LABELS = EXPECTED["z"], EXPECTED["y"], EXPECTED["labels"]
TRUNCATIONS = [float(x.partition("/")[2]) for x in EXPECTED if re.match(r"biggan/\d", x)]
MODULES = {path: hub.load(path) for path in (BIGGAN, PROGAN, COMPARE_GAN)}


def same(made, expected, low=-1.0):
    made = np.asarray(made)
    assert made.dtype == np.float32 and made.shape == expected.shape, (made.dtype, made.shape)
    np.testing.assert_allclose(made, expected, rtol=0, atol=2e-5)
    assert low <= made.min() and made.max() <= 1.0


def images(truncation):
    return EXPECTED[f"biggan/{truncation}"]


def refused(call, *texts):
    """The call fails, with an error that has one of the texts."""
    try:
        call()
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        assert any(text in str(error) for text in texts), error
        return
    raise AssertionError("accepted")


def largest(tensor):
    return float(tf.reduce_max(tf.abs(tensor)))


# === biggan ===


def check_library_is_absent():
    ours = [name for name in sys.modules if name.partition(".")[0] in ("tfgan_models", "export")]
    assert not ours, ours


def check_statistics_differ_between_truncations():
    assert len(TRUNCATIONS) == 7 and 0.6 in TRUNCATIONS and 0.33 in TRUNCATIONS
    for truncation in TRUNCATIONS[1:]:
        assert np.abs(images(truncation) - images(0.0)).max() > 1e-2
    assert np.abs(images("None") - images(1.0)).max() > 1e-3


def check_biggan_calls_at_every_truncation():
    module = MODULES[BIGGAN]
    for t in TRUNCATIONS:
        same(module(Z, Y, t), images(t))
        same(module(y=Y, z=Z.astype(np.float64), truncation=np.float64(t)), images(t))
        same(module(dict(y=Y, z=Z, truncation=tf.constant(t))), images(t))
        for name in ("default", "serving_default"):
            tensors = dict(z=tf.constant(Z), y=tf.constant(Y), truncation=tf.constant(t))
            same(module.signatures[name](**tensors)["default"], images(t))


def check_biggan_without_a_truncation():
    module = MODULES[BIGGAN]
    same(module(Z, Y), images("None"))
    same(module(dict(z=Z, y=Y.astype(np.int32))), images("None"))


def check_biggan_batches_do_not_matter():
    module = MODULES[BIGGAN]
    for n in (1, 3):
        same(module(Z[:n], Y[:n], 0.5), images(0.5)[:n])
    first = module(Z, Y, 0.5).numpy()
    assert np.array_equal(first, tf.saved_model.load(BIGGAN)(Z, Y, 0.5))


def check_biggan_dimensions_of_its_signature():
    inputs = MODULES[BIGGAN].signatures["default"].structured_input_signature[1]
    assert sorted(inputs) == ["truncation", "y", "z"]
    assert inputs["z"].shape.as_list() == [None, 8] and inputs["y"].shape.as_list() == [None, 10]
    assert inputs["truncation"].shape.as_list() == []
    info = json.loads((EXPORTS / "biggan" / "metadata.json").read_text())["input_info"]
    assert (info["z"]["shape"][1], info["y"]["shape"][1]) == (8, 10)


def check_biggan_keras_layers():
    inputs = dict(y=tf.constant(Y), z=tf.constant(Z), truncation=tf.constant(0.5))
    same(hub.KerasLayer(BIGGAN)(inputs), images(0.5))
    layer = keras.layers.TFSMLayer(BIGGAN, call_endpoint="serve")
    same(layer(dict(z=Z, y=Y, truncation=np.float32(0.5))), images(0.5))
    same(layer(dict(z=Z, y=Y)), images("None"))


def check_biggan_gradients():
    module = MODULES[BIGGAN]
    tensors = dict(z=tf.constant(Z), y=tf.constant(Y), truncation=tf.constant(0.33))
    for call in (module, lambda **x: module.signatures["default"](**x)["default"]):
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            made = call(**tensors)
            loss = tf.reduce_sum(made * images(1.0))
        same(made, images(0.33))
        gradients = tape.gradient(loss, tensors)
        assert largest(gradients["z"]) > 1e-4 and largest(gradients["y"]) > 1e-4
        assert gradients["truncation"] is None  # TensorFlow's batch norm passes none


def check_biggan_fine_tuning():
    module = tf.saved_model.load(BIGGAN)  # a copy of its own
    names = [v.name for v in module.variables]
    tables = [v for v in module.variables if v.name.startswith("truncations/")]
    moving = [v for v in module.variables if re.match(r"(?!truncations).*moving", v.name)]
    assert len(tables) == len(moving) > 0, names
    assert not {id(v) for v in tables + moving} & {id(v) for v in module.trainable_variables}
    before = [v.numpy() for v in tables]
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(module(Z, Y, 0.5, training=True) - 0.5))
    gradients = tape.gradient(loss, module.trainable_variables)
    assert len(gradients) > 0 and all(g is not None for g in gradients)
    for variable, gradient in zip(module.trainable_variables, gradients, strict=True):
        variable.assign_sub(0.5 * gradient)
    assert np.abs(module(Z, Y) - images("None")).max() > 1e-3
    assert all(np.array_equal(v, b) for v, b in zip(tables, before, strict=True))


def check_biggan_bad_truncations():
    module = MODULES[BIGGAN]
    text = "truncation must be a number from 0 to 1"
    for t in (2.0, -0.02, float("nan"), float("inf")):
        refused(lambda t=t: module(Z, Y, t), text)
        refused(lambda t=t: module(dict(z=Z, y=Y, truncation=t)), text)
        tensors = dict(z=tf.constant(Z), y=tf.constant(Y), truncation=tf.constant(t))
        refused(lambda x=tensors: module.signatures["default"](**x), text)


def check_biggan_bad_inputs():
    module = MODULES[BIGGAN]
    signature, t = module.signatures["default"], tf.constant(0.5)
    no_match = "Could not find matching concrete function"
    narrow = np.zeros((7, 9), np.float32)
    for z, y in ((Z[:, :7], Y), (Z, narrow), (Z, LABELS), (Z[0], Y[0]), (Z, None)):
        refused(lambda z=z, y=y: module(z, y, 0.5), no_match)
    for z, y in ((Z[:, :7], Y), (Z, narrow), (Z, np.float32(LABELS))):
        tensors = dict(z=tf.constant(z), y=tf.constant(y), truncation=t)
        refused(lambda x=tensors: signature(**x), "size-incompatible", "ndims", "shape")
    refused(lambda: signature(z=tf.constant(Z), y=tf.constant(LABELS), truncation=t), "int32")
    refused(lambda: module(Z, Y[:3], 0.5), "Dimension", "shape", "ConcatOp")


def check_biggan_nan_in_z_stays_in_its_row():
    z = Z.copy()
    z[2, 0] = np.nan
    made = MODULES[BIGGAN](z, Y, 0.5).numpy()
    assert np.isnan(made[2]).any()
    others = [0, 1, 3, 4, 5, 6]
    same(made[others], images(0.5)[others])


# === progan ===


def check_progan_calls():
    module, wanted = MODULES[PROGAN], EXPECTED["progan"]
    same(module.signatures["default"](tf.constant(Z))["default"], wanted, 0.0)
    same(module.signatures["default"](latent_vector=tf.constant(Z))["default"], wanted, 0.0)
    for value in (Z, Z.astype(np.float64), dict(latent_vector=Z)):
        same(module(value), wanted, 0.0)
    same(module(latent_vector=Z[:1]), wanted[:1], 0.0)
    same(hub.KerasLayer(PROGAN)(tf.constant(Z)), wanted, 0.0)
    same(keras.layers.TFSMLayer(PROGAN, call_endpoint="serve")(Z), wanted, 0.0)
    inputs = module.signatures["default"].structured_input_signature
    assert list(inputs[1]) == ["latent_vector"], inputs
    refused(lambda: module(Z, truncation=0.5), "truncation")


def check_progan_latent_search():
    """The tutorial's search for the latent vector of an image."""
    progan = MODULES[PROGAN].signatures["default"]
    target = EXPECTED["progan"][:1]
    v = tf.Variable(tf.constant(Z[1:2]))
    optimizer = tf.optimizers.Adam(0.3)
    losses = []
    for _ in range(20):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.abs(progan(v.read_value())["default"] - target))
        optimizer.apply_gradients([(tape.gradient(loss, v), v)])
        losses.append(float(loss))
    assert min(losses) < 0.9 * losses[0], losses


# === compare_gan ===


def check_compare_gan_generator():
    module, wanted = MODULES[COMPARE_GAN], EXPECTED["compare_gan"]
    assert sorted(module.signatures) == ["default", "discriminator", "generator", "serving_default"]
    for name in ("default", "generator", "serving_default"):
        signature = module.signatures[name]
        assert signature.structured_input_signature[1]["labels"].dtype == tf.int32
        assert signature.structured_input_signature[1]["labels"].shape.as_list() == [None]
        made = signature(z=tf.constant(Z), labels=tf.constant(LABELS))
        assert list(made) == ["generated"]
        same(made["generated"], wanted, 0.0)
    same(module(Z.astype(np.float64), LABELS.astype(np.int64)), wanted, 0.0)
    same(module(dict(z=Z, labels=LABELS)), wanted, 0.0)
    same(module(z=Z[:1], labels=LABELS[:1]), wanted[:1], 0.0)
    layer = keras.layers.TFSMLayer(COMPARE_GAN, call_endpoint="serve")
    same(layer(dict(z=Z, labels=LABELS)), wanted, 0.0)
    same(hub.KerasLayer(COMPARE_GAN)(dict(z=tf.constant(Z), labels=LABELS)), wanted, 0.0)


def check_compare_gan_discriminator():
    module, wanted = MODULES[COMPARE_GAN], EXPECTED["compare_gan/prediction"]
    made = EXPECTED["compare_gan"]
    tensors = dict(images=tf.constant(made), labels=tf.constant(LABELS))
    same(module.signatures["discriminator"](**tensors)["prediction"], wanted, 0.0)
    same(module.discriminator(made, LABELS), wanted, 0.0)
    same(module.discriminator(dict(images=made, labels=LABELS)), wanted, 0.0)
    assert len(module.discriminator.trainable_variables) > 0
    with tf.GradientTape() as tape:
        tape.watch(tensors["images"])
        loss = tf.reduce_sum(module.signatures["discriminator"](**tensors)["prediction"])
    assert largest(tape.gradient(loss, tensors["images"])) > 0


def check_compare_gan_bad_labels():
    module = MODULES[COMPARE_GAN]
    for labels in (LABELS + 10, LABELS - 10):
        text = "labels must be classes from 0 to 9"
        refused(lambda x=labels: module(Z, x), text)
        refused(lambda x=labels: module.discriminator(EXPECTED["compare_gan"], x), text)
        tensors = dict(z=tf.constant(Z), labels=tf.constant(labels))
        refused(lambda x=tensors: module.signatures["generator"](**x), text)
    refused(lambda: module(Z, Y), "Could not find matching concrete function")


def check_signatures_outlive_the_module():
    for path, name in ((PROGAN, "default"), (COMPARE_GAN, "discriminator"), (BIGGAN, "default")):
        signature = hub.load(path).signatures[name]
        gc.collect()
        specs = signature.structured_input_signature[1]
        inputs = {k: tf.ones([2, *x.shape[1:]][: x.shape.rank], x.dtype) for k, x in specs.items()}
        with tf.GradientTape():  # which looks at the variables
            made = signature(**inputs)
        assert list(made.values())[0].shape[0] == 2


def check_examples_of_the_page():
    os.chdir(EXPORTS)
    page = pathlib.Path(__file__).parents[2] / "docs" / "hub.md"
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 6
    for block in blocks:
        tf.random.set_seed(1)
        exec(compile(block, str(page), "exec"), {})


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
