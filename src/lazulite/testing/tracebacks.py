"""What a test is shown of an exception: the way through user code, not the one through ours."""

from __future__ import annotations

import asyncio
import os
from types import TracebackType
from typing import TypeVar

import lazulite
from lazulite.errors import LazuliteError

Error = TypeVar("Error", bound=BaseException)

_INNER = tuple(
    os.path.dirname(os.path.abspath(str(package.__file__))) + os.sep
    for package in (lazulite, asyncio)
)


def as_seen(error: Error) -> Error:
    """The exception with a traceback that begins in user code. One that never was there keeps its
    own, unless its message says everything (LazuliteError)."""
    traceback = error.__traceback__
    while traceback is not None and _is_inner(traceback):
        traceback = traceback.tb_next
    if traceback is not None or isinstance(error, LazuliteError):
        error.__traceback__ = traceback
    return error


def _is_inner(traceback: TracebackType) -> bool:
    return traceback.tb_frame.f_code.co_filename.startswith(_INNER)
