//! mcp-remote, which bridges clients that know stdio servers only: <https://www.npmjs.com/package/mcp-remote>

use super::{Connection, Instructions};

pub(super) fn instructions(connection: &Connection) -> Instructions {
    let arguments = arguments(connection, &connection.shell_token())
        .into_iter()
        .map(|argument| if argument.contains([' ', '$']) { format!("\"{argument}\"") } else { argument });
    Instructions {
        notes: vec!["run this in the checkout; needs Node.js".to_owned()],
        text: format!("npx {}", arguments.collect::<Vec<_>>().join(" ")),
    }
}

/// The arguments of npx. Plain HTTP has to be allowed unless the host is localhost.
pub(super) fn arguments(connection: &Connection, token: &str) -> Vec<String> {
    let url = connection.mcp_url();
    let plain = url.starts_with("http://").then(|| "--allow-http".to_owned());
    let server = ["-y".to_owned(), "mcp-remote".to_owned(), url];
    let header = ["--header".to_owned(), format!("Authorization: Bearer {token}")];
    server.into_iter().chain(plain).chain(header).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::shown, *};

    #[test]
    fn plain_http_is_allowed_explicitly() {
        assert_eq!(
            instructions(&shown()).text,
            "npx -y mcp-remote http://127.0.0.1:3333/mcp --allow-http --header \"Authorization: Bearer secret\""
        );
        let https = Connection::new("https://mcp.example.com", "cargo xtask token");
        assert!(!instructions(&https).text.contains("--allow-http"));
    }
}
