//! Stop reasons in the words of ECS on Fargate.

use super::*;
use crate::aws::ecs::{Container, Health};

fn task(stop_code: StopCode, reason: &str, exit_code: Option<i32>, container_reason: &str) -> Task {
    let container = Container {
        name: "service".to_owned(),
        exit_code,
        reason: container_reason.to_owned(),
        ..Container::default()
    };
    Task {
        stop_code: Some(stop_code),
        stopped_reason: reason.to_owned(),
        containers: vec![container],
        ..Task::default()
    }
}

fn start(reason: &str) -> Cause {
    classify(&task(StopCode::TaskFailedToStart, reason, None, ""), "service", &[])
}

fn exit(code: i32, container_reason: &str, log: &[&str]) -> Cause {
    let task =
        task(StopCode::EssentialContainerExited, "Essential container in task exited", Some(code), container_reason);
    classify(&task, "service", &log.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>())
}

#[test]
fn reason_of_task_or_container_names_the_cause() {
    let missing = "CannotPullContainerError: failed to resolve ref x: not found";
    assert_eq!(start(missing), Cause::Image);
    // Some platform versions report the reason on the container only.
    let task = task(StopCode::TaskFailedToStart, "Task failed to start", None, missing);
    assert_eq!(classify(&task, "service", &[]), Cause::Image);
    assert_eq!(start("Timeout waiting for network interface provisioning to complete."), Cause::Start);
}

#[test]
fn wrong_cpu_is_found_in_reason_or_log() {
    assert_eq!(exit(255, "", &["exec /mcp-stateful: exec format error"]), Cause::Architecture);
    assert_eq!(exit(1, "CannotStartContainerError: exec format error", &[]), Cause::Architecture);
}

#[test]
fn unfinished_task_has_not_exited() {
    let pending = Task { last_status: "PENDING".to_owned(), ..Task::default() };
    assert_eq!(classify(&pending, "service", &[]), Cause::Start);
    let running = Task { last_status: "RUNNING".to_owned(), ..Task::default() };
    assert_eq!(classify(&running, "service", &[]), Cause::HealthCheck);
}

#[test]
fn out_of_memory_is_a_reason_or_a_sigkill() {
    assert_eq!(exit(137, "OutOfMemoryError: Container killed due to memory usage", &[]), Cause::Memory);
    assert_eq!(exit(137, "", &[]), Cause::Memory);
}

#[test]
fn failed_health_check_is_the_port_despite_sigkill() {
    let mut unhealthy = task(StopCode::ServiceSchedulerInitiated, "Task failed container health checks", Some(137), "");
    assert_eq!(classify(&unhealthy, "service", &[]), Cause::HealthCheck);
    unhealthy.stopped_reason = String::new();
    unhealthy.health = Some(Health::Unhealthy);
    assert_eq!(classify(&unhealthy, "service", &[]), Cause::HealthCheck);
}

#[test]
fn exit_code_two_is_configuration() {
    assert_eq!(exit(2, "", &["mcp-stateful: the configuration is wrong:"]), Cause::Configuration);
    assert_eq!(exit(1, "", &[]), Cause::Crash(Some(1)));
    assert_eq!(exit(0, "", &[]), Cause::Crash(Some(0)));
}

#[test]
fn denied_call_in_the_log_is_the_cause() {
    let log = [r#"{"level":"WARN","kind":"denied","error":"not authorized to perform dynamodb:Query"}"#, "the end"];
    assert_eq!(exit(1, "", &log), Cause::Permission("not authorized to perform dynamodb:Query".to_owned()));
}

#[test]
fn other_containers_are_ignored() {
    let task = task(StopCode::EssentialContainerExited, "Essential container in task exited", Some(2), "");
    assert_eq!(classify(&task, "other", &[]), Cause::Crash(None));
}
