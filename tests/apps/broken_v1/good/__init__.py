from ..shared import greet


def main(req):
    return greet.hello()
