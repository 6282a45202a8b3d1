"""Notes what it does in files, one line a time, so that nothing is lost to a kill."""

import os
import time

import azure.functions as func

app = func.FunctionApp()
folder = os.environ["COMPETING_FOLDER"]
pause = float(os.environ.get("COMPETING_PAUSE", "0.002"))


def note(name: str, line: str) -> None:
    fd = os.open(os.path.join(folder, name), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, f"{line} {os.getpid()}\n".encode())
    os.close(fd)


@app.queue_trigger(arg_name="text", queue_name="work", connection="AzureWebJobsStorage")
@app.queue_output(arg_name="$return", queue_name="done", connection="AzureWebJobsStorage")
def work(text: str) -> str:
    note("worked", text)
    if text.startswith("crash"):
        os._exit(3)
    time.sleep(pause)
    if text.startswith("bad"):
        raise ValueError(text)
    return text


@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
def tick(timer: func.TimerRequest) -> None:
    note("ticks", str(round(time.time())))
