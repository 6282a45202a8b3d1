from __future__ import annotations

import pytest

from lazulite.web.cors import CorsPolicy
from lazulite.web.keys import AuthLevel, KeyTable
from lazulite.worker.policy import Policy, policy_from_wire
from tests.worker.rsgi import Scope

KEYS = KeyTable("boss", {"default": "all"}, {"hook_extension": "sys"}, {"one": {"default": "own"}})


def test_nothing_stands_before_a_function_by_default() -> None:
    policy = Policy()
    assert policy.open_to_all(AuthLevel.ADMIN)
    assert not policy.adorns
    assert policy.caller(Scope(), "one") is AuthLevel.ADMIN
    assert policy.preflight(Scope("OPTIONS", headers=[("origin", "a")])) is None
    assert policy.decorate(Scope(), [("a", "b")]) == [("a", "b")]


@pytest.mark.parametrize(
    "policy",
    [Policy(cors=CorsPolicy(["*"])), Policy(custom_headers={"a": "b"}), Policy(hsts={"maxAge": 1})],
)
def test_what_adds_headers(policy: Policy) -> None:
    assert policy.adorns
    assert policy.open_to_all(AuthLevel.ADMIN)


@pytest.mark.parametrize("policy", [Policy(max_outstanding=5), Policy(max_concurrent=5)])
def test_what_counts_requests(policy: Policy) -> None:
    assert policy.limited
    assert not policy.open_to_all(AuthLevel.ANONYMOUS)


def test_keys_stand_before_all_but_anonymous_ones() -> None:
    policy = Policy(keys=KEYS)
    assert not policy.limited
    assert policy.open_to_all(AuthLevel.ANONYMOUS)
    assert not policy.open_to_all(AuthLevel.FUNCTION)


@pytest.mark.parametrize(
    ("headers", "query", "level"),
    [
        ([], "", AuthLevel.ANONYMOUS),
        ([("x-functions-key", "boss")], "", AuthLevel.ADMIN),
        ([("x-functions-key", "own")], "", AuthLevel.FUNCTION),
        ([("x-functions-key", "sys")], "", AuthLevel.SYSTEM),
        ([], "a=1&code=all", AuthLevel.FUNCTION),
        ([], "CODE=b%6fss", AuthLevel.ADMIN),
        ([("x-functions-key", "no")], "code=boss", AuthLevel.ANONYMOUS),
        ([("x-functions-key", "")], "code=boss", AuthLevel.ADMIN),
        ([], "barcode=boss", AuthLevel.ANONYMOUS),
        ([], "code=%ff", AuthLevel.ANONYMOUS),
    ],
)
def test_who_calls(headers: list[tuple[str, str]], query: str, level: AuthLevel) -> None:
    policy = Policy(keys=KEYS)
    assert policy.caller(Scope(query=query, headers=headers), "One") is level


def test_a_preflight_and_its_answer() -> None:
    policy = Policy(cors=CorsPolicy(["https://a.example"]))
    origin = ("Origin", "https://a.example")
    asked = [origin, ("Access-Control-Request-Method", "PUT")]
    assert policy.preflight(Scope("OPTIONS", headers=asked)) == [
        ("Access-Control-Allow-Origin", "https://a.example"),
        ("Vary", "Origin"),
        ("Access-Control-Allow-Methods", "PUT"),
    ]
    assert policy.preflight(Scope("GET", headers=asked)) is None
    assert policy.preflight(Scope("OPTIONS", headers=[origin])) is None


def test_headers_that_a_function_set_itself_are_its_own() -> None:
    policy = Policy(cors=CorsPolicy(["*"]), custom_headers={"X-A": "host", "X-B": "host"})
    own = [("access-control-allow-origin", "https://mine"), ("x-a", "mine")]
    decorated = policy.decorate(Scope(headers=[("origin", "https://a")]), own)
    assert decorated == [*own, ("X-B", "host")]


def test_hsts_is_for_https_alone() -> None:
    policy = Policy(hsts={"maxAge": 5, "preload": True})
    host = [("host", "site.example:443")]
    expected = [("strict-transport-security", "max-age=5; preload")]
    assert policy.decorate(Scope(headers=host, scheme="https"), []) == expected
    assert policy.decorate(Scope(headers=host), []) == []


def test_from_the_wire() -> None:
    policy = policy_from_wire(
        {
            "cors": ["https://a"],
            "cors_credentials": True,
            "keys": KEYS.to_json(),
            "custom_headers": {"a": "b"},
            "hsts": None,
            "max_outstanding": 3,
            "max_concurrent": 2,
        }
    )
    assert policy.keys == KEYS
    assert policy.cors.credentials
    assert (policy.max_outstanding, policy.max_concurrent) == (3, 2)
    assert policy_from_wire({}).open_to_all(AuthLevel.ADMIN)
