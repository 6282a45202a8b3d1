import logging

import azure.functions as func


def greet(req: func.HttpRequest) -> func.HttpResponse:
    name = req.params.get("name")
    if not name:
        try:
            name = req.get_json().get("name")
        except ValueError:
            return func.HttpResponse("Whom shall I greet?", status_code=400)
    logging.info("Greeting %s", name)
    return func.HttpResponse(f"Good day, {name}.")
