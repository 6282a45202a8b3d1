from ...shared import greet


async def go(req):
    return greet.hello()
