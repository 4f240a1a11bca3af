"""Whole answers: chat, parameters, headers, pictures, reasoning, refusals, choices, models."""

import asyncio

from openai import AsyncOpenAI, BadRequestError, NotFoundError, OpenAI

from stage import MODEL, PROMPT, SERVES, STAND, calls, case, play, raises, same

client = OpenAI()
HELLO = {"model": MODEL, "messages": [{"role": "user", "content": PROMPT}]}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@case
def chat():
    text = play()
    answer = client.chat.completions.create(**HELLO)
    same(answer.object, "chat.completion")
    assert answer.id and answer.created and answer.model, answer
    [choice] = answer.choices
    same((choice.index, choice.finish_reason, choice.message.role), (0, "stop", "assistant"))
    same(choice.message.content, text)
    same((choice.message.refusal, choice.message.tool_calls), (None, None))
    same(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)
    if STAND != "mock":
        same((answer.usage.prompt_tokens, answer.usage.completion_tokens), (9, 12))
        [call] = calls(1)
        assert PROMPT in str(call["body"]["messages"]), call


@case
def every_parameter():
    text = play()
    answer = client.chat.completions.create(
        model=MODEL,
        messages=[
            {"role": "developer", "content": "Be brief."},
            {"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
            {"role": "user", "content": "hi", "name": "ada"},
            {"role": "assistant", "content": "hi"},
            {"role": "user", "content": [{"type": "text", "text": PROMPT}]},
        ],
        temperature=0.5,
        top_p=0.9,
        max_completion_tokens=100,
        stop=["END"],
        seed=7,
        presence_penalty=0.1,
        frequency_penalty=0.1,
        user="user-1",
        metadata={"team": "a"},
        store=False,
        n=1,
    )
    same(answer.choices[0].message.content, text)
    if STAND != "mock":
        [call] = calls(1)
        for words in ("Be brief.", "Be kind.", PROMPT):
            assert words in str(call["body"]), call


@case
def headers():
    text = play()
    raw = client.chat.completions.with_raw_response.create(**HELLO, extra_headers={"x-request-id": "mine-1"})
    same(raw.headers["x-gateway-provider"], SERVES)
    assert raw.headers["x-gateway-model"], raw.headers
    same(raw.headers["x-gateway-attempts"], "2" if STAND == "fallback" else "1")
    same(raw.headers.get("x-gateway-fallback"), "openai:server_error" if STAND == "fallback" else None)
    assert "upstream;dur=" in raw.headers["server-timing"], raw.headers
    answer = raw.parse()
    same((raw.headers["x-request-id"], answer._request_id), ("mine-1", "mine-1"))
    same(answer.choices[0].message.content, text)
    with client.chat.completions.with_streaming_response.create(**HELLO, stream=True) as raw:
        same(raw.headers["x-gateway-provider"], SERVES)
        assert raw.headers["content-type"].startswith("text/event-stream"), raw.headers
        assert list(raw.iter_lines())[-2:] == ["data: [DONE]", ""]


@case
def vision():
    text = play()
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    content = [{"type": "text", "text": PROMPT}, picture]
    answer = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": content}])
    same(answer.choices[0].message.content, text)
    if STAND != "mock":
        assert PIXEL in str(calls(1)[0]["body"]), "the picture did not reach the provider"


@case
def reasoning():
    play("reasoning")
    asked = HELLO | {"reasoning_effort": "low"} if STAND == "ollama" else HELLO
    message = client.chat.completions.create(**asked).choices[0].message
    same((message.reasoning, message.content), ("Let me think.", "42"))
    deltas = [chunk.choices[0].delta for chunk in client.chat.completions.create(**asked, stream=True)]
    same("".join(getattr(delta, "reasoning", None) or "" for delta in deltas), "Let me think.")
    same("".join(delta.content or "" for delta in deltas), "42")


@case
def reasoning_returned():
    play("thinking_tool")
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": parameters}}
    asked = {"model": MODEL, "tools": [tool], "reasoning_effort": "low"}
    message = client.chat.completions.create(**asked, messages=HELLO["messages"]).choices[0].message
    same(message.reasoning, "Paris, then.")
    text = play()
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "sunny"}
    answer = client.chat.completions.create(**asked, messages=[*HELLO["messages"], message, result])
    same(answer.choices[0].message.content, text)
    turn = calls(1)[0]["body"]["messages"][1]["content"]
    same([block["type"] for block in turn], ["thinking", "tool_use"])
    same((turn[0]["thinking"], turn[0]["signature"]), ("Paris, then.", "c2lnbmVk"))


@case
def refusal():
    play("refusal")
    choice = client.chat.completions.create(**HELLO).choices[0]
    same((choice.message.refusal, choice.message.content), ("I cannot help with that.", None))
    same(choice.finish_reason, "content_filter" if STAND == "anthropic" else "stop")
    chunks = [chunk for chunk in client.chat.completions.create(**HELLO, stream=True) if chunk.choices]
    same("".join(chunk.choices[0].delta.refusal or "" for chunk in chunks), "I cannot help with that.")
    same(chunks[-1].choices[0].finish_reason, choice.finish_reason)


@case
def choices():
    text = play("choices")
    if STAND in ("anthropic", "ollama"):
        error = raises(BadRequestError, lambda: client.chat.completions.create(**HELLO, n=2))
        same(error.param, "n")
        return
    expected = {0: text, 1: text} if STAND == "mock" else {0: "one", 1: "two"}
    answer = client.chat.completions.create(**HELLO, n=2)
    same({choice.index: choice.message.content for choice in answer.choices}, expected)
    texts = {0: "", 1: ""}
    for chunk in client.chat.completions.create(**HELLO, n=2, stream=True):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    same(texts, expected)


@case
def models():
    play()
    listed = {model.id: model.owned_by for model in client.models.list()}
    if STAND == "mock":
        wanted = None
    else:
        wanted = {"anthropic": "claude-sonnet-4-5-20250929"}.get(STAND, MODEL)
        assert wanted in listed, listed
        found = client.models.retrieve(wanted)
        same((found.id, found.object, found.owned_by), (wanted, "model", listed[wanted]))
    error = raises(NotFoundError, lambda: client.models.retrieve("no-such/model"))
    same((error.code, error.param), ("model_not_found", "model"))


@case
def concurrent():
    text = play()

    async def whole(asynchronous):
        return (await asynchronous.chat.completions.create(**HELLO)).choices[0].message.content

    async def streamed(asynchronous):
        stream = await asynchronous.chat.completions.create(**HELLO, stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    async def all_of_them():
        async with AsyncOpenAI(max_retries=0) as asynchronous:
            return await asyncio.gather(*[(whole, streamed)[at % 2](asynchronous) for at in range(50)])

    same(asyncio.run(all_of_them()), [text] * 50)
    if STAND != "mock":
        calls(50)
