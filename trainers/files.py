"""Files that are whole or absent, and the lock of a run directory.

Paths may be anything `tf.io.gfile` reads, buckets included; renames and the lock
are atomic on a local disk only.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os

from trainers.errors import DiskError, UserError


def is_local(path: str) -> bool:
    """Whether the path is on a local file system."""
    return "://" not in str(path)


def write_atomically(path: str, data: bytes | str) -> None:
    """Writes a file beside `path` and renames it over it.

    Raises:
        DiskError: The disk is full or the directory cannot be written.
    """
    import tensorflow as tf

    data = data.encode() if isinstance(data, str) else data
    temporary = f"{path}.tmp"
    with disk_errors(path):
        if is_local(path):
            with open(temporary, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        else:
            with tf.io.gfile.GFile(path, "wb") as file:
                file.write(data)


@contextlib.contextmanager
def disk_errors(path: str):
    """Turns errors of a full or unwritable disk into one line.

    Raises:
        DiskError: With the path, the reason and what to do.
    """
    import tensorflow as tf

    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskError(_full(path, error.strerror)) from error
        raise DiskError(f"Cannot write {path}: {error.strerror or error}.") from error
    except tf.errors.OpError as error:
        message = error.message.strip().splitlines()[0]
        full = isinstance(error, tf.errors.ResourceExhaustedError) or "No space" in message
        if full or "File too large" in message:
            raise DiskError(_full(path, message)) from error
        raise DiskError(f"Cannot write {path}: {message}") from error


def _full(path, reason) -> str:
    return (
        f"The disk is full at {path} ({reason}). Earlier checkpoints are whole; free some space "
        "and run the same command again."
    )


def sha256(path: str) -> str:
    """Returns the SHA-256 of a file, in hexadecimal."""
    import tensorflow as tf

    digest = hashlib.sha256()
    with tf.io.gfile.GFile(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class Lock:
    """Holds a run directory for one process; the system frees it when the process dies.

    Args:
        directory: The run directory. No lock is promised in a bucket.

    Raises:
        UserError: Another process holds it.
    """

    def __init__(self, directory: str):
        self._file = None
        if not is_local(directory):
            return
        import fcntl

        path = os.path.join(directory, "lock")
        self._file = open(path, "a+")  # noqa: SIM115 - held until release
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise UserError(
                f"{directory} is in use by process {holder}: wait, or choose another --workdir."
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Frees the directory."""
        if self._file is not None:
            self._file.close()
            self._file = None
