import logging

import azure.functions as func
from __app__.shared.orders import total


def store(message: func.QueueMessage) -> str:
    received = message.get_json()
    price = total(received["order"])
    logging.info("Order %s costs %d", received["id"], price)
    return f"Order {received['id']}: {price} euros"
