import logging

import azure.functions as func


def main(message: func.QueueMessage, context: func.Context) -> None:
    retry = context.retry_context
    logging.info(
        "copy %s, attempt %s of %s", message.get_body(), retry.retry_count, retry.max_retry_count
    )
    if retry.retry_count == 0:
        raise ValueError("once")
