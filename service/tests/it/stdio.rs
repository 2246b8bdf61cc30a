//! MCP on standard input and output.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::server::Setup;

struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    _folder: TempDir,
}

impl Client {
    fn start() -> Self {
        let (mut command, folder) = Setup::new().arg("--stdio").command();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { input: child.stdin.take(), child, output, _folder: folder }
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.input.as_mut().unwrap(), "{message}").unwrap();
    }

    fn request(&mut self, id: u32, method: &str, params: Value) -> Value {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let response: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(response["id"], id, "{response}");
        response["result"].clone()
    }

    fn open(&mut self) {
        let hello =
            json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        assert_eq!(self.request(1, "initialize", hello)["protocolVersion"], "2025-11-25");
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    }

    fn exit_code(&mut self) -> Option<i32> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < deadline, "still running");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn stdio_serves_all_tools_and_ends_with_its_client() {
    let mut client = Client::start();
    client.open();
    assert_eq!(client.request(2, "tools/list", json!({}))["tools"].as_array().unwrap().len(), 5);
    let added =
        client.request(3, "tools/call", json!({"name": "add_note", "arguments": {"session_id": "s", "note": "n"}}));
    assert_eq!(added["content"][0]["text"], "Note added to s.");
    let notes = client.request(4, "tools/call", json!({"name": "get_notes", "arguments": {"session_id": "s"}}));
    assert_eq!(notes["structuredContent"], json!({"notes": ["n"]}));
    client.input.take();
    assert_eq!(client.exit_code(), Some(0));
}

#[test]
fn stdio_ends_at_sigterm_with_a_silent_client() {
    let mut client = Client::start();
    client.open();
    let pid = client.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(client.exit_code(), Some(0));
}
