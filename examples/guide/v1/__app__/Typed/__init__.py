import azure.functions as func


def main(req: func.HttpRequest) -> str:
    return f"Typed greetings, {req.params.get('user')}!"
