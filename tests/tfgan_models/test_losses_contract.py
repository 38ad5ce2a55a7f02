"""What every registered loss keeps: round trips, XLA, replicas, precision, its declarations."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_models import losses, registry
from tfgan_models.core import random

BATCH, CLASSES = 4, 3
CODES = {"name": "mutual_information", "categories": [3], "continuous": 2}
VARIANTS = {
    "smooth": {"name": "non_saturating", "real_target": 0.9, "generator_target": 0.375},
    "soft": {"name": "minimax", "real_target": (0.7, 1.0), "fake_target": (0.0, 0.3)},
    "flip": {"name": "maximum_likelihood", "flip": 0.3, "real_target": (0.7, 1.0)},
    "least_squares_centred": {"name": "least_squares", "a": -1.0, "b": 1.0, "c": 0.0},
    "began_reuse": {"name": "boundary_equilibrium", "reuse_fakes": True, "rate": 0.2},
    "features_abs": {"name": "feature_matching", "form": "mean_abs", "adversarial": False},
    "semi_features": {"name": "semi_supervised", "generator": "feature_matching"},
    "multi_hinge_semi": {"name": "multi_hinge", "semi_supervised": True},
    "multi_hinge_ww": {"name": "multi_hinge", "form": "weston_watkins", "feature_weight": 0.0},
    "dual_alternative": {"name": "dual_contrastive", "generator": "alternative"},
    "d2d_shifted": {"name": "d2d_ce", "shift_negatives": True},
    "info_unmasked": {"name": "info_max", "mask": None},
    "codes_fixed": {**CODES, "spread": "fixed"},
    "codes_studio": {**CODES, "spread": "log_variance", "epsilon": 1e-6},
    "top_k_hinge": {"name": "top_k", "loss": "hinge", "gamma": 0.5, "nu": 0.5, "every": 1},
    "top_k_soft": {"name": "top_k", "loss": {"name": "non_saturating", "flip": 0.2}},
    **{
        divergence: {"name": "f_divergence", "divergence": divergence, "generator": "alternative"}
        for divergence in ("total_variation", "reverse_kl", "neyman", "jensen_shannon")
    },
}
SPECS = {name: name for name in registry.LOSSES} | VARIANTS | {"mutual_information": CODES}
ENERGIES = ("energy_margin", "boundary_equilibrium", "began_reuse")
LABELS = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.25, 0.0, 0.75]]


def sides(name, seed=0):
    """Outputs of a discriminator for real images and fakes, all that any loss reads."""
    rng = np.random.default_rng(seed)
    columns = {"multi": CLASSES + 1, "auxiliary_discriminative_classifier": 2 * CLASSES}
    columns = columns.get("multi" if name.startswith("multi") else name, CLASSES)

    def side():
        shapes = {
            "logits": (1,),
            "features": (5,),
            "code": (2, 3),
            "class_logits": (columns,),
            "mutual_class_logits": (columns,),
            "embedding": (6,),
            "proxy": (6,),
            "codes": (3 + 2 * 2,),
            "latents": (7,),
            "local_features": (2, 2, 5),
            "global_features": (5,),
        }
        outputs = {k: rng.normal(size=(BATCH, *shape)) for k, shape in shapes.items()}
        outputs["label"] = np.array(LABELS)[rng.permutation(BATCH)]
        if name in ENERGIES:
            outputs["logits"] = np.abs(outputs["logits"])
        return {k: tf.constant(v, tf.float32) for k, v in outputs.items()}

    real, fake = side(), side()
    if name in ENERGIES:
        fake["logits"] *= 0.2  # else BEGAN's k stays at zero
    return real, fake


def play(loss, real, fake, draws, scale=1.0):
    """Both players' losses and the gradients of `scale` times them by each output."""
    plain = loss.READS == ("logits",)
    results = []
    for player in ("discriminator", "generator"):
        if not hasattr(loss, player):
            continue
        with tf.GradientTape() as tape:
            tape.watch([real, fake])
            r, f = (real["logits"], fake["logits"]) if plain else (real, fake)
            if player == "generator":
                value = loss.generator(f, r if loss.NEEDS_REAL else None)
            else:
                options = {"draws": draws} if loss.NEEDS_DRAWS else {}
                value = loss.discriminator(r, f, **options)
        gradients = tape.gradient(
            value,
            [real, fake],
            output_gradients=scale * tf.ones_like(value),
            unconnected_gradients="zero",
        )
        results.append((value, gradients))
        if player == "discriminator" and loss.MEASURES:
            results.append((tf.stack(list(loss.measures(r, f).values())), {}))
    return results


def assert_close(got, expected, name="", rtol=5e-5, atol=2e-6):
    for a, b in zip(tf.nest.flatten(got), tf.nest.flatten(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, err_msg=name)


def states(loss):
    return [v.numpy() for v in getattr(loss, "variables", [])]


@pytest.mark.parametrize("name", SPECS)
def test_round_trips(name):
    loss = losses.get(SPECS[name])
    config = json.loads(json.dumps(loss.get_config()))
    saved = json.loads(json.dumps(keras.saving.serialize_keras_object(loss)))
    draws = random.Draws(0, 0, BATCH)
    expected = play(loss, *sides(name), draws)
    for copy in (
        type(loss).from_config(config),
        keras.saving.deserialize_keras_object(saved),
        losses.get(saved),
        losses.get(loss),
    ):
        assert type(copy) is type(loss) and copy is not loss
        assert copy.get_config() == loss.get_config()
        assert_close(play(copy, *sides(name), draws), expected, rtol=0, atol=0)


def test_every_registered_class_says_its_registry_name():
    for name, entry in registry.LOSSES.items():
        loss = losses.get(SPECS[name])
        assert loss.NAME == name and type(loss) is entry.load()
        assert isinstance(loss, losses.Loss)
        assert getattr(losses, entry.class_name) is type(loss)


DECLARED = {  # name: ADVERSARIAL, READS, NEEDS_REAL, NEEDS_LABELS, CENTERED, UNBOUNDED, weight
    "minimax": (True, ("logits",), False, False, True, False, 1.0),
    "non_saturating": (True, ("logits",), False, False, True, False, 1.0),
    "maximum_likelihood": (True, ("logits",), False, False, True, False, 1.0),
    "least_squares": (True, ("logits",), False, False, False, False, 1.0),
    "least_squares_centred": (True, ("logits",), False, False, True, False, 1.0),
    "hinge": (True, ("logits",), False, False, True, False, 1.0),
    "wasserstein": (True, ("logits",), False, False, False, True, 1.0),
    "fisher": (True, ("logits",), False, False, False, False, 1.0),
    "energy_margin": (True, ("logits",), False, False, False, False, 1.0),
    "pulling_away": (False, ("code",), False, False, False, False, 0.1),
    "boundary_equilibrium": (True, ("logits",), False, False, False, False, 1.0),
    "relativistic_pairing": (True, ("logits",), True, False, False, True, 1.0),
    "relativistic_average": (True, ("logits",), True, False, False, True, 1.0),
    "relativistic_average_least_squares": (True, ("logits",), True, False, False, True, 1.0),
    "relativistic_average_hinge": (True, ("logits",), True, False, False, True, 1.0),
    "f_divergence": (True, ("logits",), False, False, False, False, 1.0),
    "reverse_kl": (True, ("logits",), False, False, True, False, 1.0),
    "feature_matching": (True, ("logits", "features"), True, False, True, False, 1.0),
    "features_abs": (False, ("features",), True, False, False, False, 1.0),
    "semi_supervised": (True, ("class_logits",), False, True, True, False, 1.0),
    "semi_features": (True, ("class_logits", "features"), True, True, True, False, 1.0),
    "multi_hinge": (True, ("class_logits", "features"), True, True, True, False, 1.0),
    "multi_hinge_ww": (True, ("class_logits",), False, True, True, False, 1.0),
    "dual_contrastive": (True, ("logits",), True, False, False, True, 1.0),
    "auxiliary_classifier": (False, ("class_logits",), False, True, False, False, 1.0),
    "twin_auxiliary_classifier": (
        False,
        ("class_logits", "mutual_class_logits"),
        False,
        True,
        False,
        False,
        1.0,
    ),
    "auxiliary_discriminative_classifier": (
        False,
        ("class_logits",),
        False,
        True,
        False,
        False,
        1.0,
    ),
    "contrastive_2c": (False, ("embedding", "proxy"), False, True, False, False, 1.0),
    "d2d_ce": (False, ("embedding", "proxy"), False, True, False, False, 0.5),
    "mutual_information": (False, ("codes",), False, False, False, False, 1.0),
    "info_max": (
        False,
        ("local_features", "global_features"),
        False,
        False,
        False,
        False,
        0.2,
    ),
    "top_k": (True, ("logits",), False, False, True, False, 1.0),
}


def test_declarations():
    assert set(registry.LOSSES) <= set(DECLARED)
    for name, declared in DECLARED.items():
        loss = losses.get(SPECS[name])
        assert declared == (
            loss.ADVERSARIAL,
            loss.READS,
            loss.NEEDS_REAL,
            loss.NEEDS_LABELS,
            loss.CENTERED,
            loss.UNBOUNDED,
            loss.weight,
        ), name
    random_targets = {n for n in SPECS if losses.get(SPECS[n]).NEEDS_DRAWS}
    assert random_targets == {"soft", "flip", "top_k_soft"}
    assert {n for n in registry.LOSSES if losses.get(SPECS[n]).ENERGY} == set(ENERGIES[:2])
    with_measures = {n for n in registry.LOSSES if losses.get(SPECS[n]).MEASURES}
    assert with_measures == {"fisher", "boundary_equilibrium"}


@pytest.mark.parametrize("name", ["fisher", "boundary_equilibrium"])
def test_measures_are_the_declared_ones(name):
    loss = losses.get(name)
    real, fake = sides(name)
    assert tuple(loss.measures(real["logits"], fake["logits"])) == loss.MEASURES


NAMES = tuple(SPECS)
GLOBAL = (  # what looks at the whole batch, and one whose targets are drawn
    "flip",
    "fisher",
    "pulling_away",
    "boundary_equilibrium",
    "began_reuse",
    "relativistic_average",
    "relativistic_average_least_squares",
    "relativistic_average_hinge",
    "feature_matching",
    "features_abs",
    "semi_features",
    "multi_hinge_semi",
    "dual_contrastive",
    "auxiliary_discriminative_classifier",
    "contrastive_2c",
    "d2d_ce",
    "info_max",
    "top_k_hinge",
    "top_k_soft",
)


@pytest.mark.parametrize("names", [NAMES[0::2], NAMES[1::2]])
def test_compiled_equals_plain(names):
    """Two rounds, so that what state changes is compared too; one compilation of many."""
    inputs = {name: sides(name) for name in names}
    plain = {name: losses.get(SPECS[name]) for name in names}
    jitted = {name: losses.get(SPECS[name]) for name in names}

    @tf.function(jit_compile=True, autograph=False)
    def compiled(inputs):
        draws = random.Draws(5, tf.constant(2), BATCH)
        return {name: play(jitted[name], *inputs[name], draws) for name in names}

    for _ in range(2):
        got = compiled(inputs)
        for name in names:
            expected = play(plain[name], *inputs[name], random.Draws(5, tf.constant(2), BATCH))
            assert_close(got[name], expected, name)
            assert_close(states(jitted[name]), states(plain[name]), name)


def test_two_replicas_equal_one(mirrored):
    """Mean of the losses, gradients of each half of the batch, and the state afterwards."""
    half = BATCH // 2
    inputs = {name: sides(name) for name in GLOBAL}
    one = {name: losses.get(SPECS[name]) for name in GLOBAL}
    with mirrored.scope():
        two = {name: losses.get(SPECS[name]) for name in GLOBAL}

    def rows(context):
        start = context.replica_id_in_sync_group * half
        return tf.nest.map_structure(lambda v: v[start : start + half], inputs)

    def step(inputs):
        draws = random.Draws(5, tf.constant(2), half)
        return {name: play(two[name], *inputs[name], draws, scale=0.5) for name in GLOBAL}

    @tf.function(autograph=False)
    def both(inputs):
        return mirrored.run(step, args=(inputs,))

    split = mirrored.experimental_distribute_values_from_function(rows)
    for _ in range(2):
        parts = tf.nest.map_structure(mirrored.experimental_local_results, both(split))
        for name in GLOBAL:
            expected = play(one[name], *inputs[name], random.Draws(5, tf.constant(2), BATCH))
            for got, (value, gradients) in zip(parts[name], expected, strict=True):
                assert_close(np.mean(got[0], axis=0), value, name)
                for side, wanted in zip(got[1], gradients, strict=True):
                    joined = {key: tf.concat(side[key], 0) for key in wanted}
                    assert_close(joined, wanted, name)
            assert_close(states(two[name]), states(one[name]), name)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", SPECS)
def test_half_precision_is_computed_in_float32(name, dtype):
    loss, same = losses.get(SPECS[name]), losses.get(SPECS[name])
    rounded = tf.nest.map_structure(lambda v: tf.cast(v, dtype), sides(name))
    draws = random.Draws(1, 0, BATCH)
    got = play(loss, *rounded, draws)
    expected = play(same, *tf.nest.map_structure(lambda v: tf.cast(v, "float32"), rounded), draws)
    for (a, _), (b, _) in zip(got, expected, strict=True):
        assert a.dtype == tf.float32
        np.testing.assert_array_equal(a, b)


MISSING = {
    "feature_matching": "features",
    "semi_supervised": "class_logits",
    "multi_hinge": "label",
    "contrastive_2c": "proxy",
    "auxiliary_classifier": "label",
    "twin_auxiliary_classifier": "mutual_class_logits",
    "mutual_information": "codes",
    "info_max": "global_features",
    "pulling_away": "code",
}


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_output_is_named(name):
    real, fake = sides(name)
    outputs = [{k: v for k, v in side.items() if k != MISSING[name]} for side in (real, fake)]
    with pytest.raises(ValueError, match=f"'{MISSING[name]}', which has only"):
        losses.get(SPECS[name]).generator(outputs[1], outputs[0])


SHAPES = {
    "semi_supervised": {"class_logits": (3,)},
    "multi_hinge": {"class_logits": (4,), "features": (5,)},
    "auxiliary_classifier": {"class_logits": (3,)},
    "twin_auxiliary_classifier": {"class_logits": (3,), "mutual_class_logits": (3,)},
    "auxiliary_discriminative_classifier": {"class_logits": (6,)},
    "contrastive_2c": {"embedding": (5,), "proxy": (5,)},
    "d2d_ce": {"embedding": (5,), "proxy": (5,)},
    "mutual_information": {"codes": (7,)},
}


@pytest.mark.parametrize("name", SHAPES)
def test_outputs_are_checked_before_training(name):
    loss = losses.get(SPECS[name])
    loss.check_outputs(SHAPES[name], 3, 8)
    last = loss.READS[-1] if name not in ("multi_hinge",) else "class_logits"
    with pytest.raises(ValueError, match=f"{last}' .*columns|{last}' as"):
        loss.check_outputs({**SHAPES[name], last: (9,)}, 3, 8)


def test_losses_without_labels_leave_that_refusal_to_the_model():
    for name in ("semi_supervised", "multi_hinge", "auxiliary_classifier"):
        losses.get(name).check_outputs(SHAPES[name], None, 8)


@pytest.mark.parametrize("name", ["fisher", "boundary_equilibrium", "top_k_hinge"])
def test_state_survives_a_keras_file(name, tmp_path):
    """As an attribute of a model, which is how the core keeps it."""

    @keras.saving.register_keras_serializable(package="test", name=f"Holder_{name}")
    class Holder(keras.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.loss_0 = losses.get(SPECS[name])
            self.dense = keras.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

    holder = Holder()
    holder(tf.zeros((1, 2)))
    real, fake = sides(name)
    play(holder.loss_0, real, fake, None)
    assert any(np.any(v) for v in states(holder.loss_0))
    holder.save(tmp_path / "holder.keras")
    copy = keras.saving.load_model(tmp_path / "holder.keras")
    assert_close(states(copy.loss_0), states(holder.loss_0), rtol=0, atol=0)
    assert states(copy.loss_0) != states(losses.get(SPECS[name]))
    tf.train.Checkpoint(model=holder).write(str(tmp_path / "checkpoint"))
    names = [n for n, _ in tf.train.list_variables(str(tmp_path / "checkpoint"))]
    assert sum("loss_0" in n for n in names) >= len(states(holder.loss_0))


@pytest.mark.parametrize("name", ["fisher", "boundary_equilibrium", "top_k"])
def test_state_is_no_weight_to_train(name):
    loss = losses.get(name)
    assert loss.variables and not loss.trainable_variables
