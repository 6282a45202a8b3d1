import logging

import azure.functions as func


def main(req: func.HttpRequest, obj: func.InputStream) -> str:
    if obj is None:
        return f"no item {req.route_params['id']}"
    content = obj.read().decode()
    logging.info("item %s: %s", req.route_params["id"], content)
    return content
