"""The doctor's rules on scripted numbers: each is found where it is, and nothing else is."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from tfgan_models import analysis, presets
from trainers import config, run
from trainers.data.source import ArraySource
from trainers.data.subset import Subset
from trainers.doctor import baseline, checks, probe
from trainers.doctor.conditions import CONDITIONS
from trainers.doctor.ledger import Ledger, Reading
from trainers.doctor.limits import LIMITS, limit
from trainers.doctor.probe import Sample
from trainers.doctor.suggestions import Suggestions, parse
from trainers.doctor.watch import StepWatch

FACTS = checks.Facts(total=1000, grace=500, every=100, centered=True, momentum=0.9)


def reading(value, name="mode_collapse", bound=0.3, low=True, **details):
    beyond = value < bound if low else value > bound
    return Reading(name, value, bound, beyond, low, {"what": "Seen", **details})


def told(ledger, values, name="mode_collapse"):
    """States told at each of the checks."""
    rows = [ledger.note(100 * i, [reading(v, name)]) for i, v in enumerate(values)]
    return [[row["state"] for row in found] for found in rows]


# === When it speaks ===


def test_three_checks_in_a_row_are_needed_and_it_is_said_once():
    ledger = Ledger(lambda name, details: "--steps=1")
    states = told(ledger, [0.1, 0.1, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    assert states == [[], [], [], [], [], ["found"], [], []]
    assert ledger.is_found("mode_collapse") and ledger.since("mode_collapse") == 300


def test_it_is_said_again_when_it_worsens_or_stays_and_when_it_is_gone():
    ledger = Ledger(lambda name, details: "--steps=1")
    assert told(ledger, [0.2, 0.2, 0.2, 0.15, 0.09])[-1] == ["found"]
    assert told(ledger, [0.09] * 8)[-1] == ["found"]
    assert told(ledger, [0.5, 0.1, 0.5, 0.5, 0.5]) == [[], [], [], [], ["gone"]]
    assert ledger.summary() == []


def test_causes_come_before_consequences():
    ledger = Ledger(lambda name, details: "--steps=1")
    coverage = reading(0.9, "partial_collapse", 0.35, low=False, starved=9, groups=20)
    overfitted = reading(0.9, "overfitting", 0.5, low=False, train=1.0, held_out=-0.8, fake=-1.0)
    for step in range(3):
        rows = ledger.note(step, [coverage, reading(0.1), overfitted])
    assert [row["name"] for row in rows] == ["overfitting", "mode_collapse", "partial_collapse"]
    assert [row["because_of"] for row in rows] == [None, "overfitting", "overfitting"]
    assert [row["name"] for row in ledger.summary()][0] == "overfitting"


def test_the_ledger_goes_on_from_its_state():
    values = [0.1, 0.1, 0.1, 0.04, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1]
    whole = told(Ledger(lambda name, details: "--steps=1"), values)
    for stop in range(len(values)):
        first, second = (Ledger(lambda name, details: "--steps=1") for _ in range(2))
        states = told(first, values[:stop])
        second.restore(json.loads(json.dumps(first.state())))
        assert states + told(second, values[stop:]) == whole


def test_rows_hold_what_the_report_reads():
    ledger = Ledger(lambda name, details: "--steps=1")
    row = ledger.note(7, [Reading("not_finite", float("nan"), 0.0, True, details={"what": "X"})])[0]
    assert list(row) == [
        "step",
        "name",
        "title",
        "value",
        "limit",
        "message",
        "meaning",
        "suggestion",
        "severity",
        "state",
        "because_of",
    ]
    assert row["value"] is None and row["message"] == "X."
    assert json.loads(json.dumps(row)) == row


def test_the_table_of_conditions_is_whole():
    for name, condition in CONDITIONS.items():
        assert condition.severity in ("error", "warning", "note"), name
        assert set(condition.causes) <= set(CONDITIONS) - {name}
        assert hasattr(Suggestions, f"_{name}")
    assert all(entry.source and entry.date for entry in LIMITS.values())


# === What a check judges ===


@pytest.fixture(scope="module")
def source():
    """2,000 points of ten classes in 16x16 pictures: a bump whose place and size vary."""
    generator = np.random.default_rng(0)
    labels = (np.arange(2000) % 10).astype(np.int32)
    return ArraySource(
        "bumps", bumps(labels, generator), labels=labels, class_names=list("abcdefghij")
    )


def bumps(labels, generator):
    """Float images (n, 16, 16, 1): classes differ in angle, images in place and width."""
    rows, columns = np.indices((16, 16)) - 7.5
    angle = np.asarray(labels) * 0.2 * np.pi
    y = 4.0 * np.sin(angle) + generator.normal(0.0, 1.0, len(labels))
    x = 4.0 * np.cos(angle) + generator.normal(0.0, 1.0, len(labels))
    width = generator.uniform(2.0, 5.0, len(labels))
    square = (rows - y[:, None, None]) ** 2 + (columns - x[:, None, None]) ** 2
    return (2.0 * np.exp(-square / width[:, None, None]) - 1.0)[..., None].astype("float32")


@pytest.fixture(scope="module")
def reals(source):
    found = baseline.Reals(source, points=False)
    found.measure()
    return found


def sample(step=600, seed=1, **fields):
    """What a healthy generator would show."""
    generator = np.random.default_rng(seed)
    fakes = bumps(generator.integers(0, 10, 256), generator)
    table = bumps(np.tile(np.arange(10), 16), generator).reshape(16, 10, 16, 16, 1)
    normal = generator.normal
    seen = Sample(
        step,
        fakes,
        train_logits=normal(1.0, 1.0, 256),
        fake_logits=normal(-1.0, 1.0, 256),
        held_out_logits=normal(0.9, 1.0, 256),
        gaps={"under noise": (2.0, 1.9)},
        slope=1.2,
        modes={"Pictures": (fakes[:64], fakes[:64] + 0.01, fakes[64:128])},
        channels={"relu": (np.ones(10), np.ones(10), True)},
        table=table,
        augment_p=0.3,
        spots=fakes[:64].ravel()[::16],
        weights=normal(size=100),
    )
    return dataclasses.replace(seen, **fields)


def judged(reals, fields=lambda i: {}, facts=FACTS, count=6):
    """Names found by a ledger over several checks, the causes first."""
    held_out = baseline.thumbnails(bumps(np.arange(200) % 10, np.random.default_rng(5)))
    rules = checks.Checks(reals, facts, baseline.references(reals.source), held_out)
    ledger = Ledger(lambda name, details: "--steps=1")
    for i in range(count):
        seen = sample(500 + 100 * i, seed=i + 1, **fields(i))
        ledger.note(seen.step, rules.readings(seen, 1e-3))
    return [row["name"] for row in ledger.summary()]


def test_a_healthy_run_is_silent(reals):
    assert judged(reals) == []


def _fakes(i, change):
    fakes = change(sample(seed=i + 1).fakes)
    modes = {"Pictures": (fakes[:64], fakes[:64] + 0.01, fakes[64:128])}
    return {"fakes": fakes, "modes": modes}


COPIES = np.random.default_rng(3).normal(0.0, 0.02, (256, 16, 16, 1)).astype("float32")
GRID = 0.3 * ((np.indices((16, 16)).sum(0) % 2)[..., None] - 0.5).astype("float32")
BROKEN = {
    "sample_range": lambda i: _fakes(i, lambda x: 0.5 + 0.5 * x),
    "mode_collapse": lambda i: _fakes(i, lambda x: np.repeat(x[:8], 32, axis=0) + COPIES),
    "checkerboard": lambda i: _fakes(i, lambda x: x + GRID),
    "d_too_strong": lambda i: {
        "held_out_logits": np.full(256, 9.0),
        "train_logits": np.full(256, 9.0),
        "fake_logits": np.full(256, -9.0),
        "slope": 1e-3,
    },
    "format_leak": lambda i: {
        "train_logits": np.full(256, 9.0),
        "held_out_logits": np.full(256, 9.0),
        "fake_logits": np.full(256, -9.0),
        "gaps": {"under noise": (18.0, 3.0)},
    },
    "overfitting": lambda i: {"held_out_logits": sample(seed=i + 40).fake_logits + 0.3},
    "label_ignored": lambda i: {"table": np.repeat(sample(seed=i).table[:, :1], 10, axis=1)},
    "latent_ignored": lambda i: {"table": np.repeat(sample(seed=i).table[:1], 16, axis=0)},
    "batch_norm": lambda i: {
        "modes": {"Pictures": (sample().fakes[:64], -sample().fakes[:64], sample().fakes[:64])}
    },
    "dead_channels": lambda i: {
        "channels": {"relu": (np.r_[np.zeros(4), np.ones(6)], np.ones(10), True)}
    },
    "augment_saturated": lambda i: {"augment_p": 0.95},
    "stalled": lambda i: {"spots": sample().spots, "weights": sample().weights},
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_condition_is_named_and_no_other(reals, name):
    found = judged(reals, BROKEN[name])
    # Half the range of values is a quarter of the variance too, which is said second.
    assert found == ["sample_range", "mode_collapse"] if name == "sample_range" else [name]


@pytest.mark.parametrize("name", ["sample_range", "mode_collapse"])
def test_what_the_statistics_of_batch_norm_do_to_varied_pictures_is_not_the_generators(reals, name):
    def fields(i):
        inference, trained = BROKEN[name](i)["fakes"], sample(seed=i + 1).fakes
        half_other = np.concatenate([trained[:32], trained[64:96]])
        modes = {"Pictures": (trained[:64], inference[:64], half_other)}
        return {"fakes": inference, "modes": modes}

    found = judged(reals, fields)
    assert found[0] == "batch_norm" and name not in found


def test_a_leak_explains_a_strong_discriminator(reals):
    both = {**BROKEN["d_too_strong"](0), **BROKEN["format_leak"](0)}
    assert judged(reals, lambda i: both) == ["format_leak", "d_too_strong"]
    # Three pairs of four told apart: what is left is too little to speak of.
    close = {"train_logits": np.arange(256) % 4, "fake_logits": np.arange(256) % 4 - 1.5}
    assert judged(reals, lambda i: {**BROKEN["format_leak"](i), **close}) == []


def test_held_out_images_are_mixed_as_training_batches_are():
    """Batch norm scores a batch of one class otherwise."""
    settings, source = run.prepare(config.resolve("cgan_tiny", {"data.held_out": 0.2}))
    assert np.all(np.diff(source.held_out.labels) >= 0)
    reals = baseline.Reals(source, False)
    _, labels = probe.Probe(run.build(settings), reals, 64).held_out
    run_length = analysis.diagnosis.longest_run(labels)
    assert run_length < 3.0 * analysis.diagnosis.expected_run(labels)


def test_the_average_is_asked_in_training_mode_though_it_is_frozen():
    settings, source = run.prepare(
        config.resolve("dcgan_tiny", {"compile.ema_half_life_images": 100})
    )
    model = run.build(settings)
    norms = [x for x in probe.layers_of(model.ema_generator) if hasattr(x, "moving_mean")]
    for layer in norms:
        layer.moving_mean.assign(layer.moving_mean + 5.0)
    before = [v.numpy() for v in model.ema_generator.variables]
    reals = baseline.Reals(source, False)
    reals.measure()
    looks = probe.Probe(model, reals, 16)
    # 432 images are 4.32 half-lives, which leave 5 %.
    assert list(looks.sample(26, 0).modes) == ["Pictures"]
    (raw, _, _), (average, inference, _) = looks.sample(28, 0).modes.values()
    # Before the first step the average has the generator's weights.
    np.testing.assert_allclose(average, raw, atol=1e-5)
    assert np.abs(average - inference).max() > 0.1
    assert norms and not any(layer.trainable for layer in norms)
    after = [v.numpy() for v in model.ema_generator.variables]
    assert all(map(np.array_equal, before, after))


def test_copies_and_missing_classes_are_named(reals):
    copies = reals.source.gather(np.arange(256))["image"].numpy()
    assert "memorised" in judged(reals, lambda i: {"fakes": copies})
    generator = np.random.default_rng(0)

    def few(i):
        return {"fakes": bumps(generator.integers(0, 5, 256), generator)}

    assert judged(reals, few) == ["partial_collapse"]


def test_grey_pictures_of_a_young_generator_are_no_collapse(reals):
    def grey(i):
        return {"fakes": 0.01 * sample(seed=i).fakes, "spots": sample(seed=i).spots * 0.01}

    young = dataclasses.replace(FACTS, total=10_000)
    assert judged(reals, grey, young) == []
    assert judged(reals, grey) == ["flat_samples"]  # half of the run is over


def test_nothing_is_judged_in_the_period_of_grace(reals):
    late = dataclasses.replace(FACTS, grace=10_000)
    assert judged(reals, BROKEN["mode_collapse"], late) == []


def test_signs_are_counted_only_where_zero_is_a_border(reals):
    free = dataclasses.replace(FACTS, centered=False)
    assert judged(reals, BROKEN["d_too_strong"], free) == []
    assert judged(reals, BROKEN["format_leak"], free) == []
    assert judged(reals, BROKEN["overfitting"], free) == ["overfitting"]


def test_few_held_out_images_say_nothing(reals):
    def fields(i):
        return {"held_out_logits": np.full(20, -1.0)}

    assert judged(reals, fields) == []


def test_a_schedule_at_its_end_is_no_stall(reals):
    rules = checks.Checks(reals, dataclasses.replace(FACTS, generator_rate=1.0))
    names = []
    for i in range(6):
        readings = rules.readings(sample(500 + 100 * i, **BROKEN["stalled"](i)), 1e-4)
        names += [r.name for r in readings if r.beyond]
    assert "stalled" not in names


# === Data ===


def names_beyond(readings):
    return {r.name for r in readings if r.beyond}


def data_findings(source, change, num_classes=10):
    images = change(source.gather(np.arange(source.num_examples))["image"].numpy())
    changed = ArraySource("changed", images, labels=source.labels, class_names=source.class_names)
    return names_beyond(baseline.Reals(changed, False).data_readings(num_classes))


def _blank(images):
    images = images.copy()
    images[::20] = -1.0
    return images


def test_data_checks(source):
    assert data_findings(source, lambda x: x) == set()
    assert data_findings(source, lambda x: (x + 1.0) * 127.5) == {"value_range"}
    assert data_findings(source, lambda x: (x + 1.0) / 2.0) == {"value_range"}
    assert data_findings(source, _blank) == {"blank_images"}
    assert data_findings(source, lambda x: x[np.arange(2000) // 2]) == {"repeated_images"}
    assert data_findings(source, lambda x: x, num_classes=9) == {"labels"}
    assert data_findings(source, lambda x: x, num_classes=12) == {"class_balance"}


def test_label_law_compares_uniform_fakes_with_the_data():
    labels = np.repeat(np.arange(4), [1000, 1000, 1000, 200])
    found = baseline.law_reading(labels, 4)
    # |5/16 - 1/4| three times and |1/16 - 1/4| once, halved.
    assert found.beyond and found.name == "label_law"
    np.testing.assert_allclose(found.value, 0.1875)
    few = baseline.law_reading(np.repeat(np.arange(4), [10, 10, 10, 2]), 4)
    assert not few.beyond and few.value == found.value  # chance alone does as much
    assert not baseline.law_reading(np.repeat(np.arange(4), 1000), 4).beyond


def test_label_law_is_only_read_where_fakes_are_uniform(source):
    skewed = Subset(source, np.flatnonzero((source.labels < 3) | (np.arange(2000) % 7 == 0)))
    reals = baseline.Reals(skewed, False)
    assert names_beyond(reals.data_readings(10)) == set()
    assert names_beyond(reals.data_readings(10, uniform_fakes=True)) == {"label_law"}
    # Labels that no model can read are named alone.
    assert names_beyond(reals.data_readings(9, uniform_fakes=True)) == {"labels"}


def test_class_balance_is_about_large_ratios():
    counts = np.repeat(np.arange(3), [10, 100, 100])
    assert not baseline.label_reading(counts, 3).beyond
    counts = np.repeat(np.arange(3), [4, 100, 100])
    found = baseline.label_reading(counts, 3)
    assert found.beyond and found.name == "class_balance" and found.value == 25.0


def test_order_of_the_batches(source):
    from trainers import data

    mixed = data.pipeline(source, batch_size=64, seed=0)
    assert names_beyond(baseline.order_readings(mixed, 64, 2000)) == set()
    ordered = ArraySource(
        "ordered",
        source._images,
        labels=np.sort(source.labels),
        class_names=source.class_names,
    )
    plain = data.pipeline(ordered, batch_size=64, seed=0, shuffle=False)
    assert names_beyond(baseline.order_readings(plain, 64, 2000)) == {"unshuffled"}
    same = plain.take(1).repeat()
    assert "stuck_pipeline" in names_beyond(baseline.order_readings(same, 64, 2000))
    assert "stuck_pipeline" not in names_beyond(baseline.order_readings(same, 64, 64))


# === Steps ===


def watched(series, unbounded=False, first=1):
    """Names beyond the limit after a series of steps, urgent ones from any step on."""
    watch, found = StepWatch(unbounded), set()
    for step, values in enumerate(series, start=first):
        watch.update(step, values)
        if step % 25 == 0:
            found |= names_beyond(watch.urgent())
    return found | names_beyond(watch.cycles(1))


def steps(count, seed=0, **fields):
    """Logs of a healthy run of `count` steps; fields are functions of the step."""
    generator = np.random.default_rng(seed)
    for step in range(count):
        noise = generator.normal(0.0, 0.2, 4)
        values = {"d_loss": 1.2, "g_loss": 1.0, "d_real": 0.5, "d_fake": -0.5}
        values = {k: v + n for (k, v), n in zip(values.items(), noise, strict=True)}
        yield {**values, **{k: f(step, values.get(k, 0.0)) for k, f in fields.items()}}


def test_steps_of_a_healthy_run_are_silent():
    penalty = {"r1": lambda step, _: 0.1 + 0.01 * np.sin(step)}
    assert watched(steps(2500, **penalty)) == set()
    # A penalty that grows from nothing in the first steps is usual.
    growing = {"r1": lambda step, _: 1.0 - np.exp(-step / 50.0)}
    assert watched(steps(1000, **growing)) == set()


def test_divergence_and_its_start_up():
    explode = {"g_loss": lambda step, old: old * 1.03 ** max(0, step - 500)}
    assert watched(steps(800, **explode)) == {"divergence"}
    spike = {"g_loss": lambda step, old: 1e6 if step % 100 < 20 else old}
    assert watched(steps(1000, **spike)) == set()
    early = {"g_loss": lambda step, old: 1e6 if step < 150 else old}
    assert watched(steps(1000, **early)) == set()


def test_an_offset_of_the_logits_matters_only_where_zero_does():
    drifted = {"d_real": lambda s, old: old + 2e3, "d_fake": lambda s, old: old + 2e3}
    assert watched(steps(600, **drifted)) == {"divergence"}
    assert watched(steps(600, **drifted), unbounded=True) == set()
    apart = {"d_real": lambda s, old: old + 2e3}
    assert watched(steps(600, **apart), unbounded=True) == {"divergence"}


def test_an_exploding_penalty():
    jump = {"r1": lambda step, _: 0.1 if step < 600 else 50.0}
    assert watched(steps(900, **jump)) == {"exploding_penalty"}
    lazy = {"lecam": lambda step, _: 1e9 if step > 600 else 1.0}
    assert watched(steps(900, **lazy)) == set()


@pytest.mark.parametrize(("loss", "rate"), [("minimax", 0.2), ("wasserstein", 0.1)])
def test_dirac_games_oscillate(loss, rate):
    """Alternating descent circles; simultaneous Wasserstein descent diverges instead."""
    track = analysis.play(analysis.dirac_gan(loss), (1.0, 1.0), 400, rate, "alternating")
    gap = track[:, 0] * track[:, 1]
    logs = [{"d_loss": 1.0, "g_loss": 1.0, "d_real": 0.0, "d_fake": -g} for g in gap]
    assert watched(logs) == {"oscillation"}
    assert watched(logs[::10] * 1) == set()  # too short a window to tell


def test_slow_cycles_are_found_in_the_coarse_series():
    wave = {"d_real": lambda step, old: old + 2.0 * np.sin(2.0 * np.pi * step / 350.0)}
    watch = StepWatch(False)
    for step, values in enumerate(steps(2200, **wave), start=1):
        watch.update(step, values)
    found = watch.cycles(1)[0]
    assert found.beyond and found.details["period"] == pytest.approx(350, abs=20)


def test_the_watch_goes_on_from_its_state():
    fields = {"r1": lambda step, _: 0.1 * 1.01**step}
    logs = list(steps(700, **fields))
    whole, first, second = (StepWatch(False) for _ in range(3))
    for step, values in enumerate(logs, start=1):
        whole.update(step, values)
        (first if step <= 333 else second).update(step, values)
        if step == 333:
            second.restore(json.loads(json.dumps(first.state())))
    assert second.state() == whole.state()


# === What it suggests ===

DETAILS = {"layer": "generator/relu", "held": "; stale", "momentum": 0.999}


@pytest.mark.parametrize(
    ("preset", "overrides"),
    [
        ("dcgan_tiny", {}),
        ("cgan_tiny", {}),
        ("gan_tiny", {"compile.loss": "minimax"}),
        ("dcgan_tiny", {"compile.loss": "wasserstein", "compile.augment": "flip"}),
        ("cgan_tiny", {"compile.penalties": [{"name": "r1", "gamma": 100.0}]}),
        ("gan_tiny", {"compile.augment": {"name": "ada", "pipeline": "blit"}}),
    ],
)
def test_every_suggestion_is_a_setting_of_this_library(preset, overrides):
    settings = config.resolve(preset, overrides)
    suggest = Suggestions(settings, run.build(settings))
    built, in_words = {}, set()
    for name in CONDITIONS:
        text = suggest(name, DETAILS)
        wanted = parse(text)
        if "--" in text and name != "labels":
            assert wanted, text
        for path, value in wanted.items():
            changed = config.resolve(preset, {**overrides, path: value})
            assert changed != settings, text
            built[text] = changed
        if not wanted:
            in_words.add(name)
    for changed in built.values():
        if changed.recipe.family == settings.recipe.family and "data" not in str(changed):
            run.build(changed)
    assert in_words <= {
        "value_range",
        "stuck_pipeline",
        "unshuffled",
        "labels",
        "class_balance",
        "blank_images",
        "repeated_images",
        "label_ignored",
        "checkerboard",
        "batch_norm",
    }


def test_suggestions_follow_what_the_run_has():
    def suggest(name, preset="dcgan_tiny", **overrides):
        values = {k.replace("__", "."): v for k, v in overrides.items()}
        settings = config.resolve(preset, values)
        return Suggestions(settings, run.build(settings))(name, DETAILS)

    assert suggest("overfitting") == "--set=compile.augment=ada"
    assert "color" in suggest("overfitting", compile__loss="wasserstein")
    assert "lecam" in suggest("overfitting", compile__augment="ada")
    assert suggest("d_too_strong", compile__loss="minimax") == "--set=compile.loss=non_saturating"
    assert "relativistic" in suggest("mode_collapse")  # R1 and batch norm exclude each other
    assert '"r1"' in suggest("mode_collapse", "gan_tiny")
    r1 = [{"name": "r1", "gamma": 0.01, "every": 1}]
    assert '"gamma": 0.1' in suggest("mode_collapse", "gan_tiny", compile__penalties=r1)
    assert "clipping" in suggest("divergence", compile__loss="wasserstein")
    assert "gradient_penalty" in suggest("divergence", "gan_tiny", compile__loss="wasserstein")
    assert suggest("not_finite", precision="mixed_float16") == "--precision=mixed_bfloat16"
    assert limit("overfitting") == 0.5


def test_presets_name_no_held_out_images_of_their_own():
    assert all("held_out" not in preset.data for preset in presets.PRESETS.values())
