"""The SDKs' errors as ours: mapped here, once, by name, so that no SDK need be imported."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lazulite.errors import (
    AccessDenied,
    Conflict,
    LazuliteError,
    NotFound,
    StoreError,
    StoreUnavailable,
)

# By the name of the class, the nearest ancestor counting.
MAPPED: Mapping[str, type[StoreError]] = {
    "AuthenticationRequiredError": AccessDenied,
    "AzureSigningError": AccessDenied,
    "ClientAuthenticationError": AccessDenied,
    "CredentialUnavailableError": AccessDenied,
    "DeserializationError": StoreError,
    "IncompleteReadError": StoreUnavailable,
    "RequestTooLargeError": StoreError,
    "ResourceExistsError": Conflict,
    "ResourceModifiedError": Conflict,
    "ResourceNotFoundError": NotFound,
    "ResourceNotModifiedError": Conflict,
    "ResponseNotReadError": StoreError,
    "SerializationError": StoreError,
    "ServiceRequestError": StoreUnavailable,
    "ServiceRequestTimeoutError": StoreUnavailable,
    "ServiceResponseError": StoreUnavailable,
    "ServiceResponseTimeoutError": StoreUnavailable,
    "StreamClosedError": StoreUnavailable,
    "StreamConsumedError": StoreError,
    "TooManyRedirectsError": StoreError,
}
# The response's status says more than the class.
BY_STATUS = (
    "DecodeError",
    "HttpResponseError",
    "ODataV4Error",
    "PartialBatchErrorException",
    "TableTransactionError",
)
# What the services say with a status that means something else.
_BY_CODE: Mapping[str, type[StoreError]] = {
    "PopReceiptMismatch": Conflict,
    "ServerBusy": StoreUnavailable,
    "OperationTimedOut": StoreUnavailable,
    "ContainerBeingDeleted": StoreUnavailable,
    "QueueBeingDeleted": StoreUnavailable,
    "TableBeingDeleted": StoreUnavailable,
    "AuthenticationFailed": AccessDenied,
}


def kind_of(error: BaseException) -> type[StoreError]:
    """The class of ours that an error of the SDKs, or of the network below them, is one of."""
    code = error_code(error)
    if code in _BY_CODE:
        return _BY_CODE[code]
    for ancestor in type(error).__mro__:
        if ancestor.__name__ in MAPPED:
            return MAPPED[ancestor.__name__]
        if ancestor.__name__ in BY_STATUS:
            break
    if isinstance(error, (asyncio.TimeoutError, OSError)) or _is_of("aiohttp", error):
        return StoreUnavailable
    return _by_status(getattr(error, "status_code", None))


def _by_status(status: int | None) -> type[StoreError]:
    if status in (401, 403):
        return AccessDenied
    if status == 404:
        return NotFound
    if status in (409, 412):
        return Conflict
    if status in (408, 429) or (status is not None and status >= 500):
        return StoreUnavailable
    return StoreError


def error_code(error: BaseException) -> str:
    """The service's code, such as `QueueNotFound`; '' when it gave none."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def translate(error: BaseException, what: str) -> LazuliteError:
    """The error of ours for `error`, which an operation on `what` (`queue 'x'`) raised."""
    if isinstance(error, LazuliteError):
        return error
    kind = kind_of(error)
    if kind is NotFound:
        return NotFound(f"There is no {what}.")
    detail = _detail(error)
    if kind is AccessDenied:
        return AccessDenied(
            f"Access to the {what} is refused: {detail}.",
            hint="Check the key, the signature's permissions and end, or the identity's roles.",
        )
    if kind is StoreUnavailable:
        return StoreUnavailable(f"The {what} cannot be reached now: {detail}.")
    return kind(f"The {what} refuses the operation: {detail}.")


def _detail(error: BaseException) -> str:
    text = str(getattr(error, "message", "") or error or type(error).__name__)
    first = text.strip().splitlines()[0].rstrip(". ") if text.strip() else type(error).__name__
    code = error_code(error)
    return f"{first} ({code})" if code and code not in first else first


@contextmanager
def border(what: str) -> Iterator[None]:
    """Within it, errors of the SDKs and the network become errors of ours about `what`."""
    try:
        yield
    except Exception as error:
        if not _is_theirs(error):
            raise
        raise translate(error, what) from error


def _is_theirs(error: Exception) -> bool:
    network = isinstance(error, (asyncio.TimeoutError, ConnectionError))
    return network or _is_of("azure", error) or _is_of("aiohttp", error)


def _is_of(package: str, error: BaseException) -> bool:
    return any(ancestor.__module__.partition(".")[0] == package for ancestor in type(error).__mro__)
