"""Exports in programs that do not have this library: one fresh process, many clients."""

import numpy as np
import pytest
import tensorflow as tf

from tests.export import clients

tf.config.experimental.enable_op_determinism()


def _expected(conditional, unconditional):
    arrays, rng = {}, np.random.default_rng(1)
    for n in (1, 7, 64):
        z = rng.standard_normal((n, 8)).astype(np.float32)
        y = np.eye(10, dtype=np.float32)[rng.integers(0, 10, n)]
        images = conditional.generate(z, y).numpy()
        logits = conditional.discriminate(images, y).numpy()
        values = {"z": z, "y": y, "images": images, "logits": logits}
        arrays |= {f"conditional/{n}/{name}": value for name, value in values.items()}
        z = rng.uniform(-1, 1, (n, 8)).astype(np.float32)
        arrays |= {f"plain/{n}/z": z, f"plain/{n}/images": unconditional.generate(z).numpy()}
    z = rng.standard_normal((5, 8)).astype(np.float32)
    y = rng.dirichlet(np.ones(10), 5).astype(np.float32)
    arrays |= {"mixture/z": z, "mixture/y": y}
    arrays["mixture/images"] = conditional.generate(z, y).numpy()
    return arrays


@pytest.fixture(scope="module")
def results(exports, conditional, unconditional, tmp_path_factory):
    expected = _expected(conditional, unconditional)
    return clients.run("client.py", exports, expected, tmp_path_factory.mktemp("client"))


@pytest.mark.parametrize("check", clients.checks("client.py"))
def test_client(results, check):
    assert results[check] == "ok", results[check]
