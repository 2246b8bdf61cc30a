"""The tools of `examples/cart` and `examples/meter` in FastMCP's session state, which it keeps in DynamoDB through the store
of py-key-value. Time-outs are those of mcp-stateful. One argument: the port."""

import sys

from botocore.config import Config
from fastmcp import FastMCP
from fastmcp.server.sessions import SessionId, SessionProvider, get_session
from key_value.aio.stores.dynamodb import DynamoDBStore

store = DynamoDBStore(table_name="fastmcp_state")
# The store takes no settings of its client. The default would wait for a response for a minute.
store._session._session.set_default_client_config(Config(connect_timeout=1, read_timeout=3))

server = FastMCP("state", session_state_store=store)
server.add_provider(SessionProvider())


@server.tool
async def add_item(session_id: SessionId, item: str, quantity: int = 1) -> dict:
    session = await get_session(session_id)
    items = await session.get("cart", {})
    items[item] = items.get(item, 0) + quantity
    await session.set("cart", items)
    return {"quantity": items[item]}


@server.tool
async def show_cart(session_id: SessionId) -> dict:
    session = await get_session(session_id)
    return {"items": await session.get("cart", {})}


@server.tool
async def record_usage(session_id: SessionId, meter: str, units: int) -> dict:
    session = await get_session(session_id)
    total = await session.get(meter, 0) + units
    await session.set(meter, total)
    return {"units": total}


@server.tool
async def get_usage(session_id: SessionId, meter: str) -> dict:
    session = await get_session(session_id)
    return {"units": await session.get(meter, 0)}


server.run(
    transport="http",
    host="127.0.0.1",
    port=int(sys.argv[1]),
    stateless_http=True,
    json_response=True,
    show_banner=False,
    log_level="ERROR",
)
