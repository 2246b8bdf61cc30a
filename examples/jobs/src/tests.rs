//! Tests of the jobs, with a stand-in for the other service.

mod stand_in;

use std::time::Duration;

use mcp_stateful::testing::{Fault, TestServer};
use serde_json::{Value, json};

use self::stand_in::StandIn;
use super::register;

async fn start(service: &StandIn, replicas: usize) -> TestServer {
    let builder = TestServer::builder().with(register).env("STEP_SERVICE", service.url()).replicas(replicas);
    // The limit of a call is also that of a step that another replica may still run.
    let server = builder.arg("--request-timeout=4").start().await;
    let job = json!({"session_id": "s", "job": "release", "steps": ["build", "publish"]});
    let added = server.call("add_job", job).await.unwrap();
    assert_eq!(added["descriptions"], json!(["about build", "about publish"]));
    server
}

fn step(number: u32) -> Value {
    json!({"session_id": "s", "job": "release", "step": number})
}

#[tokio::test]
async fn step_runs_once_for_all_clients() {
    let service = StandIn::start().await;
    let server = start(&service, 3).await;
    let repeating = server.repeating(Duration::from_secs(20));
    let ran = repeating.concurrently(16, 16, "run_step", |_| step(1)).await;
    assert_eq!((ran.acknowledged.len(), service.runs("build")), (16, 1));
    assert!(ran.acknowledged.iter().all(|(_, result)| result["receipt"] == "receipt 1 of build"), "{ran:?}");
    let jobs = server.call("show_jobs", json!({"session_id": "s"})).await.unwrap();
    let steps = &jobs["jobs"]["release"];
    assert_eq!((&steps[0]["receipt"], &steps[1]["receipt"]), (&json!("receipt 1 of build"), &Value::Null));
}

#[tokio::test]
async fn lost_responses_of_the_table_run_no_step_twice() {
    let service = StandIn::start().await;
    let server = start(&service, 1).await;
    server.faults().next(3, Fault::WriteThenBreak);
    server.repeating(Duration::from_secs(20)).call("run_step", step(1)).await.unwrap();
    assert_eq!((service.runs("build"), server.faults().struck()), (1, 3));
}

#[tokio::test]
async fn interrupted_step_is_reported_and_not_repeated() {
    let service = StandIn::start().await;
    let server = start(&service, 1).await;
    service.hang();
    let client = server.another();
    let running = tokio::spawn(async move { client.call("run_step", step(1)).await });
    service.wait_for_run("build").await;
    server.kill_replica();
    server.add_replica();
    assert!(running.await.unwrap().unwrap_err().leaves_outcome_unknown());
    // The first call may still run elsewhere until its deadline. Then it is known to be interrupted.
    let error = server.call("run_step", step(1)).await.unwrap_err();
    assert!(error.to_string().contains("in progress") || error.to_string().contains("interrupted"), "{error}");
    assert_eq!(service.runs("build"), 1);
}

#[tokio::test]
async fn description_is_fetched_once() {
    let service = StandIn::start().await;
    let server = start(&service, 3).await;
    let job = |n: usize| json!({"session_id": "s", "job": n.to_string(), "steps": ["build"]});
    let added = server.concurrently(8, 24, "add_job", job).await;
    assert_eq!(added.acknowledged.len(), 24, "{added:?}");
    // Once when the server started, and perhaps once more at each other replica.
    assert!((1..=3).contains(&service.described("build")), "{}", service.described("build"));
}

#[tokio::test]
async fn unknown_step_is_refused() {
    let service = StandIn::start().await;
    let server = start(&service, 1).await;
    for (steps, text) in [("unknown", "does not know"), ("../admin", "invalid step")] {
        let job = json!({"session_id": "s", "job": "j", "steps": [steps]});
        let error = server.call("add_job", job).await.unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }
    let error = server.call("run_step", step(3)).await.unwrap_err();
    assert!(error.to_string().contains("steps 1 to 2"), "{error}");
}
