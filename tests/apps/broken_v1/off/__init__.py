def main(req):
    return "off"
