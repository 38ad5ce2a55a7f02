"""Gated updates: what is skipped changes nothing, on one device as on two."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conformance import families
from tests.conformance.families import build, largest_difference, train, values

SGD = {f"compile__{p}_optimizer": families.SGD for p in ("generator", "discriminator")}
RULES = [
    {"name": "bursts", "normal": 2, "burst": 6, "first": 1, "every": 100},
    {"name": "accuracy_gate", "bound": 0.6},
    {"name": "loss_ratio"},
    {"name": "critic_convergence"},
]


def iterations(model):
    players = model.generator_optimizer, model.discriminator_optimizer
    return tuple(int(player.iterations.numpy()) for player in players)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["name"])
def test_two_replicas_equal_one(rule, mirrored):
    options = {**SGD, "compile__d_steps": 2, "compile__ema_half_life_images": 50.0}
    one, two = (build("dcgan", s, **options, compile__updates=rule) for s in (None, mirrored))
    a, b = train(one, 5), train(two, 5)
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=1e-4, atol=1e-5)
    assert iterations(one) == iterations(two)
    assert largest_difference(values(one), values(two)) < 3e-5


def test_a_burst_holds_the_generator_and_its_average_still():
    rule = {"name": "bursts", "normal": 2, "burst": 6, "first": 1, "every": 100}
    model = build("dcgan", compile__updates=rule, compile__d_steps=2)
    start = values(model)
    kept = [w.numpy() for w in model.generator.trainable_weights]
    train(model, 2)
    assert iterations(model) == (0, 4)
    assert all(
        np.array_equal(a, w.numpy())
        for a, w in zip(kept, model.generator.trainable_weights, strict=True)
    )
    assert "g_loss" not in model.log_means.result()
    train(model, 1)
    assert iterations(model) == (1, 6)
    train(model, 1)
    assert iterations(model) == (2, 8)  # the burst is over: two critic updates each
    assert largest_difference(start, values(model)) > 0


def test_a_resting_discriminator_is_still_watched():
    # Accuracy is never over 1, so the gate stays open; under 0 it closes after one look.
    closed = build("dcgan", compile__updates={"name": "accuracy_gate", "bound": 0.0})
    logs = train(closed, 4)
    generator, discriminator = iterations(closed)
    assert generator == 4 and discriminator < 4
    assert np.isfinite(logs["d_loss"])
    opened = build("dcgan", compile__updates={"name": "accuracy_gate", "bound": 1.0})
    train(opened, 4)
    assert iterations(opened) == (4, 4)


def test_an_open_gate_is_the_plain_step():
    opened = build("dcgan", compile__updates={"name": "accuracy_gate", "bound": 1.0})
    plain = build("dcgan")
    assert train(opened, 3) == pytest.approx(train(plain, 3), rel=1e-5)
    for a, b in zip(plain.discriminator.weights, opened.discriminator.weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_simultaneous_updates_take_both_gradients_at_the_same_weights():
    """The generator's update does not feel the discriminator's, whatever its rate."""
    moved = []
    for rate in (0.0, 0.5):
        optimizer = {"name": "sgd", "learning_rate": rate}
        model = build(
            "dcgan",
            compile__updates="simultaneous",
            compile__generator_optimizer=families.SGD,
            compile__discriminator_optimizer=optimizer,
        )
        train(model, 1)
        moved.append([w.numpy() for w in model.generator.trainable_weights])
    for a, b in zip(*moved, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_refused_combination_cannot_be_trained():
    model = build("dcgan")
    with pytest.raises(ValueError, match="has batch norm"):
        model.compile(penalties=["r1"])
    with pytest.raises(ValueError, match="Call compile"):
        train(model, 1)
    model.compile(penalties=["drift"])
    assert "drift" in train(model, 1)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"updates": "simultaneous", "d_steps": 2}, "d_steps=1"),
        ({"updates": "accuracy_gate", "share_fakes": True}, "share_fakes=False"),
        ({"updates": "burst"}, "Did you mean 'bursts'"),
        ({"loss": ["non_saturating", "hinge"]}, "2 games, non_saturating and hinge"),
        ({"loss": "auxiliary_classifier"}, "is added to a game"),
        ({"loss": ["hinge", "mutual_information"]}, "reads the discriminator's output 'codes'"),
        ({"loss": "feature_matching"}, "reads the discriminator's output 'features'"),
        ({"penalties": ["drift", "drift"]}, "given twice"),
        ({"penalties": ["consistency", "balanced_consistency"]}, "would count twice"),
        ({"penalties": ["latent_optimization", "jacobian_clamping"]}, "moves the latents"),
        ({"penalties": ["path_length"]}, "the generator has batch norm"),
        ({"loss": "wasserstein", "augment": "ada"}, "sign of the logits"),
        ({"loss": "fisher", "penalties": ["consensus"]}, "changes its own state"),
        ({"loss": "wasserstein", "penalties": ["lecam"]}, "leaves their offset and scale free"),
    ],
)
def test_combinations_that_cannot_work_are_refused(options, message):
    model = build("dcgan")
    with pytest.raises(ValueError, match=message):
        model.compile(**{"penalties": [], **options})
