"""Streams: with and without usage, through the SDK's helper, broken off by either side."""

import asyncio

from openai import APIError, APITimeoutError, AsyncOpenAI

from answers import HELLO, client
from stage import SERVES, STAND, calls, case, hang_ups, play, raises, same


@case
def stream():
    text = play()
    chunks = list(client.chat.completions.create(**HELLO, stream=True))
    check_stream(chunks, text)

    async def asynchronous():
        async with AsyncOpenAI() as other:
            return [chunk async for chunk in await other.chat.completions.create(**HELLO, stream=True)]

    check_stream(asyncio.run(asynchronous()), text)
    text = play("trickled")
    check_stream(list(client.chat.completions.create(**HELLO, stream=True)), text)


def check_stream(chunks, text):
    same({chunk.object for chunk in chunks}, {"chat.completion.chunk"})
    same(len({chunk.id for chunk in chunks}), 1)
    # OpenRouter sends usage whether it is asked or not, in a chunk that has no choices.
    assert all(len(chunk.choices) == 1 for chunk in chunks), "a chunk that was not asked for"
    choices = [chunk.choices[0] for chunk in chunks]
    same(choices[0].delta.role, "assistant")
    pieces = [choice.delta.content for choice in choices if choice.delta.content]
    same("".join(pieces), text)
    assert len(pieces) > 1, "the answer came in one piece"
    same([choice.finish_reason for choice in choices if choice.finish_reason], ["stop"])
    same(choices[-1].finish_reason, "stop")


@case
def stream_usage():
    play()
    chunks = list(client.chat.completions.create(**HELLO, stream=True, stream_options={"include_usage": True}))
    *before, last = chunks
    same([chunk.usage for chunk in before if chunk.usage], [])
    same(last.choices, [])
    same(last.usage.total_tokens, last.usage.prompt_tokens + last.usage.completion_tokens)
    if STAND != "mock":
        same((last.usage.prompt_tokens, last.usage.completion_tokens), (9, 12))


@case
def stream_helper():
    text = play()
    with client.chat.completions.stream(**HELLO, stream_options={"include_usage": True}) as helper:
        events = list(helper)
        final = helper.get_final_completion()
    same("".join(event.delta for event in events if event.type == "content.delta"), text)
    same([event.content for event in events if event.type == "content.done"], [text])
    same((final.choices[0].message.content, final.choices[0].finish_reason), (text, "stop"))
    assert final.usage.total_tokens > 0, final

    async def asynchronous():
        async with AsyncOpenAI() as other, other.chat.completions.stream(**HELLO) as helper:
            return (await helper.get_final_completion()).choices[0].message.content

    same(asyncio.run(asynchronous()), text)


@case
def stream_error():
    play("stream_error")
    broken_off()


@case
def stream_cut():
    play("stream_cut")
    broken_off()


def broken_off():
    said = []

    def read():
        for chunk in client.chat.completions.create(**HELLO, stream=True):
            said.extend(choice.delta.content or "" for choice in chunk.choices)

    error = raises(APIError, read)
    same("".join(said), "Hello there")
    assert error.message and error.type, error.body
    calls(1)


@case
def client_timeout():
    play("silent")
    impatient = client.with_options(timeout=0.5, max_retries=0)
    raises(APITimeoutError, lambda: impatient.chat.completions.create(**HELLO))
    hang_ups(1)
    play("silent")
    raises(APITimeoutError, lambda: list(impatient.chat.completions.create(**HELLO, stream=True)))
    hang_ups(1)


@case
def close_early():
    play("endless")
    with client.chat.completions.create(**HELLO, stream=True) as stream:
        same(stream.response.headers["x-gateway-provider"], SERVES)
        said = ""
        for chunk in stream:
            said += chunk.choices[0].delta.content or ""
            if len(said) > 10:
                break
    hang_ups(1)
    assert said.startswith("Hello "), said
    # The client can be used on.
    text = play()
    same(client.chat.completions.create(**HELLO).choices[0].message.content, text)

    async def asynchronous():
        play("endless")
        async with AsyncOpenAI() as other:
            stream = await other.chat.completions.create(**HELLO, stream=True)
            async for _ in stream:
                break
            await stream.close()

    asyncio.run(asynchronous())
    hang_ups(1)
