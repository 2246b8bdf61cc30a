//! What somebody pastes to connect a client to the service. Text only.

const INSPECTOR: &str = "@modelcontextprotocol/inspector@2.12.0";

/// Where a client gets the token from.
#[derive(Debug)]
pub(crate) enum From<'a> {
    /// The token itself, for what is on this machine anyway.
    Here(&'a str),
    /// A command that prints it: a shell puts its output in, an editor asks for it.
    Command(&'a str),
}

/// How to connect the usual clients.
pub(crate) fn instructions(url: &str, token: &From<'_>) -> String {
    let vscode = vscode(url, token);
    let token = match token {
        From::Here(token) => (*token).to_owned(),
        From::Command(command) => format!("$({command})"),
    };
    format!(
        "Claude Code
  claude mcp add --transport http mcp-stateful {url}/mcp --header \"Authorization: Bearer {token}\"

VS Code, .vscode/mcp.json
{vscode}

MCP Inspector
  npx {INSPECTOR} --cli {url}/mcp --transport http --header \"Authorization: Bearer {token}\" --method tools/list

curl
  {call}",
        vscode = indent(&vscode),
        call = call_example(url, &token),
    )
}

/// One call of a tool that anybody can make.
fn call_example(url: &str, token: &str) -> String {
    let body = r#"{"name":"add_note","arguments":{"session_id":"demo","note":"hello"}}"#;
    if cfg!(windows) {
        let body = body.replace('"', "\\\"");
        return format!("curl.exe {url}/mcp/call_tool -H \"Authorization: Bearer {token}\" -d \"{body}\"");
    }
    format!("curl {url}/mcp/call_tool -H \"Authorization: Bearer {token}\" -d '{body}'")
}

fn vscode(url: &str, token: &From<'_>) -> String {
    let value = match token {
        From::Here(token) => token,
        From::Command(_) => "${input:mcp-stateful-token}",
    };
    let mut configuration = serde_json::json!({
        "servers": { "mcp-stateful": {
            "type": "http",
            "url": format!("{url}/mcp"),
            "headers": { "Authorization": format!("Bearer {value}") },
        } }
    });
    if let From::Command(command) = token {
        configuration["inputs"] = serde_json::json!([{
            "type": "promptString",
            "id": "mcp-stateful-token",
            "description": format!("what `{command}` prints"),
            "password": true,
        }]);
    }
    format!("{configuration:#}")
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_gets_the_address_and_the_token() {
        let text = instructions("http://127.0.0.1:3333", &From::Here("secret"));
        assert_eq!(text.matches("http://127.0.0.1:3333/mcp").count(), 4);
        assert_eq!(text.matches("Bearer secret").count(), 4);
    }

    #[test]
    fn the_vscode_configuration_is_json() {
        let parsed: serde_json::Value =
            serde_json::from_str(&vscode("http://127.0.0.1:3333", &From::Here("secret"))).unwrap();
        assert_eq!(parsed["servers"]["mcp-stateful"]["url"], "http://127.0.0.1:3333/mcp");
        assert_eq!(parsed["servers"]["mcp-stateful"]["headers"]["Authorization"], "Bearer secret");
    }

    #[test]
    fn a_command_is_run_by_shells_and_typed_into_editors() {
        let text = instructions("http://203.0.113.7:3333", &From::Command("cargo xtask token"));
        assert_eq!(text.matches("Bearer $(cargo xtask token)").count(), 3);
        let parsed: serde_json::Value =
            serde_json::from_str(&vscode("http://203.0.113.7:3333", &From::Command("cargo xtask token"))).unwrap();
        let input = format!("Bearer ${{input:{}}}", parsed["inputs"][0]["id"].as_str().unwrap());
        assert_eq!(parsed["servers"]["mcp-stateful"]["headers"]["Authorization"], input);
    }
}
