//! Cursor: <https://cursor.com/docs/mcp>

use serde_json::json;

use super::{Connection, Instructions, SERVER, VARIABLE};

pub(super) fn instructions(connection: &Connection) -> Instructions {
    let token = connection.token_or(&format!("${{env:{VARIABLE}}}"));
    let configuration = json!({
        "mcpServers": { SERVER: {
            "url": connection.mcp_url(),
            "headers": { "Authorization": format!("Bearer {token}") },
        } }
    });
    let mut notes = vec!["save this as .cursor/mcp.json, or merge it into that file or ~/.cursor/mcp.json".to_owned()];
    notes.extend(connection.variable_note("Cursor"));
    Instructions { notes, text: format!("{configuration:#}") }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{super::tests::hidden, *};

    #[test]
    fn hidden_token_comes_from_the_variable() {
        let parsed: Value = serde_json::from_str(&instructions(&hidden()).text).unwrap();
        assert_eq!(parsed["mcpServers"]["mcp-stateful"]["headers"]["Authorization"], "Bearer ${env:MCP_TOKEN}");
    }
}
