"""Reads the weights of an old-format PyTorch file without PyTorch and without trusting it.

Such a file is four pickles (magic, version, system, state dict) and a fifth of storage keys,
then each storage: its length as int64 and its numbers. A pickle can call any function it
names; this reader admits the three names that a state dict needs and refuses every other, so
no code of the file runs.
"""

from __future__ import annotations

import collections
import io
import pickle
import struct

import numpy as np

_MAGIC = 0x1950A86A20F9469CFC6C
_STORAGES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


def read(path) -> dict[str, np.ndarray]:
    """Returns {name: array} of a state dict.

    Args:
        path: File written by `torch.save` before PyTorch 1.6, float32 and int64 tensors.

    Raises:
        ValueError: Another format, a damaged file, or a pickle that names anything else.
    """
    with open(path, "rb") as file:
        stream = io.BytesIO(file.read())
    try:
        if _load(stream) != _MAGIC:
            raise ValueError("no magic number of PyTorch")
        _load(stream), _load(stream)
        tensors = _load(stream)
        types = {storage[2]: _STORAGES[storage[1]] for storage, *_ in tensors.values()}
        storages = {key: _storage(stream, types[key]) for key in _load(stream)}
        return {name: _tensor(storages, *parts) for name, parts in tensors.items()}
    except (pickle.UnpicklingError, ValueError, EOFError, struct.error) as error:
        raise ValueError(f"{path} is no old-format PyTorch state dict ({error}).") from None
    except (AttributeError, ImportError, IndexError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is no old-format PyTorch state dict ({type(error).__name__})."
        ) from None


class _Unpickler(pickle.Unpickler):
    """Admits what a state dict needs; a tensor becomes (storage, offset, size, stride)."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, size, stride, *_: (storage, offset, size, stride)
        if module == "torch" and name in _STORAGES:
            return name
        raise pickle.UnpicklingError(f"it names {module}.{name}, which is not allowed")

    def persistent_load(self, pid):
        return pid  # ("storage", type, key, device, length)


def _load(stream):
    return _Unpickler(stream).load()


def _storage(stream, kind) -> np.ndarray:
    (length,) = struct.unpack("<q", stream.read(8))
    data = stream.read(length * kind.itemsize)
    if length < 0 or len(data) != length * kind.itemsize:
        raise ValueError("it ends too early")
    return np.frombuffer(data, kind)


def _tensor(storages, storage, offset, size, stride) -> np.ndarray:
    values = storages[storage[2]]
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if offset < 0 or min(stride, default=0) < 0 or last >= len(values):
        raise ValueError("a tensor reaches beyond its storage")
    # Strides matter: the kernels are stored transposed.
    steps = [step * values.itemsize for step in stride]
    view = np.lib.stride_tricks.as_strided(values[offset:], size, steps, writeable=False)
    return np.ascontiguousarray(view)
