"""Errors: each in the class that an SDK's user would catch, and never multiplied by the SDK's own retries."""

import os

import openai
from openai import OpenAI

from answers import HELLO, client
from stage import LINKS, MODEL, STAND, calls, case, play, raises, same

BARE_URL = os.environ["OPENAI_BARE_URL"]


def chat(**more):
    return lambda: client.chat.completions.create(**HELLO | more)


def check(error, status, code):
    same((error.status_code, error.code), (status, code))
    assert error.message and error.type, error.body
    assert error.request_id, "no x-request-id"
    assert "SECRET" not in str(error) + str(error.body), "a key of the operator's"


@case
def wrong_key():
    play()
    other = OpenAI(api_key="wrong")
    check(raises(openai.AuthenticationError, lambda: other.chat.completions.create(**HELLO)), 401, "invalid_api_key")
    check(raises(openai.AuthenticationError, lambda: other.models.list()), 401, "invalid_api_key")
    if STAND != "mock":
        calls(0)


@case
def bad_request():
    play()
    post = lambda body: lambda: client.post("/chat/completions", body=body, cast_to=object)
    error = raises(openai.BadRequestError, post({"model": MODEL}))
    check(error, 400, error.code)
    same((error.param, error.type), ("messages", "invalid_request_error"))
    error = raises(openai.BadRequestError, post({"messages": HELLO["messages"]}))
    same((error.param, error.type), ("model", "invalid_request_error"))
    error = raises(openai.BadRequestError, chat(messages="hello"))
    same((error.param, error.type), ("messages", "invalid_request_error"))
    raises(openai.NotFoundError, lambda: client.post("/no/such/path", body={}, cast_to=object))
    if STAND != "mock":
        calls(0)


@case
def refused_request():
    play("bad_request")
    # A translation writes the temperature itself: a refusal of that would be the gateway's fault, and a 502.
    more = {} if STAND in ("anthropic", "ollama") else {"temperature": 1.5}
    error = raises(openai.BadRequestError, chat(**more))
    check(error, 400, error.code)
    same(error.type, "invalid_request_error")
    if STAND in ("openai", "compatible"):
        same((error.param, error.code), ("temperature", "invalid_value"))
    calls(1)


@case
def model_not_found():
    play("unknown_model")
    # Behind a link that failed otherwise it is the chain that failed.
    if STAND == "fallback":
        check(raises(openai.InternalServerError, chat()), 502, "all_providers_failed")
    else:
        check(raises(openai.NotFoundError, chat()), 404, "model_not_found")
    calls(1)
    if STAND == "openai":
        check(raises(openai.NotFoundError, chat(model="claude-sonnet-4-5")), 404, "model_not_found")


@case
def context_length():
    play("context_length")
    if STAND == "fallback":
        check(raises(openai.InternalServerError, chat()), 502, "all_providers_failed")
    else:
        check(raises(openai.BadRequestError, chat()), 400, "context_length_exceeded")
    calls(1)


@case
def moderated():
    play("moderated")
    if STAND in ("openrouter", "fallback"):
        error = raises(openai.PermissionDeniedError, chat())
        assert "flagged" in error.message, error.message
    else:
        check(raises(openai.BadRequestError, chat()), 400, "content_policy_violation")
    calls(1)


@case
def rate_limited():
    play("rate_limited")
    if STAND == "fallback":
        error = raises(openai.InternalServerError, chat())
        check(error, 502, "all_providers_failed")
    else:
        error = raises(openai.RateLimitError, chat())
        check(error, 429, "all_providers_rate_limited")
    assert 1 <= int(error.response.headers["retry-after"]) <= 30, error.response.headers
    calls(1)
    # Nor is the provider called again while it wants to rest.
    raises(type(error), chat())
    calls(1, requests=2)


@case
def provider_key():
    play("bad_key")
    error = raises(openai.InternalServerError, chat())
    check(error, 502, "all_providers_failed")
    same(error.body["attempts"][-1]["outcome"], "auth")
    calls(1)


@case
def server_error():
    play("broken")
    error = raises(openai.InternalServerError, chat())
    check(error, 502, "all_providers_failed")
    same([attempt["outcome"] for attempt in error.body["attempts"]], ["server_error"] * LINKS)
    same(error.response.headers["x-should-retry"], "false")
    calls(1)
    play("broken")
    check(raises(openai.InternalServerError, chat(stream=True)), 502, "all_providers_failed")
    calls(1)


@case
def deadline():
    play("silent")
    error = raises(openai.InternalServerError, chat(extra_headers={"x-gateway-timeout-ms": "400"}))
    check(error, 504, "deadline_exceeded")
    calls(1)


@case
def slow_provider():
    play("silent_for_long")
    check(raises(openai.InternalServerError, chat()), 504, "all_providers_failed")
    calls(1)


@case
def nothing_configured():
    bare = OpenAI(base_url=BARE_URL)
    error = raises(openai.InternalServerError, lambda: bare.chat.completions.create(**HELLO))
    check(error, 503, "no_provider_configured")
    assert "OPENAI_API_KEY" in error.message, error.message


@case
def own_fallbacks():
    text = play()
    raw = client.chat.completions.with_raw_response.create(**HELLO, extra_body={"fallbacks": ["openrouter/x-ai/grok"]})
    same(raw.headers["x-gateway-fallback"], "openai:server_error")
    same(raw.headers["x-gateway-model"], "x-ai/grok")
    same(raw.parse().choices[0].message.content, text)
    same("fallbacks" in calls(1)[0]["body"], False)
    play()
    error = raises(openai.InternalServerError, chat(extra_body={"fallbacks": []}))
    same(len(error.body["attempts"]), 1)
    calls(0, requests=1)
