import os

import azure.functions as func


def main(req: func.HttpRequest, context: func.Context) -> str:
    folder = os.path.basename(context.function_directory)
    return f"{context.function_name} in {folder}, {len(context.invocation_id)} characters of id"
