"""Distribution strategies by name, with their cluster resolvers."""

from __future__ import annotations

import json
import os

from trainers.errors import UserError

_mirrored = None


def make(name: str, cluster: str = "tf_config", virtual_devices: int | None = None):
    """Returns a tf.distribute strategy.

    Args:
        name: "none"; "mirrored" (all GPUs of this host, or its virtual CPU devices);
            "multi_worker" (several hosts, one process each); "tpu".
        cluster: Where "multi_worker" finds its hosts: "tf_config" (the environment
            variable TF_CONFIG), "slurm" or "kubernetes".
        virtual_devices: Splits the CPU into so many devices; only before TensorFlow
            has started, for trying a strategy without accelerators.

    Raises:
        UserError: No such hosts or devices; one line says what is missing.
    """
    import tensorflow as tf

    if virtual_devices:
        _split_cpu(virtual_devices)
    if name == "none":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        return _make_mirrored()
    if name == "multi_worker":
        return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=_resolver(cluster))
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver()
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, tf.errors.OpError) as error:
        raise UserError(
            f"--strategy=tpu found no TPU ({str(error).splitlines()[0]}); set TPU_NAME, or use "
            "--strategy=mirrored for GPUs."
        ) from error
    return tf.distribute.TPUStrategy(resolver)


def _make_mirrored():
    """One a process: a second one would start the collectives' keys again and abort."""
    global _mirrored
    import tensorflow as tf

    if _mirrored is None:
        gpus = tf.config.list_logical_devices("GPU")
        devices = gpus or tf.config.list_logical_devices("CPU")
        _mirrored = tf.distribute.MirroredStrategy([device.name for device in devices])
    return _mirrored


def _split_cpu(count: int) -> None:
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * count
        )
    except RuntimeError as error:
        if len(tf.config.list_logical_devices("CPU")) != count:
            raise UserError(
                "run.virtual_devices must be set before TensorFlow starts; start a new process."
            ) from error


def _resolver(cluster: str):
    import tensorflow as tf

    resolvers = tf.distribute.cluster_resolver
    if cluster == "tf_config":
        _check_tf_config()
        return resolvers.TFConfigClusterResolver()
    try:
        if cluster == "slurm":
            return resolvers.SlurmClusterResolver()
        return resolvers.KubernetesClusterResolver()
    except Exception as error:  # the resolvers raise whatever their environment lacks
        raise UserError(
            f"run.cluster={cluster} cannot be read: {str(error).splitlines()[0] or error!r}. Start "
            "the command inside that system, or set TF_CONFIG and run.cluster=tf_config."
        ) from error


def _check_tf_config() -> None:
    text = os.environ.get("TF_CONFIG", "")
    try:
        config = json.loads(text)
        workers = config["cluster"]["worker"]
        index, kind = config["task"]["index"], config["task"]["type"]
    except (ValueError, KeyError, TypeError):
        raise UserError(
            "--strategy=multi_worker needs TF_CONFIG, such as "
            '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, '
            '"task": {"type": "worker", "index": 0}}, one index a host; got '
            f"{text!r}."
        ) from None
    if kind == "worker" and not 0 <= index < len(workers):
        raise UserError(f"TF_CONFIG: task index {index} is outside its {len(workers)} workers.")


def is_chief(strategy) -> bool:
    """Whether this process writes files: the only one, the chief, or worker 0."""
    resolver = strategy.cluster_resolver
    if resolver is None or resolver.task_type is None:
        return True
    return resolver.task_type == "chief" or (
        resolver.task_type in ("worker", "") and resolver.task_id == 0
    )
