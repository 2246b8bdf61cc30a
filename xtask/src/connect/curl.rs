//! curl: one call of a tool over REST.

use super::{Connection, Instructions};

pub(super) fn instructions(connection: &Connection) -> Instructions {
    let body = r#"{"name":"add_note","arguments":{"session_id":"demo","note":"hello"}}"#;
    let (url, token) = (connection.mcp_url(), connection.shell_token());
    // Windows PowerShell removes the quotes inside an argument unless they are escaped.
    let (program, body) = match cfg!(windows) {
        true => ("curl.exe", format!("\"{}\"", body.replace('"', "\\\""))),
        false => ("curl", format!("'{body}'")),
    };
    Instructions {
        notes: vec!["run this in the checkout; it adds a note to the session `demo`".to_owned()],
        text: format!("{program} {url}/call_tool -H \"Authorization: Bearer {token}\" -d {body}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::shown, *};

    #[cfg(unix)]
    #[test]
    fn body_is_json() {
        let text = instructions(&shown()).text;
        let body = text.split_once("-d '").unwrap().1.trim_end_matches('\'');
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["name"], "add_note");
    }
}
