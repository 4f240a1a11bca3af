"""Answers that keep to a schema, parsed by the SDK."""

from openai import LengthFinishReasonError
from pydantic import BaseModel

from answers import HELLO, client
from stage import STAND, calls, case, play, raises, same


class Person(BaseModel):
    name: str
    age: int


EXPECTED = Person(name="mock", age=0) if STAND == "mock" else Person(name="Ada", age=36)


@case
def structured():
    play("json")
    message = client.chat.completions.parse(**HELLO, response_format=Person).choices[0].message
    same((message.parsed, message.refusal), (EXPECTED, None))
    if STAND != "mock":
        body = str(calls(1)[0]["body"])
        assert "'age'" in body and "'integer'" in body, "the schema did not reach the provider"


@case
def stream_structured():
    play("json")
    with client.chat.completions.stream(**HELLO, response_format=Person) as helper:
        deltas = [event for event in helper if event.type == "content.delta"]
        final = helper.get_final_completion()
    assert deltas, "no pieces of content"
    same(final.choices[0].message.parsed, EXPECTED)


@case
def truncated():
    play("truncated")
    raises(LengthFinishReasonError, lambda: client.chat.completions.parse(**HELLO, response_format=Person))
    with client.chat.completions.stream(**HELLO, response_format=Person) as helper:
        raises(LengthFinishReasonError, helper.until_done)
