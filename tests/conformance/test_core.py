"""The base's promises that do not depend on the family, and its refusals."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import tfgan_models as tfgan
from tests.conformance import families
from tests.conformance.families import build, largest_difference, train, values
from tfgan_models.core import optimization, random
from tfgan_models.core.gan import GAN


def _draw_latents(draws):
    return draws.at("critic_0").normal("latents", (4,))


def test_latents_differ_between_replicas_and_match_the_single_draw(mirrored):
    @tf.function
    def draw():
        return mirrored.run(lambda: _draw_latents(random.Draws(7, tf.constant(3), 4)))

    first, second = mirrored.experimental_local_results(draw())
    whole = _draw_latents(random.Draws(7, tf.constant(3), 8))
    assert np.abs(first - second).min() > 0
    np.testing.assert_array_equal(tf.concat([first, second], 0), whole)


def test_share_fakes_equals_the_same_fakes_twice():
    """With the discriminator frozen, sharing fakes equals regenerating them from one z."""
    frozen = {"name": "sgd", "learning_rate": 0.0}
    options = {"compile__discriminator_optimizer": frozen, "compile__d_steps": 1}
    shared = build("dcgan", **options, compile__share_fakes=True)
    apart = build("dcgan", **options, compile__share_fakes=False)

    class SameFakes(type(apart)):
        def make_fakes(self, batch):
            draws = random.Draws(self.seed, self.step, batch["draws"].local_batch)
            return super().make_fakes({**batch, "draws": draws.at("critic_0")})

    apart.__class__ = SameFakes
    train(shared, 1)
    train(apart, 1)
    for a, b in zip(
        shared.generator.trainable_weights, apart.generator.trainable_weights, strict=True
    ):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_ema_is_the_recursion_with_half_life_in_images():
    half_life = 40.0
    model = build("dcgan", compile__ema_half_life_images=half_life)
    start = [w.numpy() for w in model.generator.weights]
    beta = 0.5 ** (families.BATCH / half_life)
    expected = start
    x, _ = families.data(model, families.BATCH)
    for _ in range(3):
        model.train_on_batch(x)
        expected = [
            beta * e + (1 - beta) * w.numpy() if w.trainable else w.numpy()
            for e, w in zip(expected, model.generator.weights, strict=True)
        ]
    for e, w in zip(expected, model.ema_generator.weights, strict=True):
        np.testing.assert_allclose(w.numpy(), e, atol=1e-6)
    assert model.ema_generator is not model.generator


def test_average_is_a_copy_until_it_starts():
    model = build("dcgan", compile__ema_half_life_images=40.0, compile__ema_start_images=16)
    x, _ = families.data(model, families.BATCH)
    for _ in range(2):  # 0 and 8 images seen
        model.train_on_batch(x)
        for a, w in zip(model.ema_generator.weights, model.generator.weights, strict=True):
            np.testing.assert_array_equal(a.numpy(), w.numpy())
    old = [w.numpy() for w in model.generator.weights]
    model.train_on_batch(x)
    beta = 0.5 ** (families.BATCH / 40.0)
    for a, o, w in zip(model.ema_generator.weights, old, model.generator.weights, strict=True):
        expected = beta * o + (1 - beta) * w.numpy() if w.trainable else w.numpy()
        np.testing.assert_allclose(a.numpy(), expected, atol=1e-6)


def test_uniform_fake_labels_are_drawn_and_seen_alike():
    """All real labels are 0: fakes have all classes, and both networks see the same."""
    model = build("conditional_gan", compile__fake_labels="uniform")
    rows, counts = 64, np.zeros(model.num_classes)
    image = tf.zeros((rows, *model.image_shape))
    for step in range(20):
        draws = random.Draws(3, tf.constant(step, tf.int64), rows)
        batch = {"image": image, "label": tf.zeros(rows, tf.int32), "draws": draws}
        asked = model.asked_label(batch).numpy()
        counts += np.bincount(asked, minlength=model.num_classes)
        if step == 0:
            fake = model.make_fakes(batch)
            latents, condition = model.draw_latents(batch), model.condition(asked)
            again = model.synthesize(model.generator, latents, condition, True)
            np.testing.assert_allclose(fake, again, atol=1e-6)
            seen = model.game(batch, fake)
            np.testing.assert_array_equal(seen.fake_outputs["label"], condition)
            np.testing.assert_array_equal(np.argmax(seen.real_outputs["label"], -1), 0)
    share = 1 / model.num_classes
    spread = np.sqrt(counts.sum() * share * (1 - share))
    assert np.all(np.abs(counts - counts.sum() * share) < 4 * spread)


@pytest.mark.parametrize(
    ("family", "kernels"), [("sngan", 3), ("biggan", 3), ("conditional_gan", 1)]
)
def test_lower_layers_of_the_discriminator_are_held(family, kernels, tmp_path):
    """The first residual block, shortcut included, or the first strided convolution."""
    model = build(family, compile__freeze_discriminator=1)
    weights = model.discriminator.weights
    trained = {w.path for w in model.discriminator.trainable_weights}
    held = [w for w in weights if w.path not in trained and w.path.endswith("kernel")]
    assert len(held) == kernels and held[0].shape[2] == model.image_shape[2]
    before = {w.path: w.numpy() for w in weights}
    x, y = families.data(model, families.BATCH * model.d_steps)
    model.fit(x, y, batch_size=families.BATCH, verbose=0)
    for w in weights:
        still = np.array_equal(w.numpy(), before[w.path])
        if w.path in trained and w.path.endswith("kernel"):  # hinge can leave the last bias
            assert not still, w.path
        assert still or not any(w.path.startswith(h.path) for h in held), w.path
    model.save(tmp_path / "held.keras")
    loaded = tfgan.load(tmp_path / "held.keras")
    assert loaded.freeze_discriminator == 1
    assert len(loaded.discriminator.trainable_weights) == len(trained)
    loaded.compile()
    free = build(family)
    assert len(loaded.discriminator.trainable_weights) == len(free.discriminator.trainable_weights)


def test_without_half_life_samples_come_from_the_generator():
    model = build("dcgan")
    assert model.ema_generator is model.generator


def test_lazy_penalty_is_multiplied_by_its_interval_and_averaged_over_its_steps():
    every = build("conditional_gan", compile__penalties=[{"name": "r1", "gamma": 1.0}])
    lazy = build("conditional_gan", compile__penalties=[{"name": "r1", "gamma": 0.5, "every": 2}])
    # The first step runs both: gamma 0.5 times the interval 2 is gamma 1.
    a, b = train(every, 1), train(lazy, 1)
    assert a["r1"] == b["r1"]
    assert largest_difference(values(every), values(lazy)) < 1e-6
    assert float(lazy.log_means.totals[1, lazy.log_means.names.index("r1")]) == lazy.d_steps
    train(lazy, 1, initial_epoch=0)
    assert "r1" not in lazy.log_means.result()  # step 1 did not run it


def test_augment_reaches_real_and_fake_images():
    flipped = build("dcgan", compile__augment={"name": "flip", "p": 1.0})
    plain = build("dcgan")
    x, _ = families.data(plain, families.BATCH)
    logs = plain.train_on_batch(x, return_dict=True)
    mirrored_logs = flipped.train_on_batch(x[:, :, ::-1], return_dict=True)
    # A mirrored mirror image is the image, so the real side agrees and the fake one does not.
    np.testing.assert_allclose(logs["d_real"], mirrored_logs["d_real"], rtol=1e-5)
    assert logs["d_fake"] != mirrored_logs["d_fake"]


def test_missing_gradient_is_refused_by_name():
    class Blind(GAN):
        def generator_objective(self, batch, fake):
            return tf.reduce_mean(tf.stop_gradient(fake)), {}

    x, _ = families.data(build("dcgan"), families.BATCH)
    base = build("dcgan")
    model = Blind(
        base.image_shape,
        generator=base.generator,
        discriminator=base.discriminator,
        latent_dim=base.latent_dim,
    )
    model.compile()
    with pytest.raises(ValueError, match="does not depend on .*kernel"):
        model.train_on_batch(x)


def test_undeclared_log_is_refused():
    class Chatty(GAN):
        def discriminator_objective(self, batch, fake):
            loss, logs = super().discriminator_objective(batch, fake)
            return loss, {**logs, "surprise": loss}

    base = build("dcgan")
    model = Chatty(
        base.image_shape,
        generator=base.generator,
        discriminator=base.discriminator,
        latent_dim=base.latent_dim,
    )
    model.compile()
    x, _ = families.data(model, families.BATCH)
    with pytest.raises(ValueError, match="'surprise' is not declared"):
        model.train_on_batch(x)


def test_non_finite_gradient_on_one_replica_skips_the_step_on_all(mirrored):
    """LossScaleOptimizer looks at its own replica only; ours makes all agree."""
    import keras

    keras.config.set_dtype_policy("mixed_float16")
    with mirrored.scope():
        model = tfgan.from_preset("dcgan_tiny")
    keras.config.set_dtype_policy("float32")
    optimizer, weights = model.generator_optimizer, model.generator.trainable_variables
    before = [w.numpy() for w in weights]
    scale = float(optimizer.dynamic_scale.numpy())

    @tf.function
    def step():
        def on_replica():
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            bad = tf.where(tf.equal(replica, 1), float("inf"), 1.0)
            grads = [tf.fill(w.shape, tf.cast(bad, w.dtype)) for w in weights]
            optimization.apply(grads, weights, optimizer)

        mirrored.run(on_replica)

    step()
    assert all(np.array_equal(a, w.numpy()) for a, w in zip(before, weights, strict=True))
    assert float(optimizer.dynamic_scale.numpy()) == scale / 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda m, x: m.fit(tf.data.Dataset.from_tensor_slices(x).batch(8)), "drop_remainder"),
        (lambda m, x: m.fit(x, batch_size=200), "do not fill one batch"),
        (lambda m, x: m.fit(x[:, :4]), "resize the data"),
        (lambda m, x: m.fit((x * 127).astype("uint8")), "floats in"),
        (lambda m, x: m.fit(x, validation_data=x), "no validation loss"),
        (lambda m, x: m.evaluate(x), "no validation loss"),
        (lambda m, x: m.sample(3, labels=1), "unconditional"),
        (lambda m, x: m.generate(np.zeros((3, 5))), r"latents must be \(n, 8\)"),
        (lambda m, x: m.sample(3, truncation=0.5), "needs normal latents"),
        (lambda m, x: m.compile(loss="non_saturatin"), "Did you mean 'non_saturating'"),
        (lambda m, x: m.compile(penalties=["r1"]), "has batch norm"),
        (lambda m, x: m.compile(penalties=[{"name": "lecam", "wait": 1}]), "'weight'"),
        (lambda m, x: m.compile(augment="flp"), "Did you mean 'flip'"),
        (lambda m, x: m.compile(generator_optimizer="adm"), "Did you mean"),
        (lambda m, x: m.compile(d_steps=0), "at least 1"),
        (lambda m, x: m.compile(fake_labels="even"), "fake_labels must be one of"),
        (lambda m, x: m.compile(ema_start_images=-1), "ema_start_images must be"),
        (lambda m, x: m.compile(freeze_discriminator=5), "no map of the discriminator has 0 rows"),
    ],
)
def test_refusals_say_what_to_do(make, message):
    model = build("dcgan")
    x, _ = families.data(model, 90)
    with pytest.raises(ValueError, match=message):
        make(model, x)


def test_conditional_refusals():
    model = build("conditional_gan")
    x, y = families.data(model)
    for call, message in (
        (lambda: model.fit(x), "no labels"),
        (lambda: model.fit(x, y[:-1], batch_size=8), "96 images but 95 labels"),
        (lambda: model.sample(3, labels=[0, 1]), r"shape \(3,\)"),
        (lambda: model.sample(2, labels=[0, 10]), r"0\.\.9"),
        (lambda: model(np.zeros((1, 8), "float32")), "10 classes"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_batch_that_does_not_divide_names_sizes_that_do():
    model = build("conditional_gan")  # d_steps 2
    x, y = families.data(model, 90)
    dataset = tf.data.Dataset.from_tensor_slices((x, y)).batch(9, drop_remainder=True)
    with pytest.raises(ValueError, match="use 8 or 10"):
        model.fit(dataset)


def test_jit_compile_is_refused_on_several_replicas(mirrored):
    with mirrored.scope():
        model = tfgan.create("dcgan", image_shape=(8, 8, 1), width=2)
    with pytest.raises(ValueError, match="jit_compile"):
        model.compile(jit_compile=True)


def test_batches_may_be_images_pairs_or_dicts():
    results = []
    for form in ("pair", "dict"):
        model = build("conditional_gan")
        x, y = families.data(model, 32)
        parts = (x, y) if form == "pair" else {"image": x, "label": y}
        dataset = tf.data.Dataset.from_tensor_slices(parts).batch(16, drop_remainder=True)
        model.fit(dataset, verbose=0)
        results.append(values(model))
    assert largest_difference(*results) == 0.0


def test_second_fit_does_not_retrace():
    model = build("dcgan")
    train(model, 2)
    function = model.train_function
    train(model, 2)
    assert model.train_function is function


def test_fifty_steps_in_one_execution(mirrored):
    """More calls of `next` than TensorFlow allows in one graph, so they must be in a loop."""
    results = []
    for strategy in (None, mirrored):
        model = build("dcgan", strategy, compile__steps_per_execution=50)
        x, _ = families.data(model, 80)
        dataset = tf.data.Dataset.from_tensor_slices(x).repeat().batch(8, drop_remainder=True)
        results.append(model.fit(dataset, steps_per_epoch=50, verbose=0).history)
        assert int(model.step.numpy()) == 50
    for name, value in results[0].items():
        np.testing.assert_allclose(results[1][name], value, rtol=0.05, atol=0.01)


def test_truncation_narrows_normal_latents():
    model = build("conditional_gan")
    wide, narrow = (model.sample_latents(4_000, 1, t).numpy() for t in (1.0, 0.5))
    assert np.abs(wide).max() <= 2.0
    np.testing.assert_allclose(narrow, wide * 0.5, rtol=1e-6)
    # Standard deviation of a normal cut at +-2.
    np.testing.assert_allclose(wide.std(), 0.8796, atol=0.01)
    with pytest.raises(ValueError, match="in \\(0, 1\\]"):
        model.sample_latents(2, 1, 1.5)


def test_label_mixtures_lie_between_the_classes():
    model = build("conditional_gan")
    z = model.sample_latents(1, seed=2)
    mixture = np.full((1, 10), 0.0, "float32")
    mixture[0, [1, 2]] = 0.5
    mixed = model.generate(z, mixture).numpy()
    assert np.isfinite(mixed).all()
    assert not np.array_equal(mixed, model.generate(z, [1]).numpy())
