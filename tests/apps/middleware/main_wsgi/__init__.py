import azure.functions as func

from ..sites import wsgi

main = func.WsgiMiddleware(wsgi).main
