"""Draws columns of one run's metrics.jsonl over its steps.

python examples/plot_run.py --workdir=runs/began --columns=began_convergence,began_k
"""

import argparse
import os

from trainers import callbacks, files, pictures


def main(arguments=None):
    """Reads the rows, checks the names and writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workdir", required=True, help="run directory of tfgan-train")
    parser.add_argument("--columns", required=True, help="names of columns, comma between")
    parser.add_argument("--title", default="", help="written above the curves")
    parser.add_argument("--output", default="columns.png", help="PNG to write")
    options = parser.parse_args(arguments)
    rows = callbacks.read_rows(os.path.join(options.workdir, "metrics.jsonl"))
    known = sorted({name for row in rows for name in row})
    names = options.columns.split(",")
    missing = [name for name in names if name not in known]
    if missing:
        parser.error(f"{options.workdir} has no column {missing[0]!r}; it has {', '.join(known)}.")
    files.write_atomically(options.output, pictures.curves(rows, names, options.title))
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()
