import azure.functions as func


def tidy_up(timer: func.TimerRequest) -> str:
    return "tidied up late" if timer.past_due else "tidied up"
