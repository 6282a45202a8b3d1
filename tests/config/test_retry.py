from __future__ import annotations

from typing import Any

import pytest

from lazulite.config.retry import decorated_retry, read_retry
from lazulite.config.section import Section
from lazulite.errors import ConfigError
from lazulite.model import RetryPolicy

FIXED = {"strategy": "fixedDelay", "maxRetryCount": 3, "delayInterval": "00:00:05"}
GROWING = {
    "strategy": "exponentialBackoff",
    "maxRetryCount": -1,
    "minimumInterval": "00:00:01",
    "maximumInterval": "00:01:00",
}


def section(values: dict[str, Any]) -> Section:
    return Section(values, ("retry",))


def test_policies() -> None:
    assert read_retry(section(FIXED)) == RetryPolicy("fixedDelay", 3, delay=5)
    assert read_retry(section(GROWING)) == RetryPolicy(
        "exponentialBackoff", -1, minimum=1, maximum=60
    )
    assert read_retry(section({})) is None


def test_members_match_whatever_their_case() -> None:
    values = {name.upper(): value for name, value in FIXED.items()}
    assert read_retry(section({**values, "MAXRETRYCOUNT": "3"})) == read_retry(section(FIXED))


@pytest.mark.parametrize("policy", [FIXED, GROWING])
def test_each_member_is_needed(policy: dict[str, Any]) -> None:
    for name in policy:
        rest = {n: v for n, v in policy.items() if n != name}
        with pytest.raises(ConfigError, match=f"The retry policy needs '{name}'"):
            read_retry(section(rest))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"maxRetryCount": -2}, "'retry.maxRetryCount' must be a whole number, at least 0"),
        ({"maxRetryCount": "many"}, "not 'many'"),
        ({"maxRetryCount": True}, "not True"),
        ({"strategy": "never"}, "must be fixedDelay or exponentialBackoff, not 'never'"),
        ({"minimumInterval": "00:02:00"}, "must not be greater than 'maximumInterval'"),
        ({"maximumInterval": "soon"}, "'retry.maximumInterval': 'soon' is not a time span"),
        ({"minimumInterval": "-00:00:01"}, "must not be negative"),
    ],
)
def test_wrong_members(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_retry(section({**GROWING, **change}))
    assert message in caught.value.message


def test_a_decorator() -> None:
    settings = {
        "setting_name": "retry_policy",
        "strategy": "exponential_backoff",
        "max_retry_count": "2",
        "minimum_interval": "00:00:01",
        "maximum_interval": "00:00:10",
        "delay_interval": None,
    }
    assert decorated_retry(settings) == RetryPolicy("exponentialBackoff", 2, minimum=1, maximum=10)
    assert decorated_retry(None) is None
    with pytest.raises(ConfigError, match="needs 'delayInterval'"):
        decorated_retry({"strategy": "fixed_delay", "max_retry_count": "1"})
