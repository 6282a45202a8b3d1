"""Leaves a line for each message and tick, so that what happened can be counted afterwards."""

import os
import time

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
FOLDER = os.environ["CHAOS_FOLDER"]
VERSION = 0


def note(name: str, line: str) -> None:
    file = os.open(os.path.join(FOLDER, name), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, f"{line}\n".encode())
    os.close(file)


@app.route("work")
async def work(req: func.HttpRequest) -> str:
    return "worked"


@app.route("enqueue/{id}", methods=["POST"])
@app.queue_output(arg_name="message", queue_name="chaos", connection="AzureWebJobsStorage")
def enqueue(req: func.HttpRequest, message: func.Out[str]) -> str:
    message.set(req.route_params["id"])
    return "accepted"


@app.queue_trigger(arg_name="message", queue_name="chaos", connection="AzureWebJobsStorage")
def consume(message: func.QueueMessage) -> None:
    note("messages", message.get_body().decode())


@app.timer_trigger(arg_name="timer", schedule="*/2 * * * * *")
def tick(timer: func.TimerRequest) -> None:
    note("ticks", str(time.time()))
