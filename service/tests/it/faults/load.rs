//! What holds while several clients write and the store fails in every way: nothing acknowledged is lost, nothing with a key
//! is doubled, every answer comes in time, and the process is afterwards as it was before. One fault each.

use std::time::{Duration, Instant};

use serde_json::json;

use super::server_on;
use crate::support::{
    dynamodb::{DynamoDb, Fault, Plan, credentials::Issuer},
    fresh,
    held::Held,
    server::{Server, Setup, unpooled},
    writer::{Told, Writer, audit},
};

/// Clients that write at once.
const WRITERS: usize = 4;
/// How long they write into the fault.
const SPELL: Duration = Duration::from_millis(2500);
/// The longest that an answer may take: a call makes two calls to the table at most, of 2 s each in these tests; the rest
/// is for a machine that has other things to do, and well below the request's own limit of 20 s.
const LONGEST: Duration = Duration::from_secs(10);

/// A server under load whose table is about to fail.
struct Trial<'a> {
    dynamodb: &'a DynamoDb,
    server: Server,
    session: String,
    writers: Vec<Writer>,
    before: Held,
}

impl<'a> Trial<'a> {
    /// Everybody writes for a while with nothing wrong; then the level at rest is taken.
    async fn start(dynamodb: &'a DynamoDb, mut server: Server) -> Self {
        server.http = unpooled();
        let session = fresh("load");
        let mut writers = Writer::crowd(WRITERS, &session);
        each(&mut writers, async |writer| {
            for _ in 0..20 {
                assert_eq!(writer.write(&server.url).await, Told::Stored);
            }
        })
        .await;
        ready(&server).await;
        let before = Held::at_rest(&server, dynamodb).await;
        Self { dynamodb, server, session, writers, before }
    }

    /// Everybody writes for `time`; answers with why notes were refused.
    async fn write_for(&mut self, time: Duration) -> Vec<String> {
        let (url, until) = (self.server.url.as_str(), Instant::now() + time);
        let refused = each(&mut self.writers, async |writer| {
            let mut reasons = Vec::new();
            while Instant::now() < until {
                match writer.write(url).await {
                    Told::Stored => {}
                    Told::Refused(reason) => {
                        assert!(!reason.contains("injected") && !reason.contains("Exception"), "{reason}");
                        reasons.push(reason);
                    }
                    Told::Nothing => panic!("the server is gone"),
                }
            }
            reasons
        })
        .await;
        refused.concat()
    }

    /// The fault is over: everything has to be well again, by itself.
    async fn ends_well(mut self) {
        let url = self.server.url.as_str();
        let plain = json!({"session_id": fresh("after"), "note": "well again"});
        let (status, body) = self.server.call("add_note", plain).await;
        assert_eq!(status, 200, "the first call after the fault: {body}");
        ready(&self.server).await;
        each(&mut self.writers, async |writer| {
            // What is owed, and a little more.
            while writer.owes() {
                writer.write(url).await;
            }
            assert_eq!(writer.write(url).await, Told::Stored);
            assert!(writer.slowest < LONGEST, "an answer took {:?}", writer.slowest);
        })
        .await;
        audit(&self.server, &self.session, &self.writers).await;
        self.before.is_reached_again(&self.server, self.dynamodb).await;
    }

    fn acknowledged(&self) -> usize {
        self.writers.iter().map(Writer::acknowledged).sum()
    }
}

/// Lets every writer do the same, side by side.
async fn each<T>(writers: &mut [Writer], work: impl AsyncFn(&mut Writer) -> T) -> Vec<T> {
    futures_util::future::join_all(writers.iter_mut().map(|writer| work(writer))).await
}

/// Waits until the server says that it can serve: it looks at its table once a second.
async fn ready(server: &Server) {
    let started = Instant::now();
    while server.get("/readyz").send().await.unwrap().status() != 200 {
        assert!(started.elapsed() < Duration::from_secs(10), "not ready: {}", server.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The whole of it for a fault that strikes some of all requests.
async fn withstands(plan: Plan) {
    let dynamodb = DynamoDb::with_table().await;
    let mut trial = Trial::start(&dynamodb, server_on(&dynamodb).await).await;
    dynamodb.inject(Plan::EVERY, plan);
    trial.write_for(SPELL).await;
    assert!(dynamodb.struck() >= 8, "the fault struck {} requests", dynamodb.struck());
    dynamodb.heal();
    trial.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttling_bursts_lose_nothing() {
    withstands(Fault::Throttle.bursts(60, 100)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steady_throttling_loses_nothing() {
    withstands(Fault::Throttle.percent(20)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn store_failures_lose_nothing() {
    withstands(Fault::Fail.percent(50)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unanswered_unwritten_requests_lose_nothing() {
    withstands(Fault::Silent.percent(15)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unanswered_written_requests_double_nothing() {
    withstands(Fault::DoneButSilent.percent(15)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truncated_responses_double_nothing() {
    withstands(Fault::DoneButCut.percent(50)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_second_freeze_loses_nothing() {
    let dynamodb = DynamoDb::with_table().await;
    let mut trial = Trial::start(&dynamodb, server_on(&dynamodb).await).await;
    // What is asked meanwhile is done when the time is over: long after its caller was refused.
    let frost = Duration::from_secs(5);
    dynamodb.freeze(frost);
    let refused = trial.write_for(frost).await;
    assert!(refused.iter().any(|reason| reason.contains("cannot be reached")), "{refused:?}");
    trial.ends_well().await;
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
    trial.ends_well().await;
}

/// A server that has its credentials where a task on ECS has them, on a table that wants just those.
async fn credited(dynamodb: &DynamoDb, issuer: &Issuer) -> Server {
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
    // The SDK asks anew up to ten seconds before they end, so these it never keeps for long.
    let issuer = Issuer::start(Duration::from_secs(6)).await;
    let mut trial = Trial::start(&dynamodb, credited(&dynamodb, &issuer).await).await;
    for _ in 0..3 {
        trial.write_for(Duration::from_millis(500)).await;
        issuer.renew();
        dynamodb.require_token(&issuer.token());
    }
    trial.write_for(Duration::from_millis(500)).await;
    assert!(issuer.asked() > 3, "asked {} times", issuer.asked());
    trial.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rejected_credentials_are_renewed_before_expiry() {
    let dynamodb = DynamoDb::with_table().await;
    // By its own clock the service could go on with them for an hour.
    let issuer = Issuer::start(Duration::from_secs(3600)).await;
    let mut trial = Trial::start(&dynamodb, credited(&dynamodb, &issuer).await).await;
    assert_eq!(issuer.asked(), 1);
    dynamodb.require_token("not issued yet");
    let refused = trial.write_for(Duration::from_millis(500)).await;
    assert!(!refused.is_empty() && refused.iter().all(|reason| reason.contains("not permitted")), "{refused:?}");
    issuer.renew();
    dynamodb.require_token(&issuer.token());
    trial.write_for(Duration::from_millis(1500)).await;
    trial.ends_well().await;
}
