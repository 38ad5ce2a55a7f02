"""tfgan-list: what there is, one line each, without importing TensorFlow."""

from __future__ import annotations

import sys

from tfgan_models import registry
from trainers.commands.base import Command
from trainers.errors import UserError


def _entries(table):
    return [(name, f"{entry.summary} [{entry.source}]") for name, entry in table.items()]


def _presets():
    from tfgan_models import presets

    return [
        (name, f"{p.summary} ({p.family}; {p.steps:,} steps of {p.batch_size}) [{p.source}]")
        for name, p in presets.PRESETS.items()
    ]


def _data():
    from trainers.data import catalog

    names = {"embedded": catalog.EMBEDDED, "toy": catalog.TOYS}
    lines = []
    for kind, text in catalog.KINDS.items():
        lines.append((kind, text))
        lines += [(f"  {kind}:{name}", _text(row)) for name, row in _items(names.get(kind, ()))]
    return lines


def _items(table):
    return table.items() if isinstance(table, dict) else [(name, "") for name in table]


def _text(row) -> str:
    return row if isinstance(row, str) else ""


TABLES = {
    "families": lambda: _entries(registry.FAMILIES),
    "presets": _presets,
    "losses": lambda: _entries(registry.LOSSES),
    "penalties": lambda: _entries(registry.PENALTIES),
    "augmentations": lambda: _entries(registry.AUGMENTATIONS),
    "updates": lambda: _entries(registry.UPDATES),
    "metrics": lambda: _entries(registry.METRICS),
    "features": lambda: _entries(registry.FEATURES),
    "data": _data,
}


def command() -> Command:
    """Returns the command."""
    return Command(
        "tfgan-list",
        "|".join(TABLES),
        "Lists what there is, one line each with its source.",
    )


def main(flags, arguments) -> None:
    """Prints one table."""
    if len(arguments) != 1 or arguments[0] not in TABLES:
        given = " ".join(arguments) or "nothing"
        near = registry.near_matches(given, TABLES)
        raise UserError(f"give one of {', '.join(TABLES)}; got {given}.{near if arguments else ''}")
    rows = TABLES[arguments[0]]()
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        print(f"{name:<{width}}  {text}".rstrip())


def cli() -> None:
    """Entry point of the console script."""
    sys.exit(command().run(main, positional=True))


if __name__ == "__main__":
    cli()
