import asyncio
import threading

import azure.functions as func


async def main(req: func.HttpRequest) -> str:
    await asyncio.sleep(0.01)
    return f"on the loop of {threading.current_thread().name}"
