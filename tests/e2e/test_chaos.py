"""A bounded run of tests/chaos.py: LAZULITE_CHAOS_SECONDS and LAZULITE_CHAOS_SEED make it longer
or another one."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from tests import chaos

SECONDS = float(os.environ.get("LAZULITE_CHAOS_SECONDS") or (60 if os.environ.get("CI") else 12))


@pytest.mark.timeout(SECONDS + 120)
def test_nothing_is_lost_in_chaos(tmp_path: Path) -> None:
    seed = int(os.environ.get("LAZULITE_CHAOS_SEED") or random.randrange(10**6))
    books = asyncio.run(chaos.run(tmp_path, SECONDS, seed))
    print(books)
    assert books.recovered
    assert books.accepted
    assert not books.lost
    assert books.unexplained == []
    assert books.repeated == []
    assert books.orphans == []
    assert books.growth < 1.5
