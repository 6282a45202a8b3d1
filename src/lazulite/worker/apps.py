"""Web applications behind a function: served straight from the HTTP server, not through
`HttpRequest` and `HttpResponse`, which know no streaming."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import azure.functions as func

from lazulite.worker.asgi import Exchange, Headers, http_scope, websocket_scope
from lazulite.worker.call import Call, current
from lazulite.worker.context import Context
from lazulite.worker.lifespan import Lifespan, StartupFailed
from lazulite.worker.runtime import Runtime
from lazulite.worker.websocket import WebSocket
from lazulite.worker.wsgi import ErrorLog, environ, run

_DECORATORS = "azure.functions.decorators.function_app"
_ENTRIES = ("_handle", "handle", "_handle_async", "handle_async")


class AsgiApp:
    """An ASGI app, its lifespan included."""

    def __init__(self, app: Any, function: str) -> None:
        self._app = app
        self._lifespan = Lifespan(app, function)

    def start_soon(self) -> None:
        """Have it start up without waiting; why it cannot is logged."""
        self._starting = asyncio.ensure_future(self._start())

    async def _start(self) -> None:
        try:
            await self._lifespan.start()
        except StartupFailed as error:
            logging.getLogger().error("%s", error)

    async def stop(self) -> None:
        """Have it shut down."""
        await self._lifespan.stop()

    async def http(
        self, scope: Any, exchange: Exchange, context: Context, params: Mapping[str, str]
    ) -> None:
        """Answer one request. Raises what the app raises, StartupFailed, BodyTooLarge."""
        exchange.check_length()
        await self._lifespan.start()
        made = http_scope(scope, context, self._lifespan.state, params)
        await self._app(made, exchange.receive, exchange.send)
        if not exchange.started:
            raise RuntimeError("the ASGI app returned without an answer")
        exchange.close()

    async def websocket(
        self, scope: Any, socket: WebSocket, context: Context, params: Mapping[str, str]
    ) -> None:
        """Serve one connection to its end. Raises as `http` does."""
        await self._lifespan.start()
        made = websocket_scope(scope, context, self._lifespan.state, params)
        await self._app(made, socket.receive, socket.send)
        socket.close(403)


class WsgiApp:
    """A WSGI app; it runs in the thread pool."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def http(
        self, runtime: Runtime, call: Call, scope: Any, exchange: Exchange, context: Context
    ) -> None:
        """Answer one request. Raises what the app raises, BodyTooLarge, ClientGone."""
        body = await exchange.read_all()
        loop = runtime.loop
        done: asyncio.Future[None] = loop.create_future()

        def on_loop(work: Coroutine[Any, Any, None]) -> None:
            asyncio.run_coroutine_threadsafe(work, loop).result()

        async def answer(status: int, headers: Headers, piece: bytes) -> None:
            await exchange.send(_start(status, headers))
            await exchange.send(_piece(piece))

        def begin(status: int, headers: Headers) -> Callable[[bytes], None]:
            on_loop(exchange.send(_start(status, headers)))
            return lambda piece: on_loop(exchange.send(_piece(piece, more=True)))

        def whole(status: int, headers: Headers, piece: bytes) -> None:
            on_loop(answer(status, headers, piece))

        def work() -> None:
            current.set(call)
            error: BaseException | None = None
            try:
                run(self._app, environ(scope, context, body, ErrorLog()), begin, whole)
            except BaseException as raised:
                error = raised
            finally:
                current.set(None)
            loop.call_soon_threadsafe(_finish, done, error)

        runtime.pool.submit(work)
        try:
            await done
        except asyncio.CancelledError:
            if call.expired:
                runtime.strand(call)
            raise
        except OSError:
            if not exchange.gone:
                raise
        exchange.close()


def _start(status: int, headers: Headers) -> dict[str, Any]:
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": raw}


def _piece(piece: bytes, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": piece, "more_body": more}


def app_of(call: Callable[..., Any], function: str) -> AsgiApp | WsgiApp | None:
    """The app that a function does nothing but pass on to, None for any other function.

    These are the functions that AsgiFunctionApp and WsgiFunctionApp declare, and the `main` of an
    AsgiMiddleware or WsgiMiddleware. A middleware that user code calls itself, or overrides, goes
    its own way.
    """
    middleware = _middleware_of(call)
    kind = type(middleware)
    if isinstance(middleware, func.AsgiMiddleware):
        own = all(getattr(kind, n) is getattr(func.AsgiMiddleware, n) for n in _ENTRIES)
        return AsgiApp(middleware._app, function) if own else None
    if isinstance(middleware, func.WsgiMiddleware):
        own = all(getattr(kind, n) is getattr(func.WsgiMiddleware, n) for n in _ENTRIES[:2])
        return WsgiApp(middleware._app) if own else None
    return None


def _middleware_of(call: Callable[..., Any]) -> Any:
    owner = getattr(call, "__self__", None)
    if owner is not None:
        return owner if getattr(call, "__name__", "") in _ENTRIES else None
    if getattr(call, "__module__", "") == _DECORATORS and inspect.isfunction(call):
        for name, value in inspect.getclosurevars(call).nonlocals.items():
            if name in ("asgi_middleware", "wsgi_middleware"):
                return value
    return None


def _finish(done: asyncio.Future[None], error: BaseException | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    elif isinstance(error, StopIteration):  # a future cannot carry one
        done.set_exception(RuntimeError(f"the app raised StopIteration: {error}"))
    else:
        done.set_exception(error)
