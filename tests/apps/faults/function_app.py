import asyncio
import ctypes
import os
import time
from pathlib import Path

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
VERSION = 1


@app.route("version")
async def version(req: func.HttpRequest) -> str:
    return str(VERSION)


@app.route("pid")
def pid(req: func.HttpRequest) -> str:
    return str(os.getpid())


@app.route("greeting")
def greeting(req: func.HttpRequest) -> str:
    return os.environ["GREETING"]


@app.route("sleep")
async def sleep(req: func.HttpRequest) -> str:
    await asyncio.sleep(float(req.params["seconds"]))
    return f"slept {VERSION}"


@app.route("hold")
def hold(req: func.HttpRequest) -> str:
    time.sleep(float(req.params["seconds"]))
    return f"held {VERSION}"


@app.route("block")
async def block(req: func.HttpRequest) -> str:
    if "until" in req.params:
        Path(req.params["until"]).read_text()  # a pipe: blocks until somebody has written
    else:
        time.sleep(float(req.params["seconds"]))
    return "blocked"


@app.route("crash")
def crash(req: func.HttpRequest) -> str:
    os._exit(int(req.params["code"]))


@app.route("segfault")
def segfault(req: func.HttpRequest) -> str:
    ctypes.string_at(0)
    return "not reached"


@app.route("hoard")
def hoard(req: func.HttpRequest) -> str:
    return str(len(b"x" * (int(req.params["megabytes"]) << 20)))
