"""Data sources, training runs and the commands."""
