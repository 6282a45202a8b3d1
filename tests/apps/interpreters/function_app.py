"""One of everything that depends on the interpreter."""

import json
import logging
import sys

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("about")
def about(req: func.HttpRequest) -> func.HttpResponse:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return func.HttpResponse(
        json.dumps({"version": version, "prefix": sys.prefix}), mimetype="application/json"
    )


@app.route("async/{id:int}")
async def with_route(req: func.HttpRequest, context: func.Context) -> str:
    return req.route_params["id"]


async def asgi_app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"asgi " + scope["path"].encode()})


@app.route("asgi/{*rest}")
async def asgi(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return await func.AsgiMiddleware(asgi_app).handle_async(req, context)


@app.route("fail")
def fail(req: func.HttpRequest) -> str:
    raise ValueError("as it should")


@app.route("say")
def say(req: func.HttpRequest, context: func.Context) -> str:
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters
    inner = interpreters.create()
    interpreters.run_string(inner, "import logging\nlogging.warning('from inside')")
    logging.info("from outside")
    return context.invocation_id
