"""Calls every tool once, for both Python scripts."""

import os


async def report(client, note: str) -> dict:
    session, scratch = os.environ["MCP_SESSION"], os.environ["MCP_SCRATCH"]

    async def call(tool: str, **arguments: str) -> dict:
        result = await client.call_tool(tool, arguments)
        return {
            "text": result.content[0].text,
            "structured": result.structured_content,
            "isError": bool(result.is_error),
        }

    tools = await client.list_tools()
    return {
        "protocol_version": client.protocol_version,
        "tools": [tool.name for tool in tools.tools],
        "add_note": await call("add_note", session_id=session, note=note),
        "get_notes": await call("get_notes", session_id=session),
        "echo_cached": await call("echo_cached", text=note),
        "reset_session": await call("reset_session", session_id=scratch),
        "create_session": await call("create_session"),
    }
