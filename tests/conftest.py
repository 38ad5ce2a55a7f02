"""Set-up shared by all tests: determinism, two virtual CPU devices, optional data."""

import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# XLA compiles each family's step once for a few steps: what it saves at run time is lost here.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import keras
import pytest
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
tf.config.experimental.enable_op_determinism()


def pytest_collection_modifyitems(items):
    """One process runs a whole file, for its shared fixtures; of the suite over all families,
    which is long, all tests of one family."""
    for item in items:
        group = f"{item.path.parent.name}.{item.path.stem}"
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if group == "conformance.test_families":
            group = parameters.get("family") or parameters.get("trained") or group
        item.add_marker(pytest.mark.xdist_group(str(group)))


@pytest.fixture(autouse=True)
def _fresh_keras_session():
    """Keras counts layer names and seeds for the whole process; each test starts anew.

    Garbage is left to Python: looking for it in each test took nearly all the time of the tests.
    """
    keras.utils.clear_session(free_memory=False)
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def mirrored():
    """The one MirroredStrategy of the process: a second one would abort its collectives."""
    from trainers import strategies

    return strategies.make("mirrored")


@pytest.fixture(scope="session")
def test_data() -> pathlib.Path:
    """The directory of further real data, where the environment names one."""
    path = os.environ.get("TFGAN_TEST_DATA")
    if not path:
        pytest.skip("TFGAN_TEST_DATA is not set: no further data to test with")
    return pathlib.Path(path)
