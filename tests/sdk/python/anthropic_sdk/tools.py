"""Tools: whole and streamed, one and several at once, with their results on the way back, and run by the SDK."""

import asyncio
import json

import anthropic
from anthropic import AsyncAnthropic

from answers import HELLO, client, text_of
from stage import PROMPT, STAND, calls, case, play, same

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = {"name": "get_weather", "description": "The weather in a city.", "input_schema": SCHEMA}
# The mock calls a tool only where it must.
ASKED = HELLO | {"tools": [WEATHER]} | ({"tool_choice": {"type": "any"}} if STAND == "mock" else {})
PARIS = "mock" if STAND == "mock" else "Paris"


def tools_of(answer):
    return [block for block in answer.content if block.type == "tool_use"]


def accumulated(asked):
    """The stream added up by the SDK."""
    with client.messages.stream(**asked) as helper:
        return helper.get_final_message()


@case
def tools():
    play("tool")
    answer = client.messages.create(**ASKED)
    same(answer.stop_reason, "tool_use")
    [call] = tools_of(answer)
    same((call.name, call.input), ("get_weather", {"city": PARIS}))
    answer_with_results(answer, {call.id: "sunny in Paris"})


@case
def parallel_tools():
    play("tools")
    answer = client.messages.create(**ASKED)
    check_parallel(answer)
    paris, rome = tools_of(answer)
    answer_with_results(answer, {paris.id: "sunny in Paris", rome.id: "rain in Rome"})


def check_parallel(answer):
    same(answer.stop_reason, "tool_use")
    expected = [("get_weather", {"city": city}) for city in ("Paris", "Rome")]
    same([(call.name, call.input) for call in tools_of(answer)], expected)
    same(len({call.id for call in tools_of(answer)}), 2)


def answer_with_results(answer, results):
    """Sends the results back as the SDK's users do, and reads the answer."""
    text = play()
    blocks = [{"type": "tool_result", "tool_use_id": call, "content": result} for call, result in results.items()]
    turns = [{"role": "assistant", "content": answer.content}, {"role": "user", "content": blocks}]
    asked = HELLO | {"tools": [WEATHER], "messages": HELLO["messages"] + turns}
    same(text_of(client.messages.create(**asked)), text)
    if STAND != "mock":
        body = str(calls(1)[0]["body"])
        for words in ["get_weather", PROMPT, *results.values()]:
            assert words in body, f"{words} did not reach the provider: {body}"


@case
def stream_tools():
    play("tool")
    fragments = {}
    for event in client.messages.create(**ASKED, stream=True):
        if event.type == "content_block_start":
            same((event.content_block.type, event.content_block.name), ("tool_use", "get_weather"))
        if event.type == "content_block_delta":
            fragments[event.index] = fragments.get(event.index, "") + event.delta.partial_json
    same([json.loads(fragment) for fragment in fragments.values()], [{"city": PARIS}])
    answer = accumulated(ASKED)
    same(answer.stop_reason, "tool_use")
    [call] = tools_of(answer)
    same((call.name, call.input), ("get_weather", {"city": PARIS}))
    answer_with_results(answer, {call.id: "sunny in Paris"})


@case
def stream_parallel_tools():
    play("tools")
    check_parallel(accumulated(ASKED))
    if STAND not in ("anthropic", "claude_fallback"):
        # Anthropic's own streams have one block after the other.
        play("interleaved_tools")
        answer = accumulated(ASKED)
        check_parallel(answer)
        same(text_of(answer), "One moment. ")


@case
def tool_without_arguments():
    play("tool_without_arguments")
    now = {"name": "get_time", "input_schema": {"type": "object", "properties": {}}}
    asked = HELLO | {"tools": [now]}
    for answer in (client.messages.create(**asked), accumulated(asked)):
        same([(call.name, call.input) for call in tools_of(answer)], [("get_time", {})])


@case
def run_tools():
    text = play("model")
    cities = []

    @anthropic.beta_tool
    def get_weather(city: str) -> str:
        """The weather in a city.

        Args:
            city: Its name.
        """
        cities.append(city)
        return f"sunny in {city}"

    final = client.beta.messages.tool_runner(**HELLO, tools=[get_weather]).until_done()
    same((text_of(final), cities), (text, ["Paris"]))
    assert "sunny in Paris" in str(calls(2)[1]["body"])
    play("model")
    for stream in client.beta.messages.tool_runner(**HELLO, tools=[get_weather], stream=True):
        final = stream.get_final_message()
    same((text_of(final), cities), (text, ["Paris", "Paris"]))

    @anthropic.beta_async_tool(name="get_weather")
    async def get_weather_later(city: str) -> str:
        """The weather in a city.

        Args:
            city: Its name.
        """
        cities.append(city)
        return f"sunny in {city}"

    async def asynchronous():
        async with AsyncAnthropic() as other:
            return await other.beta.messages.tool_runner(**HELLO, tools=[get_weather_later]).until_done()

    play("model")
    same((text_of(asyncio.run(asynchronous())), cities), (text, ["Paris"] * 3))
    calls(2)
