//! Codex: <https://developers.openai.com/codex/mcp>

use super::{Connection, Instructions, SERVER, VARIABLE};

pub(super) fn instructions(connection: &Connection) -> Instructions {
    let url = connection.mcp_url();
    // Codex rejects a token in its configuration, except as a header.
    let token = match &connection.shown {
        None => format!("bearer_token_env_var = \"{VARIABLE}\""),
        Some(token) => format!("http_headers = {{ \"Authorization\" = \"Bearer {}\" }}", token.reveal()),
    };
    let mut notes = vec![format!("add this to ~/.codex/config.toml, or run: {}", command(connection))];
    notes.extend(connection.variable_note("Codex"));
    Instructions { notes, text: format!("[mcp_servers.{SERVER}]\nurl = \"{url}\"\n{token}") }
}

/// The command that adds the same configuration.
pub(super) fn command(connection: &Connection) -> String {
    format!("codex mcp add {SERVER} --url {} --bearer-token-env-var {VARIABLE}", connection.mcp_url())
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{hidden, shown},
        *,
    };

    #[test]
    fn configuration_is_toml() {
        let parsed: toml::Table = instructions(&hidden()).text.parse().unwrap();
        let server = &parsed["mcp_servers"]["mcp-stateful"];
        assert_eq!(server["url"].as_str(), Some("http://127.0.0.1:3333/mcp"));
        assert_eq!(server["bearer_token_env_var"].as_str(), Some("MCP_TOKEN"));
        let parsed: toml::Table = instructions(&shown()).text.parse().unwrap();
        let headers = &parsed["mcp_servers"]["mcp-stateful"]["http_headers"];
        assert_eq!(headers["Authorization"].as_str(), Some("Bearer secret"));
    }
}
