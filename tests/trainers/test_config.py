"""Resolution of a run's configuration, without TensorFlow."""

from __future__ import annotations

import json

import pytest

from tfgan_models import presets
from trainers import config
from trainers.errors import UserError


@pytest.mark.parametrize("name", sorted(presets.PRESETS))
def test_every_preset_resolves_and_survives_json(name):
    resolved = config.resolve(name)
    stored = json.loads(json.dumps(resolved.to_dict()))
    again = config.Config.from_dict(stored)
    assert json.loads(json.dumps(again.to_dict())) == stored
    assert config.differences(stored, stored) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=1", 1),
        ("a=1e-4", 1e-4),
        ("a=none", None),
        ("a=True", True),
        ("a=[28, 28, 1]", [28, 28, 1]),
        ('a={"name": "r1"}', {"name": "r1"}),
        ("a=folder:x=y", "folder:x=y"),
    ],
)
def test_assignments(text, value):
    assert config.parse_assignments([text]) == {"a": value}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"steps": 0}, "positive"),
        ({"batch_size": "many"}, "must be int"),
        ({"strategy": "mirored"}, "Did you mean 'mirrored'"),
        ({"precision": "bfloat16"}, "mixed_bfloat16"),
        ({"run.keeep": 3}, "Did you mean 'keep'"),
        ({"run.best_mode": "least"}, "max, min"),
        ({"compile.d_step": 2}, "Did you mean 'd_steps'"),
        ({"compile.penalties.0.gama": 2}, "Did you mean 'gamma'"),
        ({"compile.penalties.7.gamma": 2}, "index"),
        ({"model.widht": 2}, "Did you mean 'width'"),
        ({"modle.width": 2}, "Did you mean"),
        ({"model": {}}, "Unknown field 'model'"),
        ({"family": "gan", "nonsense": 1}, "Unknown field 'nonsense'"),
        ({"compile.steps_per_execution": 7}, "multiple of compile.steps_per_execution=7"),
    ],
)
def test_bad_fields_are_refused_in_one_line(overrides, message):
    with pytest.raises(UserError, match=message) as caught:
        config.resolve("quickstart", overrides)
    assert "\n" not in str(caught.value)


def test_differences_name_what_a_resume_refuses():
    old = config.resolve("quickstart").to_dict()
    new = config.resolve(
        "quickstart",
        {
            "compile.d_steps": 2,
            "seed": 4,
            "steps": 9,
            "run.keep": 9,
            "data.source": "npz:x",
            "strategy": "mirrored",
        },
    ).to_dict()
    assert config.differences(old, new) == ["compile.d_steps: None -> 2", "seed: 0 -> 4"]
