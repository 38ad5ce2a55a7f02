"""Errors of the writer and the loader, each with a message of one line."""


class ExportError(RuntimeError):
    """An export was written but does not compute what the model computes; nothing is left."""


class ManifestError(ValueError):
    """A directory is not the export that its manifest describes."""
