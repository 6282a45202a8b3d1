"""Blobs, tables and warm-up in all their forms."""

import io
import json
import logging
import os
import time

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("items/{id}", methods=["GET"])
@app.blob_input("obj", path="samples/{id}", connection="AzureWebJobsStorage")
def items(req: func.HttpRequest, obj: func.InputStream) -> func.HttpResponse:
    if obj is None:
        return func.HttpResponse(status_code=404)
    return func.HttpResponse(obj.read(), mimetype="application/octet-stream")


@app.route("texts/{id}", methods=["GET"])
@app.blob_input("text", path="samples/{id}", connection="AzureWebJobsStorage")
@app.blob_input("raw", path="samples/{id}", connection="AzureWebJobsStorage", data_type="binary")
async def texts(req: func.HttpRequest, text: str, raw: bytes) -> str:
    return json.dumps([text, len(raw)]) if raw is not None else "nothing"


@app.route("items/{id}", methods=["PUT"])
@app.blob_output("obj", path="samples/{id}", connection="AzureWebJobsStorage")
def store(req: func.HttpRequest, obj: func.Out[bytes]) -> str:
    obj.set(req.get_body())
    return "stored"


class Slow(io.RawIOBase):
    """A content that takes its time, so that a test can end the worker meanwhile."""

    def __init__(self, pieces: int, seconds: float) -> None:
        self._pieces = pieces
        self._seconds = seconds

    def read(self, size: int = -1) -> bytes:
        if self._pieces == 0:
            return b""
        self._pieces -= 1
        time.sleep(self._seconds)
        return b"." * 1_000_000


@app.route("slow/{name}", methods=["POST"])
@app.blob_output("obj", path="slow/{name}", connection="AzureWebJobsStorage")
def slow(req: func.HttpRequest, obj: func.Out[func.InputStream]) -> str:
    logging.info("writing in process %s", os.getpid())
    obj.set(Slow(int(req.params["pieces"]), float(req.params["seconds"])))
    return "stored"


@app.blob_trigger("source", path="inbox/{folder}/{name}.txt", connection="AzureWebJobsStorage")
@app.blob_output(
    "target", path="outbox/{folder}-{name}-{rand-guid:N}.txt", connection="AzureWebJobsStorage"
)
def copied(source: func.InputStream, target: func.Out[str]) -> None:
    facts = [source.name, source.length, source.metadata, source.blob_properties["ContentType"]]
    logging.info("copied %s", json.dumps(facts))
    target.set(source.read().decode().upper())


@app.blob_trigger("source", path="streams/{name}", connection="AzureWebJobsStorage")
@app.blob_output("target", path="streamed/{name}", connection="AzureWebJobsStorage")
async def streamed(source: func.InputStream, target: func.Out[func.InputStream]) -> None:
    target.set(source)


@app.blob_trigger("source", path="bad/{name}", connection="AzureWebJobsStorage")
def failing(source: bytes) -> None:
    raise ValueError(f"{len(source)} bytes of no use")


@app.blob_trigger(
    "source",
    path="events/{name}",
    connection="AzureWebJobsStorage",
    source=func.BlobSource.EVENT_GRID,
)
def told(source: str) -> None:
    logging.info("told of %s", source)


@app.route("people/{land}", methods=["POST"])
@app.table_output("people", table_name="people", connection="AzureWebJobsStorage")
def add_people(req: func.HttpRequest, people: func.Out[str]) -> str:
    people.set(
        json.dumps([{"PartitionKey": req.route_params["land"], **p} for p in req.get_json()])
    )
    return "added"


@app.route("people/{land}", methods=["GET"])
@app.table_input(
    "people",
    table_name="people",
    partition_key="{land}",
    filter="age gt {age}",
    connection="AzureWebJobsStorage",
)
def find_people(req: func.HttpRequest, people: str) -> str:
    return people


@app.route("generic/{id}", methods=["POST"])
@app.generic_output_binding(
    "obj", type="blob", path="samples/{id}", connection="AzureWebJobsStorage"
)
@app.generic_input_binding(
    "old", type="blob", path="samples/{id}", connection="AzureWebJobsStorage", data_type="binary"
)
def generic(req: func.HttpRequest, old: bytes, obj: func.Out[str]) -> str:
    obj.set(f"{(old or b'').decode()}+{req.get_body().decode()}")
    return "changed"


@app.warm_up_trigger("warmup")
def warm(warmup) -> None:
    logging.info("warm in process %s", os.getpid())
