import azure.functions as func


def main(req: func.HttpRequest) -> func.HttpResponse:
    headers = {"Access-Control-Allow-Origin": "https://contoso.example"}
    return func.HttpResponse(f"{req.method} is allowed", headers=headers)
