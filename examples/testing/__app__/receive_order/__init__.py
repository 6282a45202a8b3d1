import json

import azure.functions as func


def receive(req: func.HttpRequest, message: func.Out[str]) -> func.HttpResponse:
    message.set(json.dumps({"id": req.route_params["id"], "order": req.get_json()}))
    return func.HttpResponse("Thank you.", status_code=202)
