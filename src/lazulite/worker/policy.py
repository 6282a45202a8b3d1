"""What stands before and after every function: keys, CORS, headers, limits.

A Policy is made of what the host sends; `None` in its place means that nothing does, which is the
common local case and costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from lazulite.web.cors import CorsPolicy
from lazulite.web.headers import hsts_applies, hsts_value, missing_headers
from lazulite.web.keys import AuthLevel, KeyTable, caller_level, presented_key, satisfies

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Policy:
    """keys: None where every caller is an administrator (`func start` without --enableAuth);
    max_outstanding, max_concurrent: invocations open, or running, at once; -1 = any number;
    dynamic: turn requests away while the worker cannot keep up; closing: connections end with
    their next answer, because the worker does."""

    cors: CorsPolicy = field(default_factory=CorsPolicy)
    keys: KeyTable | None = None
    custom_headers: Mapping[str, str] = field(default_factory=dict)
    hsts: Mapping[str, Any] | None = None
    max_outstanding: int = -1
    max_concurrent: int = -1
    dynamic: bool = False
    closing: bool = False

    @property
    def limited(self) -> bool:
        """Whether requests are counted."""
        return self.max_outstanding >= 0 or self.max_concurrent >= 0 or self.dynamic

    @property
    def adorns(self) -> bool:
        """Whether answers get headers."""
        return (
            self.cors.enabled or self.closing or bool(self.custom_headers) or self.hsts is not None
        )

    def open_to_all(self, level: AuthLevel) -> bool:
        """Whether nobody is turned away from a function of this level, preflights apart."""
        return (self.keys is None or level is AuthLevel.ANONYMOUS) and not self.limited

    def preflight(self, scope: Any) -> Headers | None:
        """The headers of the 204 that answers a CORS preflight, None for other requests."""
        if scope.method != "OPTIONS" or not self.cors.enabled:
            return None
        get = scope.headers.get
        return self.cors.preflight(
            get("origin"),
            get("access-control-request-method"),
            get("access-control-request-headers"),
        )

    def caller(self, scope: Any, function: str | None) -> AuthLevel:
        """How far the request's key opens the app."""
        if self.keys is None:
            return AuthLevel.ADMIN
        return caller_level(self.keys, self.key_of(scope), function)

    def key_of(self, scope: Any) -> str | None:
        """The key that a request shows, None without one."""
        code = None
        query = scope.query_string
        if query and "code=" in query.lower():
            code = next((v for n, v in parse_qsl(query) if n.lower() == "code"), None)
        return presented_key(scope.headers.get("x-functions-key"), code)

    def admits(self, scope: Any, required: AuthLevel, function: str) -> bool:
        """Whether the caller may call a function of level `required`."""
        if self.keys is None or required is AuthLevel.ANONYMOUS:
            return True
        return satisfies(self.caller(scope, function), required)

    def decorate(self, scope: Any, headers: Headers) -> Headers:
        """`headers` with what CORS, customHeaders and HSTS add."""
        added = list(headers)
        if self.closing:
            added.append(("connection", "close"))
        if self.cors.enabled:
            present = {name.lower() for name, _ in headers}
            added += [
                (name, value)
                for name, value in self.cors.decorate(scope.headers.get("origin"))
                if name.lower() == "vary" or name.lower() not in present
            ]
        if self.custom_headers:
            added += missing_headers([name for name, _ in added], self.custom_headers)
        if self.hsts is not None:
            host = scope.headers.get("host") or scope.authority or ""
            if hsts_applies(scope.scheme, host, self.hsts.get("excludedHosts", ())):
                added.append(
                    (
                        "strict-transport-security",
                        hsts_value(
                            float(self.hsts["maxAge"]),
                            bool(self.hsts.get("includeSubDomains")),
                            bool(self.hsts.get("preload")),
                        ),
                    )
                )
        return added


def policy_from_wire(raw: Mapping[str, Any]) -> Policy:
    """The policy that the host sent."""
    keys = raw.get("keys")
    return Policy(
        cors=CorsPolicy(raw.get("cors", ()), bool(raw.get("cors_credentials"))),
        keys=KeyTable.from_json(keys) if keys is not None else None,
        custom_headers=raw.get("custom_headers") or {},
        hsts=raw.get("hsts"),
        max_outstanding=int(raw.get("max_outstanding", -1)),
        max_concurrent=int(raw.get("max_concurrent", -1)),
        dynamic=bool(raw.get("dynamic")),
    )
