//! The TypeScript client, version 2: <https://github.com/modelcontextprotocol/typescript-sdk>

use super::{Connection, Instructions, VARIABLE};

pub(super) fn instructions(connection: &Connection) -> Instructions {
    let (url, token) = (connection.mcp_url(), connection.token_or(&format!("${{process.env.{VARIABLE}}}")));
    let text = format!(
        "import {{ Client, StreamableHTTPClientTransport }} from '@modelcontextprotocol/client';

const client = new Client({{ name: 'example', version: '1.0.0' }});
const headers = {{ Authorization: `Bearer {token}` }};
await client.connect(new StreamableHTTPClientTransport(new URL('{url}'), {{ requestInit: {{ headers }} }}));
await client.callTool({{ name: 'add_note', arguments: {{ session_id: 'demo', note: 'hello' }} }});
const result = await client.callTool({{ name: 'get_notes', arguments: {{ session_id: 'demo' }} }});
console.log(result.structuredContent);
await client.close();"
    );
    let mut notes =
        vec!["npm install @modelcontextprotocol/client, then run this as an ES module (.mjs or .mts)".to_owned()];
    notes.extend(connection.variable_note("Node.js"));
    Instructions { notes, text }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::hidden, *};

    #[test]
    fn hidden_token_comes_from_the_variable() {
        assert!(instructions(&hidden()).text.contains("`Bearer ${process.env.MCP_TOKEN}`"));
    }
}
