"""Every allowed pair trains, every forbidden pair is refused with its reason, the page says so."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.conformance import composition, families
from tests.conformance.composition import PAIRS, RULES, build, compile_arguments, rule_of

BATCH = 8
ROWS = composition.covering_rows()
ADAM = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5}


def row_name(row):
    return "-".join(row[axis][0] for axis in ("loss", "conditioning", "normalisation") if row[axis])


def test_every_allowed_pair_is_in_a_row():
    covered = {
        (axes, (a, b)) for row in ROWS for axes in PAIRS for a in row[axes[0]] for b in row[axes[1]]
    }
    assert covered == set(composition.pairs(allowed=True))


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_two_steps(row):
    """Finite losses and every kernel moved; eagerly, since tracing would take most of the time."""
    model = build(row)
    model.compile(
        **compile_arguments(row),
        generator_optimizer=ADAM,
        discriminator_optimizer=ADAM,
        run_eagerly=True,
    )
    networks = {"generator": model.generator, "discriminator": model.discriminator}
    before = {name: [w.numpy() for w in net.trainable_weights] for name, net in networks.items()}
    images = families.images(composition.SHAPE, 2 * BATCH)
    batch = {"image": tf.constant(images[:BATCH])}
    if model.num_classes:
        batch["label"] = tf.constant(np.arange(BATCH) % model.num_classes)
    for start in (0, BATCH):
        logs = model.train_step({**batch, "image": tf.constant(images[start : start + BATCH])})
    assert set(logs) == set(model.log_means.names)
    assert [name for name, value in logs.items() if not np.isfinite(value)] == []
    for name, net in networks.items():
        still = [
            w.path
            for old, w in zip(before[name], net.trainable_weights, strict=True)
            if len(w.shape) > 1 and np.array_equal(old, w.numpy())
        ]
        assert still == [], name
        assert all(np.isfinite(w.numpy()).all() for w in net.weights)


def _forbidden():
    """One pair for every name that stands in a rule."""
    chosen = []
    for axes, pair in composition.pairs(allowed=False):
        chosen.append(pytest.param(axes, pair, id="-".join(pair)))
    return chosen


@pytest.mark.parametrize("axes, pair", _forbidden())
def test_forbidden_pairs_are_refused_with_the_reason(axes, pair):
    row = {axis: [] for axis in composition.AXES}
    row |= {axis: [name] for axis, name in zip(axes, pair, strict=True)}
    row["loss"] = row["loss"] or ["hinge"]
    if not row["conditioning"] and row["loss"][0] in composition.LABELLED:
        row["conditioning"] = ["concatenation"]
    with pytest.raises(ValueError, match=rule_of(axes, pair)[0]) as raised:
        build(row).compile(**compile_arguments(row))
    assert "\n" not in str(raised.value)


def test_every_rule_forbids_something():
    for (axis_a, names_a), (axis_b, names_b), *_ in RULES:
        assert names_a <= set(composition.AXES[axis_a])
        assert names_b <= set(composition.AXES[axis_b])


def test_the_page_has_these_tables():
    text = composition.PAGE.read_text(encoding="utf-8")
    assert text.split(composition.MARK)[1].strip() == composition.tables().strip(), (
        "run python -m tests.conformance.composition"
    )
