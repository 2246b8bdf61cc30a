//! The binary's other ways to end.

use std::{
    net::TcpListener,
    process::{Command, Output, Stdio},
};

use crate::support::{dynamodb::DynamoDb, server::Setup};

fn run(mut command: Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.stdin(Stdio::null()).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn invalid_settings_are_reported_together() {
    let setup =
        Setup::new().env("MCP_STATE_BACKEND", "redis").env("MCP_AUTH_TOKEN", "short").arg("--host").arg("0.0.0.0");
    let (command, _folder) = setup.command();
    let (code, told) = run(command);
    assert_eq!(code, Some(2));
    for part in ["MCP_STATE_BACKEND", "\"redis\": expected one of embedded, dynamodb", "MCP_AUTH_TOKEN"] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
    assert!(!told.contains("short"), "{told}");
}

#[test]
fn public_address_requires_a_token() {
    let (command, _folder) = Setup::new().arg("--host").arg("0.0.0.0").command();
    let (code, told) = run(command);
    assert_eq!(code, Some(2));
    assert!(told.contains("--allow-unauthenticated"), "{told}");
}

#[cfg(unix)]
#[test]
fn non_utf8_token_is_rejected() {
    use std::os::unix::ffi::OsStrExt;
    let (mut command, _folder) = Setup::new().command();
    command.env("MCP_AUTH_TOKEN", std::ffi::OsStr::from_bytes(b"0123456789abcdef\xff"));
    let (code, told) = run(command);
    assert_eq!(code, Some(2));
    assert!(told.contains("MCP_AUTH_TOKEN") && !told.contains("0123456789"), "{told}");
}

#[test]
fn port_in_use_error_names_the_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (mut command, _folder) = Setup::new().command();
    command.args(["--port", &port]);
    let (code, told) = run(command);
    assert_eq!(code, Some(1));
    assert!(told.contains(&port) && told.contains("--port"), "{told}");
}

#[test]
fn file_that_is_not_a_store_is_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    std::fs::write(&path, "dear reader, this is no database, and it is longer than a header").unwrap();
    let (command, _folder) = Setup::new().state_path(&path).command();
    let (code, told) = run(command);
    assert_eq!(code, Some(1));
    assert!(told.contains("letter.txt"), "{told}");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("dear reader"));
}

#[test]
fn dynamodb_requires_a_region() {
    let setup = Setup::new().env("MCP_STATE_BACKEND", "dynamodb").env("AWS_EC2_METADATA_DISABLED", "true");
    let (mut command, _folder) = setup.env("AWS_CONFIG_FILE", "/nonexistent").command();
    command.env_remove("AWS_REGION");
    let (code, told) = run(command);
    assert_eq!(code, Some(1));
    assert!(told.contains("AWS_REGION"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn create_table_creates_once() {
    let dynamodb = DynamoDb::start().await;
    for told in ["created", "already exists"] {
        let (command, _folder) = Setup::new().dynamodb(&dynamodb.endpoint).arg("create-table").command();
        let (code, text) = tokio::task::spawn_blocking(|| run(command)).await.unwrap();
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains(told), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn healthcheck_distinguishes_alive_ready_and_gone() {
    let dynamodb = DynamoDb::start().await;
    let mut server = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    let port = server.url.rsplit(':').next().unwrap().to_owned();
    let check = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-stateful"));
        command.arg("healthcheck").args(arguments).args(["--port", &port]);
        tokio::task::spawn_blocking(|| run(command))
    };
    assert_eq!(check(&[]).await.unwrap().0, Some(0));
    let (code, told) = check(&["--ready"]).await.unwrap();
    assert!(code == Some(1) && told.contains("503"), "{told}");
    server.kill();
    assert_eq!(check(&[]).await.unwrap().0, Some(1));
}
