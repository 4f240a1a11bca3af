"""The official Python client of MCP, against the gateway's own tools and those of the server behind it.

Its argument is JSON: the client's `mode`, and a `server` as clients have it in their configuration. It tells each case
that failed on stderr, and ends with 1 if there was one. Where it says `{"hang_ups": n}` on stdout, it waits for a line:
then so many callers have hung up on the provider.
"""

import json
import sys
import traceback
from contextlib import asynccontextmanager

import anyio
import httpx2
import jsonschema
import mcp_types as types
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

PLAN = json.loads(sys.argv[1])
MODE, SERVER = PLAN["mode"], PLAN["server"]
CASES = []


def case(function):
    CASES.append(function)
    return function


@asynccontextmanager
async def connected(**callbacks):
    callbacks["read_timeout_seconds"] = 60
    if "command" in SERVER:
        transport = StdioServerParameters(command=SERVER["command"], args=SERVER.get("args", []), env=SERVER.get("env"))
        async with Client(transport, mode=MODE, **callbacks) as client:
            yield client
        return
    async with httpx2.AsyncClient(headers=SERVER.get("headers"), timeout=60) as http:
        transport = streamable_http_client(SERVER["url"], http_client=http)
        async with Client(transport, mode=MODE, **callbacks) as client:
            yield client


def hello(model):
    return {"model": model, "messages": [{"role": "user", "content": "hello"}]}


def text_of(result):
    return "".join(block.text for block in result.content if block.type == "text")


@case
async def everything_is_listed():
    async with connected() as client:
        # A client that is told the revision asks nothing before its first request.
        assert MODE == "2026-07-28" or client.server_info.name == "ai-mcp-gateway", client.server_info
        expected = "2025-11-25" if MODE == "legacy" else "2026-07-28"
        assert client.protocol_version == expected, client.protocol_version
        tools = (await client.list_tools()).tools
        names = [tool.name for tool in tools]
        assert {"route", "chat", "list_models"} <= set(names) and "everything__test_simple_text" in names, names
        for tool in tools:
            assert tool.input_schema["type"] == "object", tool
            if "__" in tool.name:
                continue
            assert len(tool.name) <= 40 and tool.output_schema["type"] == "object", tool
            hints = tool.annotations
            all_four = (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint)
            assert None not in all_four, tool
        uris = [str(resource.uri) for resource in (await client.list_resources()).resources]
        assert {"gateway://health", "gateway://models", "gateway://config", "everything+test://static-text"} <= set(uris), uris
        templates = [one.uri_template for one in (await client.list_resource_templates()).resource_templates]
        assert templates == ["everything+test://template/{id}/data"], templates
        prompts = [prompt.name for prompt in (await client.list_prompts()).prompts]
        assert "everything__test_simple_prompt" in prompts, prompts


@case
async def an_answer_has_the_form_that_its_tool_promises():
    async with connected() as client:
        schemas = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}
        calls = {
            "chat": hello("mock-small"),
            "route": {"prompt": "hello", "model": "mock-small"},
            "explain_route": {"model": "mock-small"},
            "list_models": {},
            "provider_health": {},
        }
        for name, given in calls.items():
            result = await client.call_tool(name, given)
            assert not result.is_error, (name, result)
            jsonschema.validate(result.structured_content, schemas[name])
            assert json.loads(text_of(result)) == result.structured_content, (name, result)
        said = await client.call_tool("chat", hello("mock-small"))
        assert "Hello from the mock provider" in text_of(said), said


@case
async def a_call_tells_what_becomes_of_it():
    told = []

    async def hear(progress, total, message):
        told.append((progress, message))

    async with connected() as client:
        result = await client.call_tool("chat", hello("gpt-4o"), progress_callback=hear)
        assert result.structured_content["provider"] == "openrouter", result
        steps = [progress for progress, _ in told]
        assert steps and steps == sorted(set(steps)), told
        assert any("openai" in message for _, message in told), told


@case
async def tools_of_the_other_server_are_used_like_its_own():
    async with connected() as client:
        result = await client.call_tool("everything__test_simple_text")
        assert text_of(result) == "This is a simple text response for testing.", result
        result = await client.call_tool("everything__test_structured", {"a": 2, "b": 3})
        assert result.structured_content == {"sum": 5}, result
        told = []

        async def hear(progress, total, _message):
            told.append((progress, total))

        await client.call_tool("everything__test_tool_with_progress", progress_callback=hear)
        assert told == [(0, 100), (50, 100), (100, 100)], told
        read = await client.read_resource("everything+test://static-text")
        assert read.contents[0].text == "This is the content of the static text resource.", read
        read = await client.read_resource("everything+test://template/7/data")
        assert json.loads(read.contents[0].text)["id"] == "7", read
        prompt = await client.get_prompt("everything__test_prompt_with_arguments", {"arg1": "a", "arg2": "b"})
        assert prompt.messages[0].content.text == "Prompt with arguments: arg1='a', arg2='b'", prompt


@case
async def the_other_server_may_ask_the_client():
    async def sample(_context, params):
        content = types.TextContent(type="text", text="Good day")
        return types.CreateMessageResult(role="assistant", content=content, model="the client's own")

    async def elicit(_context, params):
        fields = params.requested_schema["properties"]
        return types.ElicitResult(action="accept", content={name: f"my {name}" for name in fields})

    async def roots(_context):
        return types.ListRootsResult(roots=[types.Root(uri="file:///here")])

    callbacks = {"sampling_callback": sample, "elicitation_callback": elicit, "list_roots_callback": roots}
    async with connected(**callbacks) as client:
        result = await client.call_tool("everything__test_input_required_result_multiple_inputs")
        assert text_of(result) == "Good day my name, 1 roots", result
        result = await client.call_tool("everything__test_input_required_result_multi_round")
        assert text_of(result) == "my name likes my color.", result
        prompt = await client.get_prompt("everything__test_input_required_result_prompt")
        assert prompt.messages[0].content.text == "The context: my context", prompt


@case
async def a_call_that_is_cancelled_ends_at_the_provider():
    async with connected() as client:
        with anyio.move_on_after(1) as scope:
            await client.call_tool("chat", hello("claude-sonnet-4-5"))
        assert scope.cancelled_caught, "the provider answers nothing"
        print(json.dumps({"hang_ups": 1}), flush=True)
        assert await anyio.to_thread.run_sync(sys.stdin.readline), "the test has gone"
        with anyio.move_on_after(1) as scope:
            await client.call_tool("everything__test_endless")
        assert scope.cancelled_caught, "the tool answers nothing"
        result = await client.call_tool("everything__test_simple_text")
        assert not result.is_error, result


@case
async def what_is_wrong_is_said():
    async with connected() as client:
        result = await client.call_tool("chat", {"messages": "hello"})
        assert result.is_error and "messages" in text_of(result), result
        result = await client.call_tool("everything__test_error_handling")
        assert result.is_error and "intentionally" in text_of(result), result
        for name in ["no_such_tool", "everything__no_such_tool"]:
            try:
                raise AssertionError(await client.call_tool(name))
            except MCPError as error:
                assert error.error.code == -32602, error.error


def why(error):
    """What went wrong, without the groups that tasks wrap it into."""
    if isinstance(error, BaseExceptionGroup):
        return "".join(why(inner) for inner in error.exceptions)
    return "".join(traceback.format_exception(error))


async def main():
    failed = False
    for run in CASES:
        try:
            with anyio.fail_after(90):
                await run()
        except Exception as error:
            failed = True
            print(f"--- {run.__name__}\n{why(error)}", file=sys.stderr, flush=True)
    sys.exit(failed)


anyio.run(main)
