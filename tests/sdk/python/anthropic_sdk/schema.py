"""Answers that keep to a schema, parsed by the SDK."""

import asyncio

from anthropic import AsyncAnthropic
from pydantic import BaseModel

from answers import HELLO, client, text_of
from stage import STAND, calls, case, play, same


class Person(BaseModel):
    name: str
    age: int


EXPECTED = Person(name="mock", age=0) if STAND == "mock" else Person(name="Ada", age=36)


@case
def structured():
    play("json")
    same(client.messages.parse(**HELLO, output_format=Person).parsed_output, EXPECTED)
    if STAND != "mock":
        body = str(calls(1)[0]["body"])
        assert "'age'" in body and "'integer'" in body, "the schema did not reach the provider"

    async def asynchronous():
        async with AsyncAnthropic() as other:
            return await other.messages.parse(**HELLO, output_format=Person)

    same(asyncio.run(asynchronous()).parsed_output, EXPECTED)


@case
def stream_structured():
    play("json")
    with client.messages.stream(**HELLO, output_format=Person) as helper:
        final = helper.get_final_message()
    same(final.parsed_output, EXPECTED)


@case
def truncated():
    play("truncated")
    whole = client.messages.create(**HELLO)
    with client.messages.stream(**HELLO) as helper:
        streamed = helper.get_final_message()
    for answer in (whole, streamed):
        same((answer.stop_reason, text_of(answer)), ("max_tokens", '{"name":'))
