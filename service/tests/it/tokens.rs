//! Named tokens: creation, acceptance, and secrecy in logs and error messages.

use std::process::{Command, Output, Stdio};

use serde_json::json;

use crate::support::server::{Setup, TOKEN};

fn new_token(name: &str) -> Output {
    let (mut command, _folder) = Setup::new().arg("new-token").arg(name).command();
    command.stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// Creates a token. Returns it as printed to stdout, with its entry as printed to stderr.
pub(crate) fn token_and_entry(name: &str) -> (String, String) {
    let Output { status, stdout, stderr } = new_token(name);
    assert!(status.success());
    let entry = text(stderr).lines().last().unwrap().to_owned();
    (text(stdout).trim_end().to_owned(), entry)
}

#[test]
fn new_token_prints_token_and_entry_separately() {
    let (token, entry) = token_and_entry("alice");
    assert!(token.len() == 43 && !token.contains(char::is_whitespace), "{token}");
    let hash = entry.strip_prefix("alice=").unwrap();
    assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{entry}");
    assert_ne!(token_and_entry("alice").0, token);
}

#[test]
fn new_token_needs_only_a_name() {
    let rejected = new_token("no name");
    assert_eq!((rejected.status.code(), rejected.stdout.len()), (Some(1), 0));
    assert!(text(rejected.stderr).contains("\"no name\""));
    let (mut command, _folder) = Setup::new().env("MCP_PORT", "wrong").arg("new-token").arg("alice").command();
    assert!(command.output().unwrap().status.success());
}

#[tokio::test]
async fn only_configured_tokens_are_accepted() {
    let ((alice, a), (bob, b)) = (token_and_entry("alice"), token_and_entry("bob@example.org"));
    let mut server = Setup::new().token().env("MCP_AUTH_TOKENS", &format!(" {a},\n{b} ")).start();
    for token in [&alice, &bob, TOKEN] {
        assert_eq!(server.call_as(token, "echo_cached", json!({"text": "x"})).await.0, 200);
    }
    let hash = a.split_once('=').unwrap().1;
    for token in [hash, &a, &alice[1..], &alice.to_lowercase(), "alice", ""] {
        assert_eq!(server.post_as(token, "/mcp/call_tool").body("{}").send().await.unwrap().status(), 401, "{token}");
    }
    let log = server.whole_log();
    assert!(log.contains("\"named_tokens\":2") && log.contains("\"token\":true"), "{log}");
    for secret in [&alice, &bob, hash, "bob@example"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn named_tokens_suffice_for_a_public_address() {
    let (alice, entry) = token_and_entry("alice");
    let server = Setup::new().env("MCP_AUTH_TOKENS", &entry).env("MCP_HOST", "0.0.0.0").start();
    let url = server.url.replace("0.0.0.0", "127.0.0.1");
    let list = || server.http.get(format!("{url}/mcp/list_tools"));
    assert_eq!(list().send().await.unwrap().status(), 401);
    assert_eq!(list().bearer_auth(&alice).send().await.unwrap().status(), 200);
}

#[test]
fn invalid_entries_are_reported_without_hashes() {
    let (_, entry) = token_and_entry("alice");
    let hash = entry.split_once('=').unwrap().1;
    let setup = Setup::new().env("MCP_AUTH_TOKENS", &format!("{entry} {entry} bob:{hash}")).env("MCP_PORT", "x");
    let (mut command, _folder): (Command, _) = setup.command();
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = text(output.stderr);
    for part in ["MCP_PORT", "duplicate name alice", "invalid entry 3"] {
        assert!(stderr.contains(part), "{part} is missing in {stderr}");
    }
    assert!(!stderr.contains(&hash[..8]), "{stderr}");
}
