# A function needs no annotation: the parameter's name is the binding's.
def main(req):
    return f"Plain greetings, {req.params.get('user')}!"
