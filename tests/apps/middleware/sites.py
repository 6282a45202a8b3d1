async def asgi(scope, receive, send):
    if scope["type"] != "http":
        raise ValueError(scope["type"])
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    name = scope["azure_functions.function_name"].encode()
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    said = b"%s %s %s" % (name, scope["path"].encode(), body)
    await send({"type": "http.response.body", "body": said})


def wsgi(environ, start_response):
    start_response("202 Accepted", [("Content-Type", "text/plain")])
    name, path = environ["azure_functions.function_name"], environ["PATH_INFO"]
    return [f"{name} {path} ".encode() + environ["wsgi.input"].read()]
