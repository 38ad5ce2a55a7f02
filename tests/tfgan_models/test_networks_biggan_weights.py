"""BigGAN generators from PyTorch weights: whole networks against NumPy in PyTorch's layout."""

import numpy as np
import pytest

from tfgan_models import networks

CLASSES, SHARED = 5, 6
RNG = np.random.default_rng(0)


def random(*shape, scale=0.5):
    return (scale * RNG.normal(size=shape)).astype("float32")


def authors(part, attention=1, width=4, blocks=3):
    """State dict of the author's generator, 32 pixels, with z in parts or undivided."""
    widths = [4 * width, 4 * width, 2 * width * 2, 2 * width][: blocks + 1]
    first, condition = part or 7, SHARED + part
    tensors = {"shared.weight": random(CLASSES, SHARED)}

    def layer(name, *shape, bias=True):
        tensors[f"{name}.weight"] = random(*shape)
        tensors[f"{name}.u0"] = random(1, shape[0])
        tensors[f"{name}.sv0"] = np.ones(1, "float32")
        if bias:
            tensors[f"{name}.bias"] = random(shape[0])

    def statistics(name, n):
        tensors[f"{name}.stored_mean"] = random(n)
        tensors[f"{name}.stored_var"] = np.abs(random(n)) + 0.5

    layer("linear", widths[0] * 16, first)
    for i, (n, m) in enumerate(zip(widths, widths[1:], strict=False)):
        name = f"blocks.{i}.0"
        layer(f"{name}.conv1", m, n, 3, 3)
        layer(f"{name}.conv2", m, m, 3, 3)
        layer(f"{name}.conv_sc", m, n, 1, 1)
        for k, size in ((1, n), (2, m)):
            layer(f"{name}.bn{k}.gain", size, condition, bias=False)
            layer(f"{name}.bn{k}.bias", size, condition, bias=False)
            statistics(f"{name}.bn{k}", size)
        if i == attention:
            name = f"blocks.{i}.1"
            for part_name, shape in (
                ("theta", (m // 8, m)),
                ("phi", (m // 8, m)),
                ("g", (m // 2, m)),
                ("o", (m, m // 2)),
            ):
                layer(f"{name}.{part_name}", *shape, 1, 1, bias=False)
            tensors[f"{name}.gamma"] = np.float32(0.7)
    last = widths[blocks]
    tensors["output_layer.0.gain"], tensors["output_layer.0.bias"] = random(last), random(last)
    statistics("output_layer.0", last)
    layer("output_layer.2", 3, last, 3, 3)
    return tensors


def port(width=4, size=32, stats=51):
    """State dict of the port: six bottleneck blocks, attention before the fifth."""
    tensors = {"embeddings.weight": random(SHARED, CLASSES)}
    z, channels = 7, 16 * width

    def layer(name, *shape, bias=True):
        tensors[f"{name}.weight_orig"] = random(*shape)
        matrix = tensors[f"{name}.weight_orig"].reshape(shape[0], -1)
        tensors[f"{name}.weight_v"] = unit(random(shape[0]) @ matrix)
        tensors[f"{name}.weight_u"] = unit(matrix @ tensors[f"{name}.weight_v"])
        if bias:
            tensors[f"{name}.bias"] = random(shape[0])

    def statistics(name, n):
        tensors[f"{name}.running_means"] = random(stats, n)
        tensors[f"{name}.running_vars"] = np.abs(random(stats, n)) + 0.5

    layer("generator.gen_z", 16 * channels, z + SHARED)
    widths, index = [16, 16, 16, 16, 8, 8, 4, 4, 2, 2, 1], 0
    for i, (n, m) in enumerate(zip(widths, widths[1:], strict=False)):
        n, m = n * width, m * width
        if i == 8:
            name = f"generator.layers.{index}.snconv1x1"
            for part, shape in (
                ("theta", (n // 8, n)),
                ("phi", (n // 8, n)),
                ("g", (n // 2, n)),
                ("o_conv", (n, n // 2)),
            ):
                layer(f"{name}_{part}", *shape, 1, 1, bias=False)
            tensors[f"generator.layers.{index}.gamma"] = np.array([0.7], "float32")
            index += 1
        name, h = f"generator.layers.{index}", n // 4
        for k, (a, b, size) in enumerate(((n, h, 1), (h, h, 3), (h, h, 3), (h, m, 1))):
            layer(f"{name}.conv_{k}", b, a, size, size)
            layer(f"{name}.bn_{k}.scale", a, z + SHARED, bias=False)
            layer(f"{name}.bn_{k}.offset", a, z + SHARED, bias=False)
            statistics(f"{name}.bn_{k}", a)
        index += 1
    tensors["generator.bn.weight"], tensors["generator.bn.bias"] = random(width), random(width)
    statistics("generator.bn", width)
    layer("generator.conv_to_rgb", width, width, 3, 3)
    return tensors


# --- NumPy, (B, C, H, W) ---


def unit(v):
    return v / np.linalg.norm(v)


def by_iteration(t, name):
    w = t[f"{name}.weight"].astype("float64")
    matrix = w.reshape(len(w), -1)
    v = unit(t[f"{name}.u0"] @ matrix)
    u = unit(v @ matrix.T)
    return w / (v @ matrix.T @ u.T).item()


def by_vectors(t, name):
    w = t[f"{name}.weight_orig"].astype("float64")
    return w / (t[f"{name}.weight_u"] @ w.reshape(len(w), -1) @ t[f"{name}.weight_v"])


def conv(x, w, bias=None):
    pad = w.shape[-1] // 2
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    y = np.einsum("bchwij,ocij->bohw", windows, w, optimize=True)
    return y if bias is None else y + bias[:, None, None]


def double(x):
    return x.repeat(2, axis=2).repeat(2, axis=3)


def norm(x, mean, variance, gain, bias, epsilon):
    mean, variance = mean[None, :, None, None], variance[None, :, None, None]
    gain, bias = (v.reshape(-1, x.shape[1], 1, 1) for v in (gain, bias))
    return (x - mean) / np.sqrt(variance + epsilon) * gain + bias


def relu(x):
    return np.maximum(x, 0.0)


def attend(x, theta, phi, g, o, gamma):
    b, _, h, w = x.shape

    def pooled(y):
        return (
            y.reshape(b, y.shape[1], h // 2, 2, w // 2, 2)
            .max(axis=(3, 5))
            .reshape(b, y.shape[1], -1)
        )

    q = conv(x, theta).reshape(b, theta.shape[0], -1)
    scores = np.einsum("bcq,bck->bqk", q, pooled(conv(x, phi)))
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    mixed = np.einsum("bck,bqk->bcq", pooled(conv(x, g)), scores)
    return x + gamma * conv(mixed.reshape(b, -1, h, w), o)


def run_authors(t, z, y, part):
    code = y @ t["shared.weight"]
    if part:
        parts = np.split(z, z.shape[1] // part, axis=1)
        z, codes = parts[0], [np.concatenate([code, p], axis=1) for p in parts[1:]]
    else:
        codes = [code] * 3
    x = (z @ by_iteration(t, "linear").T + t["linear.bias"]).reshape(len(z), -1, 4, 4)

    def batch_norm(x, name, code):
        gain = 1.0 + code @ by_iteration(t, f"{name}.gain").T
        bias = code @ by_iteration(t, f"{name}.bias").T
        return norm(x, t[f"{name}.stored_mean"], t[f"{name}.stored_var"], gain, bias, 1e-5)

    def layer(x, name):
        return conv(x, by_iteration(t, name), t.get(f"{name}.bias"))

    for i, code in enumerate(codes):
        name = f"blocks.{i}.0"
        h = layer(double(relu(batch_norm(x, f"{name}.bn1", code))), f"{name}.conv1")
        h = layer(relu(batch_norm(h, f"{name}.bn2", code)), f"{name}.conv2")
        x = h + layer(double(x), f"{name}.conv_sc")
        if f"blocks.{i}.1.gamma" in t:
            kernels = [by_iteration(t, f"blocks.{i}.1.{p}") for p in ("theta", "phi", "g", "o")]
            x = attend(x, *kernels, t[f"blocks.{i}.1.gamma"])
    o = "output_layer.0"
    x = norm(x, t[f"{o}.stored_mean"], t[f"{o}.stored_var"], t[f"{o}.gain"], t[f"{o}.bias"], 1e-5)
    return np.tanh(layer(relu(x), "output_layer.2")).transpose(0, 2, 3, 1)


def run_port(t, z, y, entry):
    code = np.concatenate([z, y @ t["embeddings.weight"].T], axis=1)
    x = code @ by_vectors(t, "generator.gen_z").T + t["generator.gen_z.bias"]
    x = x.reshape(len(z), 4, 4, -1).transpose(0, 3, 1, 2)

    def layer(x, name):
        return conv(x, by_vectors(t, name), t.get(f"{name}.bias"))

    up = False
    for i in range(11):
        name = f"generator.layers.{i}"
        if f"{name}.gamma" in t:
            kernels = [
                by_vectors(t, f"{name}.snconv1x1_{p}") for p in ("theta", "phi", "g", "o_conv")
            ]
            x = attend(x, *kernels, t[f"{name}.gamma"])
            continue
        h = x
        for k in range(4):
            bn = f"{name}.bn_{k}"
            gain = 1.0 + code @ by_vectors(t, f"{bn}.scale").T
            bias = code @ by_vectors(t, f"{bn}.offset").T
            tables = t[f"{bn}.running_means"][entry], t[f"{bn}.running_vars"][entry]
            h = relu(norm(h, *tables, gain, bias, 1e-4))
            h = layer(double(h) if up and k == 1 else h, f"{name}.conv_{k}")
        x = x[:, : h.shape[1]]
        x, up = h + (double(x) if up else x), not up
    bn = "generator.bn"
    tables = t[f"{bn}.running_means"][entry], t[f"{bn}.running_vars"][entry]
    x = relu(norm(x, *tables, t[f"{bn}.weight"], t[f"{bn}.bias"], 1e-4))
    return np.tanh(layer(x, "generator.conv_to_rgb")[:, :3]).transpose(0, 2, 3, 1)


def inputs(dim):
    z = RNG.normal(size=(2, dim)).astype("float32")
    return z, np.array([[1, 0, 0, 0, 0], [0, 0.5, 0, 0.5, 0]], "float32")


@pytest.mark.parametrize("part", [0, 3])
def test_authors_generator_is_recomputed(part):
    tensors = authors(part)
    generator, tables = networks.biggan_from_torch(tensors)
    z, y = inputs(4 * part or 7)
    assert generator.input_shape == [(None, z.shape[1]), (None, CLASSES)] and tables == {}
    expected = run_authors(tensors, z, y, part)
    assert expected.shape == (2, 32, 32, 3) and np.std(expected) > 0.1
    np.testing.assert_allclose(generator([z, y]), expected, atol=2e-4)


def test_port_is_recomputed_with_its_tables():
    tensors = port()
    generator, tables = networks.biggan_from_torch(tensors)
    z, y = inputs(7)
    assert generator.output_shape == (None, 128, 128, 3)
    expected = run_port(tensors, z, y, 50)
    assert np.std(expected) > 0.1
    np.testing.assert_allclose(generator([z, y]), expected, atol=2e-4)
    assert len(tables) == 4 * 10 + 1
    layers = {layer.name: layer for layer in generator._flatten_layers()}
    for name, (means, variances) in tables.items():
        assert means.shape == variances.shape and len(means) == 51
        norm_layer = getattr(layers[name], "norm", layers[name])
        norm_layer.moving_mean.assign(means[20])
        norm_layer.moving_variance.assign(variances[20])
    np.testing.assert_allclose(generator([z, y]), run_port(tensors, z, y, 20), atol=2e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("shared.weight"), "no weights of a BigGAN generator"),
        (lambda t: t.pop("blocks.1.0.conv2.bias"), "lack 'blocks.1.0.conv2.bias'"),
        (lambda t: t.update({"output_layer.0.gain": np.ones(3, "float32")}), "output_layer.0.gain"),
    ],
)
def test_other_weights_are_refused(change, message):
    tensors = authors(3)
    change(tensors)
    with pytest.raises(ValueError, match=message):
        networks.biggan_from_torch(tensors)
