import azure.functions as func


def respond(req: func.HttpRequest) -> str:
    return "from respond() in handler.py"
