from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from lazulite.worker.lifespan import Lifespan, StartupFailed


class App:
    """Answers as it is told; `seen` notes what it was asked."""

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        self._answers = answers
        self.seen: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"
        scope["state"]["n"] = len(self.seen)
        for answer in self._answers:
            self.seen.append((await receive())["type"])
            if isinstance(answer, Exception):
                raise answer
            await send(answer)


UP = {"type": "lifespan.startup.complete"}
DOWN = {"type": "lifespan.shutdown.complete"}


def test_up_once_and_down() -> None:
    app = App(UP, DOWN)

    async def main() -> None:
        lifespan = Lifespan(app, "f")
        await asyncio.gather(*(lifespan.start() for _ in range(3)))
        assert lifespan.state == {"n": 0}
        lifespan.state["mine"] = 1
        assert "mine" not in lifespan.state
        await lifespan.stop()
        await lifespan.stop()

    asyncio.run(main())
    assert app.seen == ["lifespan.startup", "lifespan.shutdown"]


def test_a_failure_is_told_and_the_next_request_tries_again() -> None:
    app = App({"type": "lifespan.startup.failed", "message": "no disk\n"})

    async def main() -> None:
        lifespan = Lifespan(app, "f")
        for _ in range(2):
            with pytest.raises(StartupFailed, match=r"function 'f' failed to start: no disk$"):
                await lifespan.start()
        await lifespan.stop()

    asyncio.run(main())
    assert len(app.seen) == 2


@pytest.mark.parametrize("app", [App(ValueError("what is a lifespan?")), App()])
def test_an_app_that_knows_no_lifespan(app: App) -> None:
    async def main() -> None:
        lifespan = Lifespan(app, "f")
        await lifespan.start()
        await lifespan.stop()

    asyncio.run(main())


def test_trouble_at_the_end_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    failed = {"type": "lifespan.shutdown.failed", "message": "disk full"}
    for app in (App(UP, failed), App(UP, LookupError("disk full"))):
        caplog.clear()

        async def main(app: App) -> None:
            lifespan = Lifespan(app, "f")
            await lifespan.start()
            await lifespan.stop()

        with caplog.at_level(logging.ERROR):
            asyncio.run(main(app))
        assert "disk full" in caplog.text
