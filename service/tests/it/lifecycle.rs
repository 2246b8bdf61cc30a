//! Shutdown, crashes and restarts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use serde_json::json;
use tokio::sync::Notify;

use crate::support::{
    call,
    dynamodb::{DynamoDb, Fault},
    fresh,
    server::Setup,
    writer::{WriteOutcome, Writer, audit},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_finishes_requests_in_flight() {
    let dynamodb = DynamoDb::with_table().await;
    let mut server = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    dynamodb.inject("Query", Fault::DoneButSilent.times(1));
    let seen = dynamodb.requests();
    let in_flight =
        tokio::spawn(server.post("/mcp/call_tool").json(&call("get_notes", json!({"session_id": "a"}))).send());
    while dynamodb.requests() == seen {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.terminate();
    // The first attempt hangs for 3 s. The service waits for the second.
    let response = in_flight.await.unwrap().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(server.wait(Duration::from_secs(25)).code(), Some(0));
}

#[tokio::test]
async fn sigterm_closes_idle_connections_at_once() {
    let mut server = Setup::new().start();
    server.get("/healthz").send().await.unwrap();
    server.terminate();
    assert_eq!(server.wait(Duration::from_secs(5)).code(), Some(0));
    assert!(server.get("/healthz").send().await.is_err());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn sighup_drains_unless_it_was_ignored_at_the_start() {
    let mut terminal = Setup::new().start();
    terminal.signal("HUP");
    assert_eq!(terminal.wait(Duration::from_secs(5)).code(), Some(0));
    // As `nohup` does.
    let mut detached = Setup::new().run_by("sh", &["-c", "trap '' HUP; exec \"$0\" \"$@\""]).start();
    detached.signal("HUP");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(detached.get("/healthz").send().await.unwrap().status(), 200);
    detached.terminate();
    assert_eq!(detached.wait(Duration::from_secs(5)).code(), Some(0));
}

#[tokio::test]
async fn next_process_reads_the_session() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let session = fresh("kept");
    let mut first = Setup::new().state_path(&path).start();
    first.call("add_note", json!({"session_id": session, "note": "one"})).await;
    first.terminate();
    first.wait(Duration::from_secs(5));
    let second = Setup::new().state_path(&path).start();
    assert_eq!(second.notes(&session).await, ["one"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_kill_9_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let session = fresh("killed");
    let mut writers = Writer::crowd(4, &session);
    for round in 0..100 {
        let mut server = Setup::new().token().state_path(&path).start();
        // From 0 to 12 acknowledged notes, so that rounds are killed at different moments.
        let (needed, url) = (round % 13, server.url.clone());
        let acknowledged = AtomicUsize::new(0);
        let enough = Notify::new();
        let writing = join_all(writers.iter_mut().map(async |writer| {
            loop {
                match writer.write(&url).await {
                    WriteOutcome::Stored if acknowledged.fetch_add(1, Ordering::SeqCst) + 1 >= needed => {
                        enough.notify_one()
                    }
                    WriteOutcome::Stored => {}
                    WriteOutcome::NoResponse => break,
                    WriteOutcome::Refused(reason) => panic!("{reason}"),
                }
            }
        }));
        let killing = async {
            if needed > 0 {
                enough.notified().await;
            }
            server.kill();
        };
        tokio::join!(writing, killing);
    }
    let server = Setup::new().token().state_path(&path).start();
    // Repeats the unacknowledged notes that have a key.
    for writer in writers.iter_mut().filter(|writer| writer.owes()) {
        assert_eq!(writer.write(&server.url).await, WriteOutcome::Stored);
    }
    let acknowledged: usize = writers.iter().map(Writer::acknowledged).sum();
    assert!(acknowledged > 400, "only {acknowledged} notes were acknowledged");
    audit(&server, &session, &writers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_misses_compute_once() {
    let dynamodb = DynamoDb::with_table().await;
    let server = Arc::new(Setup::new().token().dynamodb(&dynamodb.endpoint).start());
    let (text, before) = (fresh("echo"), dynamodb.requests());
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let (server, text) = (server.clone(), text.clone());
            tokio::spawn(async move { server.call("echo_cached", json!({"text": text})).await.1["result"].clone() })
        })
        .collect();
    let mut uncached = 0;
    for caller in callers {
        uncached += usize::from(caller.await.unwrap() == json!(text.to_uppercase()));
    }
    // One read and one write of the table: the other calls waited for the result of the first.
    assert_eq!((uncached, dynamodb.requests() - before), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_share_the_cache_and_the_notes() {
    let dynamodb = DynamoDb::with_table().await;
    let one = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    let other = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    let name = fresh("replicas");
    one.call("add_note", json!({"session_id": name, "note": "of one"})).await;
    other.call("add_note", json!({"session_id": name, "note": "of the other"})).await;
    assert_eq!(one.notes(&name).await, ["of one", "of the other"]);
    assert_eq!(one.call("echo_cached", json!({"text": name})).await.1["result"], name.to_uppercase());
    let cached = format!("[cache] {}", name.to_uppercase());
    assert_eq!(other.call("echo_cached", json!({"text": name})).await.1["result"], cached);
}

#[cfg(unix)]
#[tokio::test]
async fn store_files_are_readable_by_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let server = Setup::new().state_path(&folder.path().join("made/notes.db")).start();
    server.call("add_note", json!({"session_id": "a", "note": "b"})).await;
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.path().join("made")).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
        seen += 1;
    }
    assert!(seen >= 2, "the database and its log");
}
