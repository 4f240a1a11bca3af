"""Responses: errors, each in the class that an SDK's user would catch, and streams that break off."""

import openai
from openai import OpenAI

from answers import client
from responses import HELLO, accumulated, create
from stage import PROMPT, STAND, calls, case, play, raises, same


def check(error, status, code):
    same((error.status_code, error.code), (status, code))
    assert error.message and error.type and error.request_id, error.body


@case
def responses_wrong_request():
    play()
    other = OpenAI(api_key="wrong")
    check(raises(openai.AuthenticationError, lambda: other.responses.create(**HELLO)), 401, "invalid_api_key")
    post = lambda **body: lambda: client.post("/responses", body=body, cast_to=object)
    for param, wrong in {
        "model": post(input=PROMPT),
        "input": lambda: create(input=7),
        "max_output_tokens": lambda: create(max_output_tokens="many"),
    }.items():
        error = raises(openai.BadRequestError, wrong)
        same((error.param, error.type), (param, "invalid_request_error"))
    if STAND != "mock":
        calls(0)


@case
def responses_provider_errors():
    for name, kind, status, code in (
        ("unknown_model", openai.NotFoundError, 404, "model_not_found"),
        ("context_length", openai.BadRequestError, 400, "context_length_exceeded"),
        ("rate_limited", openai.RateLimitError, 429, "all_providers_rate_limited"),
        ("bad_key", openai.InternalServerError, 502, "all_providers_failed"),
        ("broken", openai.InternalServerError, 502, "all_providers_failed"),
    ):
        # Behind a link that failed otherwise it is the chain that failed.
        if STAND == "fallback":
            kind, status, code = openai.InternalServerError, 502, "all_providers_failed"
        for stream in (False, True):
            play(name)
            error = raises(kind, lambda: create(stream=stream))
            check(error, status, code)
            if status >= 429:
                same(error.response.headers["x-should-retry"], "false")
            calls(1)


@case
def responses_broken_off():
    for name in ("stream_error", "stream_cut"):
        play(name)
        events = list(create(stream=True))
        said = [event.delta for event in events if event.type == "response.output_text.delta"]
        same("".join(said), "Hello there")
        same([event.sequence_number for event in events], list(range(len(events))))
        last = events[-1]
        assert last.type in ("error", "response.failed"), last
        assert (last.message if last.type == "error" else last.response.error.message), last
        play(name)
        raises(RuntimeError, lambda: accumulated(**HELLO))
        calls(1)
