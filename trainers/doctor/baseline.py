"""What the real data look like: the numbers that the generator's are compared with."""

from __future__ import annotations

import numpy as np

from tfgan_models.analysis import diagnosis
from trainers.doctor.ledger import Reading
from trainers.doctor.limits import limit

IMAGES = 2048
_MEMORY = 1 << 26  # pixels of the images looked at
_DRAWS = 512  # labels whose order is looked at
_BATCH = 64  # images of one batch of the nearest-neighbour number
_SHOWN = 10
_REPETITIONS = 10  # images seen twice before a share is made of them
_REFERENCES = 20_000  # training images that copies are searched among


class Reals:
    """A random sample of the training images, the same at every start, and what is known of it.

    Args:
        source: The run's training data.
        points: Whether the images are points of a toy density, with no picture to look at.
    """

    def __init__(self, source, points: bool):
        self.source, self.points = source, points
        pixels = int(np.prod(source.image_shape))
        count = max(1, min(IMAGES, source.num_examples, _MEMORY // pixels))
        generator = np.random.default_rng(0)
        chosen = generator.choice(source.num_examples, count, replace=False)
        self.indices = chosen.astype(np.int64)
        self.images, self.labels = _take(source, self.indices, count)

    def data_readings(self, num_classes: int | None, uniform_fakes: bool = False) -> list[Reading]:
        """Readings of the images and labels themselves; said before the first step.

        Args:
            num_classes: K of the model, None without.
            uniform_fakes: Whether fakes are drawn with uniform labels, not the data's.
        """
        readings = [] if self.points else [self._range(), self._blank(), self._repeated()]
        labels = self.source.labels if self.source.labels is not None else self.labels
        if num_classes and labels is not None:
            readings.append(label_reading(np.asarray(labels), num_classes))
            # Labels out of range have no law.
            if uniform_fakes and 0 <= np.min(labels) and np.max(labels) < num_classes:
                readings.append(law_reading(np.asarray(labels), num_classes))
        return readings

    def _range(self) -> Reading:
        low, _, _, high = diagnosis.value_range(self.images)
        what = f"Real images have values from {low:.3g} to {high:.3g} instead of -1 to 1"
        if low >= 0.0 and high > 0.0:
            return Reading("value_range", low, 0.0, True, low=True, details={"what": what})
        value, bound = max(high, -low), limit("value_high")
        return Reading("value_range", value, bound, value > bound, details={"what": what})

    def _blank(self) -> Reading:
        blank = diagnosis.blank_images(self.images)
        share, bound = len(blank) / len(self.images), limit("blank_share")
        shown = ", ".join(str(int(i)) for i in self.indices[blank[:_SHOWN]])
        return Reading("blank_images", share, bound, share > bound, details={"indices": shown})

    def _repeated(self) -> Reading:
        seen, bound = diagnosis.repeated_share(self.images), limit("repeated_share")
        count = len(self.images)
        # Of two equal images the sample holds both as often as it holds any other image.
        share = min(1.0, seen * self.source.num_examples / count)
        beyond = share > bound and seen * count >= _REPETITIONS
        return Reading("repeated_images", share, bound, beyond)

    def measure(self) -> None:
        """Computes the numbers that the checks divide by."""
        small = diagnosis.pooled(self.images, 32)
        self.variance = diagnosis.total_variance(small)
        size = min(_BATCH, len(small))
        parts = small[: len(small) // size * size].reshape(-1, size, *small.shape[1:])
        near = [diagnosis.nearest_in_batch(p) for p in parts] if size > 1 else [0.0]
        self.batch_size, self.nearest = size, float(np.median(near))
        self.deviation = float(self.images.std(axis=0).mean())
        self.contrast = contrast(small)
        self.clusters = diagnosis.Clusters(diagnosis.pooled(small, 16), min(20, len(small)))
        _, self.low, self.high, _ = diagnosis.value_range(self.images)
        self.grids = {} if self.points else grids(self.images[:256])
        self.constant = diagnosis.constant_pixels(self.images)
        self.class_share = self.within = None
        if self.labels is not None and len(np.unique(self.labels)) > 1:
            self.class_share = diagnosis.class_share(small, self.labels)
            self.within = self.variance * (1.0 - self.class_share)


def _take(source, indices, count):
    """(images, labels or None) of a source, by number or, where it only streams, the first."""
    if source.random_access:
        batch = source.gather(indices)
    else:
        batch = next(iter(source.stream(seed=0, shuffle=True).batch(count)))
    labels = batch.get("label")
    return np.asarray(batch["image"]), None if labels is None else np.asarray(labels)


def label_reading(labels, num_classes: int) -> Reading:
    """Whether labels (n,) are in [0, K), each of them occurs, and none much more often."""
    low, high = int(labels.min()), int(labels.max())
    bound = limit("class_ratio")
    if low < 0 or high >= num_classes:
        what = f"Labels run from {low} to {high}, the model has classes 0 to {num_classes - 1}"
        return Reading("labels", float(high), float(num_classes - 1), True, details={"what": what})
    counts = np.bincount(labels, minlength=num_classes)
    if counts.min() == 0:
        missing = np.flatnonzero(counts == 0)
        shown = ", ".join(map(str, missing[:_SHOWN]))
        what = f"{len(missing)} of {num_classes} classes never occur: {shown}"
        return Reading("class_balance", float(len(missing)), 0.0, True, details={"what": what})
    ratio = float(counts.max() / counts.min())
    what = (
        f"The commonest class has {ratio:.0f} times as many images as the rarest (limit "
        f"{bound:.0f})"
    )
    return Reading("class_balance", ratio, bound, ratio > bound, details={"what": what})


def law_reading(labels, num_classes: int) -> Reading:
    """How far labels (n,) in [0, K) are from uniform ones."""
    uniform = np.arange(len(labels)) % num_classes
    value, error = diagnosis.law_distance(labels, uniform, num_classes)
    bound = limit("law_distance") + 3.0 * error
    return Reading("label_law", value, bound, value > bound)


def contrast(images) -> float:
    """Median over images (n, ...) of their own standard deviation."""
    images = np.asarray(images)
    return float(np.median(images.reshape(len(images), -1).std(axis=1)))


def grids(images) -> dict[str, float]:
    """Strength of the grids that fit images (n, H, W, C), and the power of the corner."""
    side = min(images.shape[1:3])
    found = {
        f"period {period}": diagnosis.grid_strength(images, period)
        for period in (2, 4, 8)
        if side >= max(4 * period, 5 + period)
    }
    return {**found, "corner": diagnosis.corner_power(images)} if side >= 8 else found


def order_readings(dataset, rows: int, epoch: int) -> list[Reading]:
    """Readings of the first batches in the order of training: are they new, are they mixed?

    Args:
        dataset: The run's pipeline, started anew.
        rows: Images in a batch.
        epoch: Images of the data set; one that is no larger than a batch repeats itself.
    """
    digests, labels = [], []
    for batch in dataset.take(max(3, -(-_DRAWS // rows))):
        digests.append(diagnosis.digest(np.asarray(batch["image"])))
        found = np.asarray(batch["label"]) if "label" in batch else np.zeros(0, int)
        labels += found[found >= 0].tolist()  # -1 is unknown
    same = 1
    while same < len(digests) and digests[same] == digests[0]:
        same += 1
    readings = [Reading("stuck_pipeline", float(same), 2.0, same > 2 and epoch > rows)]
    labels = labels[:_DRAWS]
    if len(set(labels)) > 1:
        run = diagnosis.longest_run(labels)
        ratio, bound = run / diagnosis.expected_run(labels), limit("run_ratio")
        details = {"draws": len(labels), "run": run}
        readings.append(Reading("unshuffled", ratio, bound, ratio > bound, details=details))
    return readings


def references(source) -> np.ndarray | None:
    """Training images, pooled, that copies are searched among; None where there are too many."""
    if not source.random_access or source.num_examples > _REFERENCES:
        return None
    parts = []
    for start in range(0, source.num_examples, 1024):
        chosen = np.arange(start, min(start + 1024, source.num_examples), dtype=np.int64)
        parts.append(thumbnails(_take(source, chosen, len(chosen))[0]))
    return np.concatenate(parts)


def thumbnails(images) -> np.ndarray:
    """Images (n, H, W, C) as copies are looked for: about 8 pixels a side."""
    return diagnosis.pooled(diagnosis.pooled(images, 32), 8)
