"""What a test on the real programs asks for and says."""
import time


class Failed(Exception):
    pass


def demand(holds, text):
    if not holds:
        raise Failed(text)


def say(text):
    print(text, flush=True)


def wait_for(what, condition, seconds=60):
    deadline = time.time() + seconds
    while not condition():
        if time.time() > deadline:
            raise Failed(f"{what} did not come within {seconds} s")
        time.sleep(0.05)
