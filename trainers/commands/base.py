"""What the commands share: flags, help, one-line errors, a quiet TensorFlow.

Imports no TensorFlow, so that help and wrong flags answer at once. Flags are absl
flags in a table of each command's own: nothing is defined when the library is
imported, and absl's and TensorFlow's flags do not crowd the help.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import textwrap
import traceback

from absl import flags

from trainers.errors import (
    EXIT_DISK,
    EXIT_DOCTOR,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_NON_FINITE,
    EXIT_OK,
    EXIT_USAGE,
    UserError,
)

_HELP = ("-h", "--help", "-help", "--helpfull", "--helpshort")


class Command:
    """One command: its flags, its help and the function that does the work.

    Args:
        name: Name of the console script.
        usage: One line after the name, such as "--preset=NAME --workdir=DIR".
        summary: What it does, for the help.
        epilog: Examples, printed under the flags.
    """

    def __init__(self, name: str, usage: str, summary: str, epilog: str = ""):
        self.name, self.usage, self.summary, self.epilog = name, usage, summary, epilog
        self.flags = flags.FlagValues()
        self._texts: dict[str, str] = {}
        self.define("boolean", "debug", False, "Show the traceback of an error.")

    def define(self, kind: str, name: str, default, text: str, **options):
        """Defines a flag of absl's kind: string, integer, float, boolean, enum, multi_string."""
        self._texts[name] = text
        define = getattr(flags, f"DEFINE_{kind}")
        if kind == "enum":
            define(name, default, options.pop("values"), text, flag_values=self.flags, **options)
        else:
            define(name, default, text, flag_values=self.flags, **options)

    def help(self) -> str:
        """Returns the text of --help."""
        lines = [f"usage: {self.name} {self.usage}", "", self.summary, "", "flags:"]
        for name in [n for n in self._texts if n != "debug"] + ["debug"]:
            flag = self.flags[name]
            default = "" if flag.default in (None, [], "") else f" (default: {flag.default})"
            values = getattr(flag.parser, "enum_values", None)
            choice = f" One of {', '.join(values)}." if values else ""
            lines.append(f"  --{name}")
            text = f"{self._texts[name]}{choice}{default}"
            lines += textwrap.wrap(text, 84, initial_indent="      ", subsequent_indent="      ")
        return "\n".join([*lines, *(("", self.epilog) if self.epilog else ())]) + "\n"

    def run(self, body, argv: list[str] | None = None, positional: bool = False) -> int:
        """Parses the arguments and runs `body(flags)`; returns the exit code.

        Args:
            body: Called with the parsed flags, and the positional arguments where allowed.
            argv: Arguments after the program's name; None: the process's.
            positional: Whether there may be positional arguments.
        """
        argv = sys.argv[1:] if argv is None else argv
        if any(argument in _HELP for argument in argv):
            print(self.help(), end="")
            return EXIT_OK
        debug = False
        try:
            rest = self._parse(argv)
            debug = self.flags.debug
            if rest and not positional:
                raise UserError(f"unexpected argument {rest[0]!r}: flags are --name=value.")
            body(*((self.flags, rest) if positional else (self.flags,)))
            return EXIT_OK
        except UserError as error:
            return self._fail(error, error.exit_code, debug)
        except KeyboardInterrupt:
            print(f"{self.name}: interrupted.", file=sys.stderr)
            return 130
        except BrokenPipeError:  # the reader of our output has left, as `head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return EXIT_OK
        except Exception as error:
            return self._fail(error, EXIT_FAILED, debug, hint=" (--debug shows the traceback)")

    def _parse(self, argv):
        try:
            return self.flags([self.name, *argv])[1:]
        except flags.Error as error:
            message = " ".join(str(error).split()).removeprefix("flag ")
            raise UserError(f"{message} (see {self.name} --help)") from error

    def _fail(self, error, code, debug, hint="") -> int:
        if debug:
            traceback.print_exception(error, file=sys.stderr)
        text = " ".join(str(error).split()) or type(error).__name__
        kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
        print(f"{self.name}: error: {kind}{text}{hint}", file=sys.stderr)
        return code


def required(name: str, value, why: str):
    """Returns a flag's value.

    Raises:
        UserError: It was not given.
    """
    if value in (None, ""):
        raise UserError(f"--{name} is missing: {why}")
    return value


def check_module_flags(flags) -> None:
    """Refuses what belongs to a run beside --module.

    Raises:
        UserError: --step or --standing_batches was given.
    """
    if flags.step is not None:
        raise UserError("--step belongs to --workdir; an export has one generator.")
    if flags.standing_batches:
        raise UserError(
            "--standing_batches belongs to --workdir; an export keeps the statistics that it was "
            "written with."
        )


def start_tensorflow() -> None:
    """Imports TensorFlow without its start-up messages, which still show if it fails."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _held_stderr():
        import tensorflow as tf

        tf.config.list_physical_devices()
    tf.get_logger().setLevel("ERROR")


@contextlib.contextmanager
def _held_stderr():
    """Holds back the process's standard error, C++ included, and prints it on failure."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # no standard error at all
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(kept, 2)
            held.seek(0)
            sys.stderr.write(held.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


EXIT_CODES = (
    f"exit codes: {EXIT_OK} done; {EXIT_FAILED} failed; {EXIT_USAGE} bad flag, value, preset or "
    f"data;\n{EXIT_NON_FINITE} a loss or weight was not finite; {EXIT_DISK} disk full; "
    f"{EXIT_DOCTOR} stopped by the doctor;\n{EXIT_INTERRUPTED} stopped by SIGTERM or Ctrl-C, "
    "state saved"
)
