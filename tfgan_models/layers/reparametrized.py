"""What spectral norm, weight norm and the equalised learning rate have in common."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import tensorflow as tf

_CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
_TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)
_DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
_SEPARABLE = (keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)


@dataclass(frozen=True)
class Kernel:
    """A kernel and how it is read as matrices, one a group, from inputs to outputs.

    Attributes:
        name: The layer's attribute that holds it.
        variable: The trainable variable.
        groups, inputs, outputs: Its axes of each sort; together all of them.
    """

    name: str
    variable: keras.Variable
    groups: tuple[int, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def size(self, axes) -> int:
        """Product of the sizes of some axes."""
        return int(tf.TensorShape([self.variable.shape[axis] for axis in axes]).num_elements())

    def matrices(self, value) -> tf.Tensor:
        """Returns (groups, inputs, outputs)."""
        value = tf.transpose(value, self.groups + self.inputs + self.outputs)
        return tf.reshape(value, [self.size(a) for a in (self.groups, self.inputs, self.outputs)])

    def spread(self, per_group) -> tf.Tensor:
        """Reshapes (groups,) so that it broadcasts against the kernel."""
        shape = [n if i in self.groups else 1 for i, n in enumerate(self.variable.shape)]
        return tf.reshape(per_group, shape)


def kernels(layer) -> list[Kernel]:
    """Returns the kernels of a built Keras layer.

    Dense (in, out); Conv (k.., in, out), grouped ones alike; Conv*Transpose (k.., out, in);
    Embedding (n, d): d inputs, n outputs; depthwise (k.., c, m): a k x m matrix for each of
    the c channels, which share no input; separable: its depthwise and its pointwise kernel.

    Raises:
        ValueError: Another layer.
    """
    if isinstance(layer, keras.layers.Embedding):
        return [Kernel("embeddings", layer.embeddings, (), (1,), (0,))]
    if isinstance(layer, _SEPARABLE):
        pointwise = _channels_last("pointwise_kernel", layer.pointwise_kernel)
        return [_depthwise("depthwise_kernel", layer.depthwise_kernel), pointwise]
    if isinstance(layer, _DEPTHWISE):
        return [_depthwise("kernel", layer.kernel)]
    if isinstance(layer, _TRANSPOSED):
        rank = len(layer.kernel.shape)
        inputs = (*range(rank - 2), rank - 1)
        return [Kernel("kernel", layer.kernel, (), inputs, (rank - 2,))]
    if isinstance(layer, (keras.layers.Dense, *_CONVOLUTIONS)):
        return [_channels_last("kernel", layer.kernel)]
    raise ValueError(
        f"{type(layer).__name__} has no kernel known here: wrap a Dense, convolution or "
        "Embedding layer of Keras."
    )


def _channels_last(name, variable) -> Kernel:
    rank = len(variable.shape)
    return Kernel(name, variable, (), tuple(range(rank - 1)), (rank - 1,))


def _depthwise(name, variable) -> Kernel:
    rank = len(variable.shape)
    return Kernel(name, variable, (rank - 2,), tuple(range(rank - 2)), (rank - 1,))


class Reparametrized(keras.layers.Wrapper):
    """Calls a layer with weights that are functions of its trainable ones.

    The trainable variables stay as the layer made them; gradients flow through the
    functions, which are computed in float32 whatever the layer's precision.

    Args:
        layer: A Dense, convolution or Embedding layer of Keras.
    """

    def __init__(self, layer, **kwargs):
        kwargs.pop("dtype", None)  # the layer's own policy holds
        super().__init__(layer, dtype="float32", autocast=False, **kwargs)
        self.kernels = ()

    def build(self, input_shape=None):
        """Builds the layer, then finds its kernels."""
        super().build(input_shape)
        self.kernels = tuple(kernels(self.layer))

    def kernel_variables(self) -> list[keras.Variable]:
        """The trainable kernels that are not used as they are."""
        return [kernel.variable for kernel in self.kernels]

    def _call_with(self, inputs, values):
        """Calls the layer with {variable id: tensor} in place of those variables."""
        # Under an outer stateless scope the others must be read there too, not in ours.
        mapping = [
            (v, values[id(v)] if id(v) in values else tf.convert_to_tensor(v))
            for v in self.layer.variables
        ]
        with keras.StatelessScope(state_mapping=mapping, initialize_variables=False):
            return self.layer(inputs)

    def compute_output_shape(self, input_shape):
        """Returns the layer's."""
        return self.layer.compute_output_shape(input_shape)

    def compute_output_spec(self, inputs, training=False):
        """Returns the layer's, whose dtype is not the wrapper's."""
        return self.layer.compute_output_spec(inputs)
