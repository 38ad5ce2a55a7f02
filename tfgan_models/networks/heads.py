"""What a class-conditional discriminator reads from its last features h, and how.

| head | outputs beside the logit a = w.h + b | loss that reads them | source |
|---|---|---|---|
| projection | none: a + <V y, h> | | Miyato & Koyama 2018, arXiv:1802.05637 |
| semi_projection | the same, unknown y guessed; `class_logits` K | `auxiliary_classifier` on real images | Lucic et al. 2019, arXiv:1903.02271 |
| auxiliary | `class_logits` K | `auxiliary_classifier` | Odena et al. 2017, arXiv:1610.09585 |
| twin_auxiliary | `class_logits` K, `mutual_class_logits` K | `twin_auxiliary_classifier` | Gong et al. 2019, arXiv:1907.02690 |
| auxiliary_discriminative | `class_logits` 2 K | `auxiliary_discriminative_classifier` | Hou et al. 2022, arXiv:2107.10060 |
| contrastive | `embedding`, `proxy` | `contrastive_2c` or `d2d_ce` | Kang & Park 2020, arXiv:2006.12681; Kang et al. 2021, arXiv:2111.01118 |
| multi_hinge | `class_logits` K + 1 and `features` h, in place of a | `multi_hinge` | Kavalerov et al. 2021, arXiv:1912.04216 |

K is the number of classes. All layers are float32, and normalised where the network is.
"""  # noqa: E501

from __future__ import annotations

import keras
from keras import layers, ops

HEADS = (
    "projection",
    "semi_projection",
    "auxiliary",
    "twin_auxiliary",
    "auxiliary_discriminative",
    "contrastive",
    "multi_hinge",
)
READ_LABELS = ("projection", "semi_projection", "contrastive")
_EMBEDDING = 512


def with_head(style, x, h, num_classes, head="projection", rotation=False) -> keras.Model:
    """Closes a discriminator.

    Args:
        style: `residual.Style`.
        x: Its input.
        h: Features, float32 (B, n).
        num_classes: K, None without classes: the logit alone.
        head: See the table.
        rotation: Whether there is a head `rotation_logits` (B, 4) for the penalty "rotation"
            (Chen et al. 2019, arXiv:1811.11212).

    Returns:
        The model; its inputs are [x, y] for heads that read labels, else x.
    """

    def dense(units, name, **kwargs):
        return style.dense(units, dtype="float32", name=name, **kwargs)

    inputs, outputs = x, {}
    if num_classes is None or head != "multi_hinge":
        outputs["logits"] = dense(1, "logit")(h)
    if num_classes is not None:
        if head in READ_LABELS:
            y = keras.Input((num_classes,), name="labels")
            inputs = [x, y]
            outputs = _LABELLED[head](dense, h, y, outputs["logits"])
        else:
            outputs |= _unlabelled(dense, h, num_classes, head)
    if rotation:
        outputs["rotation_logits"] = dense(4, "rotation_logits")(h)
    single = list(outputs) == ["logits"]
    return keras.Model(inputs, outputs["logits"] if single else outputs, name="discriminator")


def _unlabelled(dense, h, num_classes, head):
    if head == "multi_hinge":
        return {"class_logits": dense(num_classes + 1, "class_logits")(h), "features": h}
    columns = num_classes * (2 if head == "auxiliary_discriminative" else 1)
    outputs = {"class_logits": dense(columns, "class_logits")(h)}
    if head == "twin_auxiliary":
        outputs["mutual_class_logits"] = dense(columns, "mutual_class_logits")(h)
    return outputs


def _matched(dense, h, y, logit):
    """logit + <V y, h>."""
    embedded = dense(h.shape[-1], "embedding", use_bias=False)(y)
    match = layers.Dot(axes=1, dtype="float32")([h, embedded])
    return layers.Add(dtype="float32")([logit, match])


def _projection(dense, h, y, logit):
    return {"logits": _matched(dense, h, y, logit)}


def _semi_projection(dense, h, y, logit):
    classes = dense(y.shape[-1], "class_logits")(h)
    return {
        "logits": _matched(dense, h, _KnownOrGuessed()([y, classes]), logit),
        "class_logits": classes,
    }


def _contrastive(dense, h, y, logit):
    embedding = dense(_EMBEDDING, "contrastive_embedding")(h)
    proxy = dense(_EMBEDDING, "proxy", use_bias=False)(y)
    return {"logits": logit, "embedding": embedding, "proxy": proxy}


_LABELLED = {
    "projection": _projection,
    "semi_projection": _semi_projection,
    "contrastive": _contrastive,
}


@keras.saving.register_keras_serializable(package="tfgan_models")
class _KnownOrGuessed(layers.Layer):
    """Labels y; where a row is zero, the one-hot class with the largest logit. No gradient."""

    def call(self, inputs):
        y, logits = inputs
        guessed = ops.one_hot(ops.argmax(logits, axis=-1), logits.shape[-1], dtype=y.dtype)
        known = ops.max(y, axis=-1, keepdims=True) > 0.0
        return ops.stop_gradient(ops.where(known, y, guessed))

    def compute_output_shape(self, input_shape):
        return input_shape[0]
