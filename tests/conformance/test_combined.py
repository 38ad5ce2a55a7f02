"""Models with much of the maths at once: replicas, XLA, resume and files keep every state."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tests.conformance import composition, families
from tests.conformance.composition import build, compile_arguments
from tests.conformance.families import SGD, largest_difference, values

BATCH = 8
ROWS = {
    "critic": {
        "loss": ["fisher"],
        "penalty": ["dragan", "max_gradient", "path_length", "historical_averaging"],
        "augmentation": ["diff_augment", "replay"],
        "normalisation": ["spectral"],
        "conditioning": ["concatenation"],
    },
    "classes": {
        "loss": ["d2d_ce"],
        "penalty": ["consensus", "lecam", "balanced_consistency", "latent_consistency"],
        "augmentation": ["ada", "apa"],
        "normalisation": ["instance"],
        "conditioning": ["projection"],
    },
    "pairs": {
        "loss": ["relativistic_average"],
        "penalty": ["r1", "r2", "generator_gradient_norm", "latent_optimization", "rotation"],
        "augmentation": ["instance_noise"],
        "normalisation": ["weight"],
        "conditioning": ["concatenation"],
    },
    "energies": {
        "loss": ["boundary_equilibrium"],
        "penalty": ["weight_clipping", "jacobian_clamping", "orthogonal", "drift"],
        "augmentation": ["flip"],
        "normalisation": ["batch"],
        "conditioning": ["unconditional"],
    },
    "best_fakes": {
        "loss": ["top_k"],
        "penalty": ["zero_centered_gradient_penalty", "consistency", "gradient_penalty"],
        "augmentation": ["ada", "flip"],
        "normalisation": ["none"],
        "conditioning": ["concatenation"],
    },
}
LAZY = ("r1", "path_length", "dragan")


def make(name, strategy=None, **options):
    keras.utils.clear_session(free_memory=False)
    with (strategy or tf.distribute.get_strategy()).scope():
        model = build(ROWS[name])
        arguments = compile_arguments(ROWS[name])
        for penalty in arguments["penalties"]:
            if penalty["name"] in LAZY:
                penalty["every"] = 2
        model.compile(**arguments, generator_optimizer=SGD, discriminator_optimizer=SGD, **options)
    return model


def train(model, steps=3):
    images = families.images(composition.SHAPE, BATCH * steps)
    labels = np.arange(len(images)) % model.num_classes if model.num_classes else None
    logs = model.fit(images, labels, batch_size=BATCH, shuffle=False, verbose=0).history
    return {name: value[-1] for name, value in logs.items()}


@pytest.fixture(scope="module", params=ROWS)
def trained(request, tmp_path_factory):
    """(row, model after three steps, its values before, its logs, its values, its files)."""
    model = make(request.param)
    before = values(model)
    logs = train(model)
    place = tmp_path_factory.mktemp(request.param)
    model.save(place / "model.keras")
    tf.train.Checkpoint(model=model).write(str(place / "state"))
    return request.param, model, before, logs, values(model), place


def test_every_state_moves(trained):
    _, model, before, logs, after, _ = trained
    assert all(np.isfinite(value) for value in logs.values())
    states = [
        layer
        for layer in (*model._chosen_losses(), *model._penalties(), model.augment)
        if isinstance(layer, keras.layers.Layer)
    ]
    own = {id(v): v.path for layer in states for v in layer.variables}
    still = [
        own[id(v)]
        for i, v in enumerate(model.weights)
        if id(v) in own and np.array_equal(before[f"w{i}"], after[f"w{i}"])
    ]
    # A controller counts a few updates before p moves; a pool or a k may start where it stays.
    assert all(
        path.endswith(("/p", "/k", "/share", "/labels", "/signs", "/count")) for path in still
    ), still


def test_a_checkpoint_holds_every_variable(trained):
    name, _, _, _, after, place = trained
    other = make(name)
    found = tf.train.Checkpoint(model=other).read(str(place / "state"))
    found.assert_existing_objects_matched()
    assert largest_difference(values(other), after) == 0.0


@pytest.mark.slow
def test_two_replicas_equal_one(trained, mirrored):
    name, _, _, logs, after, _ = trained
    two = make(name, mirrored)
    other = train(two)
    for key, value in logs.items():
        np.testing.assert_allclose(other[key], value, rtol=1e-3, atol=1e-4, err_msg=key)
    assert largest_difference(values(two), after) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("trained", ["critic", "classes"], indirect=True)  # these hold most
def test_xla_step_equals_the_plain_one(trained):
    name, _, _, logs, after, _ = trained
    jitted = make(name, jit_compile=True)
    other = train(jitted)
    for key, value in logs.items():
        np.testing.assert_allclose(other[key], value, rtol=1e-3, atol=1e-4, err_msg=key)
    assert largest_difference(values(jitted), after) < 1e-3


@pytest.mark.slow
def test_a_file_goes_on_bit_equal(trained):
    _, model, _, _, after, place = trained
    loaded = keras.saving.load_model(place / "model.keras")
    assert largest_difference(values(loaded), after) == 0.0
    assert train(model, 2) == train(loaded, 2)
    assert largest_difference(values(loaded), values(model)) == 0.0


def test_a_lazy_penalty_beside_synchronised_batch_norm(mirrored):
    """The clamp runs the generator, whose batch norm speaks to the other replica."""
    clamp = {"name": "jacobian_clamping", "weight": 0.01, "every": 2, "low": 50.0, "high": 60.0}
    options = {f"compile__{p}_optimizer": SGD for p in ("generator", "discriminator")}
    one, two = (
        families.build("dcgan", s, **options, compile__penalties=[clamp]) for s in (None, mirrored)
    )
    a, b = families.train(one, 3), families.train(two, 3)
    assert a["jacobian_clamping"] > 0
    for name in a:
        np.testing.assert_allclose(b[name], a[name], rtol=1e-4, atol=1e-5)
    assert largest_difference(values(one), values(two)) < 3e-5


def test_the_public_entry_reads_the_same_names():
    model = tfgan.create("dcgan", image_shape=(8, 8, 1), width=2)
    model.compile(
        loss={"name": "top_k", "loss": "hinge"},
        penalties=["drift", {"name": "lecam", "weight": 0.1}],
        augment="color,translation",
    )
    assert {"drift", "lecam"} <= set(model.log_means.names)
    assert model.get_compile_config()["augment"]["class_name"] == "DiffAugment"
