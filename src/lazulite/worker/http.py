"""The front: answers HTTP requests in place, on the shared public socket.

A request arrives on the HTTP server's own thread. A synchronous function without a body to wait
for goes from there straight to the thread pool, whose thread answers the client: the event loop
never wakes. Everything else is a task of the loop; requests that arrive together wake it once.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from lazulite.web.keys import AuthLevel
from lazulite.web.routes import RouteTable
from lazulite.worker.answer import Answer, answer_of
from lazulite.worker.body import BodyTooLarge, ClientGone, read_body
from lazulite.worker.context import Call, current
from lazulite.worker.full import FullCall
from lazulite.worker.loading import user_stack
from lazulite.worker.policy import Policy
from lazulite.worker.request import HttpRequest
from lazulite.worker.runtime import Runtime
from lazulite.worker.targets import Target
from lazulite.worker.uplink import Uplink

REASON = "This function was programmatically called via the host APIs."
_BODILESS = frozenset(("GET", "HEAD", "DELETE", "OPTIONS"))
_HOSTS_OWN = ("/admin/", "/runtime/")
_NOT_FOUND: Answer = (404, [], b"")


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
        self._wake: Callable[..., Any] = runtime.loop.call_soon_threadsafe
        self._to_pool = runtime.pool.put

    def replace_policy(self, policy: Policy) -> None:
        """Have requests that come from now on meet other keys or headers."""
        self._policy = policy
        self._quick = policy.inert

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
                        and not path.startswith(_HOSTS_OWN)
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
            watcher.taskref(create(self._handle(watcher)))

    async def _handle(self, watcher: Any) -> None:
        scope, proto = watcher.scope, watcher.proto
        try:
            if scope.proto != "http":
                await self._socket(scope, proto)
                return
            path = scope.path
            match = None if path.startswith(_HOSTS_OWN) else self._match(scope.method, path)
            if match is None:
                answer = await self._unrouted(scope, proto)
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
            proto.response_bytes(*answer)
        except BodyTooLarge:
            proto.response_empty(413, [])
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
        if path == "/" or path.startswith(_HOSTS_OWN):
            body = await read_body(scope, proto, self._body_limit)
            status, headers, content = await self._uplink.web(scope, body)
            return status, self._policy.decorate(scope, headers), content
        return 404, self._policy.decorate(scope, []), b""

    async def _guarded(
        self, target: Target, scope: Any, proto: Any, params: Mapping[str, str]
    ) -> Answer:
        """A function call with all that may stand around it."""
        policy = self._policy
        preflight = policy.preflight(scope)
        if preflight is not None:
            return 204, preflight, b""
        limit = policy.max_outstanding
        if 0 <= limit <= len(self._runtime.open_calls):
            return 429, [("x-function-scaleout", "1"), ("retry-after", "1")], b""
        if not policy.admits(scope, target.level, target.name):
            return 401, policy.decorate(scope, []), b""
        if target.spec.disabled and policy.caller(scope, target.name) is not AuthLevel.ADMIN:
            return 404, policy.decorate(scope, []), b""
        body = await read_body(scope, proto, self._body_limit)
        if target.bound is None or target.error:
            call = Call(target.name)
            started = self._runtime.began(call, REASON)
            error = target.error or "it could not be loaded"
            self._runtime.ended(call, started, error)
            return self._error_answer(target.name, error, policy.decorate(scope, []))
        full = FullCall(self._runtime, self._uplink, target, scope, params, body)
        try:
            status, headers, content = await full.run(REASON)
        except BaseException as error:
            return self._error_answer(
                target.name, f"{type(error).__name__}: {error}", policy.decorate(scope, []), error
            )
        return status, policy.decorate(scope, headers), content

    async def _socket(self, scope: Any, proto: Any) -> None:
        proto.close(404)

    # on a thread of the pool

    def _run_quick(
        self, target: Target, watcher: Any, params: Mapping[str, str], body: bytes
    ) -> None:
        call = Call(target.name)
        runtime = self._runtime
        started = runtime.began(call, REASON)
        current.set(call)
        try:
            request = HttpRequest(watcher.scope, params, body)
            answer = answer_of(target.bound.call(**{target.request: request}))  # type: ignore[union-attr]
            watcher.proto.response_bytes(*answer)
        except BaseException as error:
            watcher.proto.response_bytes(*self._failed(call, started, error))
        else:
            runtime.ended(call, started)
        finally:
            current.set(None)

    # wherever the function ran

    def _failed(self, call: Call, started: float, error: BaseException) -> Answer:
        message = f"{type(error).__name__}: {error}"
        self._runtime.ended(call, started, message, user_stack(error))
        return self._error_answer(call.function, message, [], error)

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


def _has_body(headers: Any) -> bool:
    return "content-length" in headers or "transfer-encoding" in headers
