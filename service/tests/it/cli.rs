//! Exit codes and error messages of the binary.

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
    let (code, stderr) = run(command);
    assert_eq!(code, Some(2));
    for part in ["MCP_STATE_BACKEND", "\"redis\": expected one of embedded, dynamodb", "MCP_AUTH_TOKEN"] {
        assert!(stderr.contains(part), "{part} is missing in {stderr}");
    }
    assert!(!stderr.contains("short"), "{stderr}");
}

#[test]
fn public_address_requires_a_token() {
    let (command, _folder) = Setup::new().arg("--host").arg("0.0.0.0").command();
    let (code, stderr) = run(command);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("--allow-unauthenticated"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn non_utf8_token_is_rejected() {
    use std::os::unix::ffi::OsStrExt;
    let (mut command, _folder) = Setup::new().command();
    command.env("MCP_AUTH_TOKEN", std::ffi::OsStr::from_bytes(b"0123456789abcdef\xff"));
    let (code, stderr) = run(command);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("MCP_AUTH_TOKEN") && !stderr.contains("0123456789"), "{stderr}");
}

#[test]
fn port_in_use_error_names_the_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (mut command, _folder) = Setup::new().command();
    command.args(["--port", &port]);
    let (code, stderr) = run(command);
    assert_eq!(code, Some(1));
    assert!(stderr.contains(&port) && stderr.contains("--port"), "{stderr}");
}

#[test]
fn dynamodb_requires_a_region() {
    let setup = Setup::new().env("MCP_STATE_BACKEND", "dynamodb").env("AWS_EC2_METADATA_DISABLED", "true");
    let (mut command, _folder) = setup.env("AWS_CONFIG_FILE", "/nonexistent").command();
    command.env_remove("AWS_REGION");
    let (code, stderr) = run(command);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("AWS_REGION"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn create_table_creates_once() {
    let dynamodb = DynamoDb::start().await;
    for expected in ["created", "already exists"] {
        let (command, _folder) = Setup::new().dynamodb(&dynamodb.endpoint).arg("create-table").command();
        let (code, stderr) = tokio::task::spawn_blocking(|| run(command)).await.unwrap();
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stderr.contains(expected), "{stderr}");
    }
}

#[test]
fn failed_command_names_the_store_in_use() {
    for (arguments, part) in [
        (&["create-table"][..], "cannot create the table mcp_state in DynamoDB: "),
        (&["backup", "/nonexistent/file"], "the table is in DynamoDB; use its backups"),
    ] {
        let (mut command, _folder) =
            Setup::new().dynamodb("http://127.0.0.1:1").env("MCP_STORE_DEADLINE", "1").command();
        let (code, stderr) = run({
            command.args(arguments);
            command
        });
        assert!(code == Some(1) && stderr.contains(part) && !stderr.contains("embedded"), "{stderr}");
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
    let (code, stderr) = check(&["--ready"]).await.unwrap();
    assert!(code == Some(1) && stderr.contains("503"), "{stderr}");
    server.kill();
    assert_eq!(check(&[]).await.unwrap().0, Some(1));
}
