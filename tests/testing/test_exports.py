from __future__ import annotations

import pytest

import lazulite.testing as kit


def test_every_name_leads_somewhere() -> None:
    assert kit.__all__ == sorted(kit.__all__)
    for name in kit.__all__:
        assert getattr(kit, name).__name__ == name


def test_a_name_that_is_none() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        kit.nothing  # noqa: B018
