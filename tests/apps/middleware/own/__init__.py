import azure.functions as func

from ..sites import asgi, wsgi


async def main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    if req.route_params["rest"] == "wsgi":
        return func.WsgiMiddleware(wsgi).handle(req, context)
    return await func.AsgiMiddleware(asgi).handle_async(req, context)
