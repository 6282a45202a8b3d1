from __future__ import annotations

import pytest

from lazulite.config.loglevels import LEVELS, parse_level, read_levels
from lazulite.config.section import Section
from lazulite.errors import ConfigError


def test_the_longest_prefix_wins() -> None:
    levels = read_levels(
        Section(
            {"default": "Warning", "Function": "Debug", "Function.A.User": "None", "Host": None}
        )
    )
    assert levels.find("Function.B") == LEVELS["Debug"]
    assert levels.find("function.a.user") == LEVELS["None"]
    assert levels.find("Function.A") == LEVELS["Debug"]
    assert levels.find("Host.Startup") == LEVELS["None"]
    assert levels.find("Other") == LEVELS["Warning"]


def test_a_provider_over_the_general_ones() -> None:
    general = read_levels(Section({"default": "Error", "Host": "Debug"}))
    console = read_levels(Section({"Host.Startup": "Trace"})).over(general)
    assert console.find("Host.Startup") == LEVELS["Trace"]
    assert console.find("Host.General") == LEVELS["Debug"]
    assert console.find("x") == LEVELS["Error"]
    assert read_levels(Section({})).find("x") is None


def test_an_unknown_level() -> None:
    with pytest.raises(ConfigError, match=r"'Host' must be one of Trace, .* not 'Loud'"):
        read_levels(Section({"Host": "Loud"}))
    assert parse_level("iNFORMATION") == 20
    assert parse_level(3) is None
