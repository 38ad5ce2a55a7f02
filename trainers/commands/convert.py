"""python -m trainers.commands.convert: a folder of images to sharded TFRecords."""

from __future__ import annotations

import sys

from trainers.commands.base import Command, required, start_tensorflow


def command() -> Command:
    """Returns the command with its flags."""
    it = Command(
        "python -m trainers.commands.convert",
        "--folder=DIR --output=DIR [flags]",
        "Writes the images of a folder as sharded TFRecords with an index, for sets that do\n"
        "not fit in memory. Train on them with --data=tfrecord:DIR.",
    )
    it.define("string", "folder", None, "Class subfolders, or a flat folder of images.")
    it.define("string", "output", None, "Directory to make; must not exist.")
    it.define("integer", "shards", None, "Number of files.", lower_bound=1)
    it.define("integer", "image_size", None, "Side to resize to.", lower_bound=1)
    it.define("integer", "channels", None, "1, 3 or 4.")
    it.define("string", "resize", "cover", "cover, stretch or none.")
    it.define("string", "labels", None, "JSON or .npy file of labels.")
    it.define("boolean", "skip_bad_files", False, "Leave out bad image files and count them.")
    return it


def main(flags) -> None:
    """Runs the command with parsed flags."""
    folder = required("folder", flags.folder, "the images.")
    output = required("output", flags.output, "the directory to make.")
    start_tensorflow()
    from trainers import data

    made = data.convert_folder(
        folder,
        output,
        shards=flags.shards,
        image_size=flags.image_size,
        channels=flags.channels,
        resize=flags.resize,
        labels=flags.labels,
        skip_bad_files=flags.skip_bad_files,
    )
    print(f"{output}: {made['examples']} images, {len(made['skipped'])} skipped")


def cli() -> None:
    """Entry point of `python -m`."""
    sys.exit(command().run(main))


if __name__ == "__main__":
    cli()
