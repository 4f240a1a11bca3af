"""The talk with the test that started this process: lines of JSON, see tests/it/sdk/child.rs."""

import json
import os
import sys

# Who serves, the models to ask for, and what `x-gateway-provider` and `x-gateway-fallback` say.
STAND = os.environ["STAND"]
MODEL = os.environ["MODEL"]
EMBEDDING_MODEL = os.environ["EMBEDDING_MODEL"]
SERVES = os.environ["SERVES"]
FALLBACK = os.environ["FALLBACK"] or None
# The links that are called for one request.
LINKS = 2 if FALLBACK else 1
PROMPT = "hello"

CASES = {}

# What an SDK or a case prints must not come between the lines of the talk.
_talk = sys.stdout
sys.stdout = sys.stderr


def case(function):
    """Makes the function known as a case, by its name."""
    define(function.__name__, function)
    return function


def define(name, function):
    CASES[name] = function


def play(name="text"):
    """The provider answers so from now on; gives the text of a plain answer."""
    return _ask({"play": name})["text"]


def calls(count, requests=None):
    """The provider's calls since the last play: exactly so many. One that fails before it gets no more than that, or
    than `requests`."""
    answer = _ask({"calls": count})
    seen, failed = answer["calls"], answer["failed"]
    assert len(seen) == count, f"{len(seen)} calls reached the provider, not {count}"
    requests = count if requests is None else requests
    assert failed <= requests, f"{failed} calls reached the failing provider in {requests} requests"
    return seen


def hang_ups(count):
    """Waits until so many callers hung up on the provider."""
    _ask({"hang_ups": count})


def say(message):
    _talk.write(json.dumps(message) + "\n")
    _talk.flush()


def hear():
    """The next line; `None` at the end."""
    line = sys.stdin.readline()
    return json.loads(line) if line else None


def _ask(message):
    say(message)
    answer = hear()
    if answer is None:
        raise SystemExit("the test has gone")
    return answer


def same(actual, expected):
    assert actual == expected, f"{actual!r} is not {expected!r}"


def raises(kind, call):
    """The exception of exactly this class that the call must raise."""
    try:
        outcome = call()
    except Exception as error:
        assert type(error) is kind, f"{type(error).__name__} instead of {kind.__name__}: {error}"
        return error
    raise AssertionError(f"no {kind.__name__}, but {outcome!r}")
