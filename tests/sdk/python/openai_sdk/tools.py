"""Tools: whole and streamed, one and several at once, with their results on the way back."""

import json

import openai
from pydantic import BaseModel

from answers import HELLO, MODEL, client
from stage import PROMPT, STAND, calls, case, play, same


class GetWeather(BaseModel):
    """The weather in a city."""

    city: str


WEATHER = openai.pydantic_function_tool(GetWeather, name="get_weather")
# The mock calls a tool only where it must.
FORCED = {"tool_choice": "required"} if STAND == "mock" else {}
PARIS = "mock" if STAND == "mock" else "Paris"


@case
def tools():
    play("tool")
    history = list(HELLO["messages"])
    choice = client.chat.completions.create(**HELLO, tools=[WEATHER], **FORCED).choices[0]
    same(choice.finish_reason, "tool_calls")
    [call] = choice.message.tool_calls
    same((call.type, call.function.name), ("function", "get_weather"))
    same(json.loads(call.function.arguments), {"city": PARIS})
    answer_with_results(history, choice.message, {call.id: "sunny in Paris"})


@case
def parallel_tools():
    play("tools")
    choice = client.chat.completions.create(**HELLO, tools=[WEATHER], parallel_tool_calls=True).choices[0]
    same(choice.finish_reason, "tool_calls")
    paris, rome = choice.message.tool_calls
    assert paris.id != rome.id, "two calls with one id"
    same([json.loads(call.function.arguments)["city"] for call in (paris, rome)], ["Paris", "Rome"])
    results = {paris.id: "sunny in Paris", rome.id: "rain in Rome"}
    answer_with_results(list(HELLO["messages"]), choice.message, results)


def answer_with_results(history, message, results):
    """Sends the results back as the SDK's users do, and reads the answer."""
    text = play()
    history.append(message)
    for call, result in results.items():
        history.append({"role": "tool", "tool_call_id": call, "content": result})
    answer = client.chat.completions.create(model=MODEL, messages=history, tools=[WEATHER])
    same(answer.choices[0].message.content, text)
    if STAND != "mock":
        body = str(calls(1)[0]["body"])
        for words in ["get_weather", PROMPT, *results.values()]:
            assert words in body, f"{words} did not reach the provider: {body}"


@case
def stream_tools():
    play("tool")
    asked = HELLO | FORCED | {"tools": [WEATHER]}
    name, arguments, ids, finish = "", "", [], None
    for chunk in client.chat.completions.create(**asked, stream=True):
        [choice] = chunk.choices
        finish = choice.finish_reason or finish
        for call in choice.delta.tool_calls or []:
            same(call.index, 0)
            ids += [call.id] if call.id else []
            name += call.function.name or ""
            arguments += call.function.arguments or ""
    same((name, json.loads(arguments), len(ids), finish), ("get_weather", {"city": PARIS}, 1, "tool_calls"))
    final, done = accumulated(asked)
    [call] = final.choices[0].message.tool_calls
    same(call.function.parsed_arguments, GetWeather(city=PARIS))
    same([event.parsed_arguments for event in done], [GetWeather(city=PARIS)])
    answer_with_results(list(HELLO["messages"]), final.choices[0].message, {call.id: "sunny in Paris"})


@case
def stream_parallel_tools():
    for name in ("tools", "interleaved_tools"):
        play(name)
        final, done = accumulated(HELLO | {"tools": [WEATHER]})
        choice = final.choices[0]
        same(choice.finish_reason, "tool_calls")
        same([call.function.parsed_arguments.city for call in choice.message.tool_calls], ["Paris", "Rome"])
        same([event.index for event in done], [0, 1])
        same(len({call.id for call in choice.message.tool_calls}), 2)
        same(choice.message.content or "", "One moment. " if name == "interleaved_tools" else "")


@case
def tool_without_arguments():
    play("tool_without_arguments")
    now = {"type": "function", "function": {"name": "get_time", "parameters": {"type": "object", "properties": {}}}}
    [call] = client.chat.completions.create(**HELLO, tools=[now]).choices[0].message.tool_calls
    same((call.function.name, json.loads(call.function.arguments)), ("get_time", {}))
    final, _ = accumulated(HELLO | {"tools": [now]})
    [call] = final.choices[0].message.tool_calls
    same((call.function.name, json.loads(call.function.arguments)), ("get_time", {}))


def accumulated(asked):
    """The stream added up by the SDK, and its events of finished tool calls."""
    with client.chat.completions.stream(**asked) as helper:
        done = [event for event in helper if event.type == "tool_calls.function.arguments.done"]
        return helper.get_final_completion(), done


@case
def run_tools():
    """This SDK runs no tools by itself: `parse` gives the arguments, and the user's loop does the rest."""
    play("tool")
    choice = client.chat.completions.parse(**HELLO, tools=[WEATHER], **FORCED).choices[0]
    [call] = choice.message.tool_calls
    same(call.function.parsed_arguments, GetWeather(city=PARIS))
    answer_with_results(list(HELLO["messages"]), choice.message, {call.id: "sunny in Paris"})
