"""The library's side of `peer`: worker processes that train a case by `fit` or by hand.

    python -m benchmarks.peer_library FOLDER CASE [--side=fit] [--precision=float32]

The worker of `--side=fit` also writes what a PyTorch twin needs into FOLDER: weights, images,
one batch with its random numbers (`arrays.npz`), and the settings (`settings.json`).
"""

from __future__ import annotations

import json
import pathlib
import statistics
import time

from benchmarks import cases, peer_chunks

SIDES = ("fit", "hand")
_IMAGES = 4_096  # that a twin gets
_STEPS = 2  # that both sides make first: the second sees what the first has done to G
_SIZE = 2_048  # of the matrices whose product is the machine's peak
_PEAK_SECONDS = 0.5


def main(argv: list[str] | None = None) -> None:
    """Makes the case, then serves chunks."""
    parser = peer_chunks.parser()
    parser.add_argument("case", choices=cases.CASES)
    parser.add_argument("--side", choices=SIDES, default="fit")
    flags = parser.parse_args(argv)
    start(flags.precision, flags.threads)
    case = cases.CASES[flags.case]
    if flags.side == "fit":
        peer_chunks.say(export(case, flags.folder))
        _serve_fit(case, flags.seconds)
    else:
        _serve_hand(case, flags.seconds, flags.precision)


def start(precision: str, threads: int) -> None:
    """Starts TensorFlow; neither side has deterministic operations here."""
    cases.start(deterministic=False)
    import keras
    import tensorflow as tf

    if threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    keras.config.set_dtype_policy("float32" if precision == "float32" else f"mixed_{precision}")


# === What the twin gets ===


def export(case: cases.Case, folder: pathlib.Path) -> dict:
    """Writes the twin's files and makes two steps of `fit`.

    Returns:
        `losses` of these steps by name, `flops` of a step (`step_flops`) and `batch`.
    """
    import numpy as np
    import tensorflow as tf

    model = cases.make_model(case, compile__steps_per_execution=1)
    arrays = {
        f"{letter}_{i}": weight.numpy()
        for letter, network in (("g", model.generator), ("d", model.discriminator))
        for i, weight in enumerate(network.trainable_variables)
    }
    for letter, network in (("g", model.generator), ("d", model.discriminator)):
        vectors = [v.numpy() for v in network.non_trainable_variables if v.path.endswith("_u")]
        arrays |= {f"{letter}u_{i}": vector for i, vector in enumerate(vectors)}
    batches = list(cases.make_dataset(case).take(-(-_IMAGES // case.batch)).as_numpy_iterator())
    arrays |= {
        "images": np.concatenate([b["image"] for b in batches]),
        "batch": batches[0]["image"],
    }
    if model.num_classes:
        labels = [b["label"] for b in batches]
        arrays |= {"labels": np.concatenate(labels), "batch_labels": labels[0]}
    arrays |= _draws(model, case)
    np.savez(folder / "arrays.npz", **arrays)
    (folder / "settings.json").write_text(json.dumps(_settings(model, case)))
    data = tf.data.Dataset.from_tensors(batches[0]).repeat()
    logs = model.fit(data, epochs=_STEPS, steps_per_epoch=1, verbose=0).history
    losses = {name: [float(value) for value in logs[name]] for name in ("d_loss", "g_loss")}
    return {"losses": losses, "flops": step_flops(model, case.batch), "batch": case.batch}


def _draws(model, case) -> dict:
    """Latents and interpolation weights of the first steps, each stacked along axis 0."""
    import numpy as np

    from tfgan_models.core.random import Draws

    drawn = {"z_critic": [], "z_generator": [], "u": []}
    for step in range(_STEPS):
        draws = Draws(model.seed, step, case.batch)
        critic = draws.at("critic_0")
        drawn["z_critic"].append(model.draw_latents({"draws": critic}))
        drawn["z_generator"].append(model.draw_latents({"draws": draws.at("generator")}))
        drawn["u"].append(critic.uniform("gradient_penalty"))
    return {name: np.stack(values) for name, values in drawn.items()}


def _settings(model, case) -> dict:
    from tfgan_models.families.biggan import BigGAN
    from tfgan_models.networks import biggan_widths

    optimizers = {"g": model.generator_optimizer, "d": model.discriminator_optimizer}
    penalties = {p.NAME: p.weight for p in model._penalties()}
    biggan = isinstance(model, BigGAN)
    of_biggan = {}
    if biggan:
        shape = (model.image_shape, model.width, model.layout, model.attention_size)
        of_biggan = {"biggan": biggan_widths(*shape), "shared_dim": model.shared_dim}
    return {
        **of_biggan,
        "classes": model.num_classes or 0,
        "networks": "biggan" if biggan else case.networks or "dcgan",
        "image_shape": model.image_shape,
        "latent_dim": model.latent_dim,
        "width": case.width if case.networks else model.width or 64,
        "port": getattr(model, "port", False),
        "batch": case.batch,
        "uniform": None if model.latent_distribution == "normal" else case.uniform,
        "unit": case.unit,
        "d_weight": case.d_weight,
        "share_fakes": model.share_fakes,
        "adam": {letter: _adam(optimizer) for letter, optimizer in optimizers.items()},
        "weight_decay": case.weight_decay,
        "penalty": penalties.get("gradient_penalty", 0.0),
    }


def _adam(optimizer) -> list[float]:
    config = optimizer.get_config()
    return [float(config[name]) for name in ("learning_rate", "beta_1", "beta_2")]


def step_flops(model, batch: int) -> float:
    """Multiplications and additions of dense layers and convolutions in one step.

    In forward passes: 3 of G and 1 more with fakes of its own for each player; 8 of D (two
    forward and four backward in its own update, one and one in G's), and 4 more for a
    gradient penalty, whose backward pass is differentiated.
    """
    generator = 3 if model.share_fakes else 4
    critic = 12 if any(p.PER_IMAGE_GRADIENT for p in model._penalties()) else 8
    forward = generator * forward_flops(model.generator) + critic * forward_flops(
        model.discriminator
    )
    return float(batch * forward)


def forward_flops(network) -> int:
    """Multiplications and additions of one image's forward pass: dense layers and convolutions,
    spectrally normalised ones too, but neither what finds sigma nor attention."""
    import keras

    total = 0
    for layer in network.layers:
        inner = getattr(layer, "layer", layer)
        kernel = getattr(inner, "kernel", None)
        if kernel is None:
            continue
        transposed = isinstance(inner, keras.layers.Conv2DTranspose)
        maps = (layer.input if transposed else layer.output).shape[1:-1]
        count = 2
        for n in (*kernel.shape, *maps):
            count *= n
        total += count
    return total


# === Training ===


def _serve_fit(case, seconds: float) -> None:
    """One call of `fit`, whose epochs are the chunks."""
    model, dataset = cases.make_model(case), cases.make_dataset(case)
    together = model.steps_per_execution

    def probe(steps):
        model.fit(dataset, steps_per_epoch=steps, verbose=0)

    steps = _steps_in(seconds, probe, together)
    model.fit(dataset, epochs=10**6, steps_per_epoch=steps, verbose=0, callbacks=[_chunks(steps)])


def _chunks(steps: int):
    """Returns the callback that lets an epoch begin when the parent asks for it."""
    import keras

    class Chunks(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if not peer_chunks.heard():
                raise SystemExit
            self.begin = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            peer_chunks.say({"steps": steps, "wall": time.perf_counter() - self.begin})

    return Chunks()


def _serve_hand(case, seconds: float, precision: str) -> None:
    loop, together = make_hand_loop(case)
    iterator = iter(cases.make_dataset(case))
    steps = _steps_in(seconds, lambda count: loop.run(iterator, count), together)

    def train():
        begin = time.perf_counter()
        loop.run(iterator, steps)
        return {"steps": steps, "wall": time.perf_counter() - begin}

    peer_chunks.say({})
    peer_chunks.serve(train, _peak(precision))


def _steps_in(seconds: float, run, together: int) -> int:
    """Warms up; returns the steps of a chunk, a multiple of those in one execution."""
    run(together)  # traces
    probe, times, end = 2 * together, [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        begin = time.perf_counter()
        run(probe)
        times.append(time.perf_counter() - begin)
    step = min(times) / probe  # the others' share of the machine only adds
    return max(1, round(seconds / step / together)) * together


def make_hand_loop(case):
    """Returns (hand-written loop, with the case's gradient penalty, and steps in a call)."""
    from benchmarks.hand_loop import HandLoop
    from benchmarks.peer_critic import CriticLoop

    model = cases.make_model(case)
    loop = CriticLoop if case.networks == "resnet" else HandLoop
    return loop(model, case), model.steps_per_execution


def _peak(precision: str):
    """Returns a function that measures the rate of a large matrix product."""
    import tensorflow as tf

    square = tf.cast(tf.random.stateless_normal((_SIZE, _SIZE), (0, 0)), precision)
    product = tf.function(lambda a: tf.reduce_sum(tf.cast(a @ a, tf.float32)))
    product(square)

    def measure():
        times, end = [], time.perf_counter() + _PEAK_SECONDS
        while time.perf_counter() < end:
            begin = time.perf_counter()
            float(product(square))
            times.append(time.perf_counter() - begin)
        return {"flops": 2.0 * _SIZE**3 / statistics.median(times)}

    return measure


if __name__ == "__main__":
    main()
