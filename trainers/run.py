"""A training run: from a resolved configuration to a directory of results.

run/config.json  metrics.jsonl  timings.jsonl  losses.png  logits.png
    samples/step-*.png  checkpoints/step-*/  tensorboard/ (where installed)
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import sys

from trainers import config as configs
from trainers import files
from trainers.errors import NonFiniteError, UserError

CONFIG = "config.json"


def fit_preset(name: str, workdir: str, **overrides):
    """Trains a preset in a run directory, or resumes it; what `tfgan-train` does.

    Args:
        name: Preset name.
        workdir: Run directory, made if missing; a path or a bucket.
        **overrides: Fields by dotted name with `__` for the dot: `steps=200`, `seed=1`,
            `data__source="folder:photos"`, `compile__d_steps=2`, `run__keep=5`.

    Returns:
        The trained model.

    Raises:
        UserError: Bad input; one line says what, why and what to do.
    """
    values = {key.replace("__", "."): value for key, value in overrides.items()}
    return train(configs.resolve(name, values), str(workdir))


def prepare(config: configs.Config):
    """Loads the data and fits the configuration to it, before anything long.

    Where the preset leaves the size open, images are resized to the model's; where the
    data has another number of classes than the preset, the data's is taken.

    Returns:
        (config, source).

    Raises:
        UserError: Data that cannot be read or does not fit the model.
    """
    recipe = config.recipe
    shape = recipe.model.get("image_shape")
    source = load_data(recipe.data, shape, config.skip_bad_files)
    model = dict(recipe.model)
    if shape is not None and tuple(shape) != source.image_shape:
        raise UserError(
            f"{source.spec} has images of shape {source.image_shape}, the model makes "
            f"{tuple(shape)}: set data.image_size={shape[0]}, or model.image_shape="
            f"{list(source.image_shape)}."
        )
    if model.get("num_classes"):
        if source.num_classes is None:
            raise UserError(
                f"{config.preset} is class-conditional but {source.spec} has no labels: use class "
                "subfolders, data.labels=FILE, or an unconditional preset."
            )
        model["num_classes"] = source.num_classes
    recipe = dataclasses.replace(recipe, model=model)
    return dataclasses.replace(config, recipe=recipe), source


def load_data(options: dict, image_shape=None, skip_bad_files: bool = False):
    """Loads data in the shape of a model's images; says on the standard error what it skipped.

    Args:
        options: "source" and options of `trainers.data.load`.
        image_shape: (H, W, C) that images are brought to; None, and points, stay as they are.
        skip_bad_files: See `trainers.data.load`.

    Raises:
        UserError: Data that cannot be read.
    """
    from trainers import data

    options = dict(options)
    spec = options.pop("source")
    if image_shape is not None and spec.partition(":")[0] not in ("toy", "numbers"):
        options.setdefault("image_size", tuple(image_shape[:2]))
        options.setdefault("channels", image_shape[2])
    if options.get("resize") == "none":
        options.pop("image_size", None)
    source = data.load(spec, skip_bad_files=skip_bad_files, **options)
    for file, reason in source.skipped[:20]:
        print(f"skipped {file}: {reason}", file=sys.stderr)
    if source.skipped:
        print(f"skipped {len(source.skipped)} bad files in all", file=sys.stderr)
    return source


def build(config: configs.Config, strategy=None):
    """Makes the compiled model of a configuration, in its precision and strategy.

    Raises:
        UserError: Arguments that the family refuses.
    """
    import keras
    import tensorflow as tf

    from tfgan_models import presets

    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.precision)
    try:
        with (strategy or tf.distribute.get_strategy()).scope():
            model = presets.build(config.recipe, config.seed)
    except (ValueError, TypeError) as error:
        raise UserError(" ".join(str(error).split())) from error
    finally:
        keras.config.set_dtype_policy(previous)
    _check_labelled(config, model)
    return model


def _check_labelled(config, model):
    """Refuses hidden labels where nothing can be done with them."""
    share = config.recipe.data.get("labelled", 1.0)
    if share == 1.0:
        return
    if not getattr(model, "num_classes", None):
        raise UserError(
            f"data.labelled={share} hides labels and {config.preset} reads none: leave it out, or "
            "use a preset with classes."
        )
    if getattr(model, "fake_labels", "data") == "data":
        raise UserError(
            f"data.labelled={share} hides labels of real images, whose labels the fakes take: add "
            "--set=compile.fake_labels=uniform."
        )


def train(config: configs.Config, workdir: str):
    """Trains or resumes a run; returns the model.

    Raises:
        UserError: Bad input, a directory in use or of another configuration; subclasses
            for non-finite values, a full disk and an interruption, each after the last
            checkpoint is safe.
    """
    import tensorflow as tf

    from trainers import strategies

    tf.config.experimental.enable_op_determinism()
    strategy = strategies.make(
        config.strategy, config.run["cluster"], config.run["virtual_devices"]
    )
    config, source = prepare(config)
    model = build(config, strategy)
    _check_batch(config, strategy, model.accumulation)
    _check_warm_start(config.run["warm_start"], workdir)
    chief = strategies.is_chief(strategy)
    lock = None
    if chief:
        with files.disk_errors(workdir):
            tf.io.gfile.makedirs(workdir)
        lock = files.Lock(workdir)
    try:
        _store_config(config, source, workdir, chief)
        return fit(config, source, model, workdir, chief)
    finally:
        if lock is not None:
            lock.release()


def _check_batch(config, strategy, accumulation):
    size, replicas = config.recipe.batch_size, strategy.num_replicas_in_sync
    if size % replicas:
        raise UserError(f"batch_size={size} does not divide by {replicas} replicas.")
    parts = replicas * accumulation
    if size % parts:
        lower = size // parts * parts
        raise UserError(
            f"batch_size={size} does not divide by {parts} (replicas x accumulation); use "
            f"{f'{lower} or ' if lower else ''}{lower + parts}."
        )


def _check_warm_start(path, workdir):
    """Refuses a place that is not there; a run that has begun does not read it again."""
    import tensorflow as tf

    begun = tf.io.gfile.exists(os.path.join(workdir, CONFIG))
    if path and not begun and not tf.io.gfile.isdir(path):
        raise UserError(f"run.warm_start: no such directory: {path}.")


def _store_config(config, source, workdir, chief):
    """Writes config.json on the first start; refuses a different one afterwards."""
    import tensorflow as tf

    wanted = {
        **config.to_dict(),
        "data_fingerprint": source.fingerprint,
        "data_licence": source.licence,
        "class_names": source.class_names,
    }
    wanted = json.loads(json.dumps(wanted))
    path = os.path.join(workdir, CONFIG)
    if tf.io.gfile.exists(path):
        changed = configs.differences(read_config_file(path), wanted)
        if changed:
            raise UserError(
                f"{workdir} holds a run of another configuration ({'; '.join(changed)}): use its "
                "values, or another --workdir."
            )
    elif chief and tf.io.gfile.exists(workdir):
        foreign = [n for n in tf.io.gfile.listdir(workdir) if n not in ("lock", f"{CONFIG}.tmp")]
        if foreign:
            raise UserError(
                f"{workdir} is not empty and holds no {CONFIG}: choose a new --workdir."
            )
    if chief:
        files.write_atomically(path, json.dumps(wanted, indent=1) + "\n")


def read_config_file(path: str) -> dict:
    """Reads config.json of a run.

    Raises:
        UserError: Missing or unreadable.
    """
    import tensorflow as tf

    if not tf.io.gfile.exists(path):
        raise UserError(f"{os.path.dirname(path)} is no run directory: it has no {CONFIG}.")
    with tf.io.gfile.GFile(path) as file:
        try:
            return json.loads(file.read())
        except json.JSONDecodeError as error:
            raise UserError(f"{path} is damaged ({error}).") from error


def fit(config, source, model, workdir, chief=True):
    """Trains or resumes a built model on a loaded source; what `train` does after its checks.

    Args:
        config: The configuration.
        source: What `trainers.data.load` returned, or any `Source`.
        model: The compiled model.
        workdir: The run directory.
        chief: Whether this process writes.
    """
    from trainers import data
    from trainers.checkpoints import Checkpoints

    run, recipe = config.run, config.recipe
    checkpoints = Checkpoints(
        os.path.join(workdir, "checkpoints"),
        model,
        keep=run["keep"],
        keep_best=run["keep_best"],
        mode=configs.best_mode(run),
        writer=chief,
    )
    start = checkpoints.restore_newest()
    if start is None:
        start = 0
        if hasattr(model, "adapt"):
            model.adapt(source.mean_image())
        if run["warm_start"]:
            from trainers.warm_start import warm_start

            warm_start(model, run["warm_start"])
    if start >= recipe.steps:
        print(f"{workdir} has done its {start} steps; raise --steps to go on.", file=sys.stderr)
        return model
    callbacks = _callbacks(config, model, source, checkpoints, workdir, chief)
    dataset = data.pipeline(
        source,
        batch_size=recipe.batch_size,
        seed=config.seed,
        start_step=start,
        d_steps=model.d_steps,
    )
    try:
        model.fit(
            dataset,
            steps_per_epoch=recipe.steps - start,
            verbose=0,
            callbacks=list(callbacks.values()),
        )
    except NonFiniteError as error:
        if "doctor" in callbacks:
            callbacks["doctor"].failed(error)
        raise
    finally:
        callbacks["signals"].restore_handlers()
        if "progress" in callbacks:
            callbacks["progress"].close()
        for name in ("doctor", "report"):
            if name in callbacks:
                callbacks[name].close()
    return model


def _callbacks(config, model, source, checkpoints, workdir, chief) -> dict:
    """The run's callbacks in the order they act: check, log, measure, draw, save, stop."""
    from trainers import callbacks

    run, recipe = config.run, config.recipe
    total = recipe.steps
    rows = callbacks.Rows(total, workdir, run["log_every"], recipe.batch_size, chief)
    chosen = {"finite": callbacks.StopOnNonFinite(total), "rows": rows}
    measured = [rows]
    if run["evaluate"]:
        from trainers.evaluation.callback import EvaluationCallback

        chosen["evaluation"] = EvaluationCallback(config, source.whole, workdir, chief)
        measured.append(chosen["evaluation"])
    if run["doctor"] != "off":
        from trainers.doctor.callback import DoctorCallback

        chosen["doctor"] = DoctorCallback(config, source, rows, checkpoints, workdir, chief)
    if chief:
        extra = [n for n in model.log_means.names if n not in model.LOGS]
        chosen["samples"] = callbacks.SampleGrids(
            total, workdir, run["sample_every"], run["sample_columns"], extra
        )
        if importlib.util.find_spec("tensorboard") is not None:
            chosen["tensorboard"] = callbacks.TensorBoardScalars(total, workdir, rows)
        chosen["progress"] = callbacks.Progress(total, recipe.batch_size)
    _check_best_metric(run, model, chosen.get("evaluation"))
    saver = callbacks.SaveCheckpoints(
        total, checkpoints, run["checkpoint_every"], measured, run["best_metric"]
    )
    chosen["saver"] = saver
    if chief and run["report"]:
        from trainers.report.callback import ReportCallback

        chosen["report"] = ReportCallback(total, workdir)
    return {**chosen, "signals": callbacks.StopOnSignal(total, saver)}


def _check_best_metric(run, model, evaluation):
    """Refuses a name that no row and no measurement will have."""
    known = [*model.log_means.names, *(evaluation.names if evaluation else ())]
    if run["keep_best"] and run["best_metric"] not in known:
        raise UserError(
            f"run.best_metric={run['best_metric']} is never measured: it is one of "
            f"{', '.join(known)}."
        )


def load_run(workdir: str, step: int | None = None):
    """Loads the model of a run directory; the run may be going on.

    Args:
        workdir: Run directory.
        step: Checkpoint to load; None: the newest whole one.

    Returns:
        (model, stored configuration as a dict, step).

    Raises:
        UserError: No run, no checkpoint, or none of that step.
    """
    from trainers.checkpoints import Checkpoints

    stored = read_config_file(os.path.join(workdir, CONFIG))
    about_data = {k: stored.pop(k) for k in ("data_fingerprint", "data_licence", "class_names")}
    config = configs.Config.from_dict(stored)
    model = build(config)
    checkpoints = Checkpoints(os.path.join(workdir, "checkpoints"), model, writer=False)
    known = checkpoints.steps()
    if not known:
        raise UserError(f"{workdir} has no checkpoint yet: train it first.")
    if step is None:
        step = checkpoints.restore_newest()
    elif step in known:
        checkpoints.restore(step)
    else:
        raise UserError(f"{workdir} has no checkpoint of step {step}; it has {known}.")
    return model, {**config.to_dict(), **about_data}, step
