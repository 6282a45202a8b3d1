import azure.functions as func


def main(req: func.HttpRequest) -> func.HttpResponse:
    headers = {"x-served-by": "welcome"}
    name = req.params.get("name")
    if not name:
        try:
            name = req.get_json().get("name")
        except ValueError:
            name = None
    if not name:
        return func.HttpResponse("Whom shall I welcome?", headers=headers, status_code=400)
    return func.HttpResponse(f"Welcome, {name}!", headers=headers)
