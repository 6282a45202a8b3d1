"""The last messages of workers, and the endpoint that tells them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from lazulite.abc import WebRequest
from lazulite.host.admin.logs import LogApi
from lazulite.host.admin.router import Router
from lazulite.host.recent import CHARACTERS, MESSAGES, Recent

PATIENCE = 30.0  # seconds that only a failing test waits


def message(kind: str, id: str = "1", function: str = "f", **more: Any) -> dict[str, Any]:
    return {"k": kind, "f": function, "i": id, "t": 0.0, **more}


def line(text: str) -> dict[str, Any]:
    return {"k": "line", "m": text, "stream": "stdout"}


def test_messages_by_position() -> None:
    recent = Recent()
    passed: list[Mapping[str, Any]] = []
    take = recent.before(passed.append)
    told = [message("start"), message("log", m="one"), line("two"), message("end", ok=True)]
    for one in told:
        take(one)
    assert passed == told
    assert recent.position == 4
    assert recent.after(0) == told
    assert recent.after(2) == told[2:]
    assert recent.after(4) == []


def test_what_is_kept_is_bounded() -> None:
    recent = Recent()
    take = recent.before(lambda message: None)
    for number in range(MESSAGES + 5):
        take(line(str(number)))
    kept = recent.after(0)
    assert [kept[0]["m"], len(kept)] == ["5", MESSAGES]
    take(line("x" * CHARACTERS))
    assert len(recent.after(0)) == 1
    assert recent.position == MESSAGES + 6


def test_waiting_for_the_end() -> None:
    async def main() -> None:
        recent = Recent()
        take = recent.before(lambda message: None)
        take(message("start", "0"))  # before: not waited for
        await recent.settled(1, "f", PATIENCE)
        take(message("start", "1"))
        take(message("start", "2", "other"))
        waiting = asyncio.ensure_future(recent.settled(1, "f", PATIENCE))
        take(message("end", "0"))
        await asyncio.sleep(0)
        assert not waiting.done()
        take(message("end", "1"))
        await asyncio.wait_for(waiting, PATIENCE)
        await recent.settled(1, "other", 0.01)  # gives up

    asyncio.run(main())


def ask(recent: Recent, **query: str) -> Mapping[str, Any]:
    async def main() -> Mapping[str, Any]:
        async def nobody() -> None:
            return None

        async def yes() -> bool:
            return True

        router = Router(nobody, yes, yes)
        LogApi(recent, lambda: None).mount(router)
        answer = await router.answer(WebRequest("GET", "/admin/host/logs", query, {}))
        assert answer.status == 200
        found: Mapping[str, Any] = json.loads(answer.body)
        return found

    return asyncio.run(main())


def test_the_endpoint() -> None:
    recent = Recent()
    take = recent.before(lambda message: None)
    take(message("log", m="early"))
    assert ask(recent) == {"position": 1, "records": []}
    for id in ("1", "2"):
        take(message("start", id))
        take(message("log", id, m=f"log of {id}", l="Warning"))
        take(message("end", id, ok=False, s=0.5, e="it broke", x="stack"))
    take(message("log", "3", "other", m="of another"))
    take(line("printed"))
    of_function = ask(recent, after="1", function="f")["records"]
    assert [r["kind"] for r in of_function] == ["start", "log", "end"] * 2 + ["line"]
    of_one = ask(recent, after="1", function="f", invocation="2")["records"]
    assert [r["message"] for r in of_one] == [None, "log of 2", None, "printed"]
    assert of_one[1]["level"] == "Warning"
    assert (of_one[2]["succeeded"], of_one[2]["duration"]) == (False, 0.5)
    assert (of_one[2]["error"], of_one[2]["stack"]) == ("it broke", "stack")
    assert len(ask(recent, after="0")["records"]) == 9
