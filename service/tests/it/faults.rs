//! A store that throttles, hangs, is missing or unreachable.
//!
//! The service retries within the deadline, then reports the kind of failure. No data is lost and no internals leak.

mod load;
mod state;

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{
    dynamodb::{DynamoDb, Fault},
    fresh,
    mcp_client::{ProtocolVersion, connect, text, tool},
    server::{Server, Setup},
};

async fn server_on(dynamodb: &DynamoDb) -> Server {
    Setup::new().token().dynamodb(&dynamodb.endpoint).arg("--store-deadline").arg("2").start()
}

async fn ready(server: &Server) -> (u16, String) {
    // The server reuses the result of a table check for a second.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let response = server.get("/readyz").send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttling_burst_is_retried() {
    let dynamodb = DynamoDb::with_table().await;
    let server = server_on(&dynamodb).await;
    let session = fresh("burst");
    for operation in ["PutItem", "UpdateItem", "Query"] {
        dynamodb.inject(operation, Fault::Throttle.times(2));
    }
    let (status, body) = server.call("add_note", json!({"session_id": session, "note": "kept"})).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(server.notes(&session).await, ["kept"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steady_throttling_is_reported_and_recovers() {
    let dynamodb = DynamoDb::with_table().await;
    let server = server_on(&dynamodb).await;
    let session = fresh("throttled");
    for operation in ["PutItem", "Query", "GetItem"] {
        dynamodb.inject(operation, Fault::Throttle.always());
    }
    let started = Instant::now();
    let (status, body) = server.call("add_note", json!({"session_id": session, "note": "refused"})).await;
    assert_eq!(status, 400);
    assert!(body["error"].as_str().unwrap().starts_with("the store is throttling requests"), "{body}");
    assert!(!body.to_string().contains("injected") && !body.to_string().contains("Exception"), "{body}");
    assert!(started.elapsed() < Duration::from_secs(10), "the deadline is 2 s");
    let client = connect(&server, ProtocolVersion::V2026_07_28).await;
    for (name, arguments) in [("get_notes", json!({"session_id": session})), ("echo_cached", json!({"text": session}))]
    {
        let refused = tool(&client, name, arguments).await.unwrap();
        assert_eq!(refused.is_error, Some(true));
        assert!(text(&refused).contains("throttling") && text(&refused).contains("call again"), "{}", text(&refused));
    }
    let (status, reason) = ready(&server).await;
    assert!(status == 503 && reason.contains("throttling"), "{reason}");
    dynamodb.heal();
    assert_eq!(ready(&server).await.0, 200);
    assert_eq!(server.notes(&session).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passing_rejections_are_reported_as_throttling() {
    let dynamodb = DynamoDb::with_table().await;
    let server = server_on(&dynamodb).await;
    let note = json!({"session_id": fresh("busy"), "note": "kept"});
    for code in [
        "ThrottledException",
        "LimitExceededException",
        "TransactionConflictException",
        "TransactionInProgressException",
        "ReplicatedWriteConflictException",
    ] {
        dynamodb.inject("PutItem", Fault::Reject(code).always());
        let (status, body) = server.call("add_note", note.clone()).await;
        let error = body["error"].as_str().unwrap_or_default();
        assert!(status == 400 && error.starts_with("the store is throttling requests"), "{code}: {body}");
        dynamodb.heal();
        dynamodb.inject("PutItem", Fault::Reject(code).times(2));
        let (status, body) = server.call("add_note", note.clone()).await;
        assert_eq!(status, 200, "{code} is not retried: {body}");
        dynamodb.heal();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_response_does_not_double_the_note() {
    let dynamodb = DynamoDb::with_table().await;
    let server = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    let session = fresh("lost");
    dynamodb.inject("PutItem", Fault::DoneButSilent.times(1));
    let (status, body) = server.call("add_note", json!({"session_id": session, "note": "once"})).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(server.notes(&session).await, ["once"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_session_item_does_not_fail_its_note() {
    let dynamodb = DynamoDb::with_table().await;
    let server = server_on(&dynamodb).await;
    let session = fresh("meta");
    dynamodb.inject("UpdateItem", Fault::Throttle.always());
    let (status, body) = server.call("add_note", json!({"session_id": session, "note": "kept"})).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(server.notes(&session).await, ["kept"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unprocessed_batch_items_are_deleted() {
    let dynamodb = DynamoDb::with_table().await;
    let server = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    let session = fresh("batches");
    for n in 0..60 {
        server.call("add_note", json!({"session_id": session, "note": n.to_string()})).await;
    }
    dynamodb.inject("BatchWriteItem", Fault::Unprocessed.times(6));
    let (status, body) = server.call("reset_session", json!({"session_id": session})).await;
    assert_eq!((status, &body["result"]), (200, &json!(format!("Deleted 60 notes from {session}."))));
    assert_eq!(server.notes(&session).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_table_is_reported() {
    let dynamodb = DynamoDb::start().await;
    let server = server_on(&dynamodb).await;
    let (status, body) = server.call("add_note", json!({"session_id": "a", "note": "b"})).await;
    assert_eq!(status, 400);
    assert!(body["error"].as_str().unwrap().starts_with("the store's table does not exist"), "{body}");
    let (status, reason) = ready(&server).await;
    assert!(status == 503 && reason.contains("table does not exist"), "{reason}");
    assert_eq!(server.get("/healthz").send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unreachable_store_is_reported() {
    // A port that was free a moment ago, so no process listens there.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Setup::new().token().dynamodb(&format!("http://{address}")).arg("--store-deadline").arg("2").start();
    let (status, body) = server.call("get_notes", json!({"session_id": "a"})).await;
    assert_eq!(status, 400);
    assert!(body["error"].as_str().unwrap().starts_with("the store cannot be reached"), "{body}");
    assert!(!body.to_string().contains(&address.to_string()), "{body}");
    assert_eq!(ready(&server).await.0, 503);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_credentials_are_reported() {
    let dynamodb = DynamoDb::with_table().await;
    let server = Setup::new()
        .token()
        .dynamodb(&dynamodb.endpoint)
        .env("AWS_ACCESS_KEY_ID", "")
        .env("AWS_SECRET_ACCESS_KEY", "")
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        .start();
    let (status, body) = server.call("get_notes", json!({"session_id": "a"})).await;
    assert_eq!(status, 400);
    assert!(body["error"].as_str().unwrap().starts_with("the server is not permitted"), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttled_calls_do_not_exhaust_a_shared_quota() {
    let dynamodb = DynamoDb::with_table().await;
    let server = std::sync::Arc::new(Setup::new().token().dynamodb(&dynamodb.endpoint).start());
    let session = fresh("many");
    // Far more than the SDK's quota of 100 retries over the life of a process.
    dynamodb.inject("PutItem", Fault::Throttle.times(250));
    let writers: Vec<_> = (0..60)
        .map(|n| {
            let (server, session) = (server.clone(), session.clone());
            tokio::spawn(
                async move { server.call("add_note", json!({"session_id": session, "note": n.to_string()})).await },
            )
        })
        .collect();
    for writer in writers {
        let (status, body) = writer.await.unwrap();
        assert_eq!(status, 200, "{body}");
    }
    assert_eq!(server.notes(&session).await.len(), 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_connections_are_reported_as_unreachable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    let server = Setup::new().token().dynamodb(&endpoint).arg("--store-deadline").arg("1").start();
    let (_, body) = server.call("get_notes", json!({"session_id": "a"})).await;
    assert!(body["error"].as_str().unwrap().starts_with("the store cannot be reached"), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hanging_session_item_does_not_delay_its_note() {
    let dynamodb = DynamoDb::with_table().await;
    let server = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    dynamodb.inject("UpdateItem", Fault::DoneButSilent.always());
    let call = server.call("add_note", json!({"session_id": "a", "note": "kept"}));
    // The table's own deadline is 8 s, one attempt's time-out 3 s.
    let (status, body) =
        tokio::time::timeout(Duration::from_millis(2500), call).await.expect("the note waited for the session item");
    assert_eq!(status, 200, "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readyz_responds_while_the_store_hangs() {
    let dynamodb = DynamoDb::with_table().await;
    let server = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    dynamodb.inject("GetItem", Fault::DoneButSilent.always());
    let impatient = server.get("/readyz").timeout(Duration::from_millis(200)).send().await;
    assert!(impatient.unwrap_err().is_timeout());
    let response = server.get("/readyz").timeout(Duration::from_secs(6)).send().await.unwrap();
    assert_eq!(response.status(), 503);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_reset_counts_deleted_notes() {
    use mcp_stateful::{principal::Principal, session::Session};
    let dynamodb = DynamoDb::with_table().await;
    let store = crate::support::dynamodb::store(&dynamodb.endpoint, "mcp_state");
    let session = Session::open(&Principal::shared(), fresh("cut"), 0).unwrap();
    for n in 0..200 {
        store.add_note(&session, &n.to_string()).await.unwrap();
    }
    // Every batch is returned partly unprocessed.
    dynamodb.inject("BatchWriteItem", Fault::Unprocessed.always());
    let reset = store.reset(&session, tokio::time::Instant::now() + Duration::from_millis(600)).await.unwrap();
    let left = store.notes(&session, Default::default()).await.unwrap().notes.len();
    assert!(!reset.complete && reset.deleted > 0, "{reset:?}");
    assert!(left > 0 && reset.deleted + left <= 200, "{reset:?} and {left} are left");
    dynamodb.heal();
    let rest = store.reset(&session, tokio::time::Instant::now() + Duration::from_secs(20)).await.unwrap();
    assert!(rest.complete && rest.deleted <= left, "{rest:?}");
    assert!(store.notes(&session, Default::default()).await.unwrap().notes.is_empty());
}
