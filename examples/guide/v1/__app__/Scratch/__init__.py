import tempfile
from os import listdir, path

import azure.functions as func


def main(req: func.HttpRequest) -> str:
    with tempfile.NamedTemporaryFile() as scratch:
        scratch.write(b"for a moment")
        scratch.flush()
        seen = path.basename(scratch.name) in listdir(tempfile.gettempdir())
    return f"a file in the temporary folder: {seen}"
