//! Reasons as ECS on Fargate words them.

use super::*;
use crate::aws::ecs::{Container, Health};

fn task(stop_code: StopCode, reason: &str, exit_code: Option<i32>, container_reason: &str) -> Task {
    let container =
        Container { name: "ours".to_owned(), exit_code, reason: container_reason.to_owned(), ..Container::default() };
    Task {
        stop_code: Some(stop_code),
        stopped_reason: reason.to_owned(),
        containers: vec![container],
        ..Task::default()
    }
}

fn start(reason: &str) -> Cause {
    Cause::of(&task(StopCode::TaskFailedToStart, reason, None, ""), "ours", &[])
}

fn exit(code: i32, container_reason: &str, log: &[&str]) -> Cause {
    let task =
        task(StopCode::EssentialContainerExited, "Essential container in task exited", Some(code), container_reason);
    Cause::of(&task, "ours", &log.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>())
}

#[test]
fn what_cannot_be_pulled_is_the_image() {
    assert_eq!(
        start("CannotPullContainerError: pull image manifest has been retried 1 time(s): not found"),
        Cause::Image
    );
    assert_eq!(
        start(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: \
             unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError"
        ),
        Cause::Image
    );
    // On some platform versions only the container has the reason.
    let task = task(StopCode::TaskFailedToStart, "Task failed to start", None, "CannotPullContainerError: not found");
    assert_eq!(Cause::of(&task, "ours", &[]), Cause::Image);
}

#[test]
fn another_cpu_shows_in_the_manifest_in_the_reason_or_in_the_log() {
    assert_eq!(
        start(
            "CannotPullContainerError: pull image manifest has been retried 5 time(s): image Manifest does not contain \
             descriptor matching platform 'linux/amd64'"
        ),
        Cause::Architecture
    );
    assert_eq!(exit(255, "", &["exec /mcp-stateful: exec format error"]), Cause::Architecture);
    assert_eq!(exit(1, "CannotStartContainerError: exec format error", &[]), Cause::Architecture);
}

#[test]
fn a_secret_that_cannot_be_read_is_told_from_other_trouble_at_the_start() {
    let secret = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: \
                  unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException";
    assert_eq!(start(secret), Cause::Secret);
    assert_eq!(start("ResourceInitializationError: failed to initialize logging driver: no group"), Cause::Start);
    assert_eq!(start("Capacity is unavailable at this time"), Cause::Start);
}

#[test]
fn memory_is_said_by_ecs_or_by_the_kernels_signal() {
    assert_eq!(exit(137, "OutOfMemoryError: Container killed due to memory usage", &[]), Cause::Memory);
    assert_eq!(exit(137, "", &[]), Cause::Memory);
}

#[test]
fn a_failed_health_check_is_the_port_though_ecs_killed_the_container() {
    let mut unhealthy = task(StopCode::ServiceSchedulerInitiated, "Task failed container health checks", Some(137), "");
    assert_eq!(Cause::of(&unhealthy, "ours", &[]), Cause::Port);
    unhealthy.stopped_reason = String::new();
    unhealthy.health = Some(Health::Unhealthy);
    assert_eq!(Cause::of(&unhealthy, "ours", &[]), Cause::Port);
}

#[test]
fn our_own_exit_codes_are_known() {
    assert_eq!(exit(2, "", &["mcp-stateful: the configuration is wrong:"]), Cause::Configuration);
    assert_eq!(exit(1, "", &[]), Cause::Crash(Some(1)));
    assert_eq!(exit(0, "", &[]), Cause::Crash(Some(0)));
}

#[test]
fn a_denied_call_in_the_log_is_the_cause_of_what_followed() {
    let log = [r#"{"level":"WARN","kind":"denied","error":"not authorized to perform dynamodb:Query"}"#, "the end"];
    assert_eq!(exit(1, "", &log), Cause::Permission("not authorized to perform dynamodb:Query".to_owned()));
}

#[test]
fn a_container_of_another_name_is_not_ours() {
    let task = task(StopCode::EssentialContainerExited, "Essential container in task exited", Some(2), "");
    assert_eq!(Cause::of(&task, "other", &[]), Cause::Crash(None));
}

#[test]
fn a_sentence_with_a_colon_is_no_code() {
    assert_eq!(code("Essential container in task exited"), None);
    assert_eq!(code("some words: more"), None);
    assert_eq!(code("OutOfMemoryError: more"), Some("OutOfMemoryError"));
}
