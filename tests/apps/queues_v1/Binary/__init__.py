def main(message: bytes) -> bytes:
    return message + b"!"
