"""Responses: whole and streamed, tools, schemas, pictures, reasoning, what is kept."""

import asyncio
import json

import openai
from openai import AsyncOpenAI
from pydantic import BaseModel

from answers import PIXEL, client
from stage import LINKS, MODEL, PROMPT, SERVES, STAND, calls, case, play, raises, same

HELLO = {"model": MODEL, "input": PROMPT}
CITY = {"city": {"type": "string"}}
SCHEMA = {"type": "object", "properties": CITY, "required": ["city"], "additionalProperties": False}
WEATHER = {"type": "function", "name": "get_weather", "description": "Tells it.", "parameters": SCHEMA, "strict": True}
# The mock calls a tool only where it must.
ASKED = HELLO | {"tools": [WEATHER]} | ({"tool_choice": "required"} if STAND == "mock" else {})
PARIS = "mock" if STAND == "mock" else "Paris"
# The provider that is spoken to in this protocol, and so keeps what it answered.
DIRECT = STAND == "openai"


class Person(BaseModel):
    name: str
    age: int


EXPECTED = Person(name="mock", age=0) if STAND == "mock" else Person(name="Ada", age=36)


def create(**more):
    return client.responses.create(**HELLO | more)


def accumulated(**asked):
    """The stream added up by the SDK."""
    with client.responses.stream(**asked) as helper:
        return helper.get_final_response()


def of_type(answer, kind):
    return [item for item in answer.output if item.type == kind]


@case
def responses():
    text = play()
    check_answer(create(), text)
    if STAND != "mock":
        [call] = calls(1)
        assert PROMPT in str(call["body"]), call

    async def asynchronous():
        async with AsyncOpenAI() as other:
            return await other.responses.create(**HELLO)

    check_answer(asyncio.run(asynchronous()), text)


def check_answer(answer, text):
    same((answer.object, answer.status, answer.error, answer.incomplete_details), ("response", "completed", None, None))
    same((answer.output_text, [item.type for item in answer.output]), (text, ["message"]))
    same((answer.output[0].role, answer.output[0].status), ("assistant", "completed"))
    assert answer.id and answer.created_at and answer.model, answer
    same(answer.usage.total_tokens, answer.usage.input_tokens + answer.usage.output_tokens)
    assert answer.usage.input_tokens_details.cached_tokens == 0, answer.usage
    if STAND != "mock":
        same((answer.usage.input_tokens, answer.usage.output_tokens), (9, 12))


@case
def responses_parameters():
    text = play()
    answer = create(
        instructions="Be brief.",
        input=[
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "hi"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": PROMPT}]},
        ],
        max_output_tokens=100,
        temperature=0.5,
        metadata={"team": "a"},
        parallel_tool_calls=False,
        store=False,
        tools=[WEATHER],
        tool_choice="auto",
        user="user-1",
    )
    same(answer.output_text, text)
    if not DIRECT:
        # What was asked for is repeated.
        same((answer.instructions, answer.metadata, answer.store), ("Be brief.", {"team": "a"}, False))
    if STAND != "mock":
        body = str(calls(1)[0]["body"])
        for words in ("Be brief.", "Be kind.", PROMPT, "get_weather"):
            assert words in body, body


@case
def responses_headers():
    text = play()
    raw = client.responses.with_raw_response.create(**HELLO, extra_headers={"x-request-id": "mine-1"})
    same((raw.headers["x-gateway-provider"], raw.headers["x-gateway-attempts"]), (SERVES, str(LINKS)))
    same((raw.headers["x-request-id"], raw.parse()._request_id, raw.parse().output_text), ("mine-1", "mine-1", text))


@case
def responses_stream():
    text = play()
    check_stream(list(create(stream=True)), text)

    async def asynchronous():
        async with AsyncOpenAI() as other:
            return [event async for event in await other.responses.create(**HELLO, stream=True)]

    check_stream(asyncio.run(asynchronous()), text)
    text = play("trickled")
    check_stream(list(create(stream=True)), text)


def check_stream(events, text):
    pieces = [event.delta for event in events if event.type == "response.output_text.delta"]
    same("".join(pieces), text)
    assert len(pieces) > 1, "the answer came in one piece"
    expected = ["created", "in_progress", "output_item.added", "content_part.added"]
    expected += ["output_text.delta"] * len(pieces)
    expected += ["output_text.done", "content_part.done", "output_item.done", "completed"]
    same([event.type for event in events], [f"response.{name}" for name in expected])
    same([event.sequence_number for event in events], list(range(len(events))))
    final = events[-1].response
    same((final.status, final.output_text), ("completed", text))
    same({event.response.id for event in events if hasattr(event, "response")}, {final.id})
    if STAND != "mock":
        same((final.usage.input_tokens, final.usage.output_tokens), (9, 12))


@case
def responses_stream_helper():
    text = play()
    with client.responses.stream(**HELLO) as helper:
        said = "".join(event.delta for event in helper if event.type == "response.output_text.delta")
        final = helper.get_final_response()
    same((said, final.output_text, final.status), (text, text, "completed"))

    async def asynchronous():
        async with AsyncOpenAI() as other, other.responses.stream(**HELLO) as helper:
            return (await helper.get_final_response()).output_text

    same(asyncio.run(asynchronous()), text)


@case
def responses_tools():
    play("tool")
    for answer in (create(**ASKED), accumulated(**ASKED)):
        same(answer.status, "completed")
        [call] = of_type(answer, "function_call")
        same((call.name, json.loads(call.arguments)), ("get_weather", {"city": PARIS}))
        assert call.call_id and call.id, call
    answer_with_results(answer, {call.call_id: "sunny in Paris"})


@case
def responses_parallel_tools():
    for name in ("tools", "interleaved_tools"):
        play(name)
        for answer in (create(**ASKED), accumulated(**ASKED)):
            found = of_type(answer, "function_call")
            same([json.loads(call.arguments)["city"] for call in found], ["Paris", "Rome"])
            same(len({call.call_id for call in found}), 2)
            same(answer.output_text, "One moment. " if name == "interleaved_tools" else "")
    paris, rome = found
    answer_with_results(answer, {paris.call_id: "sunny in Paris", rome.call_id: "rain in Rome"})


def answer_with_results(answer, results):
    """Sends the results back as the SDK's users do, and reads the answer."""
    text = play()
    outputs = [{"type": "function_call_output", "call_id": call, "output": result} for call, result in results.items()]
    history = [{"role": "user", "content": PROMPT}, *answer.output, *outputs]
    same(create(input=history, tools=[WEATHER]).output_text, text)
    if STAND != "mock":
        body = str(calls(1)[0]["body"])
        for words in ["get_weather", PROMPT, *results.values()]:
            assert words in body, f"{words} did not reach the provider: {body}"


@case
def responses_structured():
    play("json")
    same(client.responses.parse(**HELLO, text_format=Person).output_parsed, EXPECTED)
    if STAND != "mock":
        body = str(calls(1)[0]["body"])
        assert "'age'" in body and "'integer'" in body, "the schema did not reach the provider"
    same(accumulated(**HELLO, text_format=Person).output_parsed, EXPECTED)


@case
def responses_truncated():
    play("truncated")
    answer = create()
    events = list(create(stream=True))
    same(events[-1].type, "response.incomplete")
    for answer in (answer, events[-1].response):
        same((answer.status, answer.incomplete_details.reason), ("incomplete", "max_output_tokens"))
        same(answer.output_text, '{"name":')


@case
def responses_vision():
    text = play()
    picture = {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "low"}
    content = [{"type": "input_text", "text": PROMPT}, picture]
    same(create(input=[{"role": "user", "content": content}]).output_text, text)
    assert PIXEL in str(calls(1)[0]["body"]), "the picture did not reach the provider"


@case
def responses_reasoning():
    play("reasoning")
    asked = HELLO | {"reasoning": {"effort": "low", "summary": "auto"}}
    if STAND == "fallback":
        # The first link's model would refuse to reason.
        asked = HELLO
    for answer in (client.responses.create(**asked), accumulated(**asked)):
        same([item.type for item in answer.output], ["reasoning", "message"])
        thought = answer.output[0]
        said = [part.text for part in [*thought.summary, *(thought.content or [])]]
        same(("".join(said), answer.output_text), ("Let me think.", "42"))


@case
def responses_reasoning_returned():
    """Claude wants its thoughts back, with their signature."""
    play("thinking_tool")
    asked = ASKED | {"reasoning": {"effort": "low"}, "include": ["reasoning.encrypted_content"], "store": False}
    for answer in (client.responses.create(**asked), accumulated(**asked)):
        same([item.type for item in answer.output], ["reasoning", "function_call"])
        assert answer.output[0].encrypted_content, answer.output
    text = play()
    result = {"type": "function_call_output", "call_id": answer.output[1].call_id, "output": "sunny"}
    history = [{"role": "user", "content": PROMPT}, *answer.output, result]
    same(client.responses.create(**asked | {"input": history}).output_text, text)
    turn = calls(1)[0]["body"]["messages"][1]["content"]
    same([block["type"] for block in turn], ["thinking", "tool_use"])
    same((turn[0]["thinking"], turn[0]["signature"]), ("Paris, then.", "c2lnbmVk"))


@case
def responses_refusal():
    play("refusal")
    # The SDK's helper takes no answer whose end was the provider's filter.
    for answer in (create(), list(create(stream=True))[-1].response):
        [message] = of_type(answer, "message")
        same([(part.type, part.refusal) for part in message.content], [("refusal", "I cannot help with that.")])


@case
def responses_state():
    """Only OpenAI keeps what it answered: nobody stands in for it then."""
    text = play()
    for field, value in {"previous_response_id": "resp_1", "store": True}.items():
        ask = lambda: create(**{field: value})
        if DIRECT:
            same(ask().output_text, text)
        elif STAND == "fallback":
            same(raises(openai.InternalServerError, ask).code, "all_providers_failed")
        else:
            same(raises(openai.BadRequestError, ask).param, field)
    calls(2 if DIRECT else 0, requests=2)


@case
def responses_concurrent():
    text = play()

    async def whole(other):
        return (await other.responses.create(**HELLO)).output_text

    async def streamed(other):
        async with other.responses.stream(**HELLO) as helper:
            return (await helper.get_final_response()).output_text

    async def all_of_them():
        async with AsyncOpenAI(max_retries=0) as other:
            return await asyncio.gather(*[(whole, streamed)[at % 2](other) for at in range(20)])

    same(asyncio.run(all_of_them()), [text] * 20)
