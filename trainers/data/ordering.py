"""The order of training batches: a pure function of (seed, epoch, index), so a run can go on."""

from __future__ import annotations

from trainers.data.catalog import data_error
from trainers.data.source import Source

# RandomIndexShuffle needs two precautions, both pinned by tests:
# - its default of 4 rounds leaves neighbours related (of 60,000 shuffled indices the commonest
#   distance between neighbours is 33 times as common as by chance; with 8 rounds, 3 times);
# - it uses only the low bits of each seed word (8 for sets up to 65,536), so that seeds 1 and
#   257, or epochs 0 and 256, would give one order: the words are mixed first.
_SHUFFLE_ROUNDS = 8
_WORD_BITS = 21
_BATCHES_AHEAD = 2


def _mixed(value):
    """The finaliser of SplitMix64: uint64 tensor -> uint64 tensor, every bit depending on all."""
    import tensorflow as tf

    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        shifted = tf.bitwise.right_shift(value, tf.constant(shift, tf.uint64))
        value = tf.bitwise.bitwise_xor(value, shifted) * tf.constant(factor, tf.uint64)
    shifted = tf.bitwise.right_shift(value, tf.constant(31, tf.uint64))
    return tf.bitwise.bitwise_xor(value, shifted)


def _epoch_keys(seed: int, epoch):
    """int64 epochs (n,) -> int64 (n, 3): the words of the shuffle's key for (seed, epoch)."""
    import tensorflow as tf

    start = _mixed(tf.constant(seed % 2**64, tf.uint64))
    key = _mixed(start + tf.cast(epoch, tf.uint64))
    words = [
        tf.bitwise.right_shift(key, tf.constant(number * _WORD_BITS, tf.uint64))
        for number in range(3)
    ]
    words = tf.bitwise.bitwise_and(tf.stack(words, axis=1), tf.constant(2**32 - 1, tf.uint64))
    return tf.cast(words, tf.int64)


def shuffled_indices(positions, num_examples: int, seed: int, shuffle: bool = True):
    """Stream positions -> example indices.

    Position p belongs to epoch p // N and is the (p mod N)-th of that epoch's permutation,
    which depends on (seed, epoch) alone. Every epoch holds every index once.

    Args:
      positions: int64 tensor (n,).
      num_examples: N.
      seed: any integer up to 64 bits.
      shuffle: False gives the order of the source.

    Returns:
      int64 tensor (n,) in [0, N).
    """
    import tensorflow as tf

    within = positions % num_examples
    if not shuffle:
        return within
    # The raw op, since tf.random.experimental.index_shuffle pads a matrix of seeds wrongly.
    return tf.raw_ops.RandomIndexShuffle(
        index=within,
        seed=_epoch_keys(seed, positions // num_examples),
        max_index=tf.constant(num_examples - 1, tf.int64),
        rounds=_SHUFFLE_ROUNDS,
    )


def pipeline(
    source: Source,
    *,
    batch_size: int,
    seed: int,
    start_step: int = 0,
    d_steps: int = 1,
    shuffle: bool = True,
):
    """Infinite `tf.data.Dataset` of batches for training.

    Step s delivers stream positions s * k * B to (s + 1) * k * B - 1, so a batch may straddle
    two epochs, no tail is dropped, and N may be smaller than the batch. Starting at
    `start_step` gives exactly the continuation. Sources without random access (large TFDS
    sets) are shuffled in a seeded buffer and continue by skipping: exact too, but skipping
    reads what it skips.

    Args:
      source: what `load` returned.
      batch_size: B, images for one generator update, over all replicas.
      seed: any integer; with the epoch it fixes the order.
      start_step: first step to deliver.
      d_steps: k, critic steps for one generator update.
      shuffle: False keeps the order of the source.

    Returns:
      Dataset of {"image": float32 (k * B, H, W, C) in [-1, 1], "label": int32 (k * B,)},
      "label" only with labels; static shapes; sharded by DATA under a strategy.

    Raises:
      DataError: batch_size or d_steps below 1, or start_step below 0.
    """
    import tensorflow as tf

    for name, value, least in (
        ("batch_size", batch_size, 1),
        ("d_steps", d_steps, 1),
        ("start_step", start_step, 0),
    ):
        if value < least:
            raise data_error(name, f"{value} is too small", f"use {least} or more")
    total = batch_size * d_steps
    if source.random_access:

        def batch_of(step):
            positions = step * total + tf.range(total, dtype=tf.int64)
            indices = shuffled_indices(positions, source.num_examples, seed, shuffle)
            batch = source.gather(indices)
            batch["image"] = tf.ensure_shape(batch["image"], (total, *source.image_shape))
            return batch

        steps = tf.data.Dataset.counter(start_step)
        dataset = steps.map(batch_of, source.parallel_reads)
    else:
        examples = source.stream(seed=seed, shuffle=shuffle).skip(start_step * total)
        dataset = examples.batch(total, drop_remainder=True)
    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return dataset.prefetch(_BATCHES_AHEAD).with_options(options)
