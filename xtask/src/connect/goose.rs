//! Goose: <https://github.com/aaif-goose/goose/blob/main/documentation/docs/guides/config-files.md>

use super::{Connection, Instructions, SERVER, VARIABLE};

pub(super) fn instructions(connection: &Connection) -> Instructions {
    let (url, token) = (connection.mcp_url(), connection.token_or(&format!("${{{VARIABLE}}}")));
    // `env_keys` names the variables that Goose may put into the headers.
    let keys = if connection.shown.is_none() { format!("[{VARIABLE}]") } else { "[]".to_owned() };
    let text = format!(
        "extensions:
  {SERVER}:
    name: {SERVER}
    description: Notes in sessions
    type: streamable_http
    uri: {url}
    headers:
      Authorization: \"Bearer {token}\"
    env_keys: {keys}
    enabled: true
    timeout: 300"
    );
    let path =
        if cfg!(windows) { "%APPDATA%\\Block\\goose\\config\\config.yaml" } else { "~/.config/goose/config.yaml" };
    let mut notes = vec![format!("merge this into {path}")];
    notes.extend(connection.variable_note("Goose"));
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
        let text = instructions(&hidden()).text;
        assert!(text.contains("Authorization: \"Bearer ${MCP_TOKEN}\"\n    env_keys: [MCP_TOKEN]\n"), "{text}");
        assert!(instructions(&shown()).text.contains("Authorization: \"Bearer secret\"\n    env_keys: []\n"));
    }

    #[test]
    fn indentation_is_spaces_by_two() {
        let text = instructions(&hidden()).text;
        let indents: Vec<usize> = text.lines().map(|line| line.len() - line.trim_start_matches(' ').len()).collect();
        assert_eq!(indents, [0, 2, 4, 4, 4, 4, 4, 6, 4, 4, 4]);
    }
}
