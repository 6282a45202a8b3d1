from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lazulite.config.hostid import host_id, stable_hash
from lazulite.errors import SettingError


def test_stable_hash() -> None:
    assert stable_hash("") == 23
    assert stable_hash("abc") == 781547
    assert stable_hash("\U0001f600") == (23 * 31 + 0xD83D) * 31 + 0xDE00


@given(st.text(), st.text())
def test_an_id_is_short_and_in_lower_case(path: str, machine: str) -> None:
    found = host_id("/" + path.replace("\0", ""), {}, machine)
    assert len(found) <= 32
    assert not found.endswith("-")
    assert -(2**31) <= stable_hash(path) < 2**31


def test_machine_and_path(tmp_path: Path) -> None:
    number = abs(stable_hash(str(tmp_path)))
    assert host_id(tmp_path, {}, "My-Box.local") == f"myboxlocal-{number}"
    assert host_id(tmp_path, {}, "b" * 40) == "b" * 32
    assert host_id(tmp_path, {}, "b" * 31) == "b" * 31
    assert host_id(tmp_path, {}) == host_id(tmp_path, {})


def test_settings(tmp_path: Path) -> None:
    assert host_id(tmp_path, {"AzureFunctionsWebHost__hostid": "my-app-1"}) == "my-app-1"
    assert host_id(tmp_path, {"AzureFunctionsWebHost:HostId": "my-app-1"}) == "my-app-1"
    assert host_id(tmp_path, {"WEBSITE_SITE_NAME": "Shop"}) == "shop"
    slot = {"WEBSITE_SITE_NAME": "Shop", "WEBSITE_SLOT_NAME": "Staging"}
    assert host_id(tmp_path, slot) == "shop-staging"
    assert host_id(tmp_path, {**slot, "WEBSITE_SLOT_NAME": "Production"}) == "shop"


@pytest.mark.parametrize("given", ["Upper", "a--b", "-a", "a-", "a" * 33, "a_b"])
def test_a_wrong_setting(tmp_path: Path, given: str) -> None:
    with pytest.raises(SettingError, match=f"'{given}' is not a valid host id"):
        host_id(tmp_path, {"AzureFunctionsWebHost__hostid": given})
