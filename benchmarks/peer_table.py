"""The statistics and the table of `peer`."""

from __future__ import annotations

import statistics
from typing import NamedTuple

OTHERS = 0.05  # cores that other processes may take in a round that counts
ENOUGH = 5  # quiet rounds without which the busy ones count too
_TARGETS = {
    "dcgan_28": 1.20,
    "mlp_128": 1.15,
    "mlp_128_large_batch": 1.15,
    "dcgan_64": 1.03,
    "resnet_wgan_gp": 1.03,
    "biggan_32": 1.03,
    "biggan_64": 1.03,
}
_BFLOAT16_TARGET = 0.95
_PEAK_TARGETS = {("dcgan_64", "float32"): 0.82}


class Round(NamedTuple):
    """A chunk of every contender.

    Attributes:
        rates: Steps a second by contender.
        efforts: Seconds of CPU time a step by contender.
        others: Cores that other processes took meanwhile, by contender.
        peak: FLOP/s of a large matrix product.
    """

    rates: dict[str, float]
    efforts: dict[str, float]
    others: dict[str, float]
    peak: float

    @property
    def quiet(self) -> bool:
        """Whether others took at most `OTHERS` during every chunk."""
        return max(self.others.values()) <= OTHERS


def header() -> str:
    """Returns the names of the columns."""
    return (
        f"{'case':<20}{'contender':<22}{'images/s':>9}{'median':>8}{'min':>7}{'max':>7}"
        f"{'CPU':>7}{'rounds':>8}{'others':>8}{'% peak':>8}  target"
    )


def kept(rounds: list[Round]) -> list[Round]:
    """Returns the quiet rounds, or all where fewer than `ENOUGH` are quiet."""
    quiet = [r for r in rounds if r.quiet]
    return quiet if len(quiet) >= min(ENOUGH, len(rounds)) else rounds


def base_of(rounds: list[Round]) -> str:
    """Returns the PyTorch contender with the best median, "hand" where there is none."""
    sides = [side for side in rounds[0].rates if side.startswith("torch")]
    return max(sides, key=lambda s: statistics.median(r.rates[s] for r in rounds), default="hand")


def rows(name: str, precision: str, rounds: list[Round], batch: int, flops: float) -> list[str]:
    """Returns a line for each contender.

    Args:
        name: Of the case.
        precision: "float32" or "bfloat16".
        rounds: At least one.
        batch: Images in a step.
        flops: Multiplications and additions in a step.
    """
    used = kept(rounds)
    base = base_of(used)
    peak = statistics.median(r.peak for r in used)
    lines = []
    for side in rounds[0].rates:
        rate = statistics.median(r.rates[side] for r in used)
        ratios = [r.rates[side] / r.rates[base] for r in used]
        effort = statistics.median(r.efforts[base] / r.efforts[side] for r in used)
        others = max(r.others[side] for r in used)
        share = rate * flops / peak
        numbers = f"{rate * batch:>9.0f}{statistics.median(ratios):>8.3f}"
        numbers += f"{min(ratios):>7.3f}{max(ratios):>7.3f}{effort:>7.3f}"
        numbers += f"{f'{len(used)}/{len(rounds)}':>8}"
        numbers += f"{others:>8.2f}{100 * share:>8.1f}"
        verdict = _verdict(name, precision, side, base, statistics.median(ratios), share)
        lines.append(f"{name:<20}{side:<22}{numbers}  {verdict}".rstrip())
    if len(used) == len(rounds) and not all(r.quiet for r in rounds):
        busy = sum(not r.quiet for r in rounds)
        lines.append(f"  not quiet: others took over {OTHERS} core in {busy} rounds; all count")
    return lines


def _verdict(name, precision, side, base, ratio, share) -> str:
    if side != "fit":
        return "the peer" if side == base else ""
    targets = []
    if base != "hand":
        target = _TARGETS.get(name) if precision == "float32" else _BFLOAT16_TARGET
        targets += [(f"{target:.2f}", ratio >= target)] if target else []
    if (name, precision) in _PEAK_TARGETS:
        target = _PEAK_TARGETS[name, precision]
        targets.append((f"{100 * target:.0f} % of peak", share >= target))
    return ", ".join(f"{text} {'pass' if met else 'below'}" for text, met in targets)
