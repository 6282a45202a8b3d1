import logging

import azure.functions as func


def store(msg: func.QueueMessage) -> str:
    text = msg.get_body().decode()
    logging.info("dequeued %s", text)
    return f"stored {text}"
