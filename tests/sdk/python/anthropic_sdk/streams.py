"""Streams: event by event, through the SDK's helper, broken off by either side."""

import asyncio

from anthropic import APIStatusError, APITimeoutError, AsyncAnthropic

from answers import HELLO, client, text_of
from stage import SERVES, STAND, calls, case, hang_ups, play, raises, same


@case
def stream():
    text = play()
    check_stream(list(client.messages.create(**HELLO, stream=True)), text)

    async def asynchronous():
        async with AsyncAnthropic() as other:
            return [event async for event in await other.messages.create(**HELLO, stream=True)]

    check_stream(asyncio.run(asynchronous()), text)
    text = play("trickled")
    check_stream(list(client.messages.create(**HELLO, stream=True)), text)


def check_stream(events, text):
    kinds = [event.type for event in events]
    pieces = [event.delta.text for event in events if event.type == "content_block_delta"]
    same("".join(pieces), text)
    assert len(pieces) > 1, "the answer came in one piece"
    expected = ["message_start", "content_block_start", *["content_block_delta"] * len(pieces)]
    same(kinds, [*expected, "content_block_stop", "message_delta", "message_stop"])
    start, end = events[0].message, events[-2]
    same((start.role, start.content, start.stop_reason), ("assistant", [], None))
    same(end.delta.stop_reason, "end_turn")
    if STAND != "mock":
        same(end.usage.output_tokens, 12)


@case
def stream_helper():
    text = play()
    with client.messages.stream(**HELLO) as helper:
        pieces = list(helper.text_stream)
        final = helper.get_final_message()
    same(("".join(pieces), text_of(final), final.stop_reason), (text, text, "end_turn"))
    if STAND != "mock":
        same((final.usage.input_tokens, final.usage.output_tokens), (9, 12))

    async def asynchronous():
        async with AsyncAnthropic() as other, other.messages.stream(**HELLO) as helper:
            return await helper.get_final_message()

    final = asyncio.run(asynchronous())
    same(text_of(final), text)
    if STAND != "mock":
        same((final.usage.input_tokens, final.usage.output_tokens), (9, 12))


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
        with client.messages.stream(**HELLO) as helper:
            said.extend(helper.text_stream)

    error = raises(APIStatusError, read)
    same("".join(said), "Hello there")
    same(error.body["type"], "error")
    assert error.body["error"]["type"] and error.body["error"]["message"], error.body
    calls(1)


@case
def client_timeout():
    impatient = client.with_options(timeout=0.5, max_retries=0)
    for stream in (False, True):
        play("silent")
        raises(APITimeoutError, lambda: impatient.messages.create(**HELLO, stream=stream))
        hang_ups(1)


@case
def close_early():
    play("endless")
    with client.messages.stream(**HELLO) as helper:
        same(helper.response.headers["x-gateway-provider"], SERVES)
        said = ""
        for piece in helper.text_stream:
            said += piece
            if len(said) > 10:
                break
    hang_ups(1)
    assert said.startswith("Hello "), said
    # The client can be used on.
    text = play()
    same(text_of(client.messages.create(**HELLO)), text)

    async def asynchronous():
        play("endless")
        async with AsyncAnthropic() as other, other.messages.stream(**HELLO) as helper:
            async for _ in helper.text_stream:
                break

    asyncio.run(asynchronous())
    hang_ups(1)
