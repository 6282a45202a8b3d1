"""Says things in every way that Python has."""

import asyncio
import atexit
import ctypes
import faulthandler
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
log = logging.getLogger("shop.orders")
logging.warning("said while importing")
print("printed while importing")
pool = ThreadPoolExecutor(2)
atexit.register(logging.info, "said at exit")


@app.route("levels")
def levels(req: func.HttpRequest, context: func.Context) -> str:
    for logger in (logging.getLogger(), log):
        logger.debug("%s debug", logger.name)
        logger.info("%s info", logger.name)
        logger.warning("%s warning", logger.name)
        logger.error("%s error", logger.name)
        logger.critical("%s critical", logger.name)
    return context.invocation_id


@app.route("order")
def order(req: func.HttpRequest) -> str:
    for number in range(50):
        print(f"step {3 * number}")
        logging.info("step %d", 3 * number + 1)
        print(f"step {3 * number + 2}", file=sys.stderr)
    return "ok"


@app.route("odd")
def odd(req: func.HttpRequest) -> str:
    class Bad:
        def __str__(self) -> str:
            raise ValueError("no text")

        __repr__ = __str__

    logging.info("wrong %d", "number")
    logging.info("too many", 1, 2)
    logging.info(Bad())
    logging.info("şğüöçİ 漢字 🎈 \udc80")
    logging.info("two\nlines")
    logging.info("long " + "x" * 3_000_000 + " end")
    logging.log(3, "below debug")
    print("print ", end="")
    print("in pieces")
    print("no end of line", end="")
    sys.stdout.buffer.write(b"raw \xff bytes\n")
    try:
        raise KeyError("kept")
    except KeyError:
        logging.exception("with a stack")
    return "ok"


def say(where: str) -> None:
    logging.info("from %s", where)
    print(f"print from {where}")


@app.route("elsewhere")
async def elsewhere(req: func.HttpRequest, context: func.Context) -> str:
    thread = threading.Thread(target=say, args=("thread",))
    thread.start()
    thread.join()
    pool.submit(say, "pool").result()
    await asyncio.to_thread(say, "to_thread")
    await asyncio.get_running_loop().run_in_executor(None, say, "executor")

    async def task() -> None:
        say("task")

    await asyncio.create_task(task())
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as processes:
        processes.submit(say, "process pool").result()
    child = multiprocessing.get_context("fork").Process(target=say, args=("process",))
    child.start()
    child.join()
    return context.invocation_id


@app.route("subinterpreter")
def subinterpreter(req: func.HttpRequest, context: func.Context) -> str:
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters
    id = interpreters.create()
    interpreters.run_string(
        id,
        "import logging\nlogging.getLogger('inner').warning('from inside')\nprint('print inside')",
    )
    return context.invocation_id


@app.route("child")
def child(req: func.HttpRequest) -> str:
    subprocess.run(["sh", "-c", "echo from sh; echo a failure >&2"], check=True)
    os.write(1, b"from the descriptor\n")
    return "ok"


@app.route("crash/{how}")
def crash(req: func.HttpRequest) -> str:
    logging.info("last words")
    print("last print")
    print("last begun", end="", flush=True)
    how = req.route_params["how"]
    if how == "exit":
        os._exit(7)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "abort":
        faulthandler.is_enabled()
        os.abort()
    ctypes.string_at(0)
    return ""


@app.route("background")
async def background(req: func.HttpRequest, context: func.Context) -> str:
    async def later() -> None:
        await asyncio.sleep(0)
        logging.info("said after the answer")

    app.task = asyncio.create_task(later())
    return context.invocation_id


@app.route("quick")
async def quick(req: func.HttpRequest) -> str:
    if "fail" in req.params:
        raise RuntimeError("failed " + req.params["fail"])
    if "say" in req.params:
        logging.info("said %s", req.params["say"])
    return "ok"
