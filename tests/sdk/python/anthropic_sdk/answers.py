"""Whole messages: text, parameters, headers, pictures, thinking, refusals, token counts, models."""

import asyncio
import os

from anthropic import Anthropic, AsyncAnthropic, NotFoundError

from stage import FALLBACK, LINKS, MODEL, PROMPT, SERVES, STAND, calls, case, play, raises, same

API_VERSION = os.environ["API_VERSION"]
# The providers that are spoken to in Anthropic's own form.
DIRECT = STAND in ("anthropic", "claude_fallback")

client = Anthropic()
HELLO = {"model": MODEL, "max_tokens": 1500, "messages": [{"role": "user", "content": PROMPT}]}
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


@case
def message():
    text = play()
    check_message(client.messages.create(**HELLO), text)
    if STAND != "mock":
        [call] = calls(1)
        assert PROMPT in str(call["body"]["messages"]), call

    async def asynchronous():
        async with AsyncAnthropic() as other:
            return await other.messages.create(**HELLO)

    check_message(asyncio.run(asynchronous()), text)


def check_message(answer, text):
    same((answer.type, answer.role), ("message", "assistant"))
    same((answer.stop_reason, answer.stop_sequence), ("end_turn", None))
    same([(block.type, block.text) for block in answer.content], [("text", text)])
    assert answer.id and answer.model, answer
    if STAND != "mock":
        same((answer.usage.input_tokens, answer.usage.output_tokens), (9, 12))


@case
def every_parameter():
    text = play()
    # The newer version of the API has no sampling.
    sampling = {"temperature": 0.5, "top_k": 40} if API_VERSION == "2023-06-01" else None
    answer = client.messages.create(
        model=MODEL,
        max_tokens=100,
        system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        messages=[
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "hi"},
            {"role": "user", "content": [{"type": "text", "text": PROMPT, "cache_control": {"type": "ephemeral"}}]},
        ],
        stop_sequences=["END"],
        metadata={"user_id": "user-1"},
        service_tier="auto",
        tools=[{"name": "get_time", "description": "The time.", "input_schema": {"type": "object", "properties": {}}}],
        tool_choice={"type": "auto", "disable_parallel_tool_use": True},
        extra_body=sampling,
    )
    same(text_of(answer), text)
    if STAND != "mock":
        [call] = calls(1)
        for words in ("Be brief.", PROMPT, "END", "get_time"):
            assert words in str(call["body"]), call


@case
def headers():
    text = play()
    raw = client.messages.with_raw_response.create(**HELLO, extra_headers={"x-request-id": "mine-1"})
    same(raw.headers["x-gateway-provider"], SERVES)
    assert raw.headers["x-gateway-model"], raw.headers
    same(raw.headers["x-gateway-attempts"], str(LINKS))
    same(raw.headers.get("x-gateway-fallback"), FALLBACK)
    answer = raw.parse()
    same((raw.headers["x-request-id"], raw.headers["request-id"], answer._request_id), ("mine-1",) * 3)
    same(text_of(answer), text)
    with client.messages.with_streaming_response.create(**HELLO, stream=True) as raw:
        same(raw.headers["x-gateway-provider"], SERVES)
        assert raw.headers["content-type"].startswith("text/event-stream"), raw.headers
        assert "event: message_stop" in list(raw.iter_lines())
    if STAND != "mock":
        for call in calls(2):
            same(call["headers"].get("anthropic-version"), API_VERSION if DIRECT else None)
            assert os.environ["ANTHROPIC_API_KEY"] not in str(call["headers"]), "the client's key went on"


@case
def vision():
    text = play()
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
    content = [picture, {"type": "text", "text": PROMPT}]
    answer = client.messages.create(**HELLO | {"messages": [{"role": "user", "content": content}]})
    same(text_of(answer), text)
    assert PIXEL in str(calls(1)[0]["body"]), "the picture did not reach the provider"


@case
def thinking():
    play("reasoning")
    whole = client.messages.create(**HELLO, **THINKING)
    with client.messages.stream(**HELLO, **THINKING) as stream:
        events = list(stream)
        streamed = stream.get_final_message()
    same("".join(event.thinking for event in events if event.type == "thinking"), "Let me think.")
    for answer in (whole, streamed):
        same([block.type for block in answer.content], ["thinking", "text"])
        same((answer.content[0].thinking, answer.content[1].text), ("Let me think.", "42"))
        # Only Anthropic's own thoughts are signed.
        same(answer.content[0].signature, "c2lnbmVk" if DIRECT else "")


@case
def thinking_returned():
    play("thinking_tool")
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    asked = HELLO | THINKING | {"tools": [{"name": "get_weather", "input_schema": schema}]}
    answer = client.messages.create(**asked)
    same([block.type for block in answer.content], ["thinking", "tool_use"])
    text = play()
    result = {"type": "tool_result", "tool_use_id": answer.content[1].id, "content": "sunny"}
    turns = [{"role": "assistant", "content": answer.content}, {"role": "user", "content": [result]}]
    same(text_of(client.messages.create(**asked | {"messages": HELLO["messages"] + turns})), text)
    body = calls(1)[0]["body"]
    assert "sunny" in str(body) and "get_weather" in str(body["messages"]), body
    if DIRECT:
        thought = body["messages"][1]["content"][0]
        same((thought["type"], thought["thinking"], thought["signature"]), ("thinking", "Paris, then.", "c2lnbmVk"))


@case
def refusal():
    play("refusal")
    whole = client.messages.create(**HELLO)
    with client.messages.stream(**HELLO) as stream:
        streamed = stream.get_final_message()
    for answer in (whole, streamed):
        same(answer.stop_reason, "refusal")
        said = answer.stop_details.explanation if answer.stop_details else text_of(answer)
        same(said, "I cannot help with that.")


@case
def count_tokens():
    play()
    system = "Be brief. " * 40
    asked = {name: HELLO[name] for name in ("model", "messages")}
    raw = client.messages.with_raw_response.count_tokens(**asked)
    if STAND == "anthropic":
        same((raw.parse().input_tokens, raw.headers.get("x-gateway-warnings")), (9, None))
        same([call["path"] for call in calls(1)], ["/v1/messages/count_tokens"])
        return
    # Nobody else counts: it is an estimate, which grows with the request, and says so.
    few, many = raw.parse().input_tokens, client.messages.count_tokens(**asked, system=system).input_tokens
    assert 0 < few < 20 and 60 < many < 200, (few, many)
    same(raw.headers["x-gateway-warnings"], "estimated=input_tokens")
    if STAND != "mock":
        calls(0, requests=2)


@case
def models():
    play()
    listed = {model.id: model for model in client.models.list()}
    # Page by page it is the same.
    same([model.id for model in client.models.list(limit=2)], list(listed))
    if STAND != "mock":
        wanted = "claude-sonnet-4-5-20250929" if MODEL.startswith("claude") else MODEL
        assert wanted in listed, listed
        same(listed[wanted].lifecycle, "active")
        found = client.models.retrieve(wanted)
        same((found.id, found.type), (wanted, "model"))
        assert found.display_name and found.created_at.year >= 1970, found
    error = raises(NotFoundError, lambda: client.models.retrieve("no-such-model"))
    same(error.body["error"]["type"], "not_found_error")


@case
def concurrent():
    text = play()

    async def whole(other):
        return text_of(await other.messages.create(**HELLO))

    async def streamed(other):
        async with other.messages.stream(**HELLO) as stream:
            return await stream.get_final_text()

    async def all_of_them():
        async with AsyncAnthropic(max_retries=0) as other:
            return await asyncio.gather(*[(whole, streamed)[at % 2](other) for at in range(50)])

    same(asyncio.run(all_of_them()), [text] * 50)
    if STAND != "mock":
        calls(50)
