import itertools
import os
import time

import azure.functions as func

app = func.FunctionApp()
numbers = itertools.count(1)
wanted = int(os.environ["BENCH_MESSAGES"])
started = []


@app.queue_trigger(arg_name="message", queue_name="bench", connection="AzureWebJobsStorage")
def work(message: func.QueueMessage) -> None:
    if not started:
        started.append(time.time())
    message.get_body()
    if next(numbers) == wanted:
        print(f"processed {wanted} messages since {started[0]:.6f}")
