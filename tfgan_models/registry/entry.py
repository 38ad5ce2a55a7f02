"""One row of a table."""

from __future__ import annotations

import importlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One row of a table.

    Attributes:
        target: "module:Class", imported when first asked for.
        summary: One line for lists and help.
        source: The paper.
        arguments: Of the constructor, for a loss, penalty, augmentation or update rule; a
            test compares them with the class.
        model_fields, compile_fields: A family's own constructor and `compile` arguments,
            besides those that every family takes; a test compares them with the class.
    """

    target: str
    summary: str
    source: str
    arguments: tuple[str, ...] = ()
    model_fields: tuple[str, ...] = ()
    compile_fields: tuple[str, ...] = ()

    @property
    def class_name(self) -> str:
        return self.target.partition(":")[2]

    def load(self) -> type:
        """Imports the module and returns the class."""
        return getattr(importlib.import_module(self.target.partition(":")[0]), self.class_name)
