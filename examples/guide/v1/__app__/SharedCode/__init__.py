import azure.functions as func
from __app__.Shared import greetings

from ..Shared.greetings import greeting
from . import wording


def main(req: func.HttpRequest) -> str:
    name = req.params["name"]
    assert greetings.greeting is greeting
    return wording.shout(greeting(name))
