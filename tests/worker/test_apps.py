from __future__ import annotations

from typing import Any

import azure.functions as func

from lazulite.worker.apps import AsgiApp, WsgiApp, app_of

Asgi: Any = func.AsgiMiddleware
Wsgi: Any = func.WsgiMiddleware


async def asgi(scope: Any, receive: Any, send: Any) -> None: ...


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    return []


def user_function(app: Any) -> Any:
    (function,) = app.get_functions()
    return function.get_user_function()


def test_function_apps() -> None:
    assert isinstance(app_of(user_function(func.AsgiFunctionApp(asgi)), "f"), AsgiApp)
    assert isinstance(app_of(user_function(func.WsgiFunctionApp(wsgi)), "f"), WsgiApp)


def test_the_main_of_a_middleware() -> None:
    middleware = Asgi(asgi)
    for call in (middleware.main, middleware.handle, middleware.handle_async):
        assert isinstance(app_of(call, "f"), AsgiApp)
    assert isinstance(app_of(Wsgi(wsgi).main, "f"), WsgiApp)
    assert isinstance(app_of(Wsgi(wsgi).handle, "f"), WsgiApp)


def test_functions_of_the_users_own() -> None:
    asgi_middleware = Asgi(asgi)

    async def main(req: func.HttpRequest, context: func.Context) -> Any:
        return await asgi_middleware.handle_async(req, context)

    assert app_of(main, "f") is None
    assert app_of(print, "f") is None
    assert app_of([].append, "f") is None


def test_a_middleware_with_a_handle_of_its_own() -> None:
    class Mine(Asgi):  # type: ignore[misc]
        def _handle(self, req: Any, context: Any) -> Any:
            return "mine"

    assert app_of(Mine(asgi).main, "f") is None
