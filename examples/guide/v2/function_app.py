"""The guide's functions with decorators; storage.py holds those with queues, blobs and timers."""

import asyncio
import logging
import os
import tempfile
import threading
import time

import azure.functions as func
from shared.greetings import greeting
from storage import storage

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(storage)

TABLE: "dict[str, int] | None" = None


@app.route("Plain")
def plain(req):
    return f"Plain greetings, {req.params.get('user')}!"


@app.route("Typed")
def typed(req: func.HttpRequest) -> str:
    return f"Typed greetings, {req.params.get('user')}!"


@app.route("SharedCode")
def shared_code(req: func.HttpRequest) -> str:
    return greeting(req.params["name"]).upper()


@app.route("Welcome", methods=["GET", "POST"])
def welcome(req: func.HttpRequest) -> func.HttpResponse:
    headers = {"x-served-by": "welcome"}
    name = req.params.get("name")
    if not name:
        try:
            name = req.get_json().get("name")
        except ValueError:
            name = None
    if not name:
        return func.HttpResponse("Whom shall I welcome?", headers=headers, status_code=400)
    return func.HttpResponse(f"Welcome, {name}!", headers=headers)


@app.route("Logs")
def logs(req: func.HttpRequest) -> str:
    logging.critical("logs: critical")
    logging.error("logs: error")
    logging.warning("logs: warning")
    logging.info("logs: info")
    logging.debug("logs: debug")
    return "five levels"


@app.route("Awaiting")
async def awaiting(req: func.HttpRequest) -> str:
    await asyncio.sleep(0.01)
    return f"on the loop of {threading.current_thread().name}"


@app.route("Blocking")
def blocking(req: func.HttpRequest) -> str:
    time.sleep(0.01)
    on_the_pool = threading.current_thread() is not threading.main_thread()
    return f"on a thread of the pool: {on_the_pool}"


@app.route("Process")
def process(req: func.HttpRequest) -> str:
    return f"process {os.getpid()}"


@app.function_name("Invocation")
@app.route("Invocation")
def invocation(req: func.HttpRequest, context: func.Context) -> str:
    folder = os.path.basename(context.function_directory)
    return f"{context.function_name} in {folder}, {len(context.invocation_id)} characters of id"


@app.route("Cached")
def cached(req: func.HttpRequest) -> str:
    global TABLE
    kept = TABLE is not None
    if TABLE is None:
        TABLE = {"lapis": 1, "lazuli": 2}
    return f"kept from an earlier call: {kept}; lazuli is {TABLE['lazuli']}"


@app.route("Setting")
def setting(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(f"{os.environ['GREETING']}, settings.")


@app.route("Scratch")
def scratch(req: func.HttpRequest) -> str:
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"for a moment")
        file.flush()
        seen = os.path.basename(file.name) in os.listdir(tempfile.gettempdir())
    return f"a file in the temporary folder: {seen}"


@app.route("OwnCors", methods=["GET", "POST", "OPTIONS"])
def own_cors(req: func.HttpRequest) -> func.HttpResponse:
    headers = {"Access-Control-Allow-Origin": "https://contoso.example"}
    return func.HttpResponse(f"{req.method} is allowed", headers=headers)
