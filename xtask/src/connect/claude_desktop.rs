//! Claude Desktop, which starts stdio servers only: mcp-remote connects them.
//!
//! <https://modelcontextprotocol.io/docs/develop/connect-local-servers> and <https://www.npmjs.com/package/mcp-remote>

use serde_json::json;

use super::{Connection, Instructions, SERVER, VARIABLE, mcp_remote};

pub(super) fn instructions(connection: &Connection) -> Instructions {
    // Claude Desktop on Windows splits arguments at blanks, so mcp-remote's page has the blank in the variable's value.
    let arguments: Vec<String> = mcp_remote::arguments(connection, "")
        .into_iter()
        .map(|argument| match argument.starts_with("Authorization:") {
            true => format!("Authorization:${{{VARIABLE}}}"),
            false => argument,
        })
        .collect();
    let value = format!("Bearer {}", connection.token_or("<token>"));
    let configuration = json!({
        "mcpServers": { SERVER: { "command": "npx", "args": arguments, "env": { VARIABLE: value } } }
    });
    let mut notes = vec![
        "merge this into claude_desktop_config.json (Settings > Developer > Edit Config) and restart; needs Node.js"
            .to_owned(),
    ];
    if connection.shown.is_none() {
        // The application is not started from a shell, so a variable of the shell does not reach it.
        notes.push(format!("replace <token> with the output of `{}`, or add --show-token", connection.token_command));
    }
    Instructions { notes, text: format!("{configuration:#}") }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{super::tests::shown, *};

    #[test]
    fn token_is_in_the_variable_of_the_bridge() {
        let parsed: Value = serde_json::from_str(&instructions(&shown()).text).unwrap();
        let server = &parsed["mcpServers"]["mcp-stateful"];
        assert_eq!(server["env"]["MCP_TOKEN"], "Bearer secret");
        assert_eq!(server["args"].as_array().unwrap().last().unwrap(), "Authorization:${MCP_TOKEN}");
    }
}
