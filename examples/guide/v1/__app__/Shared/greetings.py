def greeting(name: str) -> str:
    return f"Good to see you, {name}."
