"""Numbers that carry how they were measured, and refuse to be compared with unlike ones."""

from __future__ import annotations

import dataclasses

# With the reference network these have names of their own; else they are proxies.
_REFERENCE_NAMES = {
    "frechet_distance": "fid",
    "frechet_distance_infinity": "fid_infinity",
    "intra_class_frechet_distance": "intra_fid",
    "kernel_distance": "kid",
    "inception_score": "inception_score",
    "inception_score_infinity": "inception_score_infinity",
}


@dataclasses.dataclass(frozen=True)
class Protocol:
    """How a number was measured. Two numbers compare only where all of this is equal.

    Attributes:
        metric: Name in `registry.METRICS`, with the part after a dot where a metric has
            several numbers: "precision_recall.precision".
        options: Of the metric, such as (("k", 3),), sorted.
        network: Feature network, "none" for metrics of images.
        network_digest: 16 hex digits of its weights.
        resize: What the network does to the size of images.
        image_shape: (H, W, C) of the images measured.
        value_range: Of the images before quantisation.
        quantisation: How they became what was measured.
        n_real, n_fake: Numbers of images.
        reference: Data and split that the real images come from.
        reference_digest: 16 hex digits of them.
        seed: Of the latents and of subsets.
        labels: Law of the fake labels: "none", "uniform", "data".
        truncation: Of the latents; None for none.
        weights: "ema" or "raw" generator.
        standing_batches: Batches that standing statistics of the generator's batch norms are
            means of; 0: its own, such as moving averages.
        covariance: Normalisation of covariances, where one is used.
        version: Of this library.
    """

    metric: str
    network: str
    network_digest: str
    resize: str
    image_shape: tuple[int, ...]
    n_real: int
    n_fake: int
    reference: str
    reference_digest: str
    version: str
    seed: int = 0
    options: tuple[tuple[str, object], ...] = ()
    value_range: str = "[-1, 1]"
    quantisation: str = "uint8, clip(round((x + 1) * 127.5), 0, 255)"
    labels: str = "none"
    truncation: float | None = None
    weights: str = "ema"
    standing_batches: int = 0
    covariance: str = "none"

    def to_dict(self) -> dict:
        """Returns plain data for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> Protocol:
        """Reads `to_dict` back, from JSON too."""
        values = dict(values)
        values["image_shape"] = tuple(values["image_shape"])
        values["options"] = tuple((name, value) for name, value in values["options"])
        return cls(**values)

    def differences(self, other: Protocol) -> list[str]:
        """Returns "field: mine / theirs" for every field that differs."""
        mine, theirs = dataclasses.asdict(self), dataclasses.asdict(other)
        return [
            f"{name}: {mine[name]!r} / {theirs[name]!r}"
            for name in mine
            if mine[name] != theirs[name]
        ]


@dataclasses.dataclass(frozen=True)
class Score:
    """A number, its interval and its protocol.

    Attributes:
        value: The number.
        low, high: Ends of its interval; None where there is none.
        level: Confidence level of the interval.
        better: "low" or "high": which values are better; "none" where neither is.
        protocol: How it was measured.
    """

    value: float
    protocol: Protocol
    better: str = "low"
    low: float | None = None
    high: float | None = None
    level: float = 0.95

    @property
    def name(self) -> str:
        """What to call it: "fid" with the 2015 Inception network, else "proxy_fid[NETWORK]"."""
        return score_name(self.protocol.metric, self.protocol.network)

    def minus(self, other: Score) -> float:
        """Returns the difference of two numbers of one protocol.

        Raises:
            ValueError: The protocols differ; the fields that do are named.
        """
        differences = self.protocol.differences(other.protocol)
        if differences:
            raise ValueError(
                f"{self.name} and {other.name} were not measured alike ({'; '.join(differences)}): "
                "measure both with one protocol."
            )
        return self.value - other.value

    def is_better_than(self, other: Score) -> bool:
        """Whether this number is better than one of the same protocol.

        Raises:
            ValueError: The protocols differ, or neither direction is better.
        """
        difference = self.minus(other)
        if self.better == "none":
            raise ValueError(f"{self.name} has no better direction: compare it with the data's.")
        return difference < 0 if self.better == "low" else difference > 0

    def to_dict(self) -> dict:
        """Returns plain data for JSON."""
        return {**dataclasses.asdict(self), "name": self.name}

    @classmethod
    def from_dict(cls, values: dict) -> Score:
        """Reads `to_dict` back, from JSON too."""
        values = {key: value for key, value in values.items() if key != "name"}
        return cls(**{**values, "protocol": Protocol.from_dict(values["protocol"])})


def score_name(metric: str, network: str) -> str:
    """Returns a metric's printed name with a network: "proxy_fid[digits]", "precision[digits]".

    Args:
        metric: As `Protocol.metric`.
        network: Name of the feature network, "none" for metrics of images.
    """
    base, _, part = metric.partition(".")
    short = _REFERENCE_NAMES.get(base)
    if network == "inception_2015":
        return part or short or base
    name = part or (f"proxy_{short}" if short else base)
    return name if network == "none" else f"{name}[{network}]"
