//! Stopping, being killed, and coming back.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use crate::support::{
    call,
    dynamodb::{DynamoDb, Fault},
    fresh,
    server::{Server, Setup},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_lets_what_is_under_way_finish() {
    let dynamodb = DynamoDb::with_table().await;
    let mut server = Setup::new().token().dynamodb(&dynamodb.endpoint).start();
    dynamodb.inject("Query", Fault::DoneButSilent(1));
    let seen = dynamodb.requests();
    let under_way =
        tokio::spawn(server.post("/mcp/call_tool").json(&call("get_notes", json!({"session_id": "a"}))).send());
    while dynamodb.requests() == seen {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.terminate();
    // Its first attempt hangs for 3 s; the service waits for the second.
    let answer = under_way.await.unwrap().unwrap();
    assert_eq!(answer.status(), 200);
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

#[tokio::test]
async fn a_session_written_by_one_process_is_read_by_the_next() {
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
async fn kill_9_while_writing_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let session = fresh("killed");
    let mut acknowledged = Vec::new();
    for round in 0..5 {
        let mut server = Setup::new().state_path(&path).start();
        let writers: Vec<_> = (0..4).map(|writer| write(&server, &session, format!("{round}/{writer}"))).collect();
        tokio::time::sleep(Duration::from_millis(150)).await;
        server.kill();
        for writer in writers {
            acknowledged.extend(writer.await.unwrap());
        }
    }
    assert!(acknowledged.len() > 20, "only {} notes were acknowledged", acknowledged.len());
    let server = Setup::new().state_path(&path).start();
    let stored = server.notes(&session).await;
    for note in &acknowledged {
        assert_eq!(stored.iter().filter(|stored| *stored == note).count(), 1, "{note}");
    }
}

/// Writes notes one after the other until the server is gone; answers with those it acknowledged.
fn write(server: &Server, session: &str, name: String) -> tokio::task::JoinHandle<Vec<String>> {
    let (http, url, session) = (server.http.clone(), format!("{}/mcp/call_tool", server.url), session.to_owned());
    tokio::spawn(async move {
        let mut acknowledged = Vec::new();
        for n in 0.. {
            let note = format!("{name}/{n}");
            let body = call("add_note", json!({"session_id": session, "note": note}));
            match http.post(&url).json(&body).send().await {
                Ok(answer) if answer.status() == 200 => acknowledged.push(note),
                Ok(answer) => panic!("{answer:?}"),
                Err(_) => break,
            }
        }
        acknowledged
    })
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
    // One look into the table, one write: whoever else asked waited for that one's result.
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
async fn the_notes_are_for_their_owner_s_eyes() {
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
