"""Measurements that print a table: `python -m benchmarks.NAME` in the repository's root.

| command | measures |
|---|---|
| fit_overhead | `fit` against a hand-written `tf.function` loop; the cost of determinism |
| memory | peak memory of the same two |
| start_time | process start to the first step; `--help` of every command |
| kill_campaign | kill -9 at random moments: does the resumed run end with the same bits |
"""
