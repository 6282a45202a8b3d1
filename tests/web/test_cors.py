from __future__ import annotations

import pytest

from lazulite.web.cors import CorsPolicy


def test_nothing_configured_does_nothing() -> None:
    policy = CorsPolicy()
    assert not policy.enabled
    assert policy.preflight("https://a.org", "GET", None) is None
    assert policy.decorate("https://a.org") == []


def test_a_preflight_is_answered_with_what_it_asks_for() -> None:
    policy = CorsPolicy(["https://a.org/", "http://b.org:80"], credentials=True)
    assert policy.preflight("https://A.org", "PUT", "x-a, x-b") == [
        ("Access-Control-Allow-Origin", "https://A.org"),
        ("Vary", "Origin"),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "PUT"),
        ("Access-Control-Allow-Headers", "x-a, x-b"),
    ]
    assert policy.allows("http://b.org")


def test_another_origin_gets_no_headers() -> None:
    policy = CorsPolicy(["https://a.org"])
    assert policy.preflight("https://b.org", "PUT", None) == []
    assert policy.decorate("http://a.org") == []
    assert policy.decorate(None) == []


def test_a_plain_options_request_is_no_preflight() -> None:
    policy = CorsPolicy(["*"])
    assert policy.preflight("https://a.org", None, None) is None
    assert policy.preflight(None, "GET", None) is None


def test_any_origin() -> None:
    assert CorsPolicy(["*"]).decorate("https://a.org") == [("Access-Control-Allow-Origin", "*")]
    with pytest.raises(ValueError, match="cannot be combined"):
        CorsPolicy(["https://a.org", "*"], credentials=True)
