"""Uses the service through the Python MCP client and prints what came back as one JSON object.

Reads MCP_URL, MCP_TOKEN, MCP_ERA, MCP_SESSION, MCP_SCRATCH and MCP_NOTE. Judges nothing: xtask does.
"""

import asyncio
import json
import os

from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


async def main() -> None:
    env = os.environ
    options = {"mode": "legacy"} if env["MCP_ERA"] == "legacy" else {}
    headers = {"Authorization": f"Bearer {env['MCP_TOKEN']}"}
    async with create_mcp_http_client(headers=headers) as http:
        async with Client(streamable_http_client(env["MCP_URL"], http_client=http), **options) as client:

            async def call(tool: str, **arguments: str) -> dict:
                result = await client.call_tool(tool, arguments)
                return {
                    "text": result.content[0].text,
                    "structured": result.structured_content,
                    "isError": bool(result.is_error),
                }

            tools = await client.list_tools()
            print(
                json.dumps(
                    {
                        "revision": client.protocol_version,
                        "tools": [tool.name for tool in tools.tools],
                        "add_note": await call("add_note", session_id=env["MCP_SESSION"], note=env["MCP_NOTE"]),
                        "get_notes": await call("get_notes", session_id=env["MCP_SESSION"]),
                        "echo_cached": await call("echo_cached", text=env["MCP_NOTE"]),
                        "reset_session": await call("reset_session", session_id=env["MCP_SCRATCH"]),
                        "create_session": await call("create_session"),
                    }
                )
            )


asyncio.run(main())
