//! Claude Code: <https://code.claude.com/docs/en/mcp>

use super::{Connection, Instructions, SERVER};

pub(super) fn instructions(connection: &Connection) -> Instructions {
    let (url, token) = (connection.mcp_url(), connection.shell_token());
    Instructions {
        notes: vec!["run this in the checkout; Claude Code keeps the header in its own configuration".to_owned()],
        text: format!("claude mcp add --transport http {SERVER} {url} --header \"Authorization: Bearer {token}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::hidden, *};

    #[test]
    fn shell_supplies_the_token() {
        assert!(instructions(&hidden()).text.ends_with("\"Authorization: Bearer $(cargo xtask token --local)\""));
    }
}
