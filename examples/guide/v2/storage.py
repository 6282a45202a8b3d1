"""A blueprint: the functions that use storage. With no connection the embedded store serves."""

import logging

import azure.functions as func

storage = func.Blueprint()


@storage.route("items/{id}", methods=["GET"])
@storage.blob_input("obj", path="samples/{id}", connection="AzureWebJobsStorage")
def items(req: func.HttpRequest, obj: func.InputStream) -> str:
    if obj is None:
        return f"no item {req.route_params['id']}"
    content = obj.read().decode()
    logging.info("item %s: %s", req.route_params["id"], content)
    return content


@storage.route("Enqueue")
@storage.queue_output("msg", queue_name="outqueue", connection="AzureWebJobsStorage")
def enqueue(req: func.HttpRequest, msg: func.Out[func.QueueMessage]) -> str:
    text = req.params["body"]
    msg.set(text)
    return text


@storage.queue_trigger("msg", queue_name="outqueue", connection="AzureWebJobsStorage")
@storage.blob_output("item", path="samples/{queueTrigger}", connection="AzureWebJobsStorage")
def dequeue(msg: func.QueueMessage, item: func.Out[str]) -> None:
    text = msg.get_body().decode()
    logging.info("dequeued %s", text)
    item.set(f"stored {text}")


@storage.timer_trigger("timer", schedule="0 0 3 * * *", run_on_startup=False)
def nightly(timer: func.TimerRequest) -> None:
    logging.info("nightly run, past due: %s", timer.past_due)
