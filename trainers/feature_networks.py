"""Feature networks that lie behind a Hub handle."""

from __future__ import annotations

import sys

from trainers.errors import UserError

_FROM_HUB = ("inception_2015", "saved_model")


def resolve_network(spec: str) -> str:
    """Returns the spec of a feature network with a local path for a Hub handle.

    Args:
        spec: As `tfgan_models.features.get` takes it, or with a URL after the colon:
            "inception_2015:https://tfhub.dev/tensorflow/tfgan/eval/inception/1". Downloads go
            to tensorflow_hub's cache (TFHUB_CACHE_DIR); a SavedModel is a program, so give only
            what you trust.

    Raises:
        UserError: The handle cannot be reached, or the network does not come from the Hub.
    """
    name, _, place = spec.partition(":")
    if "://" not in place:
        return spec
    if name not in _FROM_HUB:
        raise UserError(f"{spec}: only {' and '.join(_FROM_HUB)} take a Hub handle.")
    import tensorflow as tf

    try:
        import tensorflow_hub as hub
    except ImportError as error:  # it imports pkg_resources, which later setuptools lack
        raise UserError(
            f"tensorflow_hub cannot be imported ({error}): pip install 'setuptools<82'."
        ) from error
    print(f"Fetching {place} for the feature network {name}.", file=sys.stderr)
    try:
        return f"{name}:{hub.resolve(place)}"
    except (OSError, RuntimeError, ValueError, tf.errors.OpError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"{place} cannot be reached ({reason}): fetch it where there is a network and give "
            f"its folder, {name}:FOLDER."
        ) from error
