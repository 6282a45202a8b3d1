"""Permits: never more than the limit, nobody left waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps

from lazulite.host.permits import Permits
from lazulite.model import FunctionSpec


def limits(**functions: int | None) -> Mapping[str, FunctionSpec]:
    return {
        name: FunctionSpec(name, "/app", "/app/f.py", name, (), concurrency=limit)
        for name, limit in functions.items()
    }


def in_a_loop(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    @wraps(test)
    def run() -> None:
        asyncio.run(asyncio.wait_for(test(), 10))

    return run


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def ask(permits: Permits, worker: int, number: int, function: str = "f") -> asyncio.Task[object]:
    body = {"function": function, "worker": worker, "number": number}
    return asyncio.ensure_future(permits.wanted(body, []))


def give_back(permits: Permits, worker: int, number: int) -> None:
    permits.returned({"worker": worker, "number": number}, [])


@in_a_loop
async def test_host_and_workers_share_one_count_and_go_in_turn() -> None:
    permits = Permits()
    permits.adopt(limits(f=1))
    async with permits.hold("f"):
        first, second = ask(permits, 1, 1), ask(permits, 2, 1)
        await turns()
        assert not first.done()
    await turns()
    assert first.done()
    assert not second.done()
    give_back(permits, 1, 1)
    await turns()
    assert second.done()


@in_a_loop
async def test_a_function_without_limit_asks_for_nothing() -> None:
    permits = Permits()
    permits.adopt(limits(f=1, free=None))
    await ask(permits, 1, 1, "free")
    await ask(permits, 1, 2, "unknown")
    async with permits.hold("free"):
        give_back(permits, 1, 1)


@in_a_loop
async def test_who_no_longer_wants_it_leaves_the_queue() -> None:
    permits = Permits()
    permits.adopt(limits(f=1))
    await ask(permits, 1, 1)
    waiting, behind = ask(permits, 1, 2), ask(permits, 1, 3)
    await turns()
    give_back(permits, 1, 2)
    await turns()
    assert waiting.cancelled()
    give_back(permits, 1, 1)
    await behind


@in_a_loop
async def test_a_permit_given_and_refused_in_one_moment_is_not_lost() -> None:
    permits = Permits()
    permits.adopt(limits(f=1))
    await ask(permits, 1, 1)
    waiting = ask(permits, 1, 2)
    await turns()
    give_back(permits, 1, 1)  # lets the waiter in
    give_back(permits, 1, 2)  # which has gone already
    await turns()
    assert waiting.cancelled()
    await ask(permits, 1, 3)


@in_a_loop
async def test_a_dead_worker_holds_and_wants_nothing() -> None:
    permits = Permits()
    permits.adopt(limits(f=1))
    await ask(permits, 1, 1)
    its, another = ask(permits, 1, 2), ask(permits, 2, 1)
    await turns()
    permits.gone(1)
    await turns()
    assert its.cancelled()
    assert another.done()


@in_a_loop
async def test_limits_change_while_functions_run() -> None:
    permits = Permits()
    permits.adopt(limits(f=1))
    await ask(permits, 1, 1)
    second, third = ask(permits, 1, 2), ask(permits, 1, 3)
    await turns()
    permits.adopt(limits(f=2))
    await turns()
    assert second.done()
    assert not third.done()
    permits.adopt(limits())
    await turns()
    assert third.done()
