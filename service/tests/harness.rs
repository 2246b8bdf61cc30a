//! Tests of the harness that users test their tools with.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods, reason = "tests: a panic is the report")]

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use mcp_stateful::{
    prelude::*,
    testing::{CallError, Fault, TestServer, TestTable},
};
use serde_json::{Value, json};

/// Returns the caller, a setting, a secret and a value.
#[derive(Deserialize, JsonSchema)]
struct Describe {}

#[derive(Serialize, JsonSchema)]
struct Description {
    caller: String,
    setting: Option<String>,
    secret: String,
    value: u32,
}

impl Tool for Describe {
    const NAME: &'static str = "describe";
    const EFFECT: Effect = Effect::Reads;
    type Output = Description;

    async fn call(self, cx: &Context) -> Result<Description, ToolError> {
        Ok(Description {
            caller: format!("{:?}", cx.principal()),
            setting: cx.env("SETTING"),
            secret: cx.secret("SECRET")?.expose().to_owned(),
            value: *cx.data::<u32>()?,
        })
    }
}

/// Sleeps until it is killed.
#[derive(Deserialize, JsonSchema)]
struct Sleep {}

impl Tool for Sleep {
    const NAME: &'static str = "sleep";
    const EFFECT: Effect = Effect::Reads;
    type Output = Value;

    async fn call(self, _: &Context) -> Result<Value, ToolError> {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(Value::Null)
    }
}

fn tools(server: Server) -> Server {
    server.tool::<Describe>().tool::<Sleep>()
}

fn note(text: &str) -> Value {
    json!({"session_id": "s", "note": text})
}

async fn notes(server: &TestServer) -> Vec<String> {
    let page = server.rest().call("get_notes", json!({"session_id": "s"})).await.unwrap();
    serde_json::from_value(page).unwrap()
}

#[tokio::test]
async fn server_starts_within_100_ms() {
    let mut times = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        let server = TestServer::builder().with(tools).start().await;
        times.push(started.elapsed());
        server.call("add_note", note("one")).await.unwrap();
    }
    // The first start of a process may share its cores with a build.
    let fastest = times.iter().min().unwrap();
    assert!(*fastest < Duration::from_millis(100), "{times:?}");
}

#[tokio::test]
async fn tools_see_what_the_test_gives_them() {
    let server = TestServer::builder().with(tools).data(7_u32).env("SETTING", "on").env("SECRET", "s3").start().await;
    let description = server.as_principal("alice").call("describe", json!({})).await.unwrap();
    assert_eq!((&description["setting"], &description["secret"]), (&json!("on"), &json!("s3")));
    assert_eq!(description["value"], 7);
    assert_eq!(server.as_principal("alice").rest().call("describe", json!({})).await.unwrap(), description);
    let bob = server.as_principal("bob").call("describe", json!({})).await.unwrap();
    assert_ne!(description["caller"], bob["caller"]);
}

#[tokio::test]
async fn errors_are_the_texts_of_models() {
    let server = TestServer::builder().with(tools).start().await;
    for client in [server.rest(), server.clone()] {
        let error = client.call("add_note", json!({"session_id": "s"})).await.unwrap_err();
        assert!(matches!(&error, CallError::Tool(text) if text.contains("`note`")), "{error}");
        assert!(!error.leaves_outcome_unknown());
        let error = client.call("describe", json!({})).await.unwrap_err();
        assert!(error.leaves_outcome_unknown(), "{error}");
    }
    let raw = server.rest().call_raw("add_note", json!([])).await.unwrap();
    assert_eq!((raw.status, &raw.body["error"]), (400, &json!("`arguments` must be an object")));
    let listed = server.request("tools/list", json!({})).await.unwrap();
    assert!(listed["tools"].as_array().unwrap().iter().any(|tool| tool["name"] == "sleep"), "{listed}");
}

#[tokio::test]
async fn unknown_settings_come_from_the_command_line() {
    let server = TestServer::builder().arg("--rate-limit=1/min").start().await;
    server.rest().call("add_note", note("one")).await.unwrap();
    let limited = server.rest().call("add_note", note("two")).await.unwrap_err();
    assert!(matches!(limited, CallError::Rejected { status: 429, .. }), "{limited}");
}

#[tokio::test]
async fn throttled_requests_are_repeated() {
    let server = TestServer::builder().start().await;
    server.faults().next(3, Fault::Throttle);
    server.call("add_note", note("one")).await.unwrap();
    assert_eq!((server.faults().struck(), notes(&server).await), (3, vec!["one".to_owned()]));
}

#[tokio::test]
async fn silent_table_is_asked_again() {
    let server = TestServer::builder().attempt_timeout(Duration::from_millis(100)).start().await;
    server.faults().next(2, Fault::Silent);
    let started = Instant::now();
    server.call("add_note", note("one")).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(100));
    assert_eq!(notes(&server).await, ["one"]);
}

#[tokio::test]
async fn broken_write_is_executed() {
    let server = TestServer::builder().start().await;
    // The note and its session's item.
    server.faults().next(2, Fault::WriteThenBreak);
    server.call("add_note", note("one")).await.unwrap();
    assert_eq!((server.faults().struck(), notes(&server).await), (2, vec!["one".to_owned()]));
}

#[tokio::test]
async fn colliding_transaction_is_repeated() {
    let server = TestServer::builder().start().await;
    server.faults().next(1, Fault::Conflict);
    let keyed = json!({"session_id": "s", "note": "one", "idempotency_key": "k"});
    server.call("add_note", keyed).await.unwrap();
    assert_eq!((server.faults().struck(), notes(&server).await), (1, vec!["one".to_owned()]));
}

#[tokio::test]
async fn killed_replica_abandons_its_calls() {
    let server = TestServer::builder().with(tools).replicas(2).start().await;
    server.call("add_note", note("one")).await.unwrap();
    let asleep = server.another();
    let sleeping = tokio::spawn(async move { asleep.call("sleep", json!({})).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.kill_replica();
    let error = sleeping.await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::NoResponse(_)) && error.leaves_outcome_unknown(), "{error}");
    // The table is shared, so nothing is lost with a replica.
    assert_eq!(notes(&server).await, ["one"]);
    server.add_replica();
    server.stop_replica().await;
    assert_eq!(notes(&server).await, ["one"]);
}

#[tokio::test]
async fn process_uses_the_table_behind_a_socket() {
    let table = TestTable::new();
    table.create("mcp_state").await.unwrap();
    let endpoint = table.listen().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut process = std::process::Command::new(env!("CARGO_BIN_EXE_mcp-stateful"));
    process.arg("create-table").current_dir(folder.path()).env("MCP_STATE_BACKEND", "dynamodb");
    process.env("AWS_ENDPOINT_URL_DYNAMODB", endpoint.url()).env("AWS_REGION", "us-east-1");
    process.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    table.faults().next(1, Fault::Throttle);
    let output = tokio::task::spawn_blocking(move || process.output()).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("table mcp_state already exists"), "{text}");
    assert_eq!(table.faults().struck(), 1);
}

#[tokio::test]
async fn acknowledged_notes_match_stored_ones() {
    let server = TestServer::builder().replicas(3).attempt_timeout(Duration::from_millis(200)).start().await;
    server.faults().percent(10, Fault::Throttle);
    server.faults().percent(3, Fault::WriteThenBreak);
    let keyed = server.repeating(Duration::from_secs(20));
    let arguments = |n: usize| json!({"session_id": "s", "note": n.to_string(), "idempotency_key": n.to_string()});
    let calls = keyed.concurrently(8, 120, "add_note", arguments);
    let kill = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        server.kill_replica();
        server.add_replica();
    };
    let (outcomes, ()) = tokio::join!(calls, kill);
    assert_eq!((outcomes.refused, outcomes.unknown), (vec![], vec![]));
    server.faults().clear();
    let stored = notes(&server).await;
    let distinct: BTreeSet<&String> = stored.iter().collect();
    assert_eq!((outcomes.acknowledged.len(), stored.len(), distinct.len()), (120, 120, 120));
}
