//! VS Code: <https://code.visualstudio.com/docs/copilot/reference/mcp-configuration>

use serde_json::json;

use super::{Connection, Instructions, SERVER};

const INPUT: &str = "mcp-stateful-token";

pub(super) fn instructions(connection: &Connection) -> Instructions {
    let token = connection.token_or(&format!("${{input:{INPUT}}}"));
    let mut configuration = json!({
        "servers": { SERVER: {
            "type": "http",
            "url": connection.mcp_url(),
            "headers": { "Authorization": format!("Bearer {token}") },
        } }
    });
    let mut notes = vec!["save this as .vscode/mcp.json, or merge it into that file".to_owned()];
    if connection.shown.is_none() {
        configuration["inputs"] = json!([{
            "type": "promptString",
            "id": INPUT,
            "description": format!("output of `{}`", connection.token_command),
            "password": true,
        }]);
        notes.push(format!("VS Code asks for the token once: paste the output of `{}`", connection.token_command));
    }
    Instructions { notes, text: format!("{configuration:#}") }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{
        super::tests::{hidden, shown},
        *,
    };

    fn parse(connection: &Connection) -> Value {
        serde_json::from_str(&instructions(connection).text).unwrap()
    }

    #[test]
    fn hidden_token_is_prompted_for() {
        let parsed = parse(&hidden());
        let reference = format!("Bearer ${{input:{}}}", parsed["inputs"][0]["id"].as_str().unwrap());
        assert_eq!(parsed["servers"]["mcp-stateful"]["headers"]["Authorization"], reference);
        assert_eq!(parsed["servers"]["mcp-stateful"]["url"], "http://127.0.0.1:3333/mcp");
    }

    #[test]
    fn shown_token_needs_no_prompt() {
        let parsed = parse(&shown());
        assert_eq!(parsed["servers"]["mcp-stateful"]["headers"]["Authorization"], "Bearer secret");
        assert_eq!(parsed.get("inputs"), None);
    }
}
