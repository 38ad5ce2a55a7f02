"""What the discriminator's logits on a few images say; real ones higher than fakes'.

Sources: Karras et al. 2020, arXiv:2006.06676, section 3.1, for the two heuristics of
overfitting r_v and r_t.
"""

from __future__ import annotations

import numpy as np


def accuracy(real_logits, fake_logits) -> float:
    """Mean of the shares of real logits above zero and of fake logits below it.

    Says something only where zero is the discriminator's border (`losses.Loss.CENTERED`).
    """
    right = np.mean(np.asarray(real_logits) > 0.0), np.mean(np.asarray(fake_logits) < 0.0)
    return float(np.mean(right))


def separation(real_logits, fake_logits) -> float:
    """Share of the pairs of a real and a fake logit in which the real one is higher.

    The area under the ROC curve, ties counted half: 1 perfect, 0.5 chance. Neither an offset
    nor a positive factor of the logits changes it.
    """
    fake = np.sort(np.asarray(fake_logits, "float64"))
    below = np.searchsorted(fake, real_logits, "left"), np.searchsorted(fake, real_logits, "right")
    return float(np.mean(below) / len(fake))


def overfitting(train_logits, held_out_logits, fake_logits) -> tuple[float, float]:
    """r_v: where held-out real images lie between training images (0) and fakes (1).

        r_v = (E[D_train] - E[D_held_out]) / (E[D_train] - E[D_fake])

    Neither an offset, nor a factor, nor the sign of the logits changes it.

    Returns:
        (r_v, its standard error from the spread of the logits); (0, inf) where training
        images and fakes score the same.
    """
    groups = [np.asarray(x, "float64") for x in (train_logits, held_out_logits, fake_logits)]
    train, held_out, fake = (float(x.mean()) for x in groups)
    gap = train - fake
    if gap == 0.0:
        return 0.0, float("inf")
    spread = sum(x.var() / len(x) for x in groups[:2]) ** 0.5
    return (train - held_out) / gap, spread / abs(gap)


def mean_sign(train_logits) -> float:
    """r_t = E[sign(D_train)] in [-1, 1]; adaptive augmentation aims at 0.6."""
    return float(np.mean(np.sign(np.asarray(train_logits))))


def gap_shrink(gap: float, changed_gap: float) -> float:
    """How much of E[D(real)] - E[D(fake)] goes away when both inputs are changed alike.

    1 - changed/gap: above 0.5 after a change that nobody sees means that the discriminator
    looks at tiny differences of value, not at the picture. 0 where there is no gap.
    """
    return 1.0 - changed_gap / gap if gap != 0.0 else 0.0
