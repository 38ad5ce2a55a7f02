"""Stateless random numbers: one draw for the global batch, sliced by replica.

Every random number of a training step is a pure function of (seed, purpose,
step, example index). Integer bits come from Philox and are converted to floats
here, because TensorFlow's own float draws differ between plain graph and XLA
while its integer draws agree bit for bit. A replica asks for its own rows of
the global draw and computes only those.
"""

from __future__ import annotations

import copy
import hashlib
import math
import re

import tensorflow as tf

_PHILOX = 1


def key(seed: int, purpose: str, step) -> tf.Tensor:
    """Returns the Philox key, uint64 of shape (1,), of one purpose at one step.

    Args:
        seed: Python int, the model's seed.
        purpose: What the numbers are for, such as "latents".
        step: Int scalar, Python or tensor.
    """
    # Not StatelessRandomGetKeyCounter: for seeds over 32 bits XLA gives another key.
    digest = hashlib.blake2b(f"{seed}/{purpose}".encode(), digest_size=8).digest()
    first = tf.constant(int.from_bytes(digest, "little"), tf.uint64)
    return tf.reshape(first + tf.cast(step, tf.uint64), [1])


def bits(philox_key, count: int, shape: tuple[int, ...], start=0, stride: int = 1) -> tf.Tensor:
    """Returns rows start, start + stride, ... of the global draw, uint32 (count, *shape).

    Args:
        philox_key: From `key`.
        count: Number of rows, one an example.
        shape: Shape of one example's numbers.
        start: Index of the first row in the global batch; int or int tensor.
        stride: From each row to the next; those between are drawn too, and left out.
    """
    size = max(1, math.prod(shape))
    blocks = -(-size // 4)  # Philox makes four numbers a counter value
    first = tf.cast(start, tf.uint64) * tf.constant(blocks, tf.uint64)
    counter = tf.stack([first, tf.constant(0, tf.uint64)])
    drawn = tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=(count * stride, blocks * 4),
        key=philox_key,
        counter=counter,
        alg=_PHILOX,
        dtype=tf.uint32,
    )
    return tf.reshape(drawn[::stride, :size], (count, *shape))


def to_uniform(drawn, low: float = 0.0, high: float = 1.0) -> tf.Tensor:
    """Converts uint32 bits to float32 in the open interval (low, high)."""
    # 23 bits and a half fit float32 exactly; with 24 the largest would round up to `high`.
    shifted = tf.cast(tf.bitwise.right_shift(drawn, tf.constant(9, tf.uint32)), tf.float32)
    return low + (shifted + 0.5) * ((high - low) * 2.0**-23)


def uniform(philox_key, count, shape, start=0, low=0.0, high=1.0, stride=1) -> tf.Tensor:
    """Uniform float32 numbers of shape (count, *shape); arguments as in `bits`."""
    return to_uniform(bits(philox_key, count, shape, start, stride), low, high)


def normal(philox_key, count, shape, start=0, stride=1) -> tf.Tensor:
    """Standard normal float32 numbers of shape (count, *shape), by Box-Muller."""
    size = max(1, math.prod(shape))
    half = -(-size // 2)
    u = uniform(philox_key, count, (2, half), start, stride=stride)
    radius = tf.sqrt(-2.0 * tf.math.log(u[:, 0]))
    angle = (2.0 * math.pi) * u[:, 1]
    pair = tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], axis=1)
    return tf.reshape(pair[:, :size], (count, *shape))


def layer_uniform(seed_generator, like) -> tf.Tensor:
    """Draws from a layer's own stream uniform float32 numbers in (0, 1), of one tensor's shape.

    Args:
        seed_generator: The layer's `keras.random.SeedGenerator`, which moves on.
        like: Tensor (B, ...), all but B static.
    """
    return uniform(*_layer_draw(seed_generator, like))


def layer_normal(seed_generator, like) -> tf.Tensor:
    """Draws standard normal float32 numbers; otherwise as `layer_uniform`."""
    return normal(*_layer_draw(seed_generator, like))


def _layer_draw(seed_generator, like):
    words = tf.cast(seed_generator.next(), tf.uint64)
    philox_key = tf.bitwise.left_shift(words[:1], tf.constant(32, tf.uint64)) + words[1:]
    rows = like.shape[0] if like.shape[0] is not None else tf.shape(like)[0]
    return philox_key, rows, tuple(like.shape[1:])


def replica() -> tuple[tf.Tensor | int, int]:
    """Returns (index of this replica, number of replicas); (0, 1) outside a strategy."""
    context = tf.distribute.get_replica_context()
    if context is None:
        return 0, 1
    return context.replica_id_in_sync_group, context.num_replicas_in_sync


class Draws:
    """The random numbers of one training step on one replica.

    Args:
        seed: Python int, the model's seed.
        step: Int scalar tensor, the step counter.
        local_batch: Examples on this replica in one critic or generator update.

    Attributes:
        parts: Parts of the update's batch, of which these draws are one's (`part`).
    """

    def __init__(self, seed: int, step, local_batch: int):
        self.seed, self.step, self.local_batch = seed, step, local_batch
        self.replica_id, self.replicas = replica()
        self._start, self.parts = tf.cast(self.replica_id, tf.int64) * local_batch, 1

    def uniform(self, purpose: str, shape=(), low=0.0, high=1.0) -> tf.Tensor:
        """Uniform numbers, float32 (local_batch, *shape), for one named purpose."""
        philox_key = key(self.seed, purpose, self.step)
        rows = self.local_batch, tuple(shape), self._start
        return uniform(philox_key, *rows, low, high, stride=self.parts)

    def normal(self, purpose: str, shape=()) -> tf.Tensor:
        """Standard normal numbers, float32 (local_batch, *shape), for one named purpose."""
        philox_key = key(self.seed, purpose, self.step)
        return normal(philox_key, self.local_batch, tuple(shape), self._start, self.parts)

    def latents(self, purpose: str, distribution: str, dim: int) -> tf.Tensor:
        """Latent vectors, float32 (local_batch, dim), for one named purpose."""
        philox_key = key(self.seed, purpose, self.step)
        rows = self.local_batch, dim, self._start
        return latents(distribution, philox_key, *rows, stride=self.parts)

    def at(self, prefix: str) -> Draws:
        """Returns the same step's draws with every purpose prefixed."""
        return _Prefixed(self, prefix)

    def part(self, index, parts: int) -> Draws:
        """Returns the draws of examples index, index + parts, ... of this replica alone.

        Args:
            index: Int or int scalar tensor, 0 .. parts - 1.
            parts: Divides `local_batch`; these draws are not a part themselves.
        """
        part = copy.copy(self)
        part.local_batch, part.parts = self.local_batch // parts, parts
        part._start = self._start + tf.cast(index, tf.int64)
        return part


class _Prefixed(Draws):
    def __init__(self, parent: Draws, prefix: str):
        self.__dict__.update(parent.__dict__)
        self._parent, self._prefix = parent, prefix

    def uniform(self, purpose, shape=(), low=0.0, high=1.0):
        return self._parent.uniform(f"{self._prefix}/{purpose}", shape, low, high)

    def normal(self, purpose, shape=()):
        return self._parent.normal(f"{self._prefix}/{purpose}", shape)

    def latents(self, purpose, distribution, dim):
        return self._parent.latents(f"{self._prefix}/{purpose}", distribution, dim)

    def part(self, index, parts):
        return _Prefixed(self._parent.part(index, parts), self._prefix)


def latents(distribution: str, philox_key, count: int, dim: int, start=0, stride=1) -> tf.Tensor:
    """Draws latent vectors, float32 (count, dim).

    Args:
        distribution: "normal" for N(0, I), or "uniform(a,b)"; before it one "onehot(K)+" for
            each one-hot code of K columns, uniform over them, at the start of the vector.
        philox_key, count, start, stride: As in `bits`.
        dim: Size of z, codes included.

    Raises:
        ValueError: The distribution is unknown, or the codes are wider than `dim`.
    """
    sizes, bounds = code_sizes(distribution), uniform_bounds(distribution)
    if sum(sizes) > dim:
        raise ValueError(
            f"{distribution!r} has {sum(sizes)} columns of codes, latent_dim is {dim}."
        )
    rest = (dim - sum(sizes),)
    if bounds is None:
        parts = [normal(philox_key, count, rest, start, stride)]
    else:
        parts = [uniform(philox_key, count, rest, start, *bounds, stride=stride)]
    if not sizes:
        return parts[0]
    # Half the key space away from the keys of this purpose's other steps.
    second = philox_key + tf.constant(1 << 63, tf.uint64)
    u = uniform(second, count, (len(sizes),), start, stride=stride)
    codes = [
        tf.one_hot(tf.cast(u[:, i] * float(size), tf.int32), size) for i, size in enumerate(sizes)
    ]
    return tf.concat(codes + parts, axis=1)


def code_sizes(distribution: str) -> tuple[int, ...]:
    """Returns the K of each "onehot(K)+" at the start of a distribution.

    Raises:
        ValueError: A K under 2.
    """
    sizes, _ = _split_codes(distribution)
    if any(size < 2 for size in sizes):
        raise _unknown(distribution)
    return sizes


def _split_codes(distribution):
    sizes, rest = [], distribution.replace(" ", "")
    while code := re.match(r"onehot\((\d+)\)\+", rest):
        sizes.append(int(code[1]))
        rest = rest[code.end() :]
    return tuple(sizes), rest


def uniform_bounds(distribution: str) -> tuple[float, float] | None:
    """Returns (a, b) of "uniform(a,b)", None for "normal"; "sqrt3" stands for its value.

    One-hot codes before it are passed over.

    Raises:
        ValueError: Anything else.
    """
    _, text = _split_codes(distribution)
    if text == "normal":
        return None
    text = text.replace("sqrt3", repr(math.sqrt(3.0)))
    try:
        if not (text.startswith("uniform(") and text.endswith(")")):
            raise ValueError
        low, high = (float(part) for part in text[8:-1].split(","))
        if not low < high:
            raise ValueError
    except ValueError:
        raise _unknown(distribution) from None
    return low, high


def _unknown(distribution) -> ValueError:
    return ValueError(
        f"latent_distribution is {distribution!r}; use 'normal' or 'uniform(a,b)' with a < b, "
        "after 'onehot(K)+' for each one-hot code of K >= 2 columns."
    )
