"""Data sources and input pipelines: `load(spec)` -> `Source` -> `pipeline(source, ...)`.

Importing this package loads neither TensorFlow nor NumPy; using a name below does.

Example:

```python
from trainers import data

source = data.load("folder:/data/cats", image_size=64, channels=3)
dataset = data.pipeline(source, batch_size=64, seed=1)   # infinite, {"image": ..., "label": ...}
```
"""

from importlib import import_module

_PUBLIC = {
    "ArraySource": "trainers.data.source",
    "Source": "trainers.data.source",
    "convert_folder": "trainers.data.convert",
    "load": "trainers.data.loading",
    "pipeline": "trainers.data.ordering",
}
_MODULES = ("catalog", "convert")
__all__ = sorted([*_PUBLIC, *_MODULES])


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    if name in _MODULES:
        return import_module(f"trainers.data.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
