"""Functions that show how they were called, for the tests of `func invoke` and `func keys`."""

import json
import logging
import time
from pathlib import Path

import azure.functions as func

app = func.FunctionApp()


@app.route(route="items/{id:int}/{part?}", methods=["GET", "PUT"], auth_level="function")
def items(req: func.HttpRequest) -> func.HttpResponse:
    logging.info("items was called")
    print("printed by items")
    seen = {
        "method": req.method,
        "route": dict(req.route_params),
        "query": dict(req.params),
        "type": req.headers.get("content-type"),
        "mark": req.headers.get("x-mark"),
        "body": req.get_body().decode("utf-8"),
    }
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.route(route="raw", methods=["POST"], auth_level="anonymous")
def raw(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.get_body(), mimetype="application/octet-stream", status_code=201)


@app.route(route="broken", auth_level="anonymous")
def broken(req: func.HttpRequest) -> func.HttpResponse:
    logging.warning("about to break")
    raise RuntimeError("it broke")


@app.route(route="gate/{who}", auth_level="anonymous")
def gate(req: func.HttpRequest) -> func.HttpResponse:
    """Waits until somebody calls it with `open`."""
    who = req.route_params["who"]
    logging.info("%s is at the gate", who)
    Path(f"{who}.arrived").touch()
    opened = Path("opened")
    if "open" in req.params:
        opened.touch()
    while not opened.exists():
        time.sleep(0.01)
    return func.HttpResponse(who)


@app.queue_trigger(arg_name="message", queue_name="orders", connection="AzureWebJobsStorage")
@app.queue_output(arg_name="$return", queue_name="done", connection="AzureWebJobsStorage")
def take_order(message: func.QueueMessage) -> str:
    text = message.get_body().decode("utf-8")
    logging.info("took %s", text)
    if text == "bad":
        raise ValueError("a bad order")
    return f"done: {text}"
