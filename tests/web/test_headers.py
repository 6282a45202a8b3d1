from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lazulite.web.headers import (
    cookie_header,
    cookie_headers,
    hsts_applies,
    hsts_value,
    missing_headers,
)


def test_hsts() -> None:
    assert hsts_value() == "max-age=2592000"
    assert hsts_value(10.0, True, True) == "max-age=10; includeSubDomains; preload"


def test_hsts_is_for_https_to_other_hosts() -> None:
    hosts = ["a.org", "a.org:443", "localhost:7071", "[::1]", "[::1]:80", "X.org", "[2::2]"]
    assert [h for h in hosts if hsts_applies("https", h, ["x.ORG"])] == hosts[:2] + hosts[-1:]
    assert not hsts_applies("http", "a.org")


def test_custom_headers_do_not_replace() -> None:
    custom = {"X-A": "1", "X-B": "2"}
    assert missing_headers(["x-a"], custom) == [("X-B", "2")]


def test_a_cookie_with_everything() -> None:
    given_ = (
        "n=42; httponly; SameSite=none; secure; path=/p; Domain=a.org; "
        "Expires=Thu, 12-Jan-2017 13:55:08 GMT; Max-Age=10"
    )
    assert cookie_headers([given_]) == [
        "n=42; Expires=Thu, 12-Jan-2017 13:55:08 GMT; Max-Age=10; Domain=a.org; Path=/p; Secure; "
        "SameSite=None; HttpOnly"
    ]


def test_same_site() -> None:
    spellings = ["", "none", "LAX", "strict", "odd"]
    tails = [cookie_header("a", "b", {"samesite": s}).removeprefix("a=b") for s in spellings]
    assert tails == ["", "; SameSite=None", "; SameSite=Lax", "; SameSite=Strict", ""]


def test_several_cookies_and_unreadable_ones() -> None:
    assert cookie_headers(["a=1; b=2", "c=3", "odd", ""]) == ["a=1", "b=2", "c=3", "odd"]


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_value_breaks_out_of_its_cookie(value: str, path: str) -> None:
    text = cookie_header("n", value, {"path": path})
    assert "\r" not in text
    assert "\n" not in text
    assert text.count(";") == (1 if path else 0)


@given(st.text(max_size=40))
def test_no_text_adds_a_header_line(text: str) -> None:
    assert not any("\n" in line or "\r" in line for line in cookie_headers([text]))
