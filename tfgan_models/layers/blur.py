"""Resampling with a low-pass filter: Zhang 2019, arXiv:1904.11486; Karras et al. 2020,
arXiv:1912.04958.

Depthwise convolutions, whose second derivatives are right; `tf.image.resize` has none.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf


class _Blur(keras.layers.Layer):
    """Holds the filter: a row of taps, used along both axes and normalised to sum 1."""

    def __init__(self, taps=(1, 3, 3, 1), border="zero", **kwargs):
        super().__init__(**kwargs)
        self.taps = tuple(float(tap) for tap in taps)
        if not self.taps or sum(self.taps) == 0:
            raise ValueError(f"taps must be numbers with a sum other than 0; got {taps!r}.")
        if border not in ("zero", "reflect"):
            raise ValueError(f"border must be 'zero' or 'reflect'; got {border!r}.")
        self.border = border

    def _kernel(self, x, gain=1.0):
        row = np.array(self.taps) / sum(self.taps)
        kernel = (gain * np.outer(row, row)).astype("float32")[:, :, None, None]
        return tf.tile(tf.constant(kernel, x.dtype), [1, 1, x.shape[-1], 1])

    def get_config(self):
        return {**super().get_config(), "taps": self.taps, "border": self.border}


@keras.saving.register_keras_serializable(package="tfgan_models")
class BlurPooling2D(_Blur):
    """Low-pass filter, then every `strides`-th pixel; (B, H, W, C) -> (B, H/s, W/s, C).

    Args:
        taps: The filter along one axis: (1, 3, 3, 1) in StyleGAN2 and R3GAN, (1, 2, 1) in
            StyleGAN, there with strides 1.
        strides: 1 blurs only.
        padding: (before, after) along both axes; None keeps H / strides. StyleGAN2 blurs with
            (2, 2) before a 3x3 convolution of stride 2 without padding, with (1, 1) after one
            transposed.
        border: What lies outside: "zero" or "reflect" (the image mirrored, its edge once).
        gain: Factor on the result; StyleGAN2 has 4 after a transposed convolution of stride 2.
    """

    def __init__(
        self, taps=(1, 3, 3, 1), strides=2, padding=None, border="zero", gain=1.0, **kwargs
    ):
        super().__init__(taps, border, **kwargs)
        self.strides, self.gain = strides, gain
        self.padding = None if padding is None else tuple(padding)

    def _pads(self):
        if self.padding is not None:
            return self.padding
        total = len(self.taps) - self.strides
        if total < 0:
            raise ValueError(f"{len(self.taps)} taps are too few for strides {self.strides}.")
        return (total + 1) // 2, total // 2

    def call(self, x):
        """Filters and subsamples."""
        mode = "CONSTANT" if self.border == "zero" else "REFLECT"
        x = tf.pad(x, [(0, 0), self._pads(), self._pads(), (0, 0)], mode)
        strides = [1, self.strides, self.strides, 1]
        return tf.nn.depthwise_conv2d(x, self._kernel(x, self.gain), strides, "VALID")

    def compute_output_shape(self, input_shape):
        """Returns (B, H', W', C)."""
        extra = sum(self._pads()) - len(self.taps)
        sizes = [None if n is None else (n + extra) // self.strides + 1 for n in input_shape[1:3]]
        return (input_shape[0], *sizes, input_shape[3])

    def get_config(self):
        return {
            **super().get_config(),
            "strides": self.strides,
            "padding": self.padding,
            "gain": self.gain,
        }


@keras.saving.register_keras_serializable(package="tfgan_models")
class BlurUpsampling2D(_Blur):
    """Twice the size: zeros between the pixels, then the low-pass filter times 4.

    (B, H, W, C) -> (B, 2H, 2W, C). With (1, 3, 3, 1): out[2i] = (x[i-1] + 3 x[i]) / 4 and
    out[2i+1] = (3 x[i] + x[i+1]) / 4 along each axis.

    Args:
        taps: The filter along one axis, at least two.
        border: What lies outside: "zero" (borders darken) or "reflect".
    """

    def __init__(self, taps=(1, 3, 3, 1), border="zero", **kwargs):
        super().__init__(taps, border, **kwargs)
        if len(self.taps) < 2:
            raise ValueError(f"Doubling needs at least 2 taps; got {taps!r}.")

    def call(self, x):
        """Doubles the size by the adjoint of a strided filter."""
        known = self.compute_output_shape(x.shape)
        margin = len(self.taps) // 2 if self.border == "reflect" else 0
        if margin:
            x = tf.pad(x, [(0, 0), (margin, margin), (margin, margin), (0, 0)], "REFLECT")
        shape, total = tf.shape(x), len(self.taps) - 2
        pads = (total // 2, (total + 1) // 2)
        y = tf.nn.depthwise_conv2d_backprop_input(
            input_sizes=shape * [1, 2, 2, 1],
            filter=self._kernel(x, gain=4.0)[::-1, ::-1],
            out_backprop=x,
            strides=[1, 2, 2, 1],
            padding=[[0, 0], pads, pads, [0, 0]],
        )
        if margin:
            y = y[:, 2 * margin : -2 * margin, 2 * margin : -2 * margin]
        return tf.ensure_shape(y, known)

    def compute_output_shape(self, input_shape):
        """Returns (B, 2H, 2W, C)."""
        sizes = [None if n is None else 2 * n for n in input_shape[1:3]]
        return (input_shape[0], *sizes, input_shape[3])
