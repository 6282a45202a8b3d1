"""The warm-up trigger runs once a start."""

from __future__ import annotations

from pathlib import Path

from lazulite.bindings.warmup.trigger import WarmupTrigger
from lazulite.model import BindingSpec
from tests.bindings.blob.kit import Runs, function_of, open_kit, run


def test_it_runs_once_when_the_host_starts(tmp_path: Path) -> None:
    async def body() -> None:
        async with open_kit(tmp_path) as kit:
            kind = WarmupTrigger(kit.context)
            spec = BindingSpec("warmup", "warmupTrigger")
            function = function_of(spec)
            kind.validate(function, spec)
            runs = Runs()
            listener = kind.listener(function, spec, runs)
            await listener.start()
            await runs.wait(1)
            await listener.stop()
            assert len(runs.events) == 1
            by_hand = await kind.manual(function, spec, "")
            assert by_hand.value == runs.events[0].value

    run(body())
