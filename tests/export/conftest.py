"""One conditional and one unconditional model, trained two steps, and their exports."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import export
import tfgan_models as tfgan
from tfgan_models import layers
from tfgan_models.core.gan import GAN

tf.config.experimental.enable_op_determinism()

METADATA = {
    "data": "random noise",
    "data_licence": "CC0",
    "licence": "Apache-2.0",
    "class_names": [f"class {i}" for i in range(10)],
    "metrics": {"distance": {"value": 1.25, "protocol": "64 samples"}},
}


def _trained(name, labels):
    model = tfgan.from_preset(name)
    rng = np.random.default_rng(0)
    rows = 2 * 8 * model.d_steps
    images = rng.uniform(-1, 1, (rows, *model.image_shape)).astype(np.float32)
    y = np.arange(rows) % 10 if labels else None
    model.fit(images, y, batch_size=8, verbose=0)
    assert int(model.step.numpy()) == 2
    return model


@pytest.fixture(scope="session")
def conditional():
    return _trained("cgan_tiny", labels=True)


@pytest.fixture(scope="session")
def unconditional():
    return _trained("dcgan_tiny", labels=False)


def spectral_gan():
    """A small generator with conditional batch norm and spectral norm, (8, 8, 1)."""
    z, y = keras.Input((8,)), keras.Input((10,))
    h = layers.SpectralNorm(keras.layers.Dense(4 * 4 * 4))(z)
    h = keras.layers.Reshape((4, 4, 4))(h)
    h = keras.layers.ReLU()(layers.ConditionalBatchNorm(spectral_norm=True)([h, y]))
    h = keras.layers.UpSampling2D()(h)
    h = layers.SpectralNorm(keras.layers.Conv2D(4, 3, padding="same"))(h)
    h = keras.layers.ReLU()(layers.BatchNorm(gamma_initializer="ones")(h))
    image = keras.layers.Conv2D(1, 3, padding="same", activation="tanh")(h)
    x, label = keras.Input((8, 8, 1)), keras.Input((10,))
    logits = keras.layers.Dense(1)(keras.layers.Flatten()(x))
    model = GAN(
        (8, 8, 1),
        generator=keras.Model([z, y], image),
        discriminator=keras.Model([x, label], logits),
        latent_dim=8,
        num_classes=10,
    )
    model.compile(ema_half_life_images=100)
    return model


@pytest.fixture(scope="session")
def spectral():
    """Conditional batch norm, spectral norm and a moving average."""
    keras.utils.set_random_seed(3)
    return spectral_gan()


@pytest.fixture(scope="session")
def published(conditional, unconditional, spectral, tmp_path_factory):
    """A directory with one export a profile: `biggan` (51 truncations), `progan`, `compare_gan`."""
    root = tmp_path_factory.mktemp("published")
    export.export_generator(
        spectral, root / "biggan", truncations=51, standing_batches=2, standing_batch_size=8
    )
    export.export_generator(unconditional, root / "progan", profile="progan")
    export.export_generator(
        conditional, root / "compare_gan", profile="compare_gan", with_discriminator=True
    )
    return root


@pytest.fixture(scope="session")
def exports(conditional, unconditional, tmp_path_factory):
    """A directory with the exports `conditional` (and its discriminator) and `plain`."""
    root = tmp_path_factory.mktemp("exports")
    export.export_generator(
        conditional,
        root / "conditional",
        metadata={"preset": "cgan_tiny", **METADATA},
        with_discriminator=True,
    )
    export.export_generator(unconditional, root / "plain")
    return root
