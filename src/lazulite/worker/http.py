"""The front: answers HTTP requests in place, on the shared public socket.

A request arrives on the HTTP server's own thread. A synchronous function without a body to wait
for goes from there straight to the thread pool, whose thread answers the client: the event loop
never wakes. Everything else is a task of the loop; requests that arrive together wake it once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

from lazulite.web.keys import AuthLevel
from lazulite.web.routes import RouteTable
from lazulite.worker.answer import Answer, answer_of
from lazulite.worker.apps import AsgiApp
from lazulite.worker.asgi import Exchange
from lazulite.worker.body import BodyTooLarge, ClientGone, read_body
from lazulite.worker.context import Call, Context, current
from lazulite.worker.full import FullCall
from lazulite.worker.loading import user_stack
from lazulite.worker.policy import Policy
from lazulite.worker.request import HttpRequest
from lazulite.worker.runtime import Runtime
from lazulite.worker.streaming import StreamingCall
from lazulite.worker.targets import Target
from lazulite.worker.uplink import Uplink
from lazulite.worker.websocket import WebSocket

REASON = "This function was programmatically called via the host APIs."
_BODILESS = frozenset(("GET", "HEAD", "DELETE", "OPTIONS"))
_KEYS_PATIENCE = 60.0  # seconds between questions for keys that others have made
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
        self._policy = policy
        self._uplink = uplink
        self._body_limit = body_limit
        self._quick = policy.inert
        self._pending: deque[Any] = deque()
        self._armed = False
        self._take: Callable[[Any], Coroutine[Any, Any, None]] = self._handle
        self._wake: Callable[..., Any] = runtime.loop.call_soon_threadsafe
        self._to_pool = runtime.pool.put
        self._asked_for_keys = float("-inf")
        self._apps = tuple(t.app for t in targets if isinstance(t.app, AsgiApp))
        self._running = asyncio.Semaphore(max(policy.max_concurrent, 1))

    def replace_policy(self, policy: Policy) -> None:
        """Have requests that come from now on meet other keys or headers."""
        self._policy = policy
        self._quick = policy.inert

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
        self.replace_policy(replace(self._policy, closing=True))

    def divert(self, handle: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        """Have another handler take the requests that come from now on."""
        self._quick = False
        self._take = handle

    async def serve(self, watcher: Any) -> None:
        """Answer a request, as if nothing had been diverted."""
        await self._handle(watcher)

    # on the HTTP server's thread

    def schedule(self, watcher: Any) -> None:
        """Take a request; it is answered through `watcher.proto`."""
        if self._quick:
            scope = watcher.scope
            method = scope.method
            if method in _BODILESS and scope.proto == "http":
                path = scope.path
                match = self._match(method, path)
                if match is not None:
                    target = self._targets[match.order]
                    if (
                        target.quick
                        and not target.bound.is_async  # type: ignore[union-attr]
                        and not is_hosts_own(path)
                        and not _has_body(scope.headers)
                    ):
                        self._to_pool((self._run_quick, target, watcher, match.params, b""))
                        return
        self._pending.append(watcher)
        if not self._armed:
            self._armed = True
            self._wake(self._drain)

    # on the loop

    def _drain(self) -> None:
        self._armed = False
        create = self._runtime.loop.create_task
        pending = self._pending
        for _ in range(len(pending)):
            watcher = pending.popleft()
            watcher.taskref(create(self._take(watcher)))

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
                if self._quick and target.quick:
                    body = b""
                    if scope.method not in _BODILESS or _has_body(scope.headers):
                        body = await read_body(scope, proto, self._body_limit)
                    bound = target.bound
                    assert bound is not None
                    if not bound.is_async:
                        self._to_pool((self._run_quick, target, watcher, match.params, body))
                        return
                    call = Call(target.name)
                    call.cancel = asyncio.current_task().cancel  # type: ignore[union-attr]
                    call.abandon = lambda error: self._abandon(call, proto, error)
                    started = self._runtime.began(call, REASON)
                    current.set(call)
                    try:
                        request = HttpRequest(scope, match.params, body)
                        answer = answer_of(await bound.call(**{target.request: request}))
                    except BaseException as error:
                        answer = self._failed(call, started, error)
                    else:
                        self._runtime.ended(call, started)
                else:
                    answer = await self._guarded(target, scope, proto, match.params)
            if answer is not None:
                proto.response_bytes(*answer)
        except BodyTooLarge:
            proto.response_empty(413, self._policy.decorate(scope, []))
        except ClientGone:
            watcher.done()
        except BaseException as error:
            logging.getLogger("azure_functions_worker.http").error(
                "a request could not be answered: %s", error, exc_info=True
            )
            proto.response_empty(500, [])

    async def _unrouted(self, scope: Any, proto: Any) -> Answer:
        preflight = self._policy.preflight(scope)
        if preflight is not None:
            return 204, preflight, b""
        path = scope.path
        if path == "/" or is_hosts_own(path):
            body = await read_body(scope, proto, self._body_limit)
            status, headers, content = await self._uplink.web(scope, body)
            return status, self._policy.decorate(scope, headers), content
        return 404, self._policy.decorate(scope, []), b""

    async def _guarded(
        self, target: Target, scope: Any, proto: Any, params: Mapping[str, str]
    ) -> Answer | None:
        """A function call with all that may stand around it; None when it has been answered."""
        policy = self._policy
        preflight = policy.preflight(scope)
        if preflight is not None:
            return 204, preflight, b""
        limit = policy.max_outstanding
        if 0 <= limit <= len(self._runtime.open_calls):
            return 429, [("x-function-scaleout", "1"), ("retry-after", "1")], b""
        refusal = await self._refusal(target, scope)
        if refusal:
            return refusal, self._policy.decorate(scope, []), b""
        if policy.max_concurrent > 0:
            async with self._running:
                return await self._invoke(target, scope, proto, params)
        return await self._invoke(target, scope, proto, params)

    async def _refusal(self, target: Target, scope: Any) -> int:
        """The status for a caller who may not call, 0 for one who may."""
        if not self._policy.admits(scope, target.level, target.name):
            if not self._policy.key_of(scope):
                return 401
            await self._learn_keys()
            if not self._policy.admits(scope, target.level, target.name):
                return 401
        if not target.spec.disabled:
            return 0
        return 0 if self._policy.caller(scope, target.name) is AuthLevel.ADMIN else 404

    async def _learn_keys(self) -> None:
        """Another host may have made the key: have ours look, at most once a minute."""
        now = time.monotonic()
        if now - self._asked_for_keys >= _KEYS_PATIENCE:
            self._asked_for_keys = now
            await self._uplink.unknown_key()

    async def _invoke(
        self, target: Target, scope: Any, proto: Any, params: Mapping[str, str]
    ) -> Answer | None:
        decorate = self._policy.decorate
        if target.bound is None or target.error:
            call = Call(target.name)
            started = self._runtime.began(call, REASON)
            error = target.error or "it could not be loaded"
            self._runtime.ended(call, started, error)
            return self._error_answer(target.name, error, decorate(scope, []))
        if target.app is not None:
            return await self._web_app(target, scope, proto, params)
        parts = (self._runtime, self._uplink, target, scope, params)
        exchange: Exchange | None = None
        if target.streams is not None:
            exchange = Exchange(scope, proto, self._body_limit, decorate)
            exchange.check_length()
            full: FullCall = StreamingCall(*parts, exchange)
        else:
            full = FullCall(*parts, await read_body(scope, proto, self._body_limit))
        try:
            answer = await full.run(REASON)
        except BodyTooLarge:
            if exchange is not None and exchange.started:
                return None
            raise
        except BaseException as error:
            if exchange is not None and exchange.started:
                exchange.close()
                return None
            return self._error_answer(target.name, _said(error), decorate(scope, []), error)
        if answer is None:
            return None
        status, headers, content = answer
        return status, decorate(scope, headers), content

    async def _web_app(
        self, target: Target, scope: Any, proto: Any, params: Mapping[str, str]
    ) -> Answer | None:
        """A request to the ASGI or WSGI app behind a function."""
        app, bound = target.app, target.bound
        assert app is not None
        assert bound is not None
        decorate = self._policy.decorate
        call, context = self._app_call(target, scope)
        started = self._runtime.began(call, REASON)
        exchange = Exchange(scope, proto, self._body_limit, decorate)
        try:
            if isinstance(app, AsgiApp):
                await app.http(scope, exchange, context, params)
            else:
                await app.http(self._runtime, call, scope, exchange, context)
        except (BodyTooLarge, ClientGone) as error:
            self._runtime.ended(call, started, str(error) or "the body is too large")
            if exchange.started:
                return None
            raise
        except BaseException as error:
            if exchange.gone:  # an app may be ended by its client's leaving
                self._runtime.ended(call, started)
                return None
            answer = self._failed(call, started, error)
            if not exchange.started:
                status, headers, body = answer
                return status, decorate(scope, headers), body
            exchange.close()
        else:
            self._runtime.ended(call, started)
        return None

    async def _socket(self, scope: Any, proto: Any) -> None:
        """A WebSocket: for ASGI apps only."""
        match = self._match("GET", scope.path)
        target = self._targets[match.order] if match is not None else None
        if match is None or target is None or not isinstance(target.app, AsgiApp):
            proto.close(404)
            return
        refusal = await self._refusal(target, scope)
        if refusal:
            proto.close(refusal)
            return
        call, context = self._app_call(target, scope)
        started = self._runtime.began(call, REASON)
        socket = WebSocket(proto)
        try:
            await target.app.websocket(scope, socket, context, match.params)
        except BaseException as error:
            self._runtime.ended(call, started, _said(error), user_stack(error))
            socket.close(500)
        else:
            self._runtime.ended(call, started)

    def _app_call(self, target: Target, scope: Any) -> tuple[Call, Context]:
        call = Call(target.name)
        call.cancel = asyncio.current_task().cancel  # type: ignore[union-attr]
        headers = scope.headers
        call.metadata_headers = headers.get("traceparent") or "", headers.get("tracestate") or ""
        current.set(call)
        assert target.bound is not None
        return call, target.bound.context(call)

    # on a thread of the pool

    def _run_quick(
        self, target: Target, watcher: Any, params: Mapping[str, str], body: bytes
    ) -> None:
        call = Call(target.name)
        call.abandon = lambda error: self._abandon(call, watcher.proto, error)
        runtime = self._runtime
        started = runtime.began(call, REASON)
        current.set(call)
        try:
            request = HttpRequest(watcher.scope, params, body)
            answer = answer_of(target.bound.call(**{target.request: request}))  # type: ignore[union-attr]
            if not call.expired:
                watcher.proto.response_bytes(*answer)
        except BaseException as error:
            failure = self._failed(call, started, error)
            if not call.expired:
                watcher.proto.response_bytes(*failure)
        else:
            runtime.ended(call, started)
        finally:
            current.set(None)

    # wherever the function ran

    def _failed(self, call: Call, started: float, error: BaseException) -> Answer:
        message = call.expired or _said(error)
        self._runtime.ended(call, started, message, user_stack(error))
        return self._error_answer(call.function, message, [], error)

    def _abandon(self, call: Call, proto: Any, error: str) -> None:
        """Answer in the place of a function that does not end."""
        proto.response_bytes(*self._error_answer(call.function, error, []))

    def _error_answer(
        self,
        function: str,
        message: str,
        headers: list[tuple[str, str]],
        error: BaseException | None = None,
    ) -> Answer:
        if not self._runtime.development:
            return 500, headers, b""
        text = f"Exception while executing function: Functions.{function}\n{message}\n"
        if error is not None:
            text += "\n" + user_stack(error)
        return 500, [*headers, ("content-type", "text/plain; charset=utf-8")], text.encode()


def is_hosts_own(path: str) -> bool:
    """Whether a path is the host's to answer, not a function's."""
    return path[1:2] in "aArR" and path[: path.find("/", 1) + 1].lower() in _HOSTS_OWN


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _has_body(headers: Any) -> bool:
    return "content-length" in headers or "transfer-encoding" in headers
