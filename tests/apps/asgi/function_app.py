"""An ASGI app without a framework, so that nothing stands between it and the bridge."""

import asyncio
import json
import logging
import os

import azure.functions as func

left = asyncio.Event()


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(scope, receive, send)
    elif scope["type"] == "websocket":
        await websocket(scope, receive, send)
    else:
        await PATHS.get(scope["path"], not_found)(scope, receive, send)


async def lifespan(scope, receive, send):
    if os.environ.get("BAD_APP") == "raise":
        raise ValueError("this app knows no lifespan")
    await receive()
    if os.environ.get("BAD_APP") == "fail":
        await send({"type": "lifespan.startup.failed", "message": "the database is away"})
        return
    scope["state"]["started"] = "yes"
    logging.info("app is up")
    await send({"type": "lifespan.startup.complete"})
    await receive()
    logging.info("app is down")
    await send({"type": "lifespan.shutdown.complete"})


async def websocket(scope, receive, send):
    await receive()
    if scope["path"] == "/refuse":
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept"})
    if scope["path"] == "/crash":
        raise RuntimeError("socket trouble")
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            logging.info("socket closed")
            return
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 1000})
        elif message.get("text") is not None:
            await send({"type": "websocket.send", "text": message["text"].upper()})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"][::-1]})


async def reply(send, body, status=200, headers=()):
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


async def not_found(scope, receive, send):
    await reply(send, scope["path"].encode(), 404)


async def show_scope(scope, receive, send):
    shown = {
        key: value.decode("latin-1") if isinstance(value, bytes) else value
        for key, value in scope.items()
        if isinstance(value, (str, bytes, dict, tuple, type(None)))
    }
    shown["headers"] = [[n.decode(), v.decode("latin-1")] for n, v in scope["headers"]]
    shown["trace_parent"] = scope["azure_functions.trace_context"].trace_parent
    await reply(send, json.dumps(shown).encode(), 200, [(b"content-type", b"application/json")])


async def pieces(scope, receive, send):
    """Answer each piece of the body as soon as it is there."""
    await send({"type": "http.response.start", "status": 201, "headers": [(b"x-live", b"1")]})
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        if message["body"]:
            await send(
                {"type": "http.response.body", "body": message["body"].upper(), "more_body": True}
            )
        if not message["more_body"]:
            break
    await send({"type": "http.response.body", "body": b"."})


async def size(scope, receive, send):
    total, more = 0, True
    while more:
        message = await receive()
        total, more = total + len(message["body"]), message["more_body"]
    await reply(send, str(total).encode())


async def wait_for_leave(scope, receive, send):
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hold", "more_body": True})
    assert (await receive())["type"] == "http.disconnect"
    logging.info("client left")
    left.set()


async def has_left(scope, receive, send):
    await asyncio.wait_for(left.wait(), 10)
    await reply(send, b"left")


async def cookies(scope, receive, send):
    headers = [(b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2; Path=/"), (b"X-E", b"caf\xe9")]
    await reply(send, b"", 204, headers)


async def crash(scope, receive, send):
    raise LookupError("app trouble")


async def half(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise LookupError("trouble in the middle")


async def silent(scope, receive, send):
    pass


async def sized(scope, receive, send):
    await reply(
        send, b"" if scope["method"] == "HEAD" else b"12345", 200, [(b"content-length", b"5")]
    )


PATHS = {
    "/scope": show_scope,
    "/scope/é x": show_scope,
    "/pieces": pieces,
    "/size": size,
    "/wait": wait_for_leave,
    "/left": has_left,
    "/cookies": cookies,
    "/crash": crash,
    "/half": half,
    "/silent": silent,
    "/sized": sized,
}

app = func.AsgiFunctionApp(app=asgi, http_auth_level=func.AuthLevel.ANONYMOUS)
