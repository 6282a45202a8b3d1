"""Functions that write down when they are entered and left."""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@contextmanager
def written_down() -> Iterator[None]:
    with open(os.environ["BOOK"], "a", buffering=1) as book:  # O_APPEND: whole lines, in order
        book.write("in\n")
        try:
            yield
        finally:
            book.write("out\n")


@app.route("one")
async def one(req: func.HttpRequest) -> str:
    with written_down():
        await asyncio.sleep(float(req.params["seconds"]))
    return str(os.getpid())


@app.route("two")
def two(req: func.HttpRequest) -> str:
    with written_down():
        time.sleep(float(req.params["seconds"]))
    return str(os.getpid())


@app.queue_trigger("message", "work", "AzureWebJobsStorage")
async def work(message: func.QueueMessage) -> None:
    with written_down():
        await asyncio.sleep(0.01)


@app.route("length", methods=["POST"])
def length(req: func.HttpRequest) -> str:
    return str(len(req.get_body()))
