def main(req)
    return "never"
