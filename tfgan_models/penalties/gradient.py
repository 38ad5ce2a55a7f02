"""Gradient penalties on the discriminator.

All take the gradient of the logit, not of the loss, sum its squares over an image's
pixels and average over the batch; the discriminator may not mix images (no batch norm).
WGAN-GP: Gulrajani et al. 2017, arXiv:1704.00028, eq. 3. Zero-centred: Thanh-Tung et
al. 2019, arXiv:1902.03984. DRAGAN: Kodali et al. 2017, arXiv:1705.07215. R1 and R2:
Mescheder et al. 2018, arXiv:1801.04406. MaxGP: Zhou et al. 2019, arXiv:1902.05687.
"""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan_models.core import replicas
from tfgan_models.core.arguments import one_of
from tfgan_models.core.numerics import root
from tfgan_models.penalties.base import Penalty
from tfgan_models.penalties.tensors import as_float, squared_norms

DRAGAN_MODES = ("gaussian", "uniform_centered", "legacy")
MAX_FORMS = ("zero_centered", "two_sided", "one_sided", "lagrangian")


def image_gradients(discriminate, images) -> tf.Tensor:
    """Returns dD(x_i)/dx_i with the shape of `images`, float32 (float64 for float64 images).

    Args:
        discriminate: Images -> logits; patch logits are summed for each image.
        images: Float (B, ...).
    """
    images = tf.convert_to_tensor(images)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        total = tf.reduce_sum(as_float(discriminate(images)))
    gradients = tape.gradient(total, images)
    if gradients is None:
        raise ValueError("The discriminator's output does not depend on the image: no gradient.")
    return as_float(gradients)


def slopes(discriminate, images) -> tf.Tensor:
    """||dD(x_i)/dx_i||_2 over all pixels of an image, (B,); differentiable where it is zero."""
    return root(squared_norms(image_gradients(discriminate, images)))


def squared_gradient_norm(discriminate, images) -> tf.Tensor:
    """mean ||dD(x)/dx||^2, summed over an image's pixels; scalar float32."""
    return tf.reduce_mean(squared_norms(image_gradients(discriminate, images)))


def r1(discriminate, real_images, gamma=10.0) -> tf.Tensor:
    """gamma/2 * mean ||dD(x)/dx||^2 over real images (eq. 9); scalar float32.

    The released code of the paper leaves out the 1/2: its reg_param 10 is gamma 20 here.

    Args:
        discriminate: Images -> logits.
        real_images: Float (B, ...).
        gamma: Weight; it grows with the number of pixels (10 at 1024 px, 0.01 to 1 at 32 px).
    """
    return 0.5 * gamma * squared_gradient_norm(discriminate, real_images)


def r2(discriminate, fake_images, gamma=10.0) -> tf.Tensor:
    """`r1` at fake images, through which no gradient reaches the generator."""
    return r1(discriminate, tf.stop_gradient(fake_images), gamma)


def interpolate(real_images, fake_images, u) -> tf.Tensor:
    """x + u (x_fake - x), without gradient to the fakes.

    Args:
        real_images, fake_images: Float (B, ...).
        u: Float (B,) in [0, 1], one number an image.

    Raises:
        ValueError: The shapes disagree, or `u` is not one number an image.
    """
    real, fake = tf.convert_to_tensor(real_images), tf.convert_to_tensor(fake_images)
    if real.shape != fake.shape:
        raise ValueError(
            f"real_images {tuple(real.shape)} and fake_images {tuple(fake.shape)} "
            "must have one shape."
        )
    return real + _one_an_image(u, real) * (tf.stop_gradient(fake) - real)


def _one_an_image(u, images):
    u = tf.convert_to_tensor(u)
    if u.shape.rank != 1 or not u.shape.is_compatible_with(images.shape[:1]):
        raise ValueError(
            f"u must be one number an image, shape ({images.shape[0]},); got {tuple(u.shape)}."
        )
    return tf.reshape(tf.cast(u, images.dtype), [-1] + [1] * (images.shape.rank - 1))


def slope_penalty(discriminate, images, target=1.0, one_sided=False) -> tf.Tensor:
    """mean (||dD(x)/dx||_2 / target - 1)^2, one-sided mean relu(...)^2; scalar float32.

    Args:
        discriminate: Images -> logits.
        images: Float (B, ...), where the slope is taken.
        target: kappa; the factor 1/kappa^2 is that of Karras et al. 2018, arXiv:1710.10196.
        one_sided: Slopes under the target are free.
    """
    excess = slopes(discriminate, images) / target - 1.0
    return tf.reduce_mean(tf.square(tf.nn.relu(excess) if one_sided else excess))


def gradient_penalty(
    discriminate, real_images, fake_images, u, weight=10.0, target=1.0, one_sided=False
) -> tf.Tensor:
    """weight/target^2 * mean (||dD(x_t)/dx_t||_2 - target)^2, x_t = x + u (x_fake - x).

    Args:
        discriminate: Images -> logits.
        real_images, fake_images: Float (B, ...), no gradient flows into the fakes.
        u: Float (B,) in [0, 1], one number an image (Algorithm 1).
        weight: lambda of eq. 3.
        target, one_sided: See `slope_penalty`.

    Returns:
        Scalar float32.

    Raises:
        ValueError: The shapes disagree, or `u` is not one number an image.
    """
    between = interpolate(real_images, fake_images, u)
    return weight * slope_penalty(discriminate, between, target, one_sided)


def zero_centered_gradient_penalty(
    discriminate, real_images, fake_images, u, weight=10.0
) -> tf.Tensor:
    """weight * mean ||dD(x_t)/dx_t||^2, x_t as in `gradient_penalty`; scalar float32."""
    between = interpolate(real_images, fake_images, u)
    return weight * squared_gradient_norm(discriminate, between)


def dragan_points(real_images, noise, u=None, c_std=0.5, mode="gaussian") -> tf.Tensor:
    """Where DRAGAN looks: around real images, s their standard deviation over the global batch.

        gaussian            x + c_std s n,            n standard normal
        uniform_centered    x + c_std s (2 n - 1),    n uniform in [0, 1), cut to [-1, 1]
        legacy              x + u c_std s n,          n uniform in [0, 1), u one an image

    Args:
        real_images: Float (B, ...) in [-1, 1].
        noise: n, the shape of `real_images`.
        u: Float (B,) in [0, 1], for "legacy" alone.
        c_std: Size of the neighbourhood.
        mode: See above.
    """
    one_of("mode", mode, DRAGAN_MODES)
    real = tf.convert_to_tensor(real_images)
    wide = as_float(real)
    center = replicas.mean(tf.reduce_mean(wide))
    deviation = tf.sqrt(replicas.mean(tf.reduce_mean(tf.square(wide - center))))
    size = tf.cast(tf.stop_gradient(c_std * deviation), real.dtype)
    noise = tf.cast(noise, real.dtype)
    if mode == "gaussian":
        return real + size * noise
    if mode == "uniform_centered":
        return tf.clip_by_value(real + size * (2.0 * noise - 1.0), -1.0, 1.0)
    return real + _one_an_image(u, real) * size * noise


def dragan(
    discriminate, real_images, noise, u=None, weight=10.0, target=1.0, c_std=0.5, mode="gaussian"
) -> tf.Tensor:
    """weight * mean (||dD(x_p)/dx_p||_2 / target - 1)^2 around real images; scalar float32.

    Args:
        discriminate: Images -> logits.
        real_images, noise, u, c_std, mode: See `dragan_points`.
        weight: lambda.
        target: k.
    """
    points = dragan_points(real_images, noise, u, c_std, mode)
    return weight * slope_penalty(discriminate, points, target)


def max_slope(discriminate, images) -> tf.Tensor:
    """The largest ||dD(x_i)/dx_i||_2 of the global batch, scalar; its gradient reaches only
    the image that has it."""
    squared = replicas.gather(squared_norms(image_gradients(discriminate, images)))
    return root(tf.reduce_max(squared))


def max_gradient(
    discriminate, images, weight=1.0, form="zero_centered", target=1.0, multiplier=0.0
) -> tf.Tensor:
    """weight * f(k), k the largest slope of the global batch (`max_slope`); scalar float32.

        zero_centered   k^2
        two_sided       (k - target)^2
        one_sided       relu(k - target)^2
        lagrangian      (k - target)^2 + multiplier (k - target)

    Args:
        discriminate: Images -> logits.
        images: Float (B, ...), where the slope is taken.
        weight, target, multiplier: See above.
        form: See above; "cp", "gp", "lp" and "al" of the authors' code.
    """
    one_of("form", form, MAX_FORMS)
    return weight * _of_excess(_excess(max_slope(discriminate, images), form, target), multiplier)


def _excess(slope, form, target):
    excess = slope if form == "zero_centered" else slope - target
    return tf.nn.relu(excess) if form == "one_sided" else excess


def _of_excess(excess, multiplier):
    return tf.square(excess) + multiplier * excess


@keras.saving.register_keras_serializable(package="tfgan_models")
class R1(Penalty):
    """`r1` on the real images of every `every`-th discriminator update.

    Args:
        gamma: Weight; see `r1`.
        every: Interval (16 in StyleGAN2).
    """

    NAME = "r1"
    PER_IMAGE_GRADIENT = True

    def __init__(self, gamma=10.0, every=1):
        super().__init__(every)
        self.gamma = gamma

    @property
    def weight(self):
        return 0.5 * self.gamma

    def discriminator(self, game):
        """mean ||dD(x)/dx||^2 over the real images, scalar."""
        return squared_gradient_norm(lambda x: game.discriminate(x, kind="real"), game.real)

    def get_config(self):
        return {"gamma": self.gamma, **super().get_config()}


@keras.saving.register_keras_serializable(package="tfgan_models")
class R2(R1):
    """`r2` on the fakes of every `every`-th discriminator update.

    Args:
        gamma: Weight; see `r1`.
        every: Interval.
    """

    NAME = "r2"

    def discriminator(self, game):
        """mean ||dD(x)/dx||^2 over the fakes, scalar."""
        fake = tf.stop_gradient(game.fake)
        return squared_gradient_norm(lambda x: game.discriminate(x, kind="fake"), fake)


@keras.saving.register_keras_serializable(package="tfgan_models")
class GradientPenalty(Penalty):
    """`gradient_penalty` between each real image and a fake.

    Args:
        weight: lambda of eq. 3 (0.1 for the paper's toys in the plane).
        target: Slope that is asked for; 750 in one setting of Karras et al. 2018.
        one_sided: Slopes under the target are free.
        every: Interval; the papers use 1.
    """

    NAME = "gradient_penalty"
    PER_IMAGE_GRADIENT = True

    def __init__(self, weight=10.0, target=1.0, one_sided=False, every=1):
        super().__init__(every)
        if not target > 0:
            raise ValueError(
                f"target must be positive; got {target!r}. Use zero_centered_gradient_penalty "
                "for slopes of zero."
            )
        self.weight, self.target, self.one_sided = weight, target, bool(one_sided)

    def discriminator(self, game):
        """mean (||dD(x_t)/dx_t|| / target - 1)^2, scalar."""
        u = game.draws.uniform("gradient_penalty")
        return gradient_penalty(
            lambda x: game.discriminate(x, kind="between"),
            game.real,
            game.fake,
            u,
            weight=1.0,
            target=self.target,
            one_sided=self.one_sided,
        )

    def get_config(self):
        return {
            "weight": self.weight,
            "target": self.target,
            "one_sided": self.one_sided,
            **super().get_config(),
        }


@keras.saving.register_keras_serializable(package="tfgan_models")
class ZeroCenteredGradientPenalty(Penalty):
    """`zero_centered_gradient_penalty` between each real image and a fake.

    Args:
        weight: lambda.
        of: Whose gradient: "logits", or "probabilities" for sigmoid(D), as in the code of
            Thanh-Tung et al., where lambda is hundreds.
        every: Interval.
    """

    NAME = "zero_centered_gradient_penalty"
    PER_IMAGE_GRADIENT = True

    def __init__(self, weight=10.0, of="logits", every=1):
        super().__init__(every)
        self.weight, self.of = weight, one_of("of", of, ("logits", "probabilities"))

    def discriminator(self, game):
        """mean ||dD(x_t)/dx_t||^2, scalar."""
        u = game.draws.uniform(self.NAME)

        def see(images):
            logits = game.discriminate(images, kind="between")
            return logits if self.of == "logits" else tf.nn.sigmoid(logits)

        return zero_centered_gradient_penalty(see, game.real, game.fake, u, weight=1.0)

    def get_config(self):
        return {"weight": self.weight, "of": self.of, **super().get_config()}


@keras.saving.register_keras_serializable(package="tfgan_models")
class Dragan(Penalty):
    """`dragan` around the real images.

    The paper's noise is Gaussian with a variance for data of unstated scale; here it is
    relative to the batch's deviation. The authors' code is mode "legacy"; compare_gan's
    is "uniform_centered".

    Args:
        weight: lambda.
        target: k.
        c_std: Size of the neighbourhood in standard deviations: small for quality, large
            for stability.
        mode: See `dragan_points`.
        every: Interval.
    """

    NAME = "dragan"
    PER_IMAGE_GRADIENT = True
    GLOBAL = True

    def __init__(self, weight=10.0, target=1.0, c_std=0.5, mode="gaussian", every=1):
        super().__init__(every)
        if not target > 0:
            raise ValueError(f"target must be positive; got {target!r}.")
        self.weight, self.target, self.c_std = weight, target, c_std
        self.mode = one_of("mode", mode, DRAGAN_MODES)

    def discriminator(self, game):
        """mean (||dD(x_p)/dx_p|| / target - 1)^2, scalar."""
        shape = tuple(game.real.shape[1:])
        draw = game.draws.normal if self.mode == "gaussian" else game.draws.uniform
        return dragan(
            lambda x: game.discriminate(x, kind="real"),
            game.real,
            draw("dragan", shape),
            game.draws.uniform("dragan_u") if self.mode == "legacy" else None,
            weight=1.0,
            target=self.target,
            c_std=self.c_std,
            mode=self.mode,
        )

    def get_config(self):
        return {
            "weight": self.weight,
            "target": self.target,
            "c_std": self.c_std,
            "mode": self.mode,
            **super().get_config(),
        }


@keras.saving.register_keras_serializable(package="tfgan_models")
class MaxGradient(keras.layers.Layer, Penalty):
    """`max_gradient` between real and fake images; with several replicas one maximum.

    The authors' code can also keep the worst points of past steps; its default does not,
    and this class does not.

    Args:
        weight: lambda: 1 in the authors' code, 10 in StudioGAN with the logistic loss.
        form: See `max_gradient`. "lagrangian" has a state, the multiplier.
        target: Slope that is asked for, but for "zero_centered".
        multiplier_rate: "lagrangian": multiplier += rate * (k - target), after its use;
            in units of `weight`. 2 is the textbook's; the code's default is 0.001 / weight.
        every: Interval.
    """

    NAME = "max_gradient"
    PER_IMAGE_GRADIENT = True
    GLOBAL = True

    def __init__(
        self,
        weight=1.0,
        form="zero_centered",
        target=1.0,
        multiplier_rate=2.0,
        every=1,
        name=None,
        dtype="float32",
    ):
        keras.layers.Layer.__init__(self, name=name, dtype=dtype, trainable=False)
        Penalty.__init__(self, every)
        self.weight, self.target, self.multiplier_rate = weight, target, multiplier_rate
        self.form = one_of("form", form, MAX_FORMS)
        self.multiplier = None
        if form == "lagrangian":
            self.multiplier = self.add_weight(name="multiplier", shape=(), initializer="zeros")
        self.built = True

    def discriminator(self, game):
        """The form of the largest slope, scalar."""
        u = game.draws.uniform(self.NAME)
        slope = max_slope(
            lambda x: game.discriminate(x, kind="between"), interpolate(game.real, game.fake, u)
        )
        excess = _excess(slope, self.form, self.target)
        if self.multiplier is None:
            return _of_excess(excess, 0.0)
        value = _of_excess(excess, tf.convert_to_tensor(self.multiplier))
        self.multiplier.assign_add(self.multiplier_rate * tf.stop_gradient(excess))
        return value

    def get_config(self):
        return {
            "weight": self.weight,
            "form": self.form,
            "target": self.target,
            "multiplier_rate": self.multiplier_rate,
            "every": self.every,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)
