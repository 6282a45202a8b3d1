from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from lazulite.bindings.timer.zone import time_zone
from lazulite.errors import SettingError

SUMMER = datetime(2030, 7, 1, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("settings", "hours"),
    [
        ({"WEBSITE_TIME_ZONE": "Europe/Paris"}, 2),
        ({"WEBSITE_TIME_ZONE": "Asia/Tokyo", "TZ": "Europe/Paris"}, 9),
        ({"WEBSITE_TIME_ZONE": " ", "TZ": "Europe/Paris"}, 2),
        ({"TZ": ":America/New_York"}, -4),
        ({"TZ": "UTC"}, 0),
        ({"TZ": "/usr/share/zoneinfo/Asia/Tokyo"}, 9),
    ],
)
def test_a_setting_names_the_zone(settings: dict[str, str], hours: int) -> None:
    assert SUMMER.astimezone(time_zone(settings)).utcoffset() == timedelta(hours=hours)


def test_without_a_setting_it_is_the_machine_s() -> None:
    there = SUMMER.astimezone(time_zone({})).utcoffset()
    assert there == SUMMER.astimezone().utcoffset()


@pytest.mark.parametrize(
    "name", ["Nowhere", "../etc/passwd", "/no/such/file", "Turkey Standard Time"]
)
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(SettingError, match="is not known"):
        time_zone({"TZ": name})
