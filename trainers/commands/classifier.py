"""python -m trainers.commands.classifier: a small classifier whose features metrics read."""

from __future__ import annotations

import os
import re
import sys

from trainers.commands.base import Command, required, start_tensorflow
from trainers.errors import UserError


def command() -> Command:
    """Returns the command with its flags."""
    it = Command(
        "python -m trainers.commands.classifier",
        "--data=SPEC --output=DIR [flags]",
        "Trains a small convolutional classifier on labelled images and writes DIR/NAME.npz, a\n"
        "feature network of the metrics under the name classifier:DIR/NAME.npz, and NAME.json,\n"
        "which says how well it does on images that it was not trained on.",
        "example:\n"
        "  python -m trainers.commands.classifier --data=embedded:digits --output=networks\n"
        "  python -m trainers.commands.classifier --data=folder:photos --image_size=32 --flip \\\n"
        "      --output=networks\n\n"
        "exit codes: 0 done; 1 failed; 2 bad flag, value or data; 3 the loss was not finite; "
        "4 disk full",
    )
    it.define("string", "data", None, "Labelled images; tfgan-list data shows the kinds.")
    it.define("string", "output", None, "Directory, made if missing.")
    it.define("string", "name", None, "Name of the files; the default is from --data.")
    it.define(
        "string",
        "test_split",
        None,
        "Split of the data to test on, such as test; without it a fifth of the images is left "
        "out of training.",
    )
    it.define("integer", "image_size", None, "Side to resize to.", lower_bound=8)
    it.define("integer", "channels", None, "1, 3 or 4.")
    it.define("integer", "steps", 800, "Updates.", lower_bound=1)
    it.define("integer", "batch_size", 128, "Images in one update.", lower_bound=2)
    it.define("integer", "seed", 0, "Seed of initialisation, order, shifts and the left out.")
    it.define("integer", "shift", 2, "Largest random shift, in pixels.", lower_bound=0)
    it.define("boolean", "flip", False, "Mirror images at random: not for digits or letters.")
    it.define("string", "licence", None, "Terms of the data, for the description.")
    it.define("boolean", "force", False, "Write over files of an earlier run.")
    return it


def main(flags) -> None:
    """Runs the command with parsed flags."""
    spec = required("data", flags.data, "labelled images, such as embedded:digits.")
    output = required("output", flags.output, "the directory for the network.")
    name = flags.name or default_name(spec)
    if not re.fullmatch(r"[\w.-]+", name):
        raise UserError(f"--name={name!r} must be letters, digits, '.', '_' and '-'.")
    _check_output(output, name, flags.force)
    start_tensorflow()
    from trainers import classifiers

    rules = {"image_size": flags.image_size, "channels": flags.channels}
    options = {"steps": flags.steps, "batch_size": flags.batch_size, "seed": flags.seed}
    options |= {"shift": flags.shift, "flip": flags.flip}
    model, description = classifiers.train(
        spec, test_split=flags.test_split, rules=rules, **options
    )
    if flags.licence:
        description["licence"] = flags.licence
    description["command"] = _command(flags, name)
    path = classifiers.save(output, name, model, description)
    print(
        f"{path}: {100 * description['accuracy']:.2f} % of {description['test_images']} held-out "
        f"images right, {description['features']} features\n"
        f"next:\n  use it as the feature network classifier:{path}"
    )


def default_name(spec: str) -> str:
    """Returns a file name of a data spec: "digits" of embedded:digits, "cats" of folder:a/cats."""
    stem = os.path.basename(spec.partition(":")[2].rstrip("/"))
    return re.sub(r"[^\w-]+", "_", os.path.splitext(stem)[0]).strip("_") or "classifier"


def _check_output(output, name, force) -> None:
    if os.path.exists(output) and not os.path.isdir(output):
        raise UserError(f"--output={output} is a file: give a directory.")
    for suffix in (".npz", ".json"):
        path = os.path.join(output, name + suffix)
        if os.path.exists(path) and not force:
            raise UserError(f"{path} exists: choose another --name, or --force to write over it.")


def _command(flags, name) -> str:
    """The command that makes the same network, without what says where the files lie."""
    kind, _, place = flags.data.partition(":")
    data = f"{kind}:{os.path.basename(place.rstrip('/'))}"
    parts = [f"--data={data}", f"--name={name}"]
    for flag in ("test_split", "image_size", "channels"):
        parts += [f"--{flag}={flags[flag].value}"] if flags[flag].value is not None else []
    for flag in ("steps", "batch_size", "seed", "shift"):
        parts.append(f"--{flag}={flags[flag].value}")
    return " ".join(["python -m trainers.commands.classifier", *parts, *["--flip"][: flags.flip]])


def cli() -> None:
    """Entry point of `python -m`."""
    sys.exit(command().run(main))


if __name__ == "__main__":
    cli()
