"""ADA: Karras et al. 2020, arXiv:2006.06676, section 3 and appendix B."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tfgan_models.augment import geometry
from tfgan_models.augment.colour import check_colours, colour_map, recolour
from tfgan_models.augment.controller import Controlled
from tfgan_models.augment.corruption import band_filter, band_gains, occlude
from tfgan_models.registry import near_matches

# Operation -> group, in the order of application. The paper counts 18: the two
# rotations are the halves of one.
OPERATIONS = {
    "x_flip": "blit",
    "rotate_90": "blit",
    "integer_translation": "blit",
    "isotropic_scale": "geom",
    "pre_rotation": "geom",
    "anisotropic_scale": "geom",
    "post_rotation": "geom",
    "fractional_translation": "geom",
    "brightness": "color",
    "contrast": "color",
    "luma_flip": "color",
    "hue": "color",
    "saturation": "color",
    "band_0": "filter",
    "band_1": "filter",
    "band_2": "filter",
    "band_3": "filter",
    "noise": "noise",
    "cutout": "cutout",
}
_GROUPS = tuple(dict.fromkeys(OPERATIONS.values()))
PIPELINES = {
    "".join(group[0] for group in _GROUPS[:count]): _GROUPS[:count] for count in range(2, 7)
}
_SHIFT = 0.125


def pipeline_multipliers(pipeline: str, multipliers: dict | None = None) -> dict[str, float]:
    """Returns {operation: factor of p} of a pipeline, with some factors replaced.

    Raises:
        ValueError: Unknown pipeline, group or operation; near matches are listed.
    """
    words = [word.strip() for word in pipeline.split(",") if word.strip()]
    groups = PIPELINES.get(pipeline.strip(), words)
    for group in groups:
        if group not in _GROUPS:
            known = (*PIPELINES, *_GROUPS)
            raise ValueError(f"Unknown ADA pipeline {group!r}.{near_matches(group, known)}")
    factors = {name: float(group in groups) for name, group in OPERATIONS.items()}
    for name, factor in (multipliers or {}).items():
        if name not in OPERATIONS:
            raise ValueError(f"Unknown ADA operation {name!r}.{near_matches(name, OPERATIONS)}")
        if factor < 0.0:
            raise ValueError(f"The multiplier of {name!r} must be at least 0; got {factor}.")
        factors[name] = float(factor)
    return factors


def draw_parameters(draws, p, factors: dict[str, float], height: int, width: int) -> dict:
    """Draws one value an image of every operation whose factor is not zero.

    Each is kept with probability factor * p, a rotation's half with
    1 - sqrt(1 - factor * p), and is the value that changes nothing otherwise.

    Returns:
        {operation: float32 (B,)}: flips 0 or 1, quarter turns 0 to 3, scales, angles in
        radians, colour values as in `colour_map`, factors of bands, noise's standard
        deviation; the translations (B, 2), x and y in pixels; `cutout` (B, 3): the centre's
        x and y, and the relative size.
    """
    uniform = draws.uniform("ada_uniform", (len(OPERATIONS), 3))
    normal = draws.normal("ada_normal", (len(OPERATIONS), 2))
    sides = tf.constant([width, height], tf.float32)
    values = {}
    for i, (name, factor) in enumerate(factors.items()):
        if factor == 0.0:
            continue
        u, pair, z, zs = uniform[:, i, 1], uniform[:, i, 1:], normal[:, i, 0], normal[:, i]
        chance = factor * tf.cast(p, tf.float32)
        neutral = 0.0
        if name in ("x_flip", "luma_flip"):
            value = tf.floor(2.0 * u)
        elif name == "rotate_90":
            value = tf.floor(4.0 * u)
        elif name == "integer_translation":
            value = tf.round((2.0 * pair - 1.0) * (_SHIFT * sides))
        elif name in ("isotropic_scale", "anisotropic_scale"):
            value, neutral = tf.exp(math.log(2.0) * 0.2 * z), 1.0
        elif name in ("pre_rotation", "post_rotation"):
            value = math.pi * (2.0 * u - 1.0)
            chance = 1.0 - tf.sqrt(1.0 - tf.minimum(chance, 1.0))
        elif name == "fractional_translation":
            value = zs * (_SHIFT * sides)
        elif name == "brightness":
            value = 0.2 * z
        elif name == "contrast":
            value, neutral = tf.exp(math.log(2.0) * 0.5 * z), 1.0
        elif name == "hue":
            value = math.pi * (2.0 * u - 1.0)
        elif name == "noise":
            value = tf.abs(0.1 * z)
        elif name == "cutout":
            value = tf.concat([pair, tf.fill([u.shape[0], 1], 0.5)], axis=1)
        else:  # saturation and the bands
            value, neutral = tf.exp(math.log(2.0) * z), 1.0
        kept = uniform[:, i, 0] < chance
        values[name] = tf.where(kept if value.shape.rank == 1 else kept[:, None], value, neutral)
    return values


def inverse_map(parameters: dict) -> tf.Tensor | None:
    """Composes the inverses of the geometric operations that are given; (B, 2, 3) or None.

    G^-1 = T_1^-1 T_2^-1 ... with T_1 applied to the image first. One quarter turn is
    `np.rot90(image)`; angles turn the same way.
    """
    steps = []
    for name, value in parameters.items():
        if name == "x_flip":
            steps.append(geometry.affine(1.0 - 2.0 * value, 0.0, 0.0, 1.0, 0.0, 0.0))
        elif name == "rotate_90":
            angle = value * (math.pi / 2.0)
            cos, sin = tf.round(tf.cos(angle)), tf.round(tf.sin(angle))
            steps.append(geometry.affine(cos, -sin, sin, cos, 0.0, 0.0))
        elif name in ("integer_translation", "fractional_translation"):
            steps.append(geometry.affine(1.0, 0.0, 0.0, 1.0, -value[:, 0], -value[:, 1]))
        elif name == "isotropic_scale":
            steps.append(geometry.affine(1.0 / value, 0.0, 0.0, 1.0 / value, 0.0, 0.0))
        elif name == "anisotropic_scale":
            steps.append(geometry.affine(1.0 / value, 0.0, 0.0, value, 0.0, 0.0))
        elif name in ("pre_rotation", "post_rotation"):
            cos, sin = tf.cos(value), tf.sin(value)
            steps.append(geometry.affine(cos, -sin, sin, cos, 0.0, 0.0))
    composed = None
    for step in steps:
        composed = step if composed is None else geometry.after(composed, step)
    return composed


def augment_images(images, parameters: dict, noise=None) -> tf.Tensor:
    """Applies the operations whose parameters are given, in ADA's order.

    Flips, quarter turns and whole shifts alone are exact (the authors' code filters them
    too); a quarter turn of an image with H - W odd falls between the pixels and is filtered.

    Args:
        images: Float32 (B, H, W, C) in [-1, 1].
        parameters: As from `draw_parameters`.
        noise: Standard normal numbers of the images' shape, for `noise`.

    Raises:
        ValueError: A colour operation on images of two channels.
    """
    _, height, width, channels = images.shape
    inverse = inverse_map(parameters)
    if inverse is not None:
        general = any(OPERATIONS[name] == "geom" for name in parameters)
        between = "rotate_90" in parameters and (height - width) % 2
        images = (geometry.warp if general or between else geometry.blit)(images, inverse)
    if any(OPERATIONS[name] == "color" for name in parameters):
        check_colours(channels)
        colours = colour_map(parameters, channels)
        images = images if colours is None else recolour(images, colours)
    bands = [parameters.get(f"band_{i}") for i in range(4)]
    given = [band for band in bands if band is not None]
    if given:
        ones = tf.ones_like(given[0])
        factors = tf.stack([ones if band is None else band for band in bands], axis=1)
        images = band_filter(images, band_gains(factors))
    if "noise" in parameters:
        images += noise * tf.reshape(parameters["noise"], [-1, 1, 1, 1])
    if "cutout" in parameters:
        values = parameters["cutout"]
        images = occlude(images, values[:, :2], values[:, 2])
    return images


@keras.saving.register_keras_serializable(package="tfgan_models")
class ADA(Controlled):
    """Adaptive discriminator augmentation: 18 operations, each with probability p.

    Everything the discriminator sees is augmented. p grows while the discriminator is
    too sure of the real images: see `Controlled`. A pipeline that has a general geometric
    operation runs its resampling whatever p is; at p = 0 that changes the images by
    rounding only.

    Channels: 1, hue and saturation are left out; 4, colours change the first three; 2,
    only pipelines without colour.

    Args:
        pipeline: "bg", "bgc", "bgcf", "bgcfn" or "bgcfnc", or words of blit, geom, color,
            filter, noise, cutout, separated by commas.
        multipliers: {operation: factor of p}; 0 leaves one out, 1 takes one in. Operations:
            x_flip, rotate_90, integer_translation; isotropic_scale, pre_rotation,
            anisotropic_scale, post_rotation, fractional_translation; brightness, contrast,
            luma_flip, hue, saturation; band_0 to band_3; noise; cutout.
        initial_p: p at the start.
        target: Of r_t; None keeps p at `initial_p`.
        kimg: Thousands of images in which p can go from 0 to 1; 100 when fine-tuning.
        every: Updates of the discriminator between two changes of p.
        name, dtype: Keras's.

    Raises:
        ValueError: Unknown pipeline or operation, or an argument out of its range.
    """

    def __init__(
        self,
        pipeline="bgc",
        multipliers=None,
        initial_p=0.0,
        target=0.6,
        kimg=500,
        every=4,
        name=None,
        dtype="float32",
    ):
        factors = pipeline_multipliers(pipeline, multipliers)
        super().__init__(initial_p, target, kimg, every, None, name, dtype)
        self.pipeline, self.multipliers, self.factors = pipeline, dict(multipliers or {}), factors

    @property
    def TURNS(self):
        return any(self.factors[name] for name in ("rotate_90", "pre_rotation", "post_rotation"))

    def build_for(self, image_shape, num_classes=None):
        """Refuses colour operations on images of two channels."""
        if any(factor for name, factor in self.factors.items() if OPERATIONS[name] == "color"):
            check_colours(image_shape[-1])

    def __call__(self, images, draws):
        images = tf.convert_to_tensor(images)
        _, height, width, channels = images.shape
        p = tf.convert_to_tensor(self.p)
        parameters = draw_parameters(draws, p, self.factors, height, width)
        noise = None
        if "noise" in parameters:
            noise = draws.normal("ada_pixels", (height, width, channels))
        augmented = augment_images(tf.cast(images, tf.float32), parameters, noise)
        return tf.cast(augmented, images.dtype)

    def get_config(self):
        return {
            "pipeline": self.pipeline,
            "multipliers": dict(self.multipliers) or None,
            **super().get_config(),
        }
