"""Orthogonal regularisation: Brock et al. 2019, arXiv:1809.11096, eq. 3, and its relatives.

Full form: Brock et al. 2017, arXiv:1609.07093. Double-sided, mutual coherence and SRIP:
Bansal et al. 2018, arXiv:1810.09102.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core import random
from tfgan_models.core.arguments import one_of
from tfgan_models.core.numerics import root
from tfgan_models.penalties.base import Penalty
from tfgan_models.penalties.tensors import as_float

FORMS = ("off_diagonal", "full", "dso", "mutual_coherence", "srip", "condition_number")
SIDES = ("rows", "columns", "smaller")
PLAYERS = ("generator", "discriminator", "both")
# Last words of the paths of weights that are vectors, whatever their rank.
VECTORS = ("bias", "beta", "gamma", "gain", "scale")


def kernel_matrix(kernel, transposed=False) -> tf.Tensor:
    """Returns a kernel as a matrix whose rows are the layer's outputs.

    Args:
        kernel: Rank 2 and up with the outputs in the last axis: Dense (in, out), Conv
            (..., in, out); depthwise (..., channels, multiplier) counts as (..., in, out).
        transposed: The kernel of a transposed convolution, (..., out, in).

    Raises:
        ValueError: Rank under 2.
    """
    kernel = as_float(kernel)
    rank = kernel.shape.rank
    if rank < 2:
        raise ValueError(f"A kernel has rank 2 or more; got shape {tuple(kernel.shape)}.")
    if transposed:
        kernel = tf.transpose(kernel, [*range(rank - 2), rank - 1, rank - 2])
    return tf.transpose(tf.reshape(kernel, [-1, kernel.shape[-1]]))


def orthogonality(matrix, form="off_diagonal", side="rows", start=None) -> tf.Tensor:
    """How far a matrix W is from orthogonal; scalar float32.

    G is the Gram matrix of the side: W W^T (rows), W^T W (columns), the smaller of both.

        off_diagonal        ||G o (1 - I)||_F^2
        full                ||G - I||_F^2
        dso                 full of both sides
        mutual_coherence    max_i sum_j |G - I|_ij
        srip                |largest eigenvalue of G - I|, by two power iterations
        condition_number    sigma_1 / sigma_n of W, either side; at most 1e6

    Args:
        matrix: W, (outputs, inputs).
        form, side: See above. With more rows than columns the rows cannot be orthogonal.
        start: "srip": start vector, as long as G is wide, not parallel to what it looks
            for; no gradient flows through the iterations.
    """
    one_of("form", form, FORMS)
    one_of("side", side, SIDES)
    matrix = as_float(matrix)
    if form == "dso":
        return orthogonality(matrix, "full", "rows") + orthogonality(matrix, "full", "columns")
    smaller = "rows" if matrix.shape[0] <= matrix.shape[1] else "columns"
    if side == "smaller" or form == "condition_number":
        side = smaller
    if side != smaller and form in ("off_diagonal", "full"):
        return _by_the_other_side(matrix, form, axis=1 if side == "rows" else 0)
    gram = tf.matmul(matrix, matrix, transpose_a=side == "columns", transpose_b=side == "rows")
    if form == "condition_number":
        eigenvalues = tf.linalg.eigvalsh(gram)
        return root(eigenvalues[-1] / tf.maximum(eigenvalues[0], 1e-12 * eigenvalues[-1] + 1e-30))
    identity = tf.eye(gram.shape[0], dtype=gram.dtype)
    if form == "off_diagonal":
        return tf.reduce_sum(tf.square(gram * (1.0 - identity)))
    if form == "full":
        return tf.reduce_sum(tf.square(gram - identity))
    if form == "mutual_coherence":
        return tf.reduce_max(tf.reduce_sum(tf.abs(gram - identity), axis=1))
    return _spectral_radius(gram - identity, start)


def _by_the_other_side(matrix, form, axis):
    """The same numbers from the smaller Gram matrix, whose norm is that of the larger.

    BigGAN's first layer has 24,576 outputs of 20 inputs: the larger one takes 2.4 GB.
    """
    gram = tf.matmul(matrix, matrix, transpose_a=axis == 1, transpose_b=axis == 0)
    diagonal = tf.reduce_sum(tf.square(matrix), axis=axis)
    if form == "off_diagonal":
        return tf.reduce_sum(tf.square(gram)) - tf.reduce_sum(tf.square(diagonal))
    return tf.reduce_sum(tf.square(gram)) - 2.0 * tf.reduce_sum(diagonal) + diagonal.shape[0]


def _spectral_radius(symmetric, start):
    vector = tf.cast(tf.reshape(start, [-1, 1]), symmetric.dtype)
    for _ in range(2):
        vector = tf.stop_gradient(_unit(tf.matmul(symmetric, vector)))
    return root(tf.reduce_sum(tf.square(tf.matmul(symmetric, vector))))


def _unit(vector):
    return vector / tf.maximum(root(tf.reduce_sum(tf.square(vector))), 1e-30)


def kernels(weights, network=None, skip=("embed",), spectral=False) -> list[tuple]:
    """Returns [(variable, transposed)] of the weights that orthogonality is asked of.

    Those of rank 2 and up that are no gains. The network, where it is given, tells what
    layer a variable belongs to; else the variable's path does, by the words "spectral" and
    "transpose" in the layers' names, as Keras gives them.

    Args:
        weights: Variables.
        network: Keras network they belong to, or None.
        skip: Words; a variable with one of them in its path is left out.
        spectral: Whether kernels under spectral norm count.
    """
    owner, normed = {}, set()
    for layer in network._flatten_layers() if network is not None else ():
        owner |= {id(v): layer for v in layer.trainable_variables}  # inner layers come last
        if getattr(layer, "SPECTRAL", False):
            normed |= {id(v) for v in layer.trainable_variables}
    chosen = []
    for variable in weights:
        path, layer = getattr(variable, "path", "").lower(), owner.get(id(variable))
        named = any(word.lower() in path for word in skip)
        vector = len(variable.shape) < 2 or path.rpartition("/")[2] in VECTORS
        if vector or named or isinstance(layer, keras.layers.Embedding):
            continue
        if not spectral and (id(variable) in normed or "spectral" in path):
            continue
        kind = path if layer is None else type(layer).__name__.lower()
        chosen.append((variable, "transpose" in kind))
    return chosen


@keras.saving.register_keras_serializable(package="tfgan_models")
class Orthogonal(Penalty):
    """weight * sum of `orthogonality` over a player's kernels; see `kernels`.

    The BigGAN code adds the gradient 2 weight (W W^T o (1 - I)) W, half that of eq. 3:
    its 1e-4 is 5e-5 here. It also acts on kernels under spectral norm, where the two
    are at odds: `spectral=True`.

    Args:
        weight: beta; 1e-1 to 1e-2 with decay for "srip".
        form, side: See `orthogonality`.
        player: "generator" (BigGAN), "discriminator" or "both".
        skip: Words in the paths of variables that are left out, class embeddings first.
        spectral: Whether kernels under spectral norm count.
        every: Interval.
    """

    NAME = "orthogonal"

    def __init__(
        self,
        weight=1e-4,
        form="off_diagonal",
        side="rows",
        player="generator",
        skip=("embed",),
        spectral=False,
        every=1,
    ):
        super().__init__(every)
        self.weight, self.spectral = weight, bool(spectral)
        self.form, self.side = one_of("form", form, FORMS), one_of("side", side, SIDES)
        self.player = one_of("player", player, PLAYERS)
        self.skip = (skip,) if isinstance(skip, str) else tuple(skip)

    @property
    def generator(self):
        """game -> scalar; None where the penalty is not the generator's."""
        return self._term if self.player in ("generator", "both") else None

    @property
    def discriminator(self):
        """game -> scalar; None where the penalty is not the discriminator's."""
        return self._term if self.player in ("discriminator", "both") else None

    def _term(self, game):
        chosen = kernels(game.weights, game.network, self.skip, self.spectral)
        if not chosen:
            raise ValueError(
                f"Penalty 'orthogonal' finds no kernel in the {game.player}'s weights: those "
                "under spectral norm count with spectral=True."
            )
        return tf.add_n([self._of_kernel(i, *pair, game) for i, pair in enumerate(chosen)])

    def _of_kernel(self, index, variable, transposed, game):
        matrix, start = kernel_matrix(variable, transposed), None
        if self.form == "srip":  # one vector for all replicas
            key = random.key(game.draws.seed, f"srip_{game.player}_{index}", game.draws.step)
            sides = {"rows": matrix.shape[0], "columns": matrix.shape[1]}
            size = sides.get(self.side, min(matrix.shape))
            start = random.normal(key, 1, (size,))[0]
        return orthogonality(matrix, self.form, self.side, start)

    def get_config(self):
        return {
            "weight": self.weight,
            "form": self.form,
            "side": self.side,
            "player": self.player,
            "skip": list(self.skip),
            "spectral": self.spectral,
            **super().get_config(),
        }
