import azure.functions as func

from ..sites import asgi

main = func.AsgiMiddleware(asgi).main
