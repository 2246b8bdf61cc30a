//! The Python SDK, version 2: <https://github.com/modelcontextprotocol/python-sdk>

use super::{Connection, Instructions, VARIABLE};

pub(super) fn instructions(connection: &Connection) -> Instructions {
    let url = connection.mcp_url();
    let (import, token) = match &connection.shown {
        None => ("import os\n", format!("os.environ[\"{VARIABLE}\"]")),
        Some(token) => ("", format!("\"{}\"", token.reveal())),
    };
    let text = format!(
        r#"import asyncio
{import}
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


async def main() -> None:
    headers = {{"Authorization": "Bearer " + {token}}}
    async with httpx2.AsyncClient(headers=headers) as http:
        async with Client(streamable_http_client("{url}", http_client=http)) as client:
            await client.call_tool("add_note", {{"session_id": "demo", "note": "hello"}})
            result = await client.call_tool("get_notes", {{"session_id": "demo"}})
            print(result.structured_content)


asyncio.run(main())"#
    );
    let mut notes = vec!["pip install 'mcp>=2'".to_owned()];
    notes.extend(connection.variable_note("Python"));
    Instructions { notes, text }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{hidden, shown},
        *,
    };

    #[test]
    fn hidden_token_comes_from_the_variable() {
        assert!(instructions(&hidden()).text.contains(r#""Bearer " + os.environ["MCP_TOKEN"]"#));
        assert!(instructions(&shown()).text.contains(r#""Bearer " + "secret""#));
    }
}
