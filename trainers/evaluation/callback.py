"""Measuring during training: rows of scores, and values by which the best checkpoints are kept."""

from __future__ import annotations

from trainers.callbacks import RunCallback
from trainers.evaluation import reals, scores, table
from trainers.evaluation.measuring import Evaluation


class EvaluationCallback(RunCallback):
    """Measures every `run.evaluate_every` steps, and at the end, what `run.evaluate` names.

    The average's images are measured (`model.generate`), as `tfgan-evaluate` does: the same
    settings give the same numbers. Only the chief measures; no replica waits for another in
    it, since inference reads each variable where it is.

    Args:
        config: A `trainers.config.Config`.
        source: Its data.
        workdir: The run directory, for scores.jsonl and scores.csv.
        chief: Whether this process measures and writes.

    Attributes:
        names: Of the numbers that `newest` will have.
        newest: {name: value} of the measurement at this step, empty at other steps. Each
            number is there as "proxy_fid[digits]", as "frechet_distance" or
            "precision_recall.recall", and as its part, "recall".

    Raises:
        UserError: Metrics, network or numbers of images that do not fit.
    """

    def __init__(self, config, source, workdir, chief):
        super().__init__(config.recipe.steps)
        run = config.run
        self.every = run["evaluate_every"] or run["checkpoint_every"]
        self.workdir, self.chief = workdir, chief
        self.newest: dict[str, float] = {}
        # Every process checks, so that all of them refuse or none.
        self.evaluation = Evaluation(
            run["evaluate"],
            source,
            run["evaluate_network"],
            image_shape=source.image_shape,
            num_classes=config.recipe.model.get("num_classes"),
            n_fake=run["evaluate_samples"],
            split=config.recipe.data.get("split", "train"),
            cache=reals.default_cache(),
        )
        self.names = [*self.evaluation.names, *_names(run["evaluate"])]

    def on_train_begin(self, logs=None):
        """Drops the scores after the restored step."""
        super().on_train_begin(logs)
        if self.chief:
            scores.truncate(self.workdir, self.first)

    def after_step(self, step, logs):
        """Measures where it is due."""
        self.newest = {}
        if not self.chief or not self.due(step, self.every):
            return
        found = self.evaluation.measure(self.model, step=step)
        scores.append(self.workdir, step, found)
        for score in found:
            metric = score.protocol.metric
            for name in (metric.rpartition(".")[2], metric, score.name):
                self.newest[name] = score.value


def _names(metrics) -> list[str]:
    """Names of the numbers of metrics, in full and by their parts."""
    parts = [(name, part) for name in metrics for part in table.METRICS[name].parts]
    names = [f"{name}.{part}" if part else name for name, part in parts]
    return names + [part for _, part in parts if part]
