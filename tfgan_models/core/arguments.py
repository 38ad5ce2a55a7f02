"""Checks of arguments that many constructors share."""

from __future__ import annotations


def positive_int(name: str, value, least: int = 1) -> int:
    """Returns `value` as an int of at least `least`.

    Raises:
        ValueError: It is not one.
    """
    if int(value) != value or value < least:
        kind = "a positive int" if least == 1 else f"an int of at least {least}"
        raise ValueError(f"{name} must be {kind}; got {value!r}.")
    return int(value)


def one_of(name: str, value, choices):
    """Returns `value` where it is among `choices`.

    Raises:
        ValueError: It is not.
    """
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}.")
    return value
