"""Errors: each in the class that an SDK's user would catch, and never multiplied by the SDK's own retries."""

import asyncio
import os

import anthropic
from anthropic import Anthropic, AsyncAnthropic

from answers import API_VERSION, HELLO, client, text_of
from stage import FALLBACK, LINKS, MODEL, STAND, calls, case, play, raises, same

BARE_URL = os.environ["ANTHROPIC_BARE_URL"]


def chat(**more):
    return lambda: client.messages.create(**HELLO | more)


def server_error(name):
    """The older SDK has one class for all that is the server's."""
    return anthropic.InternalServerError if API_VERSION == "2023-06-01" else getattr(anthropic, name)


def check(error, status, kind):
    same((error.status_code, error.body["type"], error.body["error"]["type"]), (status, "error", kind))
    assert error.body["error"]["message"], error.body
    assert error.request_id, "no request-id"
    assert error.body["request_id"], error.body
    assert "SECRET" not in str(error) + str(error.body), "a key of the operator's"


@case
def wrong_key():
    play()
    other = Anthropic(api_key="wrong")
    for call in (lambda: other.messages.create(**HELLO), other.models.list):
        check(raises(anthropic.AuthenticationError, call), 401, "authentication_error")
    if STAND != "mock":
        calls(0)


@case
def bad_request():
    play()
    post = lambda **body: lambda: client.post("/v1/messages", body=body, cast_to=object)
    for wrong, field in (
        (post(model=MODEL, max_tokens=9), "messages"),
        (post(model=MODEL, messages=HELLO["messages"]), "max_tokens"),
        (post(max_tokens=9, messages=HELLO["messages"]), "model"),
        (chat(messages="hello"), "messages"),
        (post(model=MODEL, max_tokens="many", messages=HELLO["messages"]), "max_tokens"),
    ):
        error = raises(anthropic.BadRequestError, wrong)
        check(error, 400, "invalid_request_error")
        assert field in error.body["error"]["message"], error.body
    error = raises(anthropic.NotFoundError, lambda: client.post("/v1/messages/nothing", body={}, cast_to=object))
    check(error, 404, "not_found_error")
    if STAND != "mock":
        calls(0)


@case
def refused_request():
    play("bad_request")
    check(raises(anthropic.BadRequestError, chat()), 400, "invalid_request_error")
    calls(1)


@case
def model_not_found():
    play("unknown_model")
    callers_own(anthropic.NotFoundError, 404, "not_found_error")


@case
def context_length():
    play("context_length")
    callers_own(anthropic.BadRequestError, 400, "invalid_request_error")


def callers_own(kind, status, name):
    """The caller's own fault; behind a link that failed otherwise it is the chain that failed."""
    if FALLBACK:
        kind, status, name = anthropic.InternalServerError, 502, "api_error"
    error = raises(kind, chat())
    check(error, status, name)
    calls(1)
    return error


@case
def moderated():
    play("moderated")
    if STAND in ("openrouter", "fallback", "claude_fallback"):
        check(raises(anthropic.PermissionDeniedError, chat()), 403, "permission_error")
    else:
        check(raises(anthropic.BadRequestError, chat()), 400, "invalid_request_error")
    calls(1)


@case
def rate_limited():
    play("rate_limited")
    error = callers_own(anthropic.RateLimitError, 429, "rate_limit_error")
    assert 1 <= int(error.response.headers["retry-after"]) <= 30, error.response.headers
    # Nor is the provider called again while it wants to rest.
    raises(type(error), chat())
    calls(1, requests=2)


@case
def provider_key():
    play("bad_key")
    error = raises(anthropic.InternalServerError, chat())
    check(error, 502, "api_error")
    same(error.body["error"]["attempts"][-1]["outcome"], "auth")
    calls(1)


@case
def dead_chain():
    for name in ("broken", "overloaded"):
        play(name)
        error = raises(anthropic.InternalServerError, chat())
        check(error, 502, "api_error")
        same([attempt["outcome"] for attempt in error.body["error"]["attempts"]], ["server_error"] * LINKS)
        same(error.response.headers["x-should-retry"], "false")
        calls(1)
        play(name)
        check(raises(anthropic.InternalServerError, chat(stream=True)), 502, "api_error")
        calls(1)

    async def asynchronous():
        async with AsyncAnthropic() as other:
            await other.messages.create(**HELLO)

    play("broken")
    check(raises(anthropic.InternalServerError, lambda: asyncio.run(asynchronous())), 502, "api_error")
    calls(1)


@case
def deadline():
    play("silent")
    error = raises(server_error("GatewayTimeoutError"), chat(extra_headers={"x-gateway-timeout-ms": "400"}))
    check(error, 504, "timeout_error")
    calls(1)


@case
def nothing_configured():
    bare = Anthropic(base_url=BARE_URL)
    error = raises(server_error("ServiceUnavailableError"), lambda: bare.messages.create(**HELLO))
    check(error, 503, "api_error")
    assert "ANTHROPIC_API_KEY" in error.body["error"]["message"], error.body


@case
def own_fallbacks():
    text = play()
    raw = client.messages.with_raw_response.create(**HELLO, extra_body={"fallbacks": ["openrouter/x-ai/grok"]})
    same(raw.headers["x-gateway-fallback"], FALLBACK)
    same(raw.headers["x-gateway-model"], "x-ai/grok")
    same(text_of(raw.parse()), text)
    assert "fallbacks" not in calls(1)[0]["body"]
    play()
    error = raises(anthropic.InternalServerError, chat(extra_body={"fallbacks": []}))
    same(len(error.body["error"]["attempts"]), 1)
    calls(0, requests=1)
