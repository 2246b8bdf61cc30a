//! MCP on standard input and output.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use mcp_stateful::store::embedded::verify;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::server::Setup;

struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    folder: TempDir,
}

impl Client {
    fn start() -> Self {
        let (mut command, folder) = Setup::new().arg("--stdio").command();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { input: child.stdin.take(), child, output, folder }
    }

    fn send(&mut self, message: &Value) {
        self.send_line(message.to_string().as_bytes());
    }

    fn send_line(&mut self, line: &[u8]) {
        self.input.as_mut().unwrap().write_all(&[line, b"\n"].concat()).unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?} is not JSON"))
    }

    fn request(&mut self, id: u32, method: &str, params: Value) -> Value {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let response = self.receive();
        assert_eq!(response["id"], id, "{response}");
        response["result"].clone()
    }

    fn open(&mut self) {
        self.open_as("2025-11-25");
    }

    fn open_as(&mut self, version: &str) {
        let hello =
            json!({"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        assert_eq!(self.request(1, "initialize", hello)["protocolVersion"], version);
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    }

    /// Checks that the notes are in the file itself, and not in SQLite's log.
    fn assert_file_is_whole(&self, notes: u64) {
        let copy = tempfile::NamedTempFile::new().unwrap();
        std::fs::copy(self.folder.path().join("notes.db"), copy.path()).unwrap();
        assert_eq!(verify(copy.path()).unwrap().notes, notes);
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
    client.assert_file_is_whole(1);
}

#[test]
fn stdio_ends_at_sigterm_with_a_silent_client() {
    let mut client = Client::start();
    client.open();
    client.request(2, "tools/call", json!({"name": "add_note", "arguments": {"session_id": "s", "note": "n"}}));
    let pid = client.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(client.exit_code(), Some(0));
    client.assert_file_is_whole(1);
}

/// Faulty lines with the id and code of their response, and a part of its text.
fn faulty_lines() -> Vec<(Vec<u8>, Value, i32, &'static str)> {
    let line = |text: &str| text.as_bytes().to_vec();
    vec![
        (line("hello"), json!(null), -32700, "Parse error"),
        (line(r#"{"jsonrpc":"2.0","id":9,"method":"ping""#), json!(null), -32700, "Parse error"),
        (b"{\"a\":\"\xff\"}".to_vec(), json!(null), -32700, "Parse error"),
        (line("[]"), json!(null), -32600, "batches"),
        (line("{}"), json!(null), -32600, "`jsonrpc` is missing"),
        (line(r#"{"jsonrpc":"2.0","id":9,"id":9,"method":"ping"}"#), json!(null), -32600, "duplicate key `id`"),
        (
            line(r#"{"jsonrpc":"2.0","id":9,"method":"ping","method":"ping"}"#),
            json!(9),
            -32600,
            "duplicate key `method`",
        ),
        (line(r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#), json!(1.5), -32600, "`id` must be"),
        (line(r#"{"jsonrpc":"2.0","id":9,"method":"ping","params":{"x":"\ud83d"}}"#), json!(9), -32602, "surrogate"),
        (
            line(r#"{"jsonrpc":"2.0","id":9,"method":"initialize","params":{}}"#),
            json!(9),
            -32602,
            "`params.protocolVersion`",
        ),
        ([b"\"".to_vec(), vec![b'x'; 17 << 20]].concat(), json!(null), -32600, "a line has more than"),
    ]
}

#[test]
fn faulty_line_gets_an_error_and_the_next_is_read() {
    let mut client = Client::start();
    for n in 0..2 {
        for (line, id, code, part) in faulty_lines() {
            client.send_line(&line);
            let error = client.receive();
            assert_eq!((&error["id"], &error["error"]["code"]), (&id, &json!(code)), "{error}");
            assert!(error["error"]["message"].as_str().unwrap().contains(part), "{error}");
        }
        // Lines without a response.
        client.send_line(b"");
        client.send_line(br#"{"jsonrpc":"2.0","id":9,"result":{}}"#);
        client.send_line(br#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}"#);
        if n == 0 {
            client.send(&json!({"jsonrpc": "2.0", "id": 8, "method": "tools/list"}));
            let error = client.receive();
            assert_eq!((&error["id"], &error["error"]["code"]), (&json!(8), &json!(-32600)));
            assert!(error["error"]["message"].as_str().unwrap().contains("send initialize first"), "{error}");
            client.open();
        }
    }
    client.send(&json!({"jsonrpc": "2.0", "id": 8, "method": "prompts/list"}));
    assert!(client.receive()["error"]["message"].as_str().unwrap().starts_with("method not found: prompts/list; "));
    let limited = json!({"name": "get_notes", "arguments": {"session_id": "s", "limit": 5.0, "cursor": ""}});
    assert_eq!(client.request(9, "tools/call", limited)["structuredContent"], json!({"notes": []}));
    client.input.take();
    assert_eq!(client.exit_code(), Some(0));
}

#[test]
fn batch_of_2025_03_26_gets_one_array() {
    let mut client = Client::start();
    client.open_as("2025-03-26");
    let request = |id: Value, method: &str| json!({"jsonrpc": "2.0", "id": id, "method": method});
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    client.send(&json!([notification]));
    client.send(&json!([request(json!(2), "ping"), notification, 3, request(json!("a"), "tools/list")]));
    let mut responses = client.receive().as_array().unwrap().clone();
    responses.sort_by_key(|response| response["id"].to_string());
    let ids: Vec<&Value> = responses.iter().map(|response| &response["id"]).collect();
    assert_eq!(ids, [&json!("a"), &json!(2), &json!(null)]);
    assert_eq!((&responses[1]["result"], &responses[2]["error"]["code"]), (&json!({}), &json!(-32600)));
    client.send(&json!([3]));
    assert_eq!(client.receive()[0]["error"]["code"], -32600);
    for (batch, part) in [(json!([]), "empty"), (vec![request(json!(1), "ping"); 33].into(), "the limit is 32")] {
        client.send(&batch);
        assert!(client.receive()["error"]["message"].as_str().unwrap().contains(part));
    }
    assert_eq!(client.request(9, "ping", json!({})), json!({}));
}
