"""GAN on numbers: moments and order of what it learns, its density against SciPy, the lists."""

import math

import keras
import numpy as np
import pytest
import scipy.stats

import tfgan_models as tfgan
from examples import numbers_gan
from tfgan_models import networks
from trainers import data
from trainers.errors import UserError


def test_weights_are_the_demonstrations():
    generator = networks.line_generator()
    assert sum(math.prod(w.shape) for w in generator.trainable_weights) == 13
    similar = networks.line_discriminator(minibatch=True)
    plain = networks.line_discriminator(minibatch=False)
    kinds = [type(layer).__name__ for layer in similar.layers]
    assert "MinibatchDiscrimination" in kinds and len(similar.layers) == len(plain.layers)


@pytest.mark.slow
def test_demonstration_learns_mean_and_keeps_spread():
    model = tfgan.from_preset("gaussian_normal")
    source = data.load("toy:normal")
    pipeline = data.pipeline(source, batch_size=8, seed=0)
    model.fit(pipeline, steps_per_epoch=5_000, verbose=0)
    drawn = model.draw(10_000, scale=source.scale)
    assert abs(drawn.mean() - 4.0) < 0.3
    assert 0.25 < drawn.std() < 0.75


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    picture = tmp_path_factory.mktemp("numbers") / "numbers.png"
    flags = ["--ask=1,15,24", "--steps=3000", f"--output={picture}"]
    return numbers_gan.main(flags), picture


@pytest.mark.slow
def test_lecture_list(answers):
    """The lecture's three tests: mean, spread, and p(15) > p(24) > p(1)."""
    drawn, density = answers[0]["drawn"], answers[0]["density"]
    assert abs(drawn.mean() - 16.4559) < 0.75
    assert 3.5 < drawn.std(ddof=1) < 6.5
    assert density[1] > density[2] > density[0]
    assert answers[1].stat().st_size > 5_000


def test_density_is_scipys():
    keras.utils.set_random_seed(0)
    model = tfgan.GaussianGAN(architecture="stable")
    units = {"scale": 3.0, "offset": 5.0}
    drawn = model.draw(2_000, seed=3, **units)
    low, high = np.percentile(drawn, [25, 75])
    width = 0.9 * min(drawn.std(ddof=1), (high - low) / 1.34) * 2_000**-0.2
    oracle = scipy.stats.gaussian_kde(drawn, bw_method=width / drawn.std(ddof=1))
    x = np.linspace(drawn.min(), drawn.max(), 7)
    got = model.density(x, samples=2_000, seed=3, **units)
    np.testing.assert_allclose(got, oracle(x), rtol=1e-6)
    assert model.density(np.ones((2, 3)), samples=50, **units).shape == (2, 3)


def test_lists_become_pixels_and_back(tmp_path):
    file = tmp_path / "list.txt"
    file.write_text("3.1 4.1\n5.9, 2.6; 5.3\n")
    for spec in ("numbers:3.1,4.1,5.9,2.6,5.3", f"numbers:{file}"):
        source = data.load(spec)
        pixels = np.asarray(source.gather(np.arange(5))["image"]).reshape(-1)
        back = pixels * source.scale + source.offset
        np.testing.assert_allclose(back, [3.1, 4.1, 5.9, 2.6, 5.3], rtol=1e-6)
        assert np.abs(pixels).max() < 0.25 and source.image_shape == (1, 1, 1)
    lecture = data.load("numbers:lecture").numbers
    assert len(lecture) == 50
    np.testing.assert_allclose([lecture.mean(), lecture.std(ddof=1)], [16.4559, 4.7840], atol=5e-5)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("numbers:1,2", "only 2 numbers; give five or more"),
        ("numbers:1,1,1,1,1", "all numbers are equal"),
        ("numbers:1,2,3,4,five", "'five' is no finite number"),
        ("numbers:1,2,3,4,nan", "'nan' is no finite number"),
        ("numbers:missing.txt", "neither a list of numbers nor a file"),
    ],
)
def test_bad_lists(spec, message):
    with pytest.raises(UserError, match=message):
        data.load(spec)


def test_unknown_architecture():
    with pytest.raises(ValueError, match="architecture must be one of demonstration, stable"):
        tfgan.GaussianGAN(architecture="deep")
