"""Networks that see the label as a one-hot vector.

MLP pair: Mirza & Osindero 2014, arXiv:1411.1784, section 4.1 (2,413,984 and
1,224,351 weights). Convolutional pair: the DCGAN authors' conditional MNIST code
(6,820,538 and 6,688,202 weights), the label concatenated at every layer.
"""

from __future__ import annotations

import math

import keras
from keras import layers

from tfgan_models.layers import BatchNorm, ConcatenateLabels, Dropout, Maxout
from tfgan_models.networks import dcgan


def _dense(units, activation=None, width=0.05, **kwargs):
    initializer = keras.initializers.RandomUniform(-width, width)
    return layers.Dense(units, activation, kernel_initializer=initializer, **kwargs)


def conditional_mlp_generator(
    image_shape, num_classes, latent_dim=100, units=(200, 1000, 1200), dropout=0.5
) -> keras.Model:
    """z and y through a ReLU layer each, then a joint one; [z, y] -> image in [0, 1].

    Args:
        image_shape: (H, W, C).
        num_classes: Size of y.
        latent_dim: Size of z.
        units: Of the layers of z, of y, and of both.
        dropout: Rate on the joint layer's input; the paper gives the rate, not the place.
    """
    z, y = keras.Input((latent_dim,), name="latents"), keras.Input((num_classes,), name="labels")
    h = layers.Concatenate()([_dense(units[0], "relu")(z), _dense(units[1], "relu")(y)])
    h = _dense(units[2], "relu")(Dropout(dropout)(h))
    h = _dense(math.prod(image_shape), "sigmoid", dtype="float32", name="output")(h)
    image = layers.Reshape(image_shape, dtype="float32")(h)
    return keras.Model([z, y], image, name="generator")


def conditional_mlp_discriminator(
    image_shape, num_classes, units=(240, 50, 240), pieces=(5, 5, 4), dropout=0.5
) -> keras.Model:
    """Maxout layers for x and y, then a joint one; [image in [0, 1], y] -> (B, 1).

    Args:
        image_shape: (H, W, C).
        num_classes: Size of y.
        units, pieces: Of the layers of x, of y, and of both.
        dropout: Rate on the inputs of the joint layer and of the logit.
    """
    x, y = keras.Input(image_shape, name="images"), keras.Input((num_classes,), name="labels")
    branches = []
    for features, n, k in zip((layers.Flatten()(x), y), units, pieces, strict=False):
        branches.append(Maxout(k)(_dense(n * k, width=0.005)(features)))
    h = Dropout(dropout)(layers.Concatenate()(branches))
    h = Maxout(pieces[2])(_dense(units[2] * pieces[2], width=0.005)(h))
    logit = _dense(1, width=0.005, dtype="float32")(Dropout(dropout)(h))
    return keras.Model([x, y], logit, name="discriminator")


def conditional_conv_generator(
    image_shape, num_classes, latent_dim=100, width=64, units=1024
) -> keras.Model:
    """[z, y] -> image in [0, 1]; no biases, batch norm without gain or bias.

    Args:
        image_shape: (H, W, C), H and W multiples of 4.
        num_classes: Size of y.
        latent_dim: Size of z.
        width: Channels of the last hidden layer; twice as many before it.
        units: Of the first dense layer.

    Raises:
        ValueError: H or W is not a multiple of 4.
    """
    height, width_px, channels = dcgan.check_multiple(image_shape, 4)
    z, y = keras.Input((latent_dim,), name="latents"), keras.Input((num_classes,), name="labels")
    h = ConcatenateLabels()([z, y])
    for n in (units, height // 4 * (width_px // 4) * 2 * width):
        h = layers.Dense(n, use_bias=False, kernel_initializer=dcgan.normal())(h)
        h = layers.ReLU()(BatchNorm(center=False, scale=False)(h))
        if n == units:
            h = ConcatenateLabels()([h, y])
    h = layers.Reshape((height // 4, width_px // 4, 2 * width))(h)
    h = dcgan.deconv(width)(ConcatenateLabels()([h, y]))
    h = layers.ReLU()(BatchNorm(center=False, scale=False)(h))
    h = dcgan.deconv(channels, name="output")(ConcatenateLabels()([h, y]))
    image = layers.Activation("sigmoid", dtype="float32")(h)
    return keras.Model([z, y], image, name="generator")


def conditional_conv_discriminator(image_shape, num_classes, width=64, units=1024) -> keras.Model:
    """[image in [0, 1], y] -> (B, 1); no biases, batch norm without gain or bias.

    Args:
        image_shape: (H, W, C), H and W multiples of 4.
        num_classes: Size of y.
        width: Channels of the first convolution; twice as many after it.
        units: Of the dense layer.

    Raises:
        ValueError: H or W is not a multiple of 4.
    """
    dcgan.check_multiple(image_shape, 4)
    x, y = keras.Input(image_shape, name="images"), keras.Input((num_classes,), name="labels")
    h = layers.LeakyReLU(0.2)(dcgan.conv(width)(ConcatenateLabels()([x, y])))
    h = dcgan.conv(2 * width)(ConcatenateLabels()([h, y]))
    h = layers.LeakyReLU(0.2)(BatchNorm(center=False, scale=False)(h))
    h = ConcatenateLabels()([layers.Flatten()(h), y])
    h = layers.Dense(units, use_bias=False, kernel_initializer=dcgan.normal())(h)
    h = layers.LeakyReLU(0.2)(BatchNorm(center=False, scale=False)(h))
    logit = layers.Dense(
        1, use_bias=False, kernel_initializer=dcgan.normal(), dtype="float32", name="logit"
    )(ConcatenateLabels()([h, y]))
    return keras.Model([x, y], logit, name="discriminator")
