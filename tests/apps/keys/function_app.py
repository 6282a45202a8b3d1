import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.route("open", auth_level=func.AuthLevel.ANONYMOUS)
def open_to_all(req: func.HttpRequest) -> str:
    return "open"


@app.route("guarded")
def guarded(req: func.HttpRequest) -> str:
    return "guarded"


@app.route("other")
async def other(req: func.HttpRequest) -> str:
    return "other"


@app.route("private", auth_level=func.AuthLevel.ADMIN)
async def private(req: func.HttpRequest) -> str:
    return "private"


@app.route("off")
def off(req: func.HttpRequest) -> str:
    return "off"


@app.route("broken", auth_level=func.AuthLevel.ANONYMOUS)
def broken(request: func.HttpRequest) -> str:
    return "never"


@app.generic_trigger(arg_name="event", type="made-up-trigger")
def odd(event):
    pass
