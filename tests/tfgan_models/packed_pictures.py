"""Pictures of the further test data: encoded files behind each other in one archive."""

import io

import numpy as np
from PIL import Image


def read_pictures(path, indices):
    """Returns uint8 images (n, H, W, 3) of those rows, and their labels or None."""
    archive = np.load(path)
    blob, offset = archive["blob"].tobytes(), archive["offset"]
    files = (io.BytesIO(blob[offset[i] : offset[i + 1]]) for i in indices)
    images = np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])
    labels = archive["label"][list(indices)] if "label" in archive else None
    return images, labels
