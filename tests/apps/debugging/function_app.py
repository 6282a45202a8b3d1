import os

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
loaded = "first"


@app.route("greet")
def greet(req: func.HttpRequest) -> str:
    name = req.params.get("name", "world")
    return f"{loaded}: Hello, {name}!"


@app.route("greet-later")
async def greet_later(req: func.HttpRequest) -> str:
    name = req.params.get("name", "world")
    return f"{loaded}: Later, {name}!"


@app.route("pid")
def pid(req: func.HttpRequest) -> str:
    return str(os.getpid())
