import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("sync")
def answer(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("ok")


@app.route("async")
async def answer_async(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("ok")


@app.route("chain")
@app.queue_output("message", "steps", "AzureWebJobsStorage")
def chain(req: func.HttpRequest, message: func.Out[str]) -> str:
    message.set(req.get_body().decode())
    return "on its way"


@app.queue_trigger("message", "steps", "AzureWebJobsStorage")
@app.blob_output("$return", "results/{rand-guid}.txt", "AzureWebJobsStorage")
def step(message: func.QueueMessage) -> bytes:
    return message.get_body()
