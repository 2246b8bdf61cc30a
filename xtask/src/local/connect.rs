//! What somebody pastes to connect a client to the service. Text only.

use super::{record::Record, token::Token};

const INSPECTOR: &str = "@modelcontextprotocol/inspector@2.12.0";

/// How to connect the usual clients.
pub(crate) fn instructions(record: &Record, token: &Token) -> String {
    let (url, token) = (&record.url, token.reveal());
    format!(
        "Claude Code
  claude mcp add --transport http mcp-stateful {url}/mcp --header \"Authorization: Bearer {token}\"

VS Code, .vscode/mcp.json
{vscode}

MCP Inspector
  npx {INSPECTOR} --cli {url}/mcp --transport http --header \"Authorization: Bearer {token}\" --method tools/list

curl
  {call}",
        vscode = indent(&vscode(url, token)),
        call = call_example(url, token),
    )
}

/// One call of a tool that anybody can make.
fn call_example(url: &str, token: &str) -> String {
    let body = r#"{"name":"add_note","arguments":{"session_id":"demo","note":"hello"}}"#;
    if cfg!(windows) {
        let body = body.replace('"', "\\\"");
        return format!("curl.exe {url}/mcp/call_tool -H \"Authorization: Bearer {token}\" -d \"{body}\"");
    }
    format!("curl {url}/mcp/call_tool -H 'Authorization: Bearer {token}' -d '{body}'")
}

fn vscode(url: &str, token: &str) -> String {
    let servers = serde_json::json!({
        "servers": { "mcp-stateful": {
            "type": "http",
            "url": format!("{url}/mcp"),
            "headers": { "Authorization": format!("Bearer {token}") },
        } }
    });
    format!("{servers:#}")
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::record::tests::example;

    #[test]
    fn every_client_gets_the_address_and_the_token() {
        let text = instructions(&example(), &Token::new("secret"));
        assert_eq!(text.matches("http://127.0.0.1:3333/mcp").count(), 4);
        assert_eq!(text.matches("Bearer secret").count(), 4);
    }

    #[test]
    fn the_vscode_configuration_is_json() {
        let parsed: serde_json::Value = serde_json::from_str(&vscode("http://127.0.0.1:3333", "secret")).unwrap();
        assert_eq!(parsed["servers"]["mcp-stateful"]["url"], "http://127.0.0.1:3333/mcp");
        assert_eq!(parsed["servers"]["mcp-stateful"]["headers"]["Authorization"], "Bearer secret");
    }
}
