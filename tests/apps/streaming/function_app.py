import asyncio
import logging

import azure.functions as func
from azurefunctions.extensions.http.fastapi import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Request,
    Response,
    StreamingResponse,
)
from pydantic import BaseModel

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
left = asyncio.Event()


class Point(BaseModel):
    x: int
    y: int


@app.route("echo/{name}", methods=["POST"])
async def echo(req: Request) -> StreamingResponse:
    async def answers():
        yield f"{req.path_params['name']}:"
        async for piece in req.stream():
            yield piece.upper()

    return StreamingResponse(answers(), media_type="text/event-stream", headers={"x-live": "1"})


@app.route("endless")
async def endless(req: Request) -> StreamingResponse:
    async def numbers():
        try:
            number = 0
            while True:
                yield f"{number}\n"
                number += 1
                await asyncio.sleep(0.01)
        finally:
            logging.info("the stream was ended")
            left.set()

    return StreamingResponse(numbers())


@app.route("left")
async def has_left(req: Request):
    await asyncio.wait_for(left.wait(), 10)
    return {"left": True}


@app.route("form", methods=["POST"])
async def form(req: Request) -> JSONResponse:
    data = await req.form()
    return JSONResponse({name: str(value) for name, value in data.items()}, status_code=202)


@app.route("sync")
def sync(req: Request) -> HTMLResponse:
    return HTMLResponse(f"<p>{req.query_params['q']}</p>")


@app.route("value/{kind}")
async def value(req: Request):
    values = {
        "text": "text",
        "dict": {"a": [1]},
        "none": None,
        "int": 3,
        "model": Point(x=1, y=2),
        "plain": PlainTextResponse("plain"),
        "redirect": RedirectResponse("/api/elsewhere"),
        "empty": Response(status_code=204),
        "classic": func.HttpResponse("classic", status_code=418),
    }
    return values[req.path_params["kind"]]


@app.route("classic", methods=["POST"])
def classic(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.get_body()[::-1])


@app.route("context")
async def with_context(req, context: func.Context) -> dict:
    return {"id": context.invocation_id, "name": context.function_name}


@app.route("broken")
async def broken(req: Request) -> Response:
    raise LookupError("no luck")


@app.route("halfway")
async def halfway(req: Request) -> StreamingResponse:
    async def numbers():
        yield "1"
        raise LookupError("no luck in the middle")

    return StreamingResponse(numbers())


@app.route("order/{id}", methods=["POST"])
@app.queue_output(arg_name="out", queue_name="orders", connection="AzureWebJobsStorage")
async def order(req: Request, out: func.Out[str]) -> JSONResponse:
    out.set(f"{req.path_params['id']}: {(await req.body()).decode()}")
    return JSONResponse({"taken": req.path_params["id"]}, status_code=202)
