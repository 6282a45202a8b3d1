"""Cross-origin rules: any method and header, from the origins that were configured."""

from __future__ import annotations

from collections.abc import Iterable

Headers = list[tuple[str, str]]


class CorsPolicy:
    """Origins that may call, and whether with credentials. Unchanging.

    origins: `https://host[:port]` or `*`; none = the policy does nothing, see `enabled`. Raises
    ValueError for `*` together with credentials, which browsers would not accept.
    """

    __slots__ = ("any_origin", "credentials", "origins")

    def __init__(self, origins: Iterable[str] = (), credentials: bool = False) -> None:
        wanted = [_normal(origin) for origin in origins if origin.strip()]
        self.origins = frozenset(wanted)
        self.any_origin = "*" in self.origins
        self.credentials = credentials
        if self.any_origin and credentials:
            raise ValueError(
                "CORS: the origin '*' cannot be combined with credentials; name the origins, "
                "or turn credentials off"
            )

    @property
    def enabled(self) -> bool:
        """False where nothing is configured: then OPTIONS is an ordinary request."""
        return bool(self.origins)

    def allows(self, origin: str) -> bool:
        """Whether a page of this origin may read the answer."""
        return self.any_origin or _normal(origin) in self.origins

    def preflight(
        self, origin: str | None, method: str | None, headers: str | None
    ) -> Headers | None:
        """The headers of a 204 answer to an OPTIONS request; None where it is no preflight.

        origin, method, headers: the request's `Origin`, `Access-Control-Request-Method` and
        `Access-Control-Request-Headers`. An origin that is not allowed gets an empty list (and
        its 204 all the same).
        """
        if not self.enabled or not origin or not method:
            return None
        found = self.decorate(origin)
        if found:
            found.append(("Access-Control-Allow-Methods", method))
            if headers:
                found.append(("Access-Control-Allow-Headers", headers))
        return found

    def decorate(self, origin: str | None) -> Headers:
        """The headers to add to any other answer."""
        if not origin or not self.allows(origin):
            return []
        if self.any_origin:
            return [("Access-Control-Allow-Origin", "*")]
        found = [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
        if self.credentials:
            found.append(("Access-Control-Allow-Credentials", "true"))
        return found


def _normal(origin: str) -> str:
    bare = origin.strip().rstrip("/").lower()
    if bare.startswith("https://"):
        return bare.removesuffix(":443")
    return bare.removesuffix(":80") if bare.startswith("http://") else bare
