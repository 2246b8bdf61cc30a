//! Concurrent writes while the store fails, one kind of fault per test.
//!
//! No acknowledged note is lost, and no note with a key is doubled. Every response arrives in time. Afterwards the
//! process holds no more resources than before.

use std::time::{Duration, Instant};

use serde_json::json;

use super::server_on;
use crate::support::{
    dynamodb::{DynamoDb, Fault, Plan, credentials::Issuer},
    fresh,
    held::Held,
    server::{Server, Setup, unpooled},
    writer::{WriteOutcome, Writer, audit},
};

/// Number of clients that write concurrently.
const WRITERS: usize = 4;
/// Duration of the writes under a fault.
const FAULT_DURATION: Duration = Duration::from_millis(2500);
/// Upper bound of a response time.
///
/// A call makes at most two calls to the table, each limited to 2 s in these tests. The rest is a reserve for a busy
/// machine. It stays well below the limit of 20 s for a request.
const RESPONSE_LIMIT: Duration = Duration::from_secs(10);

/// A server under load whose table is about to fail.
struct Trial<'a> {
    dynamodb: &'a DynamoDb,
    server: Server,
    session: String,
    writers: Vec<Writer>,
    before: Held,
}

impl<'a> Trial<'a> {
    /// Lets every writer write without faults, then measures the resources held at rest.
    async fn start(dynamodb: &'a DynamoDb, mut server: Server) -> Self {
        server.http = unpooled();
        let session = fresh("load");
        let mut writers = Writer::crowd(WRITERS, &session);
        each(&mut writers, async |writer| {
            for _ in 0..20 {
                assert_eq!(writer.write(&server.url).await, WriteOutcome::Stored);
            }
        })
        .await;
        ready(&server).await;
        let before = Held::at_rest(&server, dynamodb).await;
        Self { dynamodb, server, session, writers, before }
    }

    /// Lets every writer write for `time`. Returns the reasons of the rejected notes.
    async fn write_for(&mut self, time: Duration) -> Vec<String> {
        let (url, until) = (self.server.url.as_str(), Instant::now() + time);
        let refused = each(&mut self.writers, async |writer| {
            let mut reasons = Vec::new();
            while Instant::now() < until {
                match writer.write(url).await {
                    WriteOutcome::Stored => {}
                    WriteOutcome::Refused(reason) => {
                        assert!(!reason.contains("injected") && !reason.contains("Exception"), "{reason}");
                        reasons.push(reason);
                    }
                    WriteOutcome::NoResponse => panic!("the server is gone"),
                }
            }
            reasons
        })
        .await;
        refused.concat()
    }

    /// Checks that the server recovers by itself after the fault.
    async fn assert_recovery(mut self) {
        let url = self.server.url.as_str();
        let plain = json!({"session_id": fresh("after"), "note": "recovered"});
        let (status, body) = self.server.call("add_note", plain).await;
        assert_eq!(status, 200, "the first call after the fault: {body}");
        ready(&self.server).await;
        each(&mut self.writers, async |writer| {
            // Repeats the unacknowledged note, then writes another one.
            while writer.owes() {
                writer.write(url).await;
            }
            assert_eq!(writer.write(url).await, WriteOutcome::Stored);
            assert!(writer.slowest < RESPONSE_LIMIT, "a response took {:?}", writer.slowest);
        })
        .await;
        audit(&self.server, &self.session, &self.writers).await;
        self.before.is_reached_again(&self.server, self.dynamodb).await;
    }

    fn acknowledged(&self) -> usize {
        self.writers.iter().map(Writer::acknowledged).sum()
    }
}

/// Runs the same work for every writer concurrently.
async fn each<T>(writers: &mut [Writer], work: impl AsyncFn(&mut Writer) -> T) -> Vec<T> {
    futures_util::future::join_all(writers.iter_mut().map(|writer| work(writer))).await
}

/// Waits until the server reports ready. The server checks its table once a second.
async fn ready(server: &Server) {
    let started = Instant::now();
    while server.get("/readyz").send().await.unwrap().status() != 200 {
        assert!(started.elapsed() < Duration::from_secs(10), "not ready: {}", server.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Runs a whole trial with a fault that strikes a share of all requests.
async fn assert_survives(plan: Plan) {
    let dynamodb = DynamoDb::with_table().await;
    let mut trial = Trial::start(&dynamodb, server_on(&dynamodb).await).await;
    dynamodb.inject(Plan::EVERY, plan);
    trial.write_for(FAULT_DURATION).await;
    assert!(dynamodb.struck() >= 8, "the fault struck {} requests", dynamodb.struck());
    dynamodb.heal();
    trial.assert_recovery().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttling_bursts_lose_nothing() {
    assert_survives(Fault::Throttle.bursts(60, 100)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steady_throttling_loses_nothing() {
    assert_survives(Fault::Throttle.percent(20)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn store_failures_lose_nothing() {
    assert_survives(Fault::Fail.percent(50)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unanswered_unwritten_requests_lose_nothing() {
    assert_survives(Fault::Silent.percent(15)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unanswered_written_requests_double_nothing() {
    assert_survives(Fault::DoneButSilent.percent(15)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truncated_responses_double_nothing() {
    assert_survives(Fault::DoneButCut.percent(50)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_second_freeze_loses_nothing() {
    let dynamodb = DynamoDb::with_table().await;
    let mut trial = Trial::start(&dynamodb, server_on(&dynamodb).await).await;
    // Requests that arrive during the freeze are executed at its end, long after their callers got an error.
    let freeze_time = Duration::from_secs(5);
    dynamodb.freeze(freeze_time);
    let refused = trial.write_for(freeze_time).await;
    assert!(refused.iter().any(|reason| reason.contains("cannot be reached")), "{refused:?}");
    trial.assert_recovery().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recreated_table_serves_again() {
    let dynamodb = DynamoDb::with_table().await;
    let mut trial = Trial::start(&dynamodb, server_on(&dynamodb).await).await;
    dynamodb.delete_table();
    trial.writers.iter_mut().for_each(Writer::forget);
    let refused = trial.write_for(Duration::from_millis(500)).await;
    assert_eq!(trial.acknowledged(), 0, "acknowledged without a table");
    assert!(refused.len() >= WRITERS && refused.iter().all(|reason| reason.contains("does not exist")), "{refused:?}");
    dynamodb.create_table().await;
    trial.write_for(Duration::from_millis(500)).await;
    assert!(trial.acknowledged() > 0);
    trial.assert_recovery().await;
}

/// Starts a server that fetches its credentials as a task on ECS does. The table accepts only those credentials.
async fn server_with_issuer(dynamodb: &DynamoDb, issuer: &Issuer) -> Server {
    dynamodb.require_token(&issuer.token());
    Setup::new()
        .token()
        .dynamodb(&dynamodb.endpoint)
        .env("AWS_ACCESS_KEY_ID", "")
        .env("AWS_SECRET_ACCESS_KEY", "")
        .env("AWS_CONFIG_FILE", "/nonexistent")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &issuer.url)
        .arg("--store-deadline")
        .arg("2")
        .start()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_credentials_are_renewed() {
    let dynamodb = DynamoDb::with_table().await;
    // The SDK refreshes credentials up to ten seconds before they expire, so it never caches these for long.
    let issuer = Issuer::start(Duration::from_secs(6)).await;
    let mut trial = Trial::start(&dynamodb, server_with_issuer(&dynamodb, &issuer).await).await;
    for _ in 0..3 {
        trial.write_for(Duration::from_millis(500)).await;
        issuer.renew();
        dynamodb.require_token(&issuer.token());
    }
    trial.write_for(Duration::from_millis(500)).await;
    assert!(issuer.asked() > 3, "{} credential requests", issuer.asked());
    trial.assert_recovery().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rejected_credentials_are_renewed_before_expiry() {
    let dynamodb = DynamoDb::with_table().await;
    // By their expiry the service could use these credentials for an hour.
    let issuer = Issuer::start(Duration::from_secs(3600)).await;
    let mut trial = Trial::start(&dynamodb, server_with_issuer(&dynamodb, &issuer).await).await;
    assert_eq!(issuer.asked(), 1);
    dynamodb.require_token("not issued yet");
    let refused = trial.write_for(Duration::from_millis(500)).await;
    assert!(!refused.is_empty() && refused.iter().all(|reason| reason.contains("not permitted")), "{refused:?}");
    issuer.renew();
    dynamodb.require_token(&issuer.token());
    trial.write_for(Duration::from_millis(1500)).await;
    trial.assert_recovery().await;
}
