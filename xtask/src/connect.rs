//! Instructions to connect a client to a deployment: the configuration that each client documents, as text.
//!
//! Pure functions. Finding the deployment is `commands/connect.rs`. The token is part of a configuration only if the
//! connection carries it, which is what `--show-token` does. Otherwise a configuration names a command, a variable or a
//! prompt that supplies the token.

mod claude_code;
mod claude_desktop;
mod codex;
mod curl;
mod cursor;
mod goose;
mod mcp_remote;
mod python;
mod typescript;
mod vscode;

use clap::ValueEnum;

use crate::{columns, token::Token};

/// Name under which clients list the server.
const SERVER: &str = "mcp-stateful";

/// Environment variable that configurations read the token from.
const VARIABLE: &str = "MCP_TOKEN";

/// A client with instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Client {
    /// Anthropic's command-line agent.
    ClaudeCode,
    /// Anthropic's desktop application, through mcp-remote.
    ClaudeDesktop,
    /// Visual Studio Code with GitHub Copilot.
    Vscode,
    /// The Cursor editor.
    Cursor,
    /// The Goose agent.
    Goose,
    /// OpenAI's Codex.
    Codex,
    /// A bridge for clients that know stdio servers only.
    McpRemote,
    /// One REST call in a shell.
    Curl,
    /// A script with the Python SDK.
    Python,
    /// A script with the TypeScript client.
    Typescript,
}

/// An address, and the ways to its token.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    url: String,
    token_command: String,
    shown: Option<Token>,
}

/// Instructions for one client.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Instructions {
    /// Destination of the text, and other steps.
    pub(crate) notes: Vec<String>,
    /// The command, configuration or script.
    pub(crate) text: String,
}

impl Connection {
    /// A connection to the server at an address without `/mcp`. The command prints the token.
    pub(crate) fn new(url: &str, token_command: impl Into<String>) -> Self {
        Self { url: url.to_owned(), token_command: token_command.into(), shown: None }
    }

    /// Puts the token itself into the instructions.
    pub(crate) fn showing(self, token: Token) -> Self {
        Self { shown: Some(token), ..self }
    }

    pub(crate) fn mcp_url(&self) -> String {
        format!("{}/mcp", self.url)
    }

    /// The token if it is shown, else a reference to it.
    fn token_or(&self, reference: &str) -> String {
        self.shown.as_ref().map_or_else(|| reference.to_owned(), |token| token.reveal().to_owned())
    }

    /// The token for a shell, which runs the command. POSIX shells and PowerShell share this syntax.
    fn shell_token(&self) -> String {
        self.token_or(&format!("$({})", self.token_command))
    }

    /// Returns the note on how to set the variable. Empty if the token is shown.
    fn variable_note(&self, process: &str) -> Vec<String> {
        if self.shown.is_some() {
            return Vec::new();
        }
        let set = if cfg!(windows) {
            format!("$env:{VARIABLE} = {}", self.token_command)
        } else {
            format!("export {VARIABLE}=$({})", self.token_command)
        };
        vec![format!("set the token before you start {process}: {set}")]
    }
}

impl Client {
    /// The name as a reader knows it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::ClaudeCode => "Claude Code",
            Self::ClaudeDesktop => "Claude Desktop",
            Self::Vscode => "VS Code",
            Self::Cursor => "Cursor",
            Self::Goose => "Goose",
            Self::Codex => "Codex",
            Self::McpRemote => "mcp-remote",
            Self::Curl => "curl",
            Self::Python => "Python",
            Self::Typescript => "TypeScript",
        }
    }

    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    pub(crate) fn instructions(self, connection: &Connection) -> Instructions {
        match self {
            Self::ClaudeCode => claude_code::instructions(connection),
            Self::ClaudeDesktop => claude_desktop::instructions(connection),
            Self::Vscode => vscode::instructions(connection),
            Self::Cursor => cursor::instructions(connection),
            Self::Goose => goose::instructions(connection),
            Self::Codex => codex::instructions(connection),
            Self::McpRemote => mcp_remote::instructions(connection),
            Self::Curl => curl::instructions(connection),
            Self::Python => python::instructions(connection),
            Self::Typescript => typescript::instructions(connection),
        }
    }

    /// The one-line command of a client that has one; for the others, the command that prints their text.
    fn one_line(self, connection: &Connection, flags: &str) -> String {
        match self {
            Self::ClaudeCode | Self::Curl | Self::McpRemote => self.instructions(connection).text,
            Self::Codex => codex::command(connection),
            _ => format!("cargo xtask connect {}{flags}", self.name()),
        }
    }
}

/// Lists every client with one command. The flags are those that name the deployment, such as ` --local`.
pub(crate) fn overview(connection: &Connection, flags: &str) -> String {
    let rows: Vec<Vec<String>> = Client::value_variants()
        .iter()
        .map(|client| vec![client.title().to_owned(), client.name(), client.one_line(connection, flags)])
        .collect();
    columns::render(&rows)
}

/// The lines that a deployment ends with. The flags are those that name the deployment, such as ` --local`.
pub(crate) fn next_steps(mcp_url: &str, flags: &str) -> String {
    let rows = [
        ("MCP", mcp_url.to_owned()),
        ("token", format!("cargo xtask token{flags}")),
        ("connect", format!("cargo xtask connect{flags}")),
        ("check", format!("cargo xtask smoke{flags}   (or status)")),
        ("remove", format!("cargo xtask destroy{flags}")),
    ];
    columns::render(&rows.map(|(name, value)| vec![name.to_owned(), value]))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn hidden() -> Connection {
        Connection::new("http://127.0.0.1:3333", "cargo xtask token --local")
    }

    pub(super) fn shown() -> Connection {
        hidden().showing(Token::new("secret"))
    }

    #[test]
    fn every_client_gets_the_address() {
        for client in Client::value_variants() {
            let text = client.instructions(&hidden()).text;
            assert!(text.contains("http://127.0.0.1:3333/mcp"), "{}: {text}", client.title());
        }
    }

    #[test]
    fn token_is_shown_on_request_only() {
        for client in Client::value_variants() {
            let (hidden, shown) = (client.instructions(&hidden()), client.instructions(&shown()));
            assert!(shown.text.contains("secret"), "{}: {}", client.title(), shown.text);
            assert!(!shown.notes.iter().any(|note| note.contains("token --local")), "{:?}", shown.notes);
            let all = format!("{:?}", hidden);
            assert!(all.contains("cargo xtask token --local"), "{}: {all}", client.title());
        }
    }

    #[test]
    fn overview_has_a_line_for_each_client() {
        let text = overview(&hidden(), " --local");
        assert_eq!(text.lines().count(), Client::value_variants().len());
        assert!(text.contains("cargo xtask connect vscode --local"), "{text}");
        assert!(!text.contains("secret"));
    }

    #[test]
    fn deployment_ends_in_five_lines() {
        let text = next_steps("http://127.0.0.1:3333/mcp", " --local");
        assert_eq!(text.lines().count(), 5);
        assert!(text.starts_with("MCP      http://127.0.0.1:3333/mcp\n"), "{text}");
    }
}
