"""Calls the service through the Python MCP client and prints the results as one JSON object.

Reads MCP_URL, MCP_TOKEN, MCP_PROTOCOL_VERSION, MCP_SESSION, MCP_SCRATCH and MCP_NOTE. devtools checks the results.
"""

import asyncio
import json
import os

from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from python_report import report


async def main() -> None:
    env = os.environ
    options = {"mode": "legacy"} if env["MCP_PROTOCOL_VERSION"] == "2025-11-25" else {}
    headers = {"Authorization": f"Bearer {env['MCP_TOKEN']}"}
    async with create_mcp_http_client(headers=headers) as http:
        async with Client(streamable_http_client(env["MCP_URL"], http_client=http), **options) as client:
            print(json.dumps(await report(client, env["MCP_NOTE"])))


asyncio.run(main())
