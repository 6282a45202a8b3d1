import asyncio
import time

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
VERSION = 0


@app.route("version")
async def version(req: func.HttpRequest) -> str:
    return str(VERSION)


@app.route("work")
def work(req: func.HttpRequest) -> str:
    end = time.perf_counter() + 0.002
    while time.perf_counter() < end:
        pass
    return "worked"


@app.route("wait")
async def wait(req: func.HttpRequest) -> str:
    await asyncio.sleep(0.05)
    return "waited"
