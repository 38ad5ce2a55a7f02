"""Presets, their overrides, and the lookup of optimizers and families by name."""

import dataclasses
import inspect

import keras
import pytest

import tfgan_models as tfgan
from tfgan_models import presets, registry
from tfgan_models.core import lookup, schedules
from tfgan_models.core.adam import Adam
from tfgan_models.core.gan import GAN
from tfgan_models.presets import base


def compile_parameters(function):
    return set(inspect.signature(function).parameters) - {"self", "kwargs"}


@pytest.mark.parametrize("name", presets.PRESETS)
def test_preset_is_complete(name):
    preset = presets.get(name)
    assert preset.family in registry.FAMILIES
    assert preset.summary and preset.source and preset.expected and preset.data["source"]
    assert preset.batch_size > 0 and preset.steps > 0
    assert presets.list_presets()[name] == preset.summary
    assert dataclasses.replace(preset) == preset


@pytest.mark.parametrize("name", presets.PRESETS)
def test_preset_names_only_arguments_of_its_family(name):
    preset = presets.get(name)
    cls = registry.family_class(preset.family)
    constructor = compile_parameters(cls.__init__) | compile_parameters(GAN.__init__)
    assert set(preset.model) <= constructor
    assert set(preset.compile) <= compile_parameters(cls.compile) | compile_parameters(GAN.compile)


@pytest.mark.parametrize("name", ["gan_tiny", "cgan_tiny", "dcgan_tiny", "quickstart", "gan_ring8"])
def test_build_gives_the_compiled_model(name):
    preset = presets.get(name)
    model = presets.build(preset, seed=3)
    assert type(model) is registry.family_class(preset.family)
    assert model.compiled and model.seed == 3
    assert model.image_shape == tuple(preset.model["image_shape"])
    assert model.d_steps == preset.compile.get("d_steps", 1)
    assert model.sample(2).shape == (2, *model.image_shape)


def test_build_initialises_from_the_seed():
    first, again, other = (
        presets.build(presets.get("dcgan_tiny"), seed).generator.get_weights()[0]
        for seed in (1, 1, 2)
    )
    assert (first == again).all() and (first != other).any()


def test_from_preset_overrides_with_double_underscores():
    model = tfgan.from_preset("cgan_tiny", model__latent_dim=5, compile__d_steps=3)
    assert model.latent_dim == 5 and model.d_steps == 3


def test_optimizer_values_reach_the_model():
    model = tfgan.from_preset("cgan_tiny", **{"compile__generator_optimizer__learning_rate": 1})
    assert float(model.generator_optimizer.learning_rate) == 1.0
    assert float(model.discriminator_optimizer.learning_rate) == pytest.approx(1e-3)


@pytest.mark.parametrize(
    "path, value, where",
    [
        ("batch_size", 32, lambda p: p.batch_size),
        ("steps", 5.0, lambda p: p.steps),
        ("model.width", 16, lambda p: p.model["width"]),
        ("model.latent_distribution", "normal", lambda p: p.model["latent_distribution"]),
        ("compile.d_steps", 4, lambda p: p.compile["d_steps"]),
        ("compile.loss", "minimax", lambda p: p.compile["loss"]),
        ("compile.loss", ["hinge", "info_max"], lambda p: p.compile["loss"]),
        ("compile.updates", "bursts", lambda p: p.compile["updates"]),
        ("compile.augment", {"name": "flip"}, lambda p: p.compile["augment"]),
        ("compile.penalties.0.gamma", 1, lambda p: p.compile["penalties"][0]["gamma"]),
        ("compile.penalties.1.weight", 0.5, lambda p: p.compile["penalties"][1]["weight"]),
        ("compile.penalties.1", "weight_decay", lambda p: p.compile["penalties"][1]),
        (
            "compile.generator_optimizer.learning_rate",
            1,
            lambda p: p.compile["generator_optimizer"]["learning_rate"],
        ),
        ("data.split", "train", lambda p: p.data["split"]),
        ("run.log_every", 7, lambda p: p.run["log_every"]),
    ],
)
def test_override(path, value, where):
    preset = presets.get("cgan_tiny")
    before = dataclasses.asdict(preset)
    changed = preset.override({path: value})
    assert where(changed) == value
    assert dataclasses.asdict(preset) == before  # a copy
    assert dataclasses.asdict(changed) != before


def test_override_keeps_the_types():
    changed = presets.get("cgan_tiny").override(
        {"compile.generator_optimizer.learning_rate": 1, "steps": 40.0}
    )
    assert type(changed.compile["generator_optimizer"]["learning_rate"]) is float
    assert type(changed.steps) is int


@pytest.mark.parametrize(
    "path, value, message",
    [
        ("stepz", 3, "Unknown field 'stepz'.*'steps'"),
        ("compile.d_stepz", 3, "Unknown field 'compile.d_stepz'.*'d_steps'"),
        ("compile.penalty", [], "Unknown field 'compile.penalty'.*'penalties'"),
        ("model.widht", 3, "Unknown field 'model.widht'.*'width'"),
        ("data.image_siz", 3, "Unknown field 'data.image_siz'.*'image_size'"),
        ("compile.penalties.0.gama", 1.0, "'compile.penalties.0.gama'.*'gamma'"),
        ("compile.generator_optimizer.learning_rat", 1.0, "learning_rat'.*'learning_rate'"),
        ("compile.penalties.2.gamma", 1.0, "no index into a list of 2"),
        ("compile.penalties.x", 1.0, "no index into a list of 2"),
        ("compile.penalties.-1", 1.0, "no index into a list of 2"),
        ("batch_size", "8", "'batch_size' must be int"),
        ("batch_size", 8.5, "'batch_size' must be int"),
        ("batch_size", True, "'batch_size' must be int"),
        ("compile.penalties.0.gamma", "big", "must be float, such as 0.5; got 'big'"),
        ("model.architecture", 3, "must be str"),
        ("model.image_shape", 8, "must be tuple"),
        ("compile.penalties", 3, "must be list"),
        ("batch_size.x", 3, "'batch_size' is 8 and has no fields"),
    ],
)
def test_override_refuses(path, value, message):
    with pytest.raises(ValueError, match=message):
        presets.get("cgan_tiny").override({path: value})


@pytest.mark.parametrize("section", ["model", "compile"])
def test_build_refuses_what_the_family_does_not_take(section):
    preset = dataclasses.replace(presets.get("dcgan_tiny"), **{section: {"widht": 3, "los": 1}})
    with pytest.raises(ValueError, match=f"Unknown field '{section}.widht'"):
        presets.build(preset)


def test_unknown_names_list_near_matches():
    with pytest.raises(ValueError, match="Unknown preset 'quikstart'.*'quickstart'"):
        presets.get("quikstart")
    with pytest.raises(ValueError, match="Unknown family 'dcgann'.*'dcgan'"):
        tfgan.create("dcgann")
    known = ", ".join(sorted(registry.FAMILIES))
    with pytest.raises(ValueError, match=f"Unknown family 'zzz'. Known: {known}"):
        tfgan.create("zzz")


def test_static_compile_fields_are_the_parameters_of_compile():
    assert set(base.COMPILE_FIELDS) == compile_parameters(GAN.compile) - {"run_eagerly"}
    assert len(set(base.COMPILE_FIELDS)) == len(base.COMPILE_FIELDS)


def test_static_model_fields_are_parameters_of_some_family():
    known = compile_parameters(GAN.__init__)
    for family in registry.FAMILIES:
        known |= compile_parameters(registry.family_class(family).__init__)
    assert set(base.MODEL_FIELDS) <= known


@pytest.mark.parametrize("table", ["LOSSES", "PENALTIES", "AUGMENTATIONS", "UPDATES"])
def test_the_tables_of_the_maths_list_the_arguments(table):
    """`--set` reads the table, which imports no Keras, so it must agree with the class."""
    for name, row in getattr(registry, table).items():
        ours = [c for c in row.load().__mro__ if c.__module__.startswith("tfgan_models")]
        maker = next((c for c in ours if "__init__" in vars(c)), None)
        taken = compile_parameters(maker.__init__) if maker else set()
        assert taken - {"name", "dtype", "args"} == set(row.arguments), name


@pytest.mark.parametrize(
    "table", ["FAMILIES", "LOSSES", "PENALTIES", "AUGMENTATIONS", "UPDATES", "METRICS"]
)
def test_registry_entries_can_be_loaded(table):
    for entry in getattr(registry, table).values():
        loaded = entry.load()
        assert callable(loaded) and loaded.__name__ == entry.class_name
        assert entry.summary and entry.source


def test_families_are_listed_with_their_summaries():
    listed = tfgan.list_families()
    assert list(listed) == list(registry.FAMILIES) and all(listed.values())
    assert len(registry.CLASSES) == len(registry.FAMILIES)


@pytest.mark.parametrize(
    "spec, cls",
    [
        ("adam", Adam),
        ({"name": "adamw", "learning_rate": 0.1}, keras.optimizers.AdamW),
        ({"name": "rmsprop", "rho": 0.99}, keras.optimizers.RMSprop),
        ({"name": "sgd", "momentum": 0.9}, keras.optimizers.SGD),
        ("momentum_ramp_sgd", schedules.MomentumRampSGD),
        (keras.optimizers.Adam(0.1), Adam),
    ],
)
def test_optimizer_lookup(spec, cls):
    made = lookup.optimizer(spec)
    assert type(made) is cls and made is not spec
    for name, value in spec.items() if isinstance(spec, dict) else ():
        if name != "name":
            assert float(getattr(made, name)) == pytest.approx(value)


@pytest.mark.parametrize("rate", [1, 0.5])
def test_int_learning_rates_are_numbers_too(rate):
    made = lookup.optimizer({"name": "sgd", "learning_rate": rate})
    variable = keras.Variable([0.0])
    made.apply([keras.ops.ones(1)], [variable])
    assert variable.numpy()[0] == -rate


def test_learning_rate_may_name_a_schedule():
    rate = {"name": "linear_decay", "initial": 0.5, "start": 0, "end": 10}
    made = lookup.optimizer({"name": "adam", "learning_rate": rate, "beta_1": 0.5})
    assert float(made.learning_rate) == 0.5 and made.beta_1 == 0.5
    made.iterations.assign(5)
    assert float(made.learning_rate) == pytest.approx(0.25)


def test_the_scaled_optimizer_is_looked_up_without_its_scale():
    made = lookup.optimizer(keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.25)))
    assert type(made) is Adam and float(made.learning_rate) == 0.25


@pytest.mark.parametrize(
    "spec, message",
    [
        ("adan", "Unknown optimizer 'adan'.*'adam'"),
        ({"name": "momentum_ramp"}, "Unknown optimizer 'momentum_ramp'.*'momentum_ramp_sgd'"),
        (
            {"name": "adam", "learning_rate": {"name": "linear"}},
            "schedule 'linear'.*'linear_decay'",
        ),
        (
            {"name": "momentum_ramp_sgd", "learning_rate": {"name": "cosine_decay", "initial": 1}},
            "schedule 'cosine_decay' has no argument 'initial'.*'initial_learning_rate'",
        ),
        (3, "Cannot read optimizer"),
    ],
)
def test_optimizer_errors(spec, message):
    with pytest.raises(ValueError, match=message):
        lookup.optimizer(spec)


def test_unknown_optimizer_argument_names_the_near_one():
    with pytest.raises(ValueError, match="no argument 'beta1'.*'beta_1'"):
        lookup.optimizer({"name": "adam", "beta1": 0.5})


@pytest.mark.parametrize("family", sorted(registry.FAMILIES))
def test_the_table_of_families_lists_their_own_arguments(family):
    """`--set` reads the table, which imports no Keras, so it must agree with the class."""
    cls, row = registry.family_class(family), registry.FAMILIES[family]
    taken = set(inspect.signature(cls.__init__).parameters) - {"self", "kwargs"}
    assert taken - set(base.MODEL_FIELDS) == set(row.model_fields)
    taken = set(inspect.signature(cls.compile).parameters) - {"self", "kwargs"}
    assert taken - set(base.COMPILE_FIELDS) == set(row.compile_fields)
