import threading
import time

import azure.functions as func


def main(req: func.HttpRequest) -> str:
    time.sleep(0.01)
    on_the_pool = threading.current_thread() is not threading.main_thread()
    return f"on a thread of the pool: {on_the_pool}"
