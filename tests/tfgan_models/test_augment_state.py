"""What adapts or remembers: the controller of p, APA, the pool of fakes, chains."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan_models import augment, penalties
from tfgan_models.augment import replay
from tfgan_models.augment.apa import pseudo_real
from tfgan_models.core import random
from tfgan_models.registry import AUGMENTATIONS


def pictures(count=8, shape=(4, 4, 1), seed=0):
    values = np.random.default_rng(seed).uniform(-1, 1, (count, *shape))
    return values.astype("float32")


def draws(count=8, step=0, seed=7):
    return random.Draws(seed, tf.constant(step, tf.int64), count)


def game(real_logits, batch=64):
    logits = tf.constant(real_logits, tf.float32)
    return penalties.Game(None, None, None, logits, None, draws(batch), ())


def signs(r):
    """64 logits whose signs have the mean r, of very different sizes."""
    positive = int(round(32 * (1 + r)))
    return np.where(np.arange(64) < positive, 1e4, -1e-3)[:, None]


# === The controller ===

D = 64 * 4 / 500_000  # 5.12e-4


@pytest.mark.parametrize("make", [augment.ADA, augment.APA])
def test_script_of_the_controller(make):
    """r_t = +1, +1, -1, and then down to the floor; four updates each."""
    stage, seen = make(), []
    for r in (1, 1, -1, -1, -1):
        for _ in range(4):
            stage.observe(game(signs(r)))
        seen.append(float(stage.p))
    np.testing.assert_allclose(seen, [D, 2 * D, D, 0, 0], atol=1e-9)


def test_p_moves_only_when_four_updates_are_seen():
    stage, seen = augment.ADA(), []
    for _ in range(9):
        stage.observe(game(signs(1)))
        seen.append(float(stage.p))
    np.testing.assert_allclose(seen, [0] * 3 + [D] * 4 + [2 * D] * 2, atol=1e-9)
    assert float(stage.observed) == 1


@pytest.mark.parametrize(("rs", "change"), [((1, 1, 1, -0.25), 1), ((1, 1, 0, 0), -1)])
def test_r_is_the_mean_of_the_updates(rs, change):
    """0.6875 and 0.5, on both sides of the target 0.6."""
    stage = augment.ADA(initial_p=0.2)
    for r in rs:
        stage.observe(game(signs(r)))
    np.testing.assert_allclose(float(stage.p), 0.2 + change * D, rtol=1e-6)


def test_options_of_the_controller():
    fast = augment.ADA(kimg=100, every=1, target=-0.5)
    fast.observe(game(signs(-0.25), batch=32))
    np.testing.assert_allclose(float(fast.p), 32 / 100_000, rtol=1e-6)
    fixed = augment.ADA(initial_p=0.3, target=None, every=1)
    fixed.observe(game(signs(1)))
    assert float(fixed.p) == np.float32(0.3)


@pytest.mark.parametrize(("cap", "end"), [(0.8, 0.8), (None, 0.7999 + D), (1.0, 0.7999 + D)])
def test_cap_of_apa(cap, end):
    stage = augment.APA(initial_p=0.7999, every=4, cap=cap)
    for _ in range(4):
        stage.observe(game(signs(1)))
    np.testing.assert_allclose(float(stage.p), end, rtol=1e-6)


def test_ada_has_no_upper_bound():
    stage = augment.ADA(initial_p=1.0, every=1)
    stage.observe(game(signs(1)))
    assert float(stage.p) > 1.0


def test_patches_count_alike_and_zero_counts_for_neither():
    stage = augment.ADA(every=1, target=0.4)
    patches = np.ones((2, 3, 3, 1), "float32")
    patches[0, 0] = 0.0
    patches[1, 0] = -1.0  # (18 - 6 - 3) / 18 = 0.5
    stage.observe(game(patches, batch=2))
    np.testing.assert_allclose(float(stage.p), 2 / 500_000, rtol=1e-6)


def test_controller_over_two_replicas(mirrored):
    """Means -1 and 1 are 0 together, below the target; the batch counts both replicas."""
    with mirrored.scope():
        stage = augment.ADA(every=1, initial_p=0.5, target=0.1)
        other = augment.ADA(every=1, initial_p=0.5, target=-0.1)

    @tf.function(autograph=False)
    def step():
        def on_replica():
            context = tf.distribute.get_replica_context()
            side = 2.0 * tf.cast(context.replica_id_in_sync_group, tf.float32) - 1.0
            seen = penalties.Game(None, None, None, tf.fill([4, 1], side), None, draws(4), ())
            stage.observe(seen)
            other.observe(seen)

        mirrored.run(on_replica)

    step()
    for layer, sign in ((stage, -1), (other, 1)):
        values = [float(v) for v in mirrored.experimental_local_results(layer.p.value)]
        np.testing.assert_allclose(values, [0.5 + sign * 8 / 500_000] * 2, rtol=1e-6)


# === APA ===


def test_apa_p_zero_and_one():
    real, fake = pictures(seed=1), pictures(seed=2)
    batch = {"image": tf.constant(real), "label": tf.range(8)}
    mixed, shown = augment.APA().mix(batch, tf.constant(fake), draws())
    np.testing.assert_array_equal(mixed["image"], real)
    whole = augment.APA(initial_p=1.0, target=None, cap=None)
    mixed, shown = whole.mix(batch, tf.constant(fake), draws())
    np.testing.assert_array_equal(mixed["image"], fake)
    np.testing.assert_array_equal(shown, fake)
    np.testing.assert_array_equal(mixed["label"], batch["label"])
    np.testing.assert_array_equal(batch["image"], real)
    np.testing.assert_array_equal(whole(batch["image"], draws()), real)


def test_apa_replaces_a_share_p():
    count = 4000
    real, fake = tf.zeros((count, 1, 1, 1)), tf.ones((count, 1, 1, 1))
    stage = augment.APA(initial_p=0.3)
    masks = [stage.mix({"image": real}, fake, draws(count, step))[0]["image"] for step in (0, 1)]
    assert abs(np.mean(masks[0]) - 0.3) < 4.5 * np.sqrt(0.21 / count)
    assert np.mean(masks[0] != masks[1]) > 0.3


def test_apa_gives_the_generator_no_gradient():
    real, fake = tf.constant(pictures(seed=1)), tf.constant(pictures(seed=2))
    stage = augment.APA(initial_p=0.8)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        total = tf.reduce_sum(stage.mix({"image": real}, fake, draws())[0]["image"])
    assert tape.gradient(total, fake) is None
    assert 0 < np.sum(tape.gradient(total, real)) < real.shape.num_elements()


def test_best_logit_under_apa():
    """p = (.2, .3, .5), q = (.5, .3, .2), a = .3: log(((1 - a) p + a q) / q) >= log a."""
    count = 200_000
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.5, 0.3, 0.2])
    np.testing.assert_allclose(np.log(p / q), [-0.916291, 0, 0.916291], atol=1e-6)
    rng = np.random.default_rng(0)
    real, fake = (
        tf.constant(rng.choice(3, count, p=of).reshape(-1, 1, 1, 1), tf.float32) for of in (p, q)
    )
    mixed = augment.APA(initial_p=0.3).mix({"image": real}, fake, draws(count))[0]["image"]
    shown = np.bincount(mixed.numpy().astype(int).ravel()) / count
    np.testing.assert_allclose(np.log(shown / q), [-0.544727, 0, 0.717840], atol=0.02)
    assert np.log(shown / q).min() > np.log(0.3)


def test_apa_refuses_other_shapes():
    with pytest.raises(ValueError, match="one shape"):
        pseudo_real(tf.zeros((4, 2, 2, 1)), tf.zeros((5, 2, 2, 1)), tf.ones(4, tf.bool))
    with pytest.raises(ValueError, match=r"initial_p must be in \[0, cap"):
        augment.APA(initial_p=0.9)


# === The pool ===


class Pool:
    """CycleGAN's image pool, one image after the other, with given choices."""

    def __init__(self, size):
        self.size, self.images = size, []

    def query(self, image, slot, swapped):
        if len(self.images) < self.size:
            self.images.append(image)
            return image
        if not swapped:
            return image
        old, self.images[slot] = self.images[slot], image
        return old


@pytest.mark.parametrize(("size", "count"), [(5, 3), (3, 8), (4, 4), (1, 6)])
def test_order_of_the_pool(size, count):
    rng = np.random.default_rng(size)
    pool, kept = Pool(size), np.full(size, -1)
    order = tf.function(replay.pool_order, autograph=False)
    for step in range(8):
        new = 100 * step + np.arange(count)
        slots, swapped = rng.integers(0, size, count), rng.random(count) < 0.5
        returned, rows = order(
            tf.constant(len(pool.images)), tf.constant(slots), tf.constant(swapped), size
        )
        expected = [pool.query(*each) for each in zip(new, slots, swapped, strict=True)]
        everything = np.concatenate([kept, new])
        np.testing.assert_array_equal(everything[returned], expected)
        kept = everything[rows]
        np.testing.assert_array_equal(kept[: len(pool.images)], pool.images)


def numbered(step, count=8):
    """Fakes that carry a number of their own, labels that follow from it."""
    number = np.arange(count) + 100 * step
    return np.tile(number[:, None, None, None], (1, 2, 2, 1)).astype("float32"), number % 3


def test_replay_shows_old_fakes_with_their_labels():
    stage, ages = augment.Replay(size=16, share=0.5), []
    stage.build_for((2, 2, 1), num_classes=3)
    for step in range(60):
        fake, label = numbered(step)
        batch = {"image": tf.zeros((8, 2, 2, 1)), "label": tf.constant(label)}
        mixed, shown = stage.mix(batch, tf.constant(fake), draws(step=step))
        number = shown.numpy()[:, 0, 0, 0]
        np.testing.assert_array_equal(
            shown, np.broadcast_to(number[:, None, None, None], (8, 2, 2, 1))
        )
        np.testing.assert_array_equal(np.argmax(mixed["fake_label"], -1), number % 3)
        np.testing.assert_array_equal(mixed["label"], label)
        if step < 2:
            np.testing.assert_array_equal(shown, fake)
        else:
            ages.append(step - number // 100)
    assert int(stage.filled) == 16
    ages = np.concatenate(ages)
    changed = np.mean(ages > 0)
    assert abs(changed - 0.5) < 0.1
    # A slot is overwritten with the chance 1 / 32 an image: about 32 images, 4 steps.
    assert 3.0 < ages[ages > 0].mean() < 5.5


@pytest.mark.parametrize("label", ["ints", "mixtures"])
def test_labels_of_the_pool(label):
    stage = augment.Replay(size=4, share=1.0)
    stage.build_for((2, 2, 1), 3)
    mixtures = np.random.default_rng(0).dirichlet(np.ones(3), 4).astype("float32")
    given = mixtures if label == "mixtures" else np.array([0, 1, 2, 2])
    expected = mixtures if label == "mixtures" else np.eye(3, dtype="float32")[given]
    fake = tf.constant(pictures(4, (2, 2, 1)))
    mixed, _ = stage.mix({"label": tf.constant(given)}, fake, draws(4))
    np.testing.assert_allclose(mixed["fake_label"], expected)
    np.testing.assert_allclose(stage.labels, expected)


def test_share_zero_shows_every_fake_and_share_one_no_new_one():
    never, always = augment.Replay(4, 0.0), augment.Replay(4, 1.0)
    for stage in (never, always):
        stage.build_for((2, 2, 1))
    first = pictures(4, (2, 2, 1))
    for stage in (never, always):
        stage.mix({}, tf.constant(first), draws(4))
    second = pictures(4, (2, 2, 1), seed=5)
    batch, shown = never.mix({}, tf.constant(second), draws(4, 1))
    np.testing.assert_array_equal(shown, second)
    np.testing.assert_array_equal(never.images, first)
    assert "fake_label" not in batch
    _, shown = always.mix({}, tf.constant(second[:1]), draws(1, 1))
    assert any(np.array_equal(shown[0], old) for old in first)


def test_replay_gives_the_generator_no_gradient():
    stage, fake = augment.Replay(4), tf.constant(pictures(4, (2, 2, 1)))
    stage.build_for((2, 2, 1))
    with tf.GradientTape() as tape:
        tape.watch(fake)
        shown = stage.mix({}, fake, draws(4))[1]
    assert tape.gradient(shown, fake) is None


def replay_run(stage, steps, wrap):
    @wrap
    def step_of(step, fake, label):
        batch, shown = stage.mix({"label": label}, fake, random.Draws(7, step, 8))
        return shown, batch["fake_label"]

    out = []
    for step in range(steps):
        fake, label = numbered(step)
        out.append(step_of(tf.constant(step, tf.int64), tf.constant(fake), tf.constant(label)))
    return [np.stack(values) for values in zip(*out, strict=True)]


def test_replay_compiles():
    results = []
    for wrap in (lambda f: f, tf.function(jit_compile=True, autograph=False)):
        stage = augment.Replay(6)
        stage.build_for((2, 2, 1), 3)
        results.append([*replay_run(stage, 4, wrap), stage.images.numpy()])
    for plain, compiled in zip(*results, strict=True):
        np.testing.assert_array_equal(plain, compiled)


def test_two_replicas_share_one_pool(mirrored):
    with mirrored.scope():
        stage, apa = augment.Replay(6), augment.APA(initial_p=0.5)
        stage.build_for((2, 2, 1), 3)

    @tf.function(autograph=False)
    def step_of(step, fake, label):
        def on_replica():
            context = tf.distribute.get_replica_context()
            rows = tf.range(4) + 4 * context.replica_id_in_sync_group
            mine = random.Draws(7, step, 4)
            batch = {"label": tf.gather(label, rows), "image": tf.zeros((4, 2, 2, 1))}
            batch, shown = stage.mix(batch, tf.gather(fake, rows), mine)
            mixed, _ = apa.mix(batch, tf.gather(fake, rows), mine)
            return shown, batch["fake_label"], mixed["image"]

        return mirrored.run(on_replica)

    one, alone = augment.Replay(6), augment.APA(initial_p=0.5)
    one.build_for((2, 2, 1), 3)
    for step in range(4):
        fake, label = map(tf.constant, numbered(step))
        parts = step_of(tf.constant(step, tf.int64), fake, label)
        parts = [tf.concat(mirrored.experimental_local_results(part), 0) for part in parts]
        batch = {"label": label, "image": tf.zeros((8, 2, 2, 1))}
        batch, shown = one.mix(batch, fake, draws(step=step))
        np.testing.assert_array_equal(parts[0], shown)
        np.testing.assert_array_equal(parts[1], batch["fake_label"])
        mixed, _ = alone.mix(batch, fake, draws(step=step))
        np.testing.assert_array_equal(parts[2], mixed["image"])
    for copy in mirrored.experimental_local_results(stage.images.value):
        np.testing.assert_array_equal(copy, one.images)


def test_pool_is_made_once_and_before_use():
    stage = augment.Replay(4)
    with pytest.raises(ValueError, match="build_for"):
        stage.mix({}, tf.zeros((2, 2, 2, 1)), draws(2))
    stage.build_for((2, 2, 1))
    images = stage.images
    stage.build_for((2, 2, 1))
    assert stage.images is images and stage.labels is None
    with pytest.raises(ValueError, match="new Replay"):
        stage.build_for((4, 4, 1))
    for arguments in ({"size": 0}, {"size": 2.5}, {"share": 1.5}):
        with pytest.raises(ValueError, match=next(iter(arguments))):
            augment.Replay(**arguments)


# === Chains, names, saving ===


def test_chain_is_its_stages_in_order():
    x = tf.constant(pictures())
    stages = [augment.DiffAugment("cutout"), augment.Flip(), augment.DiffAugment("translation")]
    chain, expected = augment.Chain(stages), x
    for i, stage in enumerate(stages):
        expected = stage(expected, draws().at(f"stage_{i}"))
    np.testing.assert_array_equal(chain(x, draws()), expected)
    assert not chain.CONTROLLED and [type(s) for s in chain.stages] == [type(s) for s in stages]


def test_equal_stages_draw_apart():
    x = tf.constant(pictures(64, (4, 4, 1)))
    twice = augment.Chain(["flip", "flip"])(x, draws(64))
    changed = np.any(twice != x, axis=(1, 2, 3)).mean()
    assert 0.2 < changed < 0.8


@pytest.mark.parametrize("mixtures", [False, True])
def test_pseudo_real_images_bring_their_label(mixtures):
    """Fakes are 1 and of class 2, real images 0 and of class 1."""
    stage = augment.APA(initial_p=0.5)
    asked = tf.fill([64], 2) if not mixtures else tf.one_hot(tf.fill([64], 2), 3)
    batch = {"image": tf.zeros((64, 2, 2, 1)), "label": tf.fill([64], 1), "fake_label": asked}
    mixed, _ = stage.mix(batch, tf.ones((64, 2, 2, 1)), draws(64))
    taken = mixed["image"].numpy()[:, 0, 0, 0]
    label = np.argmax(mixed["label"], -1) if mixtures else mixed["label"].numpy()
    assert 0.2 < taken.mean() < 0.8
    np.testing.assert_array_equal(label, 1 + taken)


def test_replay_keeps_the_labels_asked_for():
    stage = augment.Replay(size=4, share=0.0)
    stage.build_for((2, 2, 1), 3)
    batch = {"label": tf.zeros(4, tf.int32), "fake_label": tf.constant([0, 1, 2, 2])}
    mixed, _ = stage.mix(batch, tf.constant(pictures(4, (2, 2, 1))), draws(4))
    np.testing.assert_array_equal(np.argmax(mixed["fake_label"], -1), [0, 1, 2, 2])


def test_chain_passes_everything_on():
    chain = augment.get(
        ["color", {"name": "ada", "every": 1}, "apa", {"name": "replay", "size": 4}]
    )
    assert chain.CONTROLLED
    chain.build_for((4, 4, 1), 3)
    chain.observe(game(signs(1)))
    assert float(chain.stage_1.p) == np.float32(64 / 500_000)
    assert float(chain.stage_2.observed) == 1
    batch = {"image": tf.constant(pictures()), "label": tf.range(8) % 3}
    mixed, _ = chain.mix(batch, tf.constant(pictures(seed=1)), draws())
    assert mixed["fake_label"].shape == (8, 3) and int(chain.stage_3.filled) == 4


@pytest.mark.parametrize("name", list(AUGMENTATIONS))
def test_every_name(name):
    stage = augment.get(name)
    assert isinstance(stage, augment.Augmentation)
    stage.build_for((8, 8, 3), 2)
    saved = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(stage))
    for copy in (saved, augment.get(stage), type(stage).from_config(stage.get_config())):
        assert type(copy) is type(stage) and copy is not stage
        assert copy.get_config() == stage.get_config()
    x = tf.constant(pictures(8, (8, 8, 3)))
    assert stage(x, draws()).shape == x.shape
    batch, fake = stage.mix({"image": x, "label": tf.range(8) % 2}, x, draws())
    assert batch["image"].shape == fake.shape == x.shape
    stage.observe(game(signs(1)))


def test_what_get_accepts():
    assert augment.get(None) is None and augment.get([]) is None and augment.get([None]) is None
    assert augment.get("color,translation").words == ("color", "translation")
    assert augment.get("cutout").words == ("cutout",)
    assert augment.get({"name": "diff_augment", "policy": "color"}).words == ("color",)
    chain = augment.get(("flip", "color,cutout", None, {"name": "ada", "kimg": 100}))
    assert [type(stage).__name__ for stage in chain.stages] == ["Flip", "DiffAugment", "ADA"]
    again = augment.get(chain)
    assert again.get_config() == chain.get_config() and again.stage_2 is not chain.stage_2
    assert again.stage_2.kimg == 100
    for wrong, message in (
        ("adda", "Unknown augmentation 'adda'.*'ada'"),
        ("color,flop", "Unknown word 'flop'"),
        ({"name": "ada", "kimgs": 1}, "no argument 'kimgs'.*'kimg'"),
        (3, "Cannot read augmentation 3"),
    ):
        with pytest.raises(ValueError, match=message):
            augment.get(wrong)


@keras.saving.register_keras_serializable(package="tests_augment")
class Holder(keras.Model):
    """A model with an augmentation, as `compile` holds it."""

    def __init__(self, spec, **kwargs):
        super().__init__(**kwargs)
        self.augment = augment.get(spec)
        self.augment.build_for((2, 2, 1), 3)
        self.built = True

    def get_config(self):
        return {"spec": keras.saving.serialize_keras_object(self.augment)}


SPECS = (
    {"name": "ada", "every": 3},
    "apa",
    {"name": "replay", "size": 3},
    ["color", {"name": "ada", "every": 3}, {"name": "replay", "size": 3}],
)


def lived(spec):
    holder = Holder(spec)
    fake, label = map(tf.constant, numbered(1))
    for step in range(5):
        holder.augment.observe(game(signs(1)))
        holder.augment.mix({"image": fake, "label": label}, fake, draws(step=step))
    values = [v.numpy() for v in holder.augment.variables]
    assert len(values) >= 3 and all(np.any(v != 0) for v in values)
    return holder, values


@pytest.mark.parametrize("spec", SPECS)
def test_state_survives_both_formats(spec, tmp_path):
    holder, values = lived(spec)
    holder.save(tmp_path / "holder.keras")
    loaded = keras.saving.load_model(tmp_path / "holder.keras")
    assert loaded.augment.get_config() == holder.augment.get_config()
    path = tf.train.Checkpoint(model=holder).save(str(tmp_path / "checkpoint"))
    restored = Holder(spec)
    tf.train.Checkpoint(model=restored).restore(path).assert_existing_objects_matched()
    for copy in (loaded, restored):
        assert len(copy.augment.variables) == len(values)
        for variable, value in zip(copy.augment.variables, values, strict=True):
            np.testing.assert_array_equal(variable, value)
    assert not holder.augment.trainable_variables


def test_flip_is_an_augmentation():
    assert issubclass(augment.Flip, augment.Augmentation) and not augment.Flip().CONTROLLED
