"""Errors that a user caused and can mend, and the exit codes of the commands."""

from __future__ import annotations

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NON_FINITE = 3
EXIT_DISK = 4
EXIT_DOCTOR = 5
EXIT_INTERRUPTED = 75  # EX_TEMPFAIL: saved, run the same command again


class UserError(Exception):
    """Bad input: one line that says what, why and what to do instead.

    The commands print it without a traceback and exit with `exit_code`.
    """

    exit_code = EXIT_USAGE


class DataError(UserError):
    """A data set that is missing, unreadable or of the wrong shape."""


class NonFiniteError(UserError):
    """Training produced a loss or a weight that is not a finite number."""

    exit_code = EXIT_NON_FINITE


class DiskError(UserError):
    """The run directory cannot be written (full disk, no permission)."""

    exit_code = EXIT_DISK


class DoctorStop(UserError):
    """The training doctor found an error and was told to stop the run."""

    exit_code = EXIT_DOCTOR


class RunInterrupted(UserError):
    """The run was told to stop (SIGTERM, Ctrl-C); its state is saved."""

    exit_code = EXIT_INTERRUPTED
