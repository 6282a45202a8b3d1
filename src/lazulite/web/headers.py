"""Headers the host adds: HSTS, customHeaders, cookies."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

Headers = list[tuple[str, str]]

HSTS_MAX_AGE = 30 * 24 * 3600.0  # seconds
HSTS_EXCLUDED = ("localhost", "127.0.0.1", "[::1]")
_NOT_COOKIE_OCTET = re.compile(r"[^\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]")
_SAME_SITE = {"none": "None", "lax": "Lax", "strict": "Strict"}


def hsts_value(
    max_age: float = HSTS_MAX_AGE, include_subdomains: bool = False, preload: bool = False
) -> str:
    """The value of `Strict-Transport-Security`; `max_age` in seconds."""
    value = f"max-age={int(max_age)}"
    if include_subdomains:
        value += "; includeSubDomains"
    return value + "; preload" if preload else value


def hsts_applies(scheme: str, host: str, excluded: Iterable[str] = ()) -> bool:
    """Whether an answer carries HSTS: over https, to a host that is neither local nor excluded.

    host: the `Host` header, port included.
    """
    name = host.lower()
    if not name.endswith("]"):
        name = name.rpartition(":")[0] or name
    names = {*HSTS_EXCLUDED, *(e.lower() for e in excluded)}
    return scheme.lower() == "https" and name not in names


def missing_headers(present: Collection[str], custom: Mapping[str, str]) -> Headers:
    """The customHeaders to add to an answer that has the headers named in `present`."""
    names = {name.lower() for name in present}
    return [(name, value) for name, value in custom.items() if name.lower() not in names]


def cookie_header(name: str, value: str, attributes: Mapping[str, object]) -> str:
    """The value of one `Set-Cookie`.

    attributes: expires, max-age, domain, path (texts or numbers), secure, httponly (bools),
    samesite; keys in lower case; an absent or empty one is left out. What a cookie cannot hold
    (spaces, quotes, commas, semicolons, control characters, non-ASCII) is percent-encoded as UTF-8.
    """
    text = f"{name}={_NOT_COOKIE_OCTET.sub(_percent, value)}"
    for key, label in (
        ("expires", "Expires"),
        ("max-age", "Max-Age"),
        ("domain", "Domain"),
        ("path", "Path"),
    ):
        given = attributes.get(key)
        if given is not None and given != "":
            text += f"; {label}={_one_line(given).replace(';', '')}"
    if attributes.get("secure"):
        text += "; Secure"
    same_site = str(attributes.get("samesite") or "").lower()
    if same_site in _SAME_SITE:
        text += f"; SameSite={_SAME_SITE[same_site]}"
    return text + "; HttpOnly" if attributes.get("httponly") else text


def cookie_headers(set_cookies: Iterable[str]) -> list[str]:
    """The `Set-Cookie` values to send for those a function gave, read as SimpleCookie does.

    One value may hold several cookies. A value that SimpleCookie cannot read (it would be lost in
    the original) is sent as it is.
    """
    from http.cookies import CookieError, SimpleCookie

    found: list[str] = []
    for text in set_cookies:
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(text)
        except CookieError:
            jar.clear()
        if jar:
            found += [cookie_header(m.key, m.value, dict(m)) for m in jar.values()]
        elif text.strip():
            found.append(_one_line(text))
    return found


def _one_line(value: object) -> str:
    return str(value).replace("\r", "").replace("\n", "")


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))
