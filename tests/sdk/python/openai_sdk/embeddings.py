"""Embeddings: the SDK asks for base64 and decodes it, unless floats are asked for."""

import asyncio

import openai
from openai import AsyncOpenAI, OpenAI

from answers import client
from stage import EMBEDDING_MODEL, FALLBACK, SERVES, calls, case, play, raises, same

ASKED = {"model": EMBEDDING_MODEL, "input": ["one", "two"]}
# What the provider answers: a vector for each input, which tells its place.
VECTORS = [[0.1, -0.25, 1.0], [1.1, -0.25, 1.0]]


def check(answer, vectors=VECTORS):
    same((answer.object, [item.object for item in answer.data]), ("list", ["embedding"] * len(vectors)))
    same([item.index for item in answer.data], list(range(len(vectors))))
    same([[round(number, 6) for number in item.embedding] for item in answer.data], vectors)
    same((answer.usage.prompt_tokens, answer.usage.total_tokens), (9, 9))
    assert answer.model, answer


@case
def embeddings():
    play()
    check(client.embeddings.create(**ASKED))
    check(client.embeddings.create(**ASKED | {"input": "one"}), VECTORS[:1])
    for call in calls(2):
        assert "one" in str(call["body"]["input"]), call

    async def asynchronous():
        async with AsyncOpenAI() as other:
            return await other.embeddings.create(**ASKED)

    check(asyncio.run(asynchronous()))


@case
def embeddings_float():
    play()
    check(client.embeddings.create(**ASKED, encoding_format="float"))


@case
def embeddings_dimensions():
    play()
    check(client.embeddings.create(**ASKED, dimensions=3, user="user-1"))
    same(calls(1)[0]["body"]["dimensions"], 3)


@case
def embeddings_wrong_request():
    play()
    other = OpenAI(api_key="wrong")
    raises(openai.AuthenticationError, lambda: other.embeddings.create(**ASKED))
    error = raises(openai.BadRequestError, lambda: client.embeddings.create(model=EMBEDDING_MODEL, input={}))
    same((error.param, error.type), ("input", "invalid_request_error"))
    # Claude has none, and nobody stands in for another model.
    error = raises(openai.NotFoundError, lambda: client.embeddings.create(model="claude-sonnet-4-5", input="one"))
    same(error.code, "model_not_found")
    calls(0)


@case
def embeddings_provider_errors():
    for name, kind, status, code in (
        ("unknown_model", openai.NotFoundError, 404, "model_not_found"),
        ("rate_limited", openai.RateLimitError, 429, "all_providers_rate_limited"),
        ("bad_key", openai.InternalServerError, 502, "all_providers_failed"),
        ("broken", openai.InternalServerError, 502, "all_providers_failed"),
    ):
        play(name)
        error = raises(kind, lambda: client.embeddings.create(**ASKED))
        same((error.status_code, error.code), (status, code))
        if status >= 429:
            same(error.response.headers["x-should-retry"], "false")
        calls(1)


@case
def embeddings_fallback():
    """Nobody stands in for a model unless somebody says that it is the same."""
    play()
    error = raises(openai.InternalServerError, lambda: client.embeddings.create(**ASKED))
    same((error.status_code, error.code), (502, "all_providers_failed"))
    calls(0, requests=1)
    play()
    same_model = {"fallbacks": [f"openrouter/openai/{EMBEDDING_MODEL}"]}
    raw = client.embeddings.with_raw_response.create(**ASKED, extra_body=same_model)
    same((raw.headers["x-gateway-provider"], raw.headers["x-gateway-fallback"]), (SERVES, FALLBACK))
    check(client.embeddings.create(**ASKED, extra_body=same_model))
    for call in calls(2):
        assert "fallbacks" not in call["body"], call
