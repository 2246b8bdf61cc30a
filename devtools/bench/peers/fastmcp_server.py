"""The four tools behind FastMCP in its cheapest mode: stateless, with JSON responses. One argument: the port."""

import json
import sys

from fastmcp import FastMCP

import notes

server = FastMCP("bench")
server.tool(notes.add_note)
server.tool(notes.reset_session)
server.tool(notes.echo_cached)


@server.tool
def get_notes(session_id: str) -> str:
    """Returns the notes as a JSON array in one text, as the contract requires."""
    return json.dumps(notes.get_notes(session_id))


server.run(
    transport="http",
    host="127.0.0.1",
    port=int(sys.argv[1]),
    stateless_http=True,
    json_response=True,
    show_banner=False,
    log_level="WARNING",
)
