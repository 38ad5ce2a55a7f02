"""The doctor in a run: when it looks, what it keeps in checkpoints, how it speaks and acts."""

from __future__ import annotations

import json
import os
import sys

import numpy as np
import tensorflow as tf

from tfgan_models.core.gan import GAN
from trainers import callbacks, pictures
from trainers.doctor import baseline, checks, probe
from trainers.doctor.conditions import CONDITIONS
from trainers.doctor.ledger import Ledger, Reading
from trainers.doctor.limits import limit
from trainers.doctor.suggestions import Suggestions, learning_rate
from trainers.doctor.watch import StepWatch
from trainers.errors import DoctorStop

FINDINGS = "doctor.jsonl"
STATE = "doctor.json"
_GRACE = 500
_URGENT_EVERY = 25
_NEEDS_HELD_OUT = (
    "doctor: overfitting and copies of training images cannot be checked without held-out images: "
    "--set=data.held_out=0.05"
)


class DoctorCallback(callbacks.RunCallback):
    """Watches a run; writes findings to doctor.jsonl and to the standard error.

    Its state is in every checkpoint, so that a resumed run finds what an uninterrupted one
    does. It draws none of the run's random numbers and leaves every variable as it was.

    Args:
        config: The run's `trainers.config.Config`.
        source: The training data; `held_out` images are used where there are any.
        rows: The run's `Rows`, which comes before.
        checkpoints: The run's `Checkpoints`.
        workdir: The run directory.
        chief: Whether this process looks and speaks.

    Raises (from its hooks):
        DoctorStop: An error was found and run.doctor is "stop" or "roll_back".
    """

    def __init__(self, config, source, rows, checkpoints, workdir, chief=True):
        super().__init__(config.recipe.steps)
        self.config, self.source, self.rows = config, source, rows
        self.checkpoints, self.chief = checkpoints, chief
        self.path, self.action = os.path.join(workdir, FINDINGS), config.run["doctor"]
        self._checks = self._probe = None
        self._looked = 0
        self._open = False

    def on_train_begin(self, logs=None):
        """Takes the state of the restored checkpoint, or looks at the data."""
        super().on_train_begin(logs)
        if not self.chief:
            return
        if not isinstance(self.model, GAN):
            print("doctor: it knows nothing of this family, so it is silent", file=sys.stderr)
            return
        self._set_up()
        # Read before Keras resets the means; `Rows` puts them back.
        self._totals = self.model.log_means.totals.numpy()
        text = self.checkpoints.read_extra(self.first, STATE) if self.first else None
        self.checkpoints.extras[STATE] = lambda: json.dumps(self._state())
        self._open = True
        if text is not None:
            callbacks.truncate_rows(self.path, self.first)
            self._restore(json.loads(text))
            return
        if tf.io.gfile.exists(self.path):
            tf.io.gfile.remove(self.path)
        self._tell(self.first, self._first_readings())

    def _set_up(self):
        model, run, together = self.model, self.config.run, self.model.steps_per_execution
        self._every = _multiple(run["doctor_every"], together)
        self._urgent_every = _multiple(_URGENT_EVERY, together)
        loss = model.adversarial_loss
        self.watch = StepWatch(loss.UNBOUNDED)
        self.ledger = Ledger(Suggestions(self.config, model))
        epoch = self.source.num_examples // (self.config.recipe.batch_size * model.d_steps)
        self.facts = checks.Facts(
            total=self.total,
            grace=max(_GRACE, epoch, self.total // 10),
            every=self._every,
            centered=bool(loss.CENTERED),
            momentum=_momentum(model.generator),
            generator_rate=learning_rate(model.generator_optimizer),
        )
        self.reals = baseline.Reals(self.source.whole, pictures.is_points(model.image_shape))

    def _first_readings(self) -> list[Reading]:
        from trainers import data

        batch, steps = self.config.recipe.batch_size, self.model.d_steps
        dataset = data.pipeline(self.source, batch_size=batch, seed=self.config.seed, d_steps=steps)
        uniform = self.model.fake_labels == "uniform"
        readings = self.reals.data_readings(self.model.num_classes, uniform)
        readings += baseline.order_readings(dataset, batch * steps, self.source.num_examples)
        half_life = self.model.ema_half_life_images
        if half_life:
            images, bound = batch * self.total, limit("initial_share")
            left = 0.5 ** (images / half_life)
            readings.append(Reading("ema_lag", left, bound, left > bound))
        return readings

    def after_step(self, step, logs):
        """Follows the means of every step, and looks at pictures where a check is due."""
        if not self._open:
            return
        self.watch.update(step, self._means(step))
        readings = self.watch.urgent() if step % self._urgent_every == 0 else []
        if step % self._every == 0:
            readings += self._look(step)
        self._tell(step, readings)

    def _means(self, step) -> dict[str, float]:
        """{log name: mean} of the steps since the last call."""
        closed = self.rows.due(step, self.rows.every)
        totals = self.rows.closed if closed else self.model.log_means.totals.numpy()
        sums, counts = (totals - self._totals).tolist()
        self._totals = np.zeros_like(totals) if closed else totals
        names = self.model.log_means.names
        return {n: s / c for n, s, c in zip(names, sums, counts, strict=True) if c > 0}

    def _look(self, step) -> list[Reading]:
        readings = self.watch.cycles(self.model.steps_per_execution)
        self._prepare()
        seen = self._probe.sample(step, self._looked)
        readings += self._checks.readings(seen, learning_rate(self.model.generator_optimizer))
        self._looked += 1
        return readings if step >= self.facts.grace else []

    def _prepare(self):
        """Measures the real data, before the first check of a process."""
        if self._probe is not None:
            return
        self.reals.measure()
        self._probe = probe.Probe(self.model, self.reals, self.config.recipe.batch_size)
        held_out, references = self._probe.held_out, None
        if held_out is not None:
            held_out = baseline.thumbnails(held_out[0])
            references = baseline.references(self.source)
        remembered = self._checks
        self._checks = checks.Checks(self.reals, self.facts, references, held_out)
        if remembered is not None:
            self._checks.restore(remembered)

    def _tell(self, step, readings):
        """Writes and prints the findings; acts on errors."""
        found = self.ledger.note(step, readings) if readings else []
        for row in found:
            self._write(row)
        bad = [row for row in found if row["severity"] == "error" and row["state"] == "found"]
        bad = [row for row in bad if CONDITIONS[row["name"]].said]
        if bad and self.action != "log":
            self._stop(bad[0])

    def _write(self, row):
        callbacks.append_row(self.path, row)
        if CONDITIONS[row["name"]].said:
            _say(f"doctor: {_line(row)}")

    def _stop(self, row):
        since, on = self.ledger.since(row["name"]), "--doctor=log goes on here"
        if self.action == "roll_back":
            self.checkpoints.remove_from(since)
            left = self.checkpoints.steps()
            if left and left[-1] < since:
                on = f"{on} from step {left[-1]}, the last checkpoint before it"
            elif left:
                on = f"{on}; every checkpoint is later than step {since}, so the first was kept"
        raise DoctorStop(
            f"The doctor stopped the run at step {row['step']}: {row['title']}, since step "
            f"{since}. {_advice(row)} in a new --workdir; {on}."
        )

    def failed(self, error) -> None:
        """Notes that a value was not finite; says which tensor was the first."""
        if not self._open:
            return
        step = int(self.model.step.numpy())
        what = f"{_first_bad(self.model) or 'A value'} was not finite at step {step}"
        reading = Reading("not_finite", float("nan"), float("nan"), True, details={"what": what})
        for row in self.ledger.note(step, [reading]):
            self._write(row)

    def close(self) -> None:
        """Prints the summary, however the run ended."""
        if not self._open:
            return
        self._open = False
        found = [row for row in self.ledger.summary() if CONDITIONS[row["name"]].said]
        print("doctor: no findings" if not found else "doctor: findings", file=sys.stderr)
        for row in found:
            print(f"  {_line(row)}", file=sys.stderr)
        if getattr(self.source, "held_out", None) is None:
            print(_NEEDS_HELD_OUT, file=sys.stderr)

    def _state(self) -> dict:
        remembered = self._checks
        if isinstance(remembered, checks.Checks):
            remembered = remembered.state()
        return {
            "looked": self._looked,
            "watch": self.watch.state(),
            "ledger": self.ledger.state(),
            "checks": remembered,
        }

    def _restore(self, state):
        self._looked, self._checks = state["looked"], state["checks"]
        self.watch.restore(state["watch"])
        self.ledger.restore(state["ledger"])


def _multiple(steps: int, together: int) -> int:
    return -(-steps // together) * together


def _momentum(network) -> float | None:
    found = [layer.momentum for layer in probe.layers_of(network) if hasattr(layer, "moving_mean")]
    return max(found, default=None)


def _first_bad(model) -> str | None:
    """The first logged mean or weight that is not finite, in the order of a step."""
    sums = model.log_means.totals.numpy()[0]
    for name, value in zip(model.log_means.names, sums, strict=True):
        if not np.isfinite(value):
            return f"The mean of {name}"
    for variable in model.weights:
        value = tf.convert_to_tensor(variable)
        if value.dtype.is_floating and not bool(tf.reduce_all(tf.math.is_finite(value))):
            return f"The weight {variable.path}"
    return None


def _advice(row) -> str:
    text = row["suggestion"]
    return f"Try {text}" if text.startswith("--") else text.rstrip(".")


def _line(row) -> str:
    """One finding as one line."""
    head = f"step {row['step']:,}: {row['title']}"
    if row["state"] == "gone":
        return f"{head} is gone. {row['message']}"
    cause = row["because_of"]
    because = "" if cause is None else f", which follows from {CONDITIONS[cause].title}"
    return f"{head}{because}. {row['message']} {row['meaning']} {_advice(row)}"


def _say(text: str) -> None:
    """Prints a line without breaking the progress bar."""
    from tqdm import tqdm

    tqdm.write(text, file=sys.stderr)
