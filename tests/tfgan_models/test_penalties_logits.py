"""LeCam, drift, consistency and rotation: goldens and independent reimplementations."""

import numpy as np
import pytest
import tensorflow as tf

from tests.tfgan_models.penalty_games import Players, constant, data, plain_game, uniform
from tfgan_models import augment, penalties
from tfgan_models.core import random
from tfgan_models.penalties import consistency, rotation

# === LeCam and drift ===


@pytest.mark.parametrize("shape", [(2,), (2, 1), (1, 2, 1, 1)])
@pytest.mark.parametrize("form, expected", [("relu", 8.65625), ("square", 8.9375)])
def test_lecam_golden(shape, form, expected):
    real, fake = np.reshape([2.0, -1.0], shape), np.reshape([0.5, -3.0], shape)
    np.testing.assert_allclose(penalties.lecam(real, fake, 0.5, -0.25, form), expected, rtol=1e-6)


def numpy_lecam(batches, decay, start=0):
    """The averages take each batch first and are divided by the weight they have seen."""
    real_sum = fake_sum = seen = 0.0
    values = []
    for step, (real, fake) in enumerate(batches):
        keep = decay if step >= start else 0.0
        real_sum = keep * real_sum + (1 - keep) * real.mean()
        fake_sum = keep * fake_sum + (1 - keep) * fake.mean()
        seen = keep * seen + (1 - keep)
        above = np.maximum(real - fake_sum / seen, 0.0)
        below = np.maximum(real_sum / seen - fake, 0.0)
        values.append((np.mean(above**2) + np.mean(below**2)) * (step >= start))
    return values


@pytest.mark.parametrize("decay, start", [(0.9, 0), (0.99, 0), (0.9, 3)])
def test_lecam_updates_its_averages_before_it_uses_them(decay, start):
    rng = np.random.default_rng(4)
    batches = [(rng.normal(1, 2, (8, 1)), rng.normal(-1, 2, (8, 1))) for _ in range(5)]
    penalty = penalties.LeCam(decay=decay, start=start)
    got = [
        float(penalty.discriminator(plain_game(constant(r), constant(f), step=i)))
        for i, (r, f) in enumerate(batches)
    ]
    np.testing.assert_allclose(got, numpy_lecam(batches, decay, start), rtol=1e-4)
    assert (np.array(got) > 0).tolist() == [i >= start for i in range(5)]


def test_lecam_gradient_treats_the_averages_as_constants():
    real, fake = tf.constant([2.0, -1.0]), tf.constant([0.5, -3.0])
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        value = penalties.LeCam().discriminator(plain_game(real, fake))
    # First batch: the anchors are this batch's own means, 0.5 and -1.25.
    by_real, by_fake = tape.gradient(value, [real, fake])
    np.testing.assert_allclose(by_real, [2.0 + 1.25, 0.25], rtol=1e-5)
    np.testing.assert_allclose(by_fake, [0.0, -3.5], atol=1e-5)


@pytest.mark.parametrize("shape", [(2,), (2, 1), (1, 1, 2, 1)])
def test_drift(shape):
    logits = tf.reshape(tf.constant([3.0, -1.0]), shape)
    np.testing.assert_allclose(penalties.drift(logits), 5.0)
    penalty = penalties.Drift()
    value = penalty.weight * penalty.discriminator(plain_game(real_logits=logits))
    np.testing.assert_allclose(value, 5e-3, rtol=1e-6)


def test_large_logits_stay_finite():
    logits = tf.constant([1e4, -1e4])
    np.testing.assert_allclose(penalties.lecam(logits, -logits, 0.0, 0.0), 1e8, rtol=1e-5)
    np.testing.assert_allclose(penalties.drift(logits), 1e8, rtol=1e-5)


# === Consistency ===

SQUARE = constant([[1.0, 2.0], [3.0, 4.0]])[None, :, :, None]


def mean_of(images):
    return {"logits": tf.reduce_mean(images, axis=[1, 2, 3])[:, None]}


@pytest.mark.parametrize("padding, expected", [("zero", 22.5), ("reflect", 0.0)])
def test_consistency_golden(padding, expected):
    """The mean of an image, shifted right by one pixel."""
    moved = augment.translate(SQUARE, [[0, 1]], consistency.PADDINGS[padding])
    value = 10.0 * penalties.consistency_loss(mean_of(SQUARE), mean_of(moved))
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    columns = [[2, 1], [4, 3]] if padding == "reflect" else [[0, 1], [0, 3]]
    np.testing.assert_array_equal(moved[0, :, :, 0], columns)


def test_flip_and_shift_does_each_as_often_as_it_says():
    count, size = 2000, 16
    ramp = tf.tile(tf.range(size, dtype=tf.float32)[None, None, :, None], [count, 1, 1, 1])
    image = ramp + 100.0 * tf.range(size, dtype=tf.float32)[None, :, None, None]
    got = penalties.flip_and_shift(image, random.Draws(0, 0, count), fraction=0.125).numpy()[..., 0]
    mirrored = got[:, 8, 7] > got[:, 8, 8]
    assert abs(mirrored.mean() - 0.5) < 4 * 0.5 / np.sqrt(count)
    rows = 8 - got[:, 8, 8] // 100
    x = got[:, 8, 8] % 100
    columns = np.where(mirrored, 15 - x, x)
    columns = 8 - columns  # pixel 8 shows column 8 - shift
    for amounts in (rows, columns):
        values, counts = np.unique(amounts, return_counts=True)
        np.testing.assert_array_equal(values, [-2, -1, 0, 1, 2])
        expected = count / 5
        assert np.sum((counts - expected) ** 2 / expected) < 18.5  # chi-square, 4, p = 0.001
    assert abs(np.corrcoef(rows, columns)[0, 1]) < 0.1


def test_shift_zero_still_flips():
    images = uniform((64, 4, 4, 1))
    got = penalties.flip_and_shift(images, random.Draws(0, 0, 64), fraction=0.1).numpy()
    same = np.array([np.array_equal(a, b) for a, b in zip(got, images.numpy(), strict=True)])
    assert 0.2 < same.mean() < 0.8
    np.testing.assert_array_equal(got[~same], images.numpy()[~same][:, :, ::-1])


def test_without_flips_the_columns_keep_their_order():
    draws = random.Draws(0, 0, 64)
    ramp = tf.tile(tf.range(16.0)[None, None, :, None], [64, 16, 1, 1])
    got = penalties.flip_and_shift(ramp, draws, fraction=0.125, flip=False).numpy()
    middle = got[:, :, 4:12, 0]  # beyond the edges that a shift brings in
    np.testing.assert_array_equal(np.diff(middle, axis=2), np.ones_like(middle[:, :, 1:]))
    assert len(np.unique(middle[:, 0, 0])) == 5
    still = penalties.flip_and_shift(ramp, draws, fraction=0.0, flip=False)
    np.testing.assert_array_equal(still, ramp)


@pytest.mark.parametrize("kind", [penalties.Consistency, penalties.BalancedConsistency])
def test_neither_flipped_nor_shifted_costs_nothing(kind):
    real, fake = uniform((4, 8, 8, 1)), uniform((4, 8, 8, 1), 2)

    def outputs(images, kind="real", after=None, rows=None):
        images = images if after is None else after(images)
        return {"logits": tf.reduce_mean(images * tf.range(8.0)[:, None], axis=(1, 2))}

    game = plain_game(
        real=real,
        fake=fake,
        outputs=outputs,
        real_outputs=outputs(real),
        fake_outputs=outputs(fake),
    )
    assert float(kind(shift=0.0).discriminator(game)) > 0.0
    still = kind.from_config(kind(shift=0.0, flip=False).get_config())
    assert float(still.discriminator(game)) == 0.0


def test_identity_costs_nothing_and_heads_add_up():
    real, latents = data()
    outputs = Players().game("discriminator", real, latents).real_outputs
    assert float(penalties.consistency_loss(outputs, outputs)) == 0.0
    first = {"logits": tf.zeros((2, 1)), "class_logits": tf.zeros((2, 3)), "other": tf.zeros(2)}
    second = {"logits": tf.ones((2, 1)), "class_logits": tf.fill((2, 3), 2.0), "other": tf.ones(2)}
    np.testing.assert_allclose(penalties.consistency_loss(first, second), 1.0 + 4.0)
    with_codes = {**first, "embedding": tf.zeros((2, 4))}, {**second, "embedding": tf.ones((2, 4))}
    np.testing.assert_allclose(penalties.consistency_loss(*with_codes), 6.0)


def test_consistency_refuses_two_shapes():
    with pytest.raises(ValueError, match="one shape"):
        penalties.consistency_loss({"logits": tf.zeros((2, 1))}, {"logits": tf.zeros(2)})


def test_consistency_acts_on_the_augmented_image_of_its_kind():
    """The game's augmentation adds one to real and two to fake images."""
    real, fake = uniform((4, 8, 8, 1)), uniform((4, 8, 8, 1), 2)
    added = {"real": 1.0, "fake": 2.0}
    seen = []

    def outputs(images, kind="real", after=None, rows=None):
        images = images + added[kind]
        if after is not None:
            images = after(images)
            seen.append((kind, images))
        return mean_of(images)

    game = plain_game(
        real=real,
        fake=fake,
        outputs=outputs,
        real_outputs=outputs(real, "real"),
        fake_outputs=outputs(fake, "fake"),
    )
    penalty = penalties.BalancedConsistency(real_weight=3.0, fake_weight=5.0)
    value = penalty.weight * penalty.discriminator(game)
    assert [kind for kind, _ in seen] == ["real", "fake"]
    expected = 0.0
    for factor, images, (kind, moved) in zip((3.0, 5.0), (real, fake), seen, strict=True):
        pixels = set(np.round(images.numpy().ravel() + added[kind], 4))
        assert set(np.round(moved.numpy().ravel(), 4)) <= pixels
        change = (images + added[kind] - moved).numpy().mean(axis=(1, 2, 3))
        expected += factor * np.mean(change**2)
    np.testing.assert_allclose(value, expected, rtol=1e-4)
    one = penalties.Consistency().discriminator(game)
    alone = penalties.BalancedConsistency(real_weight=1.0, fake_weight=0.0).discriminator(game)
    np.testing.assert_allclose(one, alone, rtol=1e-6)


def test_gradient_flows_through_both_sides():
    real = uniform((4, 8, 8, 1))
    scale = tf.constant(1.0)
    penalty = penalties.Consistency(padding="zero")

    def outputs(images, kind="real", after=None, rows=None):
        return {"logits": scale * mean_of(images if after is None else after(images))["logits"]}

    with tf.GradientTape() as tape:
        tape.watch(scale)
        game = plain_game(real=real, outputs=outputs, real_outputs=outputs(real))
        value = penalty.discriminator(game)
    # Both sides are linear in the scale, so the penalty is its square.
    np.testing.assert_allclose(tape.gradient(value, scale), 2.0 * value, rtol=1e-5)


def test_latent_diversity_golden():
    first, second = constant([[0.0, 1.0]]), constant([[0.2, 0.6]])
    np.testing.assert_allclose(0.5 * penalties.latent_diversity(first, second), -0.05, rtol=1e-5)


def test_latent_diversity_is_capped():
    far = tf.fill((2, 3), 5.0)
    with tf.GradientTape() as tape:
        tape.watch(far)
        value = penalties.latent_diversity(tf.zeros((2, 3)), far)
    assert float(value) == -4.0
    assert not np.any(tape.gradient(value, far))


@pytest.mark.parametrize("noise", ["normal", "uniform"])
def test_latent_consistency_terms(noise):
    """G doubles the latents and D takes their mean: both terms in closed form."""
    latents = uniform((4, 6))
    moved = []

    def generate(z):
        moved.append((z - latents).numpy())
        return 2.0 * z

    def outputs(images, kind="real", after=None, rows=None):
        assert kind == "fake"
        return {"logits": tf.reduce_mean(images, 1, keepdims=True)}

    fake = 2.0 * latents
    game = plain_game(
        real=latents,
        fake=fake,
        latents=latents,
        generate=generate,
        outputs=outputs,
        fake_outputs=outputs(fake, "fake"),
    )
    penalty = penalties.LatentConsistency(sigma=0.1, d_weight=20.0, g_weight=0.5, noise=noise)
    for_d, for_g = penalty.discriminator(game), penalty.generator(game)
    np.testing.assert_array_equal(moved[0], moved[1])
    np.testing.assert_allclose(for_d, 20.0 * np.mean((2 * moved[0].mean(1)) ** 2), rtol=1e-3)
    np.testing.assert_allclose(for_g, -0.5 * np.mean((2 * moved[0]) ** 2), rtol=1e-3)
    assert float(for_g) < 0
    assert np.abs(moved[0]).max() <= (0.1 if noise == "uniform" else 0.5)


def test_latent_consistency_trains_the_generator_through_both_fakes():
    scale = tf.constant(1.5)
    latents = uniform((4, 6))
    penalty = penalties.LatentConsistency(sigma=0.1)
    with tf.GradientTape() as tape:
        tape.watch(scale)
        game = plain_game(
            real=latents, fake=scale * latents, latents=latents, generate=lambda z: scale * z
        )
        value = penalty.generator(game)
    np.testing.assert_allclose(tape.gradient(value, scale), 2.0 * value / 1.5, rtol=1e-4)


# === Rotation ===


def test_rotation_goldens():
    expected = {0: [[1, 2], [3, 4]], 1: [[2, 4], [1, 3]], 2: [[4, 3], [2, 1]], 3: [[3, 1], [4, 2]]}
    for quarters, image in expected.items():
        np.testing.assert_array_equal(penalties.rotate(SQUARE, quarters)[0, :, :, 0], image)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3, 5, -1])
def test_rotation_is_numpys(quarters):
    images = uniform((2, 5, 5, 3)).numpy()
    expected = np.rot90(images, quarters, axes=(1, 2))
    np.testing.assert_array_equal(penalties.rotate(images, quarters), expected)


def test_rotated_batch_is_every_fourth_image_in_four_blocks():
    images = uniform((8, 3, 3, 1)).numpy()
    got = penalties.rotated_batch(images).numpy()
    labels = rotation.rotation_labels(8).numpy()
    np.testing.assert_array_equal(labels, [0, 0, 1, 1, 2, 2, 3, 3])
    for row, (label, image) in enumerate(zip(labels, got, strict=True)):
        np.testing.assert_array_equal(image, np.rot90(images[[3, 7][row % 2]], label))


def test_rotation_refuses_what_it_cannot_turn():
    with pytest.raises(ValueError, match="do not divide by 4"):
        penalties.rotated_batch(tf.zeros((6, 4, 4, 1)))
    with pytest.raises(ValueError, match="square images; got 4x5"):
        penalties.rotated_batch(tf.zeros((8, 4, 5, 1)))
    with pytest.raises(ValueError, match=r"rotation_logits must be \(B, 4\)"):
        penalties.rotation_loss(tf.zeros((8, 3)))
    with pytest.raises(ValueError, match=r"got \(B, 2\)"):
        penalties.Rotation().check_outputs({"rotation_logits": (2,)}, None, 8)
    penalties.Rotation().check_outputs({"rotation_logits": (4,)}, None, 8)


def test_rotation_loss_is_the_cross_entropy():
    logits = np.random.default_rng(0).normal(size=(8, 4))
    shifted = logits - np.log(np.sum(np.exp(logits), axis=1, keepdims=True))
    expected = -np.mean([shifted[i, i // 2] for i in range(8)])
    np.testing.assert_allclose(penalties.rotation_loss(constant(logits)), expected, rtol=1e-5)
    huge = constant(np.where(np.arange(4)[None] == np.arange(8)[:, None] // 2, 1e4, -1e4))
    np.testing.assert_allclose(penalties.rotation_loss(huge), 0.0, atol=1e-6)


def test_rotation_reads_real_images_for_one_player_and_fakes_for_the_other():
    real, latents = data()
    actors = Players()
    penalty = penalties.Rotation()
    game = actors.game("discriminator", real, latents)
    for term, images, factor in (
        (penalty.discriminator, game.real, 1.0),
        (penalty.generator, game.fake, 0.2),
    ):
        turned = actors.discriminator(penalties.rotated_batch(images))["rotation_logits"]
        expected = factor * penalties.rotation_loss(turned)
        np.testing.assert_allclose(term(game), expected, rtol=1e-5)


def test_masked_class_loss():
    logits = np.random.default_rng(1).normal(size=(4, 3))
    labels = np.array([[0, 1, 0], [0, 0, 0], [1, 0, 0], [0, 0, 0]], "float32")
    log_p = logits - np.log(np.sum(np.exp(logits), axis=1, keepdims=True))
    expected = -(log_p[0, 1] + log_p[2, 0]) / 2.0
    value = penalties.masked_class_loss(constant(logits), labels)
    np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_masked_class_loss_without_labels_is_zero():
    logits = uniform((4, 3))
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = penalties.masked_class_loss(logits, tf.zeros((4, 3)))
    assert float(value) == 0.0
    assert not np.any(tape.gradient(value, logits))


def test_masked_class_loss_refuses_class_numbers():
    with pytest.raises(ValueError, match="one-hot"):
        penalties.masked_class_loss(tf.zeros((4, 3)), tf.zeros(4))


def test_masked_class_loss_counts_the_labels_of_all_replicas(mirrored):
    logits, labels = uniform((4, 3)), np.zeros((4, 3), "float32")
    labels[0, 1] = labels[1, 2] = labels[3, 0] = 1.0
    whole = penalties.masked_class_loss(logits, labels)

    @tf.function(autograph=False)
    def run():
        def on_replica():
            first = tf.distribute.get_replica_context().replica_id_in_sync_group * 2
            part = tf.ensure_shape(logits[first : first + 2], (2, 3))
            given = tf.ensure_shape(tf.constant(labels)[first : first + 2], (2, 3))
            empty = penalties.masked_class_loss(part, tf.zeros((2, 3)))
            return penalties.masked_class_loss(part, given), empty

        return mirrored.run(on_replica)

    for value, expected in zip(run(), (whole, 0.0), strict=True):
        for local in mirrored.experimental_local_results(value):
            np.testing.assert_allclose(local, expected, rtol=1e-5)
