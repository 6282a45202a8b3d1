import azure.functions as func

TABLE = None


def load_table() -> dict[str, int]:
    return {"lapis": 1, "lazuli": 2}


def main(req: func.HttpRequest) -> str:
    global TABLE
    kept = TABLE is not None
    if TABLE is None:
        TABLE = load_table()
    return f"kept from an earlier call: {kept}; lazuli is {TABLE['lazuli']}"
