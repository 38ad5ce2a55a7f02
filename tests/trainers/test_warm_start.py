"""Starting from trained weights: of a run, of an export, with other classes; refusals."""

import numpy as np
import pytest

import export
import tfgan_models as tfgan
import trainers
from tfgan_models import presets
from trainers.errors import UserError
from trainers.warm_start import warm_start

TINY = "cgan_tiny"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run directory, its model, and exports with and without the discriminator."""
    root = tmp_path_factory.mktemp("warm")
    options = {"run__report": False, "compile__ema_half_life_images": 20}
    model = trainers.fit_preset(TINY, str(root / "run"), steps=2, **options)
    export.export_generator(model, root / "both", with_discriminator=True, verify=False)
    export.export_generator(model, root / "generator", verify=False)
    return root, model


def fresh(**overrides):
    recipe = presets.get(TINY).override(
        {
            "compile.ema_half_life_images": 20,
            **{k.replace("__", "."): v for k, v in overrides.items()},
        }
    )
    return presets.build(recipe, seed=9)


def equal(a, b):
    return [np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights(), strict=True)]


@pytest.mark.parametrize("place", ["run", "both"])
def test_both_networks_begin_with_the_trained_ones(trained, place):
    root, model = trained
    new = fresh()
    assert not all(equal(new.discriminator, model.discriminator))
    warm_start(new, str(root / place))
    assert all(equal(new.generator, model.ema_generator))
    assert all(equal(new.ema_generator, model.ema_generator))
    assert all(equal(new.discriminator, model.discriminator))


def test_an_export_without_discriminator_says_so(trained, capsys):
    root, model = trained
    new = fresh()
    before = new.discriminator.get_weights()
    warm_start(new, str(root / "generator"))
    assert all(equal(new.generator, model.ema_generator))
    for a, b in zip(before, new.discriminator.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert "has no discriminator: it starts anew" in capsys.readouterr().err


def test_weights_of_the_classes_start_anew(trained, capsys):
    root, model = trained
    new = fresh(model__num_classes=4)
    start = new.generator.get_weights()
    warm_start(new, str(root / "both"))
    said = capsys.readouterr().err
    assert "weights of the generator have another shape" in said
    for a, b, old in zip(
        new.generator.get_weights(), model.ema_generator.get_weights(), start, strict=True
    ):
        np.testing.assert_array_equal(a, b if a.shape == b.shape else old)


def test_a_run_begins_there_and_resumes_its_own(trained, tmp_path):
    """With a rate of zero the weights of the first run stay."""
    root, model = trained
    still = {"name": "sgd", "learning_rate": 0.0}
    options = {
        "run__report": False,
        "run__warm_start": str(root / "run"),
        "compile__generator_optimizer": still,
        "compile__discriminator_optimizer": still,
    }
    new = trainers.fit_preset(TINY, str(tmp_path / "new"), steps=1, **options)
    trainable = zip(new.generator.trainable_weights, model.ema_generator.weights, strict=False)
    values = {w.path: w.numpy() for w in model.ema_generator.weights}
    for weight, _ in trainable:
        np.testing.assert_array_equal(weight.numpy(), values[weight.path])
    options["run__warm_start"] = str(tmp_path / "nowhere")
    again = trainers.fit_preset(TINY, str(tmp_path / "new"), steps=2, **options)
    assert int(again.step) == 2


def test_refusals(trained, tmp_path):
    root, _ = trained
    with pytest.raises(UserError, match="neither a run nor an export"):
        warm_start(fresh(), str(tmp_path))
    with pytest.raises(UserError, match="the same kind of network"):
        warm_start(tfgan.from_preset("acgan_tiny"), str(root / "run"))
    with pytest.raises(UserError, match="is the export of a discriminator"):
        warm_start(fresh(), str(root / "both" / "discriminator"))
    for options, message in (
        ({"run__warm_start": str(tmp_path / "no")}, "run.warm_start: no such directory"),
        ({"compile__accumulation": 3, "compile__penalties": []}, r"divide by 3 .* use 6 or 9"),
    ):
        with pytest.raises(UserError, match=message):
            trainers.fit_preset(TINY, str(tmp_path / "x"), **options)
        assert not (tmp_path / "x").exists()
    with pytest.raises(UserError, match="run.warm_start must be a directory"):
        trainers.fit_preset(TINY, str(tmp_path / "x"), run__warm_start=3)
