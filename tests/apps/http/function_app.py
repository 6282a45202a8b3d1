import asyncio
import json
import time

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def seen(req: func.HttpRequest) -> dict:
    return {
        "method": req.method,
        "url": req.url,
        "params": dict(req.params),
        "route": dict(req.route_params),
        "headers": dict(req.headers),
        "body": req.get_body().hex() if len(req.get_body()) < 100_000 else len(req.get_body()),
    }


@app.route("echo/{*rest}")
def echo(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(seen(req)), mimetype="application/json")


@app.route("aecho/{*rest}")
async def aecho(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(seen(req)), mimetype="application/json")


@app.route("form", methods=["POST"])
def form(req: func.HttpRequest) -> str:
    files = {name: [f.filename, f.read().hex()] for name, f in req.files.items()}
    return "form " + json.dumps({"form": req.form.to_dict(flat=False), "files": files})


def answer(kind: str) -> object:
    made = {
        "empty": lambda: func.HttpResponse(status_code=204),
        "no-body-allowed": lambda: func.HttpResponse("dropped", status_code=204),
        "binary": lambda: func.HttpResponse(bytes(range(256)), mimetype="application/x"),
        "latin": lambda: func.HttpResponse("é", charset="latin-1"),
        "teapot": lambda: func.HttpResponse("short", status_code=418, headers={"X-Tea": "green"}),
        "redirect": lambda: func.HttpResponse(status_code=302, headers={"Location": "/api/x"}),
        "injection": lambda: func.HttpResponse(headers={"X-A": "b\r\nX-Evil: 1"}),
        "beyond-ascii": lambda: func.HttpResponse(headers={"X-A": "é"}),
        "status": lambda: func.HttpResponse(status_code=1000),
        "text": lambda: "plain",
        "json-text": lambda: '{"b":1,"a":[]}',
        "object": lambda: json.dumps(
            {"body": "made", "statusCode": 201, "headers": {"x-from": "object"}}
        ),
        "dict": lambda: {"a": 1},
        "none": lambda: None,
        "bytes": lambda: b"bytes",
        "length": lambda: func.HttpResponse("four", headers={"Content-Length": "999"}),
        "date": lambda: func.HttpResponse("x", headers={"Transfer-Encoding": "chunked"}),
        "exit": lambda: exit(3),
        "stop": lambda: next(iter(())),
    }
    return made[kind]()


@app.route("answer/{kind}")
def sync_answer(req: func.HttpRequest):
    return answer(req.route_params["kind"])


@app.route("aanswer/{kind}")
async def async_answer(req: func.HttpRequest):
    return answer(req.route_params["kind"])


@app.route("cookies")
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    made = func.HttpResponse("x")
    made.headers.add("Set-Cookie", "a=1; Path=/; HttpOnly")
    made.headers.add("Set-Cookie", "b=2; SameSite=lax; Max-Age=60")
    made.headers.add("X-Twice", "one")
    made.headers.add("X-Twice", "two")
    return made


@app.route("methods", methods=["GET", "POST"])
async def methods(req: func.HttpRequest) -> str:
    return req.method


@app.route("slow")
def slow(req: func.HttpRequest) -> str:
    time.sleep(float(req.params.get("s", "0.2")))
    return "slow"


@app.route("aslow")
async def aslow(req: func.HttpRequest) -> str:
    await asyncio.sleep(float(req.params.get("s", "0.2")))
    return "slow"
