import azure.functions as func


def main(entry: func.InputStream) -> bytes:
    return entry.read()[::-1]
