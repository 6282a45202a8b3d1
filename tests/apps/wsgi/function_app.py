import json
import logging
import sys

import azure.functions as func


def wsgi(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/environ":
        shown = {k: v for k, v in environ.items() if isinstance(v, (str, bool))}
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(shown).encode()]
    if path == "/body":
        body = environ["wsgi.input"].read()
        start_response("200 Fine", [("X-Length", environ["CONTENT_LENGTH"])])
        return [body[::-1]]
    if path == "/pieces":
        start_response("200 OK", [])
        return (piece.encode() for piece in ("one ", "", "two ", "three"))
    if path == "/write":
        write = start_response("200 OK", [])
        write(b"written ")
        return [b"returned"]
    if path == "/busy":
        print("not now", file=environ["wsgi.errors"])
        start_response(
            "503 Busy", [("Retry-After", "9"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
        )
        return [b"come back later"]
    if path == "/crash":
        raise LookupError("app trouble")
    if path == "/late":
        try:
            raise ValueError("caught")
        except ValueError:
            start_response("200 OK", [])
            start_response("500 Sorry", [], sys.exc_info())
        return [b"sorry"]
    if path == "/nothing":
        return []
    logging.info("asked for %s", path)
    start_response("404 Not Found", [])
    return []


app = func.WsgiFunctionApp(app=wsgi, http_auth_level=func.AuthLevel.ANONYMOUS)
