import logging

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("orders")
@app.queue_output(arg_name="order", queue_name="orders", connection="AzureWebJobsStorage")
def take(req: func.HttpRequest, order: func.Out[func.QueueMessage]) -> str:
    order.set(req.params["order"])
    return "taken"


@app.queue_trigger(arg_name="order", queue_name="orders", connection="AzureWebJobsStorage")
@app.queue_output(arg_name="bills", queue_name="{to}-bills", connection="AzureWebJobsStorage")
@app.queue_output(arg_name="notes", queue_name="notes", connection="AzureWebJobsStorage")
def split(
    order: func.QueueMessage,
    bills: func.Out[list[func.QueueMessage]],
    notes: func.Out[str],
) -> None:
    content = order.get_json()
    bills.set([func.QueueMessage(body=f"bill {n}") for n in range(content["bills"])])
    notes.set(f"order {order.id} of {order.insertion_time.tzinfo}, {order.dequeue_count}")


@app.queue_trigger(arg_name="bill", queue_name="me-bills", connection="AzureWebJobsStorage")
async def pay(bill: func.QueueMessage) -> None:
    logging.info("paid %s", bill.get_body().decode())


@app.queue_trigger(arg_name="note", queue_name="notes", connection="AzureWebJobsStorage")
def read(note: str) -> None:
    logging.info("read: %s", note)


@app.queue_trigger(arg_name="text", queue_name="refused", connection="AzureWebJobsStorage")
def refuse(text: str) -> None:
    raise ValueError(f"not {text}")


@app.queue_trigger(arg_name="text", queue_name="refused-poison", connection="AzureWebJobsStorage")
def bury(text: str) -> None:
    logging.info("buried %s", text)


@app.queue_trigger(arg_name="text", queue_name="flaky", connection="AzureWebJobsStorage")
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:00")
def flaky(text: str, context: func.Context) -> None:
    retry = context.retry_context
    logging.info("attempt %s of %s on %s", retry.retry_count, retry.max_retry_count, text)
    if retry.retry_count < retry.max_retry_count:
        raise ValueError("again")


@app.generic_trigger(
    arg_name="message",
    type="queueTrigger",
    queueName="generic",
    connection="AzureWebJobsStorage",
    data_type=func.DataType.BINARY,
)
@app.generic_output_binding(
    arg_name="$return", type="queue", queueName="notes", connection="AzureWebJobsStorage"
)
def generic(message: bytes) -> str:
    return f"generic {message!r}"


@app.route("broken")
@app.queue_output(arg_name="out", queue_name="orders", connection="NotThere")
def broken(req: func.HttpRequest, out: func.Out[str]) -> str:
    return "never"


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
@app.queue_output(arg_name="$return", queue_name="notes", connection="AzureWebJobsStorage")
def clock(timer: func.TimerRequest) -> str:
    return f"timer {timer.past_due} {sorted(timer.schedule_status)}"
