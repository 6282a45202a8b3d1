"""Writing files whole or not at all."""

from __future__ import annotations

import os
import tempfile

from lazulite.errors import ConfigError, Where


def write_text(path: str, text: str) -> None:
    """Replace the file at `path` with `text`, as UTF-8, keeping its permissions.

    Readers see the old content or the new. Raises ConfigError when it cannot be written.
    """
    try:
        mode = os.stat(path).st_mode & 0o7777
    except OSError:
        mode = 0o666 & ~_umask()
    real = os.path.realpath(path)
    try:
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(real), prefix=".func-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            os.chmod(temporary, mode)
            os.replace(temporary, real)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise ConfigError(
            f"cannot be written: {error.strerror}.", where=Where(file=path)
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
