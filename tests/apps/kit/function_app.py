import asyncio
import json
import logging
import os

import azure.functions as func
import helper

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
calls = {"flaky": 0}


@app.route("items/{id:int}")
def item(req: func.HttpRequest) -> func.HttpResponse:
    logging.info("asked for %s", req.route_params["id"])
    body = json.dumps({"id": int(req.route_params["id"]), "params": dict(req.params)})
    return func.HttpResponse(body, mimetype="application/json", headers={"x-kit": "yes"})


@app.route("echo", methods=["POST", "PUT"])
async def echo(req: func.HttpRequest) -> func.HttpResponse:
    await asyncio.sleep(0)
    kind = req.headers.get("content-type", "")
    return func.HttpResponse(req.get_body(), headers={"content-type": kind})


@app.route("form", methods=["POST"])
def form(req: func.HttpRequest) -> str:
    files = {name: file.read().decode() for name, file in req.files.items()}
    return json.dumps({"form": dict(req.form), "files": files})


@app.route("setting")
def setting(req: func.HttpRequest) -> str:
    return os.environ.get("KIT_SETTING", "none")


@app.route("shout/{text}")
def shout(req: func.HttpRequest) -> str:
    return helper.shout(req.route_params["text"])


@app.route("broken")
def broken(req: func.HttpRequest) -> str:
    raise LookupError("nothing there")


@app.route("broken-too")
async def broken_too(req: func.HttpRequest) -> str:
    raise LookupError("nothing there either")


@app.route("guarded", auth_level=func.AuthLevel.FUNCTION)
def guarded(req: func.HttpRequest) -> str:
    return "come in"


@app.route("order", methods=["POST"])
@app.queue_output("msg", "orders", "AzureWebJobsStorage")
def order(req: func.HttpRequest, msg: func.Out[str]) -> str:
    msg.set(req.get_body().decode())
    return "ordered"


@app.queue_trigger("msg", "orders", "AzureWebJobsStorage")
@app.queue_output("$return", "done", "AzureWebJobsStorage")
def work(msg: func.QueueMessage) -> str:
    text = msg.get_body().decode()
    logging.info("working on %s, attempt %d", text, msg.dequeue_count)
    if text == "bad":
        raise ValueError("cannot work on this")
    return f"done: {text}"


@app.queue_trigger("msg", "flaky", "AzureWebJobsStorage")
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:10:00")
def flaky(msg: func.QueueMessage, context: func.Context) -> None:
    calls["flaky"] += 1
    if context.retry_context.retry_count < 2:
        raise ConnectionError("not yet")


@app.timer_trigger("timer", "0 0 * * * *")
@app.queue_output("$return", "ticks", "AzureWebJobsStorage")
def hourly(timer: func.TimerRequest) -> str:
    return "late" if timer.past_due else "tick"


@app.route("notes/{name}")
@app.blob_input("note", "notes/{name}.txt", "AzureWebJobsStorage")
def note(req: func.HttpRequest, note: str) -> str:
    return note or "no such note"


@app.blob_trigger("note", "notes/{name}.txt", "AzureWebJobsStorage")
@app.blob_output("$return", "copies/{name}.txt", "AzureWebJobsStorage")
def copy_note(note: func.InputStream) -> str:
    text = note.read().decode()
    if text == "bad":
        raise ValueError("cannot copy this")
    return text.upper()


@app.route("seen/{*rest}", methods=["GET", "HEAD", "POST", "PUT"])
def seen(req: func.HttpRequest) -> str:
    return json.dumps(
        {
            "method": req.method,
            "url": req.url,
            "headers": dict(req.headers),
            "params": dict(req.params),
            "route": dict(req.route_params),
            "body": req.get_body().decode(),
        }
    )


@app.route("where")
def where(req: func.HttpRequest) -> str:
    return os.getcwd()
