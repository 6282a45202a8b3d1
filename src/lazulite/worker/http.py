"""The front: answers HTTP requests in place, on the shared public socket.

A request arrives on the HTTP server's own thread. A synchronous function without a body to wait
for goes from there straight to the thread pool, whose thread answers the client: the event loop
never wakes. Everything else is a task of the loop; requests that arrive together wake it once.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from lazulite.web.routes import RouteTable
from lazulite.worker.answer import Answer, answer_of, described
from lazulite.worker.apps import AsgiApp
from lazulite.worker.asgi import Exchange
from lazulite.worker.body import BodyTooLarge, ClientGone, read_body
from lazulite.worker.call import REASON, Call, current
from lazulite.worker.failures import error_answer, failed
from lazulite.worker.full import FullCall
from lazulite.worker.gate import Gate
from lazulite.worker.policy import Policy
from lazulite.worker.request import HttpRequest
from lazulite.worker.runtime import Runtime
from lazulite.worker.streaming import StreamingCall
from lazulite.worker.targets import Target
from lazulite.worker.turns import Turns
from lazulite.worker.uplink import Uplink
from lazulite.worker.webapps import WebApps

_BODILESS = frozenset(("GET", "HEAD", "DELETE", "OPTIONS"))
_HOSTS_OWN = frozenset(("/admin/", "/runtime/"))


class Front:
    """Routes, runs and answers. Built anew when functions, routes or policy change."""

    def __init__(
        self,
        runtime: Runtime,
        table: RouteTable,
        targets: tuple[Target, ...],
        policy: Policy,
        uplink: Uplink,
        body_limit: int,
    ) -> None:
        self._runtime = runtime
        self._match = table.match
        self._targets = targets
        self._uplink = uplink
        self._body_limit = body_limit
        self._gate = Gate(runtime, uplink, policy)
        self._pending: deque[Any] = deque()
        self._armed = False
        self._diverted = False
        self._take: Callable[[Any], Coroutine[Any, Any, None]] = self._handle
        self._wake: Callable[..., Any] = runtime.loop.call_soon_threadsafe
        self._spawn = spawner(runtime.loop)
        self._to_pool = runtime.pool.put
        self._apps = tuple(t.app for t in targets if isinstance(t.app, AsgiApp))
        self._turns = Turns(runtime, uplink, policy.max_concurrent)
        self._web_apps = WebApps(runtime, self._gate, self._turns, body_limit)
        self.replace_policy(policy)

    def replace_policy(self, policy: Policy) -> None:
        """Have requests that come from now on meet other keys or headers."""
        self._gate.policy = policy
        self._adorns = policy.adorns
        self._watched = policy.cors.enabled or policy.limited or policy.keys is not None
        self._quick = tuple(t.quick and not policy.limited for t in self._targets)
        self._direct = tuple(t.quick and policy.open_to_all(t.level) for t in self._targets)
        # with CORS an OPTIONS request may be a preflight
        self._direct_methods = _BODILESS - {"OPTIONS"} if policy.cors.enabled else _BODILESS
        if self._diverted:
            self._direct_methods = frozenset()

    def start(self) -> None:
        """Have the ASGI apps start up; requests wait for it."""
        for app in self._apps:
            app.start_soon()

    async def stop(self) -> None:
        """Have the ASGI apps shut down."""
        await asyncio.gather(*(app.stop() for app in self._apps))

    @property
    def body_limit(self) -> int:
        """Bytes."""
        return self._body_limit

    def close_connections(self) -> None:
        """Have every connection end with its next answer."""
        self.replace_policy(replace(self._gate.policy, closing=True))

    def divert(self, handle: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        """Have another handler take the requests that come from now on."""
        self._diverted = True
        self._direct_methods = frozenset()
        self._take = handle

    async def serve(self, watcher: Any) -> None:
        """Answer a request, as if nothing had been diverted."""
        await self._handle(watcher)

    # on the HTTP server's thread

    def schedule(self, watcher: Any) -> None:
        """Take a request; it is answered through `watcher.proto`."""
        scope = watcher.scope
        method = scope.method if scope.proto == "http" else ""
        waiting: Any = watcher
        if method in self._direct_methods:
            path = scope.path
            match = self._match(method, path)
            if (
                match is not None
                and self._direct[match.order]
                and not is_hosts_own(path)
                and not _has_body(scope.headers)
            ):
                target = self._targets[match.order]
                if not target.is_async:
                    self._to_pool((self._run_quick, target, watcher, match.params, b""))
                    return
                waiting = target, watcher, match.params
        self._pending.append(waiting)
        if not self._armed:
            self._armed = True
            self._wake(self._drain)

    # on the loop

    def _drain(self) -> None:
        self._armed = False
        spawn = self._spawn
        pending = self._pending
        for _ in range(len(pending)):
            waiting = pending.popleft()
            if type(waiting) is tuple:
                waiting[1].taskref(spawn(self._answer_quick(*waiting)))
            else:
                waiting.taskref(spawn(self._take(waiting)))

    async def _handle(self, watcher: Any) -> None:
        scope, proto = watcher.scope, watcher.proto
        try:
            if scope.proto != "http":
                await self._socket(scope, proto)
                watcher.done()
                return
            path = scope.path
            match = None if is_hosts_own(path) else self._match(scope.method, path)
            if match is None:
                answer: Answer | None = await self._unrouted(scope, proto)
            else:
                target = self._targets[match.order]
                answer = None
                if self._watched:
                    answer = await self._gate.turned_away(target, scope)
                if answer is not None:
                    pass
                elif self._quick[match.order]:
                    body = b""
                    if scope.method not in _BODILESS or _has_body(scope.headers):
                        body = await read_body(scope, proto, self._body_limit)
                    if not target.is_async:
                        self._to_pool((self._run_quick, target, watcher, match.params, body))
                        return
                    await self._answer_quick(target, watcher, match.params, body)
                    return
                else:
                    answer = await self._guarded(target, scope, proto, match.params)
            if answer is not None:
                proto.response_bytes(*answer)
        except BodyTooLarge:
            proto.response_empty(413, self._gate.policy.decorate(scope, []))
        except ClientGone:
            watcher.done()
        except BaseException as error:
            logging.getLogger("azure_functions_worker.http").error(
                "a request could not be answered: %s", error, exc_info=True
            )
            proto.response_empty(500, [])

    async def _answer_quick(
        self, target: Target, watcher: Any, params: Mapping[str, str], body: bytes = b""
    ) -> None:
        """Run a coroutine function and answer, in one coroutine: each one more costs its share."""
        scope, proto = watcher.scope, watcher.proto
        runtime = self._runtime
        call = Call(target.name)
        call.cancel = asyncio.current_task().cancel  # type: ignore[union-attr]
        call.abandon = partial(self._abandon, target.name, scope, proto)
        started = runtime.began(call, REASON)
        current.set(call)
        answer: Answer | None
        try:
            arguments: dict[str, Any] = {target.request: HttpRequest(scope, params, body)}
            if target.wants_context:
                arguments["context"] = target.context(call, scope)
            answer = answer_of(await target.bound.call(**arguments))  # type: ignore[union-attr]
        except BaseException as error:
            answer = failed(runtime, call, started, error)
            if answer is not None:
                answer = self._gate.dress(scope, answer)
        else:
            if not runtime.ended(call, started):
                return
            if self._adorns:
                answer = self._gate.dress(scope, answer)
        if answer is not None:
            proto.response_bytes(*answer)

    async def _unrouted(self, scope: Any, proto: Any) -> Answer:
        policy = self._gate.policy
        preflight = policy.preflight(scope)
        if preflight is not None:
            return 204, preflight, b""
        path = scope.path
        if path == "/" or is_hosts_own(path):
            body = await read_body(scope, proto, self._body_limit)
            return self._gate.dress(scope, await self._uplink.web(scope, body))
        return 404, policy.decorate(scope, []), b""

    async def _guarded(
        self, target: Target, scope: Any, proto: Any, params: Mapping[str, str]
    ) -> Answer | None:
        """A call with all that may stand around it; None when it has been answered."""
        if self._gate.policy.max_concurrent > 0 or target.spec.concurrency is not None:
            async with self._turns.turn(target, proto):
                answer = await self._invoke(target, scope, proto, params)
        else:
            answer = await self._invoke(target, scope, proto, params)
        return None if answer is None else self._gate.dress(scope, answer)

    async def _invoke(
        self, target: Target, scope: Any, proto: Any, params: Mapping[str, str]
    ) -> Answer | None:
        if target.bound is None or target.error:
            call = Call(target.name)
            started = self._runtime.began(call, REASON)
            error = target.error or "it could not be loaded"
            self._runtime.ended(call, started, error)
            return error_answer(self._runtime, target.name, error)
        if target.app is not None:
            return await self._web_apps.http(target, target.app, scope, proto, params)
        parts = (self._runtime, self._uplink, target, scope, params)
        exchange: Exchange | None = None
        if target.streams is not None:
            exchange = Exchange(scope, proto, self._body_limit, self._gate.policy.decorate)
            exchange.check_length()
            full: FullCall = StreamingCall(*parts, exchange)
        else:
            full = FullCall(*parts, await read_body(scope, proto, self._body_limit))
        try:
            return await full.run(REASON)
        except BodyTooLarge:
            if exchange is not None and exchange.started:
                return None
            raise
        except BaseException as error:
            if exchange is not None and exchange.started:
                exchange.close()
                return None
            message, stack = described(error)
            return error_answer(self._runtime, target.name, message, stack)

    async def _socket(self, scope: Any, proto: Any) -> None:
        match = self._match("GET", scope.path)
        if match is None:
            proto.close(404)
        else:
            target = self._targets[match.order]
            await self._web_apps.websocket(target, scope, proto, match.params)

    # on a thread of the pool

    def _run_quick(
        self, target: Target, watcher: Any, params: Mapping[str, str], body: bytes
    ) -> None:
        call = Call(target.name)
        call.abandon = partial(self._abandon, target.name, watcher.scope, watcher.proto)
        runtime = self._runtime
        started = runtime.began(call, REASON)
        current.set(call)
        scope = watcher.scope
        try:
            arguments: dict[str, Any] = {target.request: HttpRequest(scope, params, body)}
            if target.wants_context:
                arguments["context"] = target.context(call, scope)
            answer = answer_of(target.bound.call(**arguments))  # type: ignore[union-attr]
        except BaseException as error:
            failure = failed(runtime, call, started, error)
            if failure is not None:
                watcher.proto.response_bytes(*self._gate.dress(scope, failure))
        else:
            if runtime.ended(call, started):
                if self._adorns:
                    answer = self._gate.dress(scope, answer)
                watcher.proto.response_bytes(*answer)
        finally:
            current.set(None)

    # wherever the function ran

    def _abandon(self, function: str, scope: Any, proto: Any, error: str) -> None:
        """Answer in the place of a function that does not end."""
        proto.response_bytes(*self._gate.dress(scope, error_answer(self._runtime, function, error)))


def spawner(loop: asyncio.AbstractEventLoop) -> Callable[[Any], Any]:
    """What makes a task of a coroutine: one that starts at once where Python (3.12) has such, which
    spares a turn of the loop, and the task itself where the function never waits."""
    if sys.version_info >= (3, 12):
        return partial(asyncio.Task, loop=loop, eager_start=True)
    return loop.create_task


def is_hosts_own(path: str) -> bool:
    """Whether a path is the host's to answer, not a function's."""
    # the second letter tells nearly every other path apart
    return path[2:3] in "dDuU" and path[: path.find("/", 1) + 1].lower() in _HOSTS_OWN


def _has_body(headers: Any) -> bool:
    return "content-length" in headers or "transfer-encoding" in headers
