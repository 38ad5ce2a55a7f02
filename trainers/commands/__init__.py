"""The commands; each module is also `python -m trainers.commands.NAME`."""
