"""What a function answered over HTTP, read as httpx and requests read theirs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from http.cookies import SimpleCookie
from typing import Any

_CHARSET = re.compile(r"charset=\"?([\w.:-]+)", re.I)


class Headers(Mapping[str, str]):
    """Header fields, found whatever their case; repeated ones are joined by a comma."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.pairs = tuple(pairs)

    def get_all(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        wanted = name.lower()
        return [value for key, value in self.pairs if key.lower() == wanted]

    def __getitem__(self, name: str) -> str:
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name, _ in self.pairs))

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self.pairs})

    def __repr__(self) -> str:
        return f"Headers({list(self.pairs)!r})"


class StatusError(AssertionError):
    """`raise_for_status` met a status of 400 or above."""


class Response:
    """An answer: status, header fields, whole body; `chunks` are its pieces when it was streamed.

    url: of the request, for messages.
    """

    def __init__(
        self,
        status_code: int,
        headers: Iterable[tuple[str, str]] = (),
        content: bytes = b"",
        *,
        chunks: Iterable[bytes] = (),
        url: str = "",
    ) -> None:
        self.status_code = status_code
        self.headers = Headers(headers)
        self.content = content
        self.chunks = tuple(chunks)
        self.url = url

    @property
    def encoding(self) -> str:
        """The charset that the content type names, else utf-8."""
        found = _CHARSET.search(self.headers.get("content-type", ""))
        return found.group(1) if found else "utf-8"

    @property
    def text(self) -> str:
        """The body as text; what cannot be decoded is replaced."""
        try:
            return self.content.decode(self.encoding, "replace")
        except LookupError:
            return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises ValueError, with what the body is, when it is none."""
        try:
            return json.loads(self.content)
        except ValueError as error:
            shown = self.text if len(self.text) <= 500 else self.text[:500] + "..."
            raise ValueError(
                f"{self.url} answered {self.status_code} with a body that is no JSON: {shown!r}"
            ) from error

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that the answer sets, value by name."""
        jar: SimpleCookie = SimpleCookie()
        for value in self.headers.get_all("set-cookie"):
            jar.load(value)
        return {name: morsel.value for name, morsel in jar.items()}

    @property
    def reason_phrase(self) -> str:
        """The usual words for the status, '' for one that has none."""
        try:
            return HTTPStatus(self.status_code).phrase
        except ValueError:
            return ""

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self.status_code < 400

    is_success = ok

    def raise_for_status(self) -> Response:
        """This response; raises StatusError when the status is 400 or above."""
        if not self.ok:
            text = self.text[:500]
            raise StatusError(
                f"{self.url} answered {self.status_code} {self.reason_phrase}: {text}"
            )
        return self

    def __repr__(self) -> str:
        return f"<Response [{self.status_code} {self.reason_phrase}]>"
