"""The networks of LAPGAN, from the authors' CIFAR-10 scripts: Denton et al. 2015,
arXiv:1506.05751.

A pyramid has levels of half the size each, level 0 the image. The coarsest is made from z by a
dense network, the others refine the enlarged coarser image with a residual:

| | generator | discriminator |
|---|---|---|
| coarsest | dense 8000 ReLU, 8000 sigmoid, linear | dense 1600 ReLU, dropout, twice; 1 |
| others | [noise, coarse]: 7x7 64 ReLU, 7x7 64 ReLU, 5x5 C | 5x5 64, 5x5 64 stride 2, dropout, 1 |

The discriminator's convolutions are not padded; at 32x32x3 such a pair has 218,179 and 116,545
weights. A class enters as one more map, a dense ReLU layer of the one-hot label; the coarsest
pair sees the one-hot label beside z and the pixels.
"""

from __future__ import annotations

import math

import keras
from keras import layers

from tfgan_models.layers import BlurPooling2D, BlurUpsampling2D, Dropout


def shrink(images):
    """Half the size, low-pass filtered: (B, H, W, C) -> (B, H/2, W/2, C) float32."""
    return BlurPooling2D(border="reflect", dtype="float32")(images)


def enlarge(images):
    """Twice the size, linearly between pixels: (B, H, W, C) -> (B, 2H, 2W, C) float32."""
    return BlurUpsampling2D(border="reflect", dtype="float32")(images)


def pyramid(images, levels: int) -> list:
    """Returns [(image, coarse)] from the finest level to the coarsest, whose coarse is None.

    coarse is the next level's image, enlarged; image - coarse is the Laplacian pyramid.
    """
    sizes = [images]
    for _ in range(levels - 1):
        sizes.append(shrink(sizes[-1]))
    return [(x, enlarge(y)) for x, y in zip(sizes, sizes[1:], strict=False)] + [(sizes[-1], None)]


def level_shapes(image_shape, levels: int) -> list:
    """Returns (H, W, C) of each level, the finest first.

    Raises:
        ValueError: Sides that do not halve so often, or get too small; says what works.
    """
    height, width, channels = image_shape
    factor = 2 ** (levels - 1)
    if levels < 1 or height % factor or width % factor:
        raise ValueError(
            f"{levels} levels need sides that are multiples of {factor}; got {height}x{width}."
        )
    shapes = [(height >> k, width >> k, channels) for k in range(levels)]
    smallest = min(min(shape[:2]) for shape in shapes[:-1]) if levels > 1 else 9
    if smallest < 9:
        raise ValueError(
            f"All levels but the coarsest need 9x9 pixels or more; of {height}x{width} with "
            f"{levels} levels the smallest is {smallest}: use fewer levels."
        )
    return shapes


def latent_sizes(image_shape, levels: int, coarse_latent_dim=100) -> list:
    """Returns how much of z each level reads, the finest first: noise maps, then z itself."""
    shapes = level_shapes(image_shape, levels)
    return [height * width for height, width, _ in shapes[:-1]] + [coarse_latent_dim]


def lapgan_generator(
    image_shape, levels=3, *, coarse_latent_dim=100, num_classes=None, width=64, units=8000
) -> keras.Model:
    """z, or [z, y] -> image, linear; layer `level_k` is the network of level k.

    Args:
        image_shape: (H, W, C).
        levels: Sizes of the pyramid; 1 is the dense network alone.
        coarse_latent_dim: How much of z the coarsest level reads. z begins with it, goes on with
            the noise maps from coarse to fine, and has the sum of `latent_sizes` in all.
        num_classes: Size of y; None: no labels.
        width: Channels of the convolutions.
        units: Of the dense layers.

    Raises:
        ValueError: See `level_shapes`.
    """
    shapes = level_shapes(image_shape, levels)
    sizes = latent_sizes(image_shape, levels, coarse_latent_dim)
    inputs = [keras.Input((sum(sizes),), name="latents")]
    if num_classes:
        inputs.append(keras.Input((num_classes,), name="labels"))
    z, y = inputs[0], inputs[1:]
    network = _coarsest_generator(shapes[-1], coarse_latent_dim, num_classes, units, levels - 1)
    image, start = network([z[:, :coarse_latent_dim], *y]), coarse_latent_dim
    for k in reversed(range(levels - 1)):
        noise = layers.Reshape((*shapes[k][:2], 1))(z[:, start : start + sizes[k]])
        coarse, start = enlarge(image), start + sizes[k]
        residual = _level_generator(shapes[k], num_classes, width, k)([noise, coarse, *y])
        image = layers.Add(dtype="float32")([coarse, residual])
    return keras.Model(inputs if y else z, image, name="generator")


def lapgan_discriminator(
    image_shape, levels=3, *, num_classes=None, width=64, units=1600
) -> keras.Model:
    """Image, or [image, y] -> {"logits", "logits_1", ...}, each (B, 1), one a level.

    Layer `level_k` is the network of level k, which sees the image of that size.

    Args:
        image_shape, levels, num_classes, width: As in `lapgan_generator`.
        units: Of the coarsest level's dense layers.

    Raises:
        ValueError: See `level_shapes`.
    """
    shapes = level_shapes(image_shape, levels)
    inputs = [keras.Input(tuple(image_shape), name="images")]
    if num_classes:
        inputs.append(keras.Input((num_classes,), name="labels"))
    y, outputs = inputs[1:], {}
    for k, (image, coarse) in enumerate(pyramid(inputs[0], levels)):
        if coarse is None:
            network = _coarsest_discriminator(shapes[k], num_classes, units, k)
        else:
            network = _level_discriminator(shapes[k], num_classes, width, k)
        outputs[f"logits_{k}" if k else "logits"] = network([image, *y])
    return keras.Model(inputs if y else inputs[0], outputs, name="discriminator")


def _inputs(shapes, num_classes):
    inputs = [keras.Input(shape) for shape in shapes]
    return inputs + ([keras.Input((num_classes,))] if num_classes else [])


def _with_label_map(maps, labels):
    """Joins maps and, where there are labels, one made of them."""
    maps = [layers.Concatenate()(maps)] if len(maps) > 1 else maps
    if labels:
        height, width = maps[0].shape[1:3]
        plane = layers.Dense(height * width, "relu")(labels[0])
        maps.append(layers.Reshape((height, width, 1))(plane))
        return layers.Concatenate()(maps)
    return maps[0]


def _level_generator(shape, num_classes, width, level):
    inputs = _inputs([(*shape[:2], 1), shape], num_classes)
    h = _with_label_map(inputs[:2], inputs[2:])
    for _ in range(2):
        h = layers.Conv2D(width, 7, padding="same", activation="relu")(h)
    h = layers.Conv2D(shape[2], 5, padding="same")(h)
    return keras.Model(
        inputs, layers.Activation("linear", dtype="float32")(h), name=f"level_{level}"
    )


def _level_discriminator(shape, num_classes, width, level):
    inputs = _inputs([shape], num_classes)
    h = _with_label_map(inputs[:1], inputs[1:])
    h = layers.Conv2D(width, 5, activation="relu")(h)
    h = Dropout(0.5)(layers.Flatten()(layers.Conv2D(width, 5, 2, activation="relu")(h)))
    return keras.Model(inputs, layers.Dense(1, dtype="float32")(h), name=f"level_{level}")


def _coarsest_generator(shape, latent_dim, num_classes, units, level):
    normal = keras.initializers.RandomNormal(0.0, 0.05)
    inputs = _inputs([(latent_dim,)], num_classes)
    h = layers.Concatenate()(inputs) if num_classes else inputs[0]
    for activation in ("relu", "sigmoid"):
        h = layers.Dense(units, activation, kernel_initializer=normal.clone())(h)
    h = layers.Dense(math.prod(shape), kernel_initializer=normal.clone(), dtype="float32")(h)
    image = layers.Reshape(shape, dtype="float32")(h)
    return keras.Model(inputs, image, name=f"level_{level}")


def _coarsest_discriminator(shape, num_classes, units, level):
    normal = keras.initializers.RandomNormal(0.0, 0.005)
    inputs = _inputs([shape], num_classes)
    h = layers.Flatten()(inputs[0])
    h = layers.Concatenate()([h, inputs[1]]) if num_classes else h
    for _ in range(2):
        h = Dropout(0.5)(layers.Dense(units, "relu", kernel_initializer=normal.clone())(h))
    logit = layers.Dense(1, kernel_initializer=normal.clone(), dtype="float32")(h)
    return keras.Model(inputs, logit, name=f"level_{level}")
