"""One conditional and one unconditional model, trained two steps, and their exports."""

import numpy as np
import pytest
import tensorflow as tf

import export
import tfgan_models as tfgan

tf.config.experimental.enable_op_determinism()

METADATA = {
    "data": "random noise",
    "data_licence": "CC0",
    "licence": "Apache-2.0",
    "class_names": [f"class {i}" for i in range(10)],
    "metrics": {"distance": {"value": 1.25, "protocol": "64 samples"}},
}


def _trained(name, labels):
    model = tfgan.from_preset(name)
    rng = np.random.default_rng(0)
    rows = 2 * 8 * model.d_steps
    images = rng.uniform(-1, 1, (rows, *model.image_shape)).astype(np.float32)
    y = np.arange(rows) % 10 if labels else None
    model.fit(images, y, batch_size=8, verbose=0)
    assert int(model.step.numpy()) == 2
    return model


@pytest.fixture(scope="session")
def conditional():
    return _trained("cgan_tiny", labels=True)


@pytest.fixture(scope="session")
def unconditional():
    return _trained("dcgan_tiny", labels=False)


@pytest.fixture(scope="session")
def exports(conditional, unconditional, tmp_path_factory):
    """A directory with the exports `conditional` (and its discriminator) and `plain`."""
    root = tmp_path_factory.mktemp("exports")
    export.export_generator(
        conditional,
        root / "conditional",
        metadata={"preset": "cgan_tiny", **METADATA},
        with_discriminator=True,
    )
    export.export_generator(unconditional, root / "plain")
    return root
