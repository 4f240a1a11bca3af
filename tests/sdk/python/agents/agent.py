"""Agents made with pydantic-ai: a tool that is called and answered, streams, answers in a form."""

import asyncio

from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel

from stage import MODEL, PROMPT, calls, define, play, same


class Person(BaseModel):
    name: str
    age: int


ADA = Person(name="Ada", age=36)


def agent(model, **more):
    """An agent with the weather's tool, and the cities that it asked about."""
    made = Agent(model, instructions="Be brief.", **more)
    cities = []

    @made.tool_plain
    def get_weather(city: str) -> str:
        """The weather in a city."""
        cities.append(city)
        return f"sunny in {city}"

    return made, cities


def check(cities, count):
    """The tool was called once, and the provider got what it said; each call with the instructions and the prompt."""
    same(cities, ["Paris"])
    asked = calls(count)
    for call in asked:
        body = str(call["body"])
        assert "Be brief." in body and PROMPT in body and "get_weather" in body, body
    assert "sunny in Paris" in str(asked[-1]["body"]), asked[-1]


def tool(model):
    text = play("model")
    made, cities = agent(model)
    result = made.run_sync(PROMPT)
    same(result.output, text)
    check(cities, 2)
    same((result.usage.requests, result.usage.input_tokens, result.usage.output_tokens), (2, 18, 24))
    # The history of a run goes on.
    same(made.run_sync("and now?", message_history=result.all_messages()).output, text)
    body = str(calls(3)[-1]["body"])
    assert "sunny in Paris" in body and text in body and "and now?" in body, body


def stream(model):
    text = play("model")
    made, cities = agent(model)

    async def run():
        async with made.run_stream(PROMPT) as result:
            return [piece async for piece in result.stream_text(delta=True, debounce_by=None)], result.usage

    pieces, usage = asyncio.run(run())
    same("".join(pieces), text)
    assert len(pieces) > 1, "the answer came in one piece"
    check(cities, 2)
    same((usage.requests, usage.input_tokens, usage.output_tokens), (2, 18, 24))


def output(model):
    """A tool of the framework's own takes the answer."""
    play("model")
    made, cities = agent(model, output_type=Person)
    same(made.run_sync(PROMPT).output, ADA)
    check(cities, 2)


def output_by_schema(model):
    play("model")
    made, cities = agent(model, output_type=NativeOutput(Person))
    same(made.run_sync(PROMPT).output, ADA)
    check(cities, 2)
    play("model")

    async def run():
        async with made.run_stream(PROMPT) as result:
            return await result.get_output()

    same(asyncio.run(run()), ADA)


# What each protocol is to the framework. It knows by their names which Claudes keep to a schema.
MODELS = {
    "chat": lambda: OpenAIChatModel(MODEL),
    "responses": lambda: OpenAIResponsesModel(MODEL),
    "messages": lambda: AnthropicModel(MODEL, profile={"supports_json_schema_output": True}),
}

for protocol, model in MODELS.items():
    for run in (tool, stream, output, output_by_schema):
        define(f"{protocol}_{run.__name__}", lambda model=model, run=run: run(model()))
