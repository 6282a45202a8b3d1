import logging

import azure.functions as func


def main(req: func.HttpRequest) -> str:
    logging.critical("logs: critical")
    logging.error("logs: error")
    logging.warning("logs: warning")
    logging.info("logs: info")
    logging.debug("logs: debug")
    return "five levels"
