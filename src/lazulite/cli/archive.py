"""Zip files that depend on nothing but their contents."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import time
import zipfile
from collections.abc import Iterable, Mapping

from lazulite.errors import ConfigError, UsageError, Where

_OLDEST = (1980, 1, 1, 0, 0, 0)
_NEWEST = (2107, 12, 31, 23, 59, 58)


def timestamp(environ: Mapping[str, str]) -> tuple[int, int, int, int, int, int]:
    """The time of every entry: SOURCE_DATE_EPOCH, else the earliest that a zip file can hold.

    Raises UsageError when the variable is no number of seconds.
    """
    raw = environ.get("SOURCE_DATE_EPOCH")
    if not raw:
        return _OLDEST
    try:
        moment = time.gmtime(int(raw))[:6]
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"SOURCE_DATE_EPOCH is '{raw}', not a number of seconds since 1970."
        ) from None
    return max(_OLDEST, min(_NEWEST, moment))


def write(
    path: str, root: str, names: Iterable[str], moment: tuple[int, int, int, int, int, int]
) -> str:
    """Write the files `names` of `root` into a zip file at `path`, whole or not at all.

    Entries are sorted, their times `moment`, their modes 644 or 755. Returns the SHA-256 of the
    file in hex. Raises ConfigError naming the file that cannot be read or written.
    """
    current = path
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".part")
        try:
            with os.fdopen(handle, "wb") as raw, zipfile.ZipFile(raw, "w") as archive:
                for name in sorted(names):
                    current = os.path.join(root, name)
                    _add(archive, name, current, moment)
            current = path
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(f"{reason}.", where=Where(file=current)) from None
    return _sha256(path)


def _add(
    archive: zipfile.ZipFile, name: str, path: str, moment: tuple[int, int, int, int, int, int]
) -> None:
    status = os.stat(path)
    info = zipfile.ZipInfo(name, moment)
    info.create_system = 3
    mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
    info.external_attr = (stat.S_IFREG | mode) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    large = status.st_size >= 1 << 31
    with open(path, "rb") as source, archive.open(info, "w", force_zip64=large) as target:
        shutil.copyfileobj(source, target, 1 << 20)


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
