"""A desktop client: its first argument is a configuration as people paste it. Prints the tools of the one server in it.

The second argument is what stands for the values that a client asks its user or its environment for.
"""

import json
import re
import sys

import anyio
import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

CONFIGURATION, GIVEN = json.loads(sys.argv[1]), sys.argv[2]


def filled(text):
    return re.sub(r"\$\{(env|input):[^}]+\}", GIVEN, text)


async def listed(transport):
    async with Client(transport, mode="auto", read_timeout_seconds=60) as client:
        return [tool.name for tool in (await client.list_tools()).tools]


async def main():
    servers = CONFIGURATION.get("mcpServers") or CONFIGURATION["servers"]
    ((name, server),) = servers.items()
    assert name == "gateway", name
    if "command" in server:
        assert server.get("type", "stdio") == "stdio", server
        return await listed(StdioServerParameters(command=server["command"], args=server["args"], env=server.get("env")))
    assert server.get("type", "http") == "http", server
    headers = {name: filled(value) for name, value in server.get("headers", {}).items()}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        return await listed(streamable_http_client(server["url"], http_client=http))


print(json.dumps(anyio.run(main)))
