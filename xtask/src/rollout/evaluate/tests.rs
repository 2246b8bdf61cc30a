//! Rollouts in the form in which ECS reports them.

use super::*;
use crate::aws::ecs::{Container, Deployment};

const NEW: &str = "td:2";
const OLD: &str = "td:1";

fn deployment(task_definition: &str, status: &str, state: RolloutState, running: i32) -> Deployment {
    Deployment {
        id: format!("{task_definition} {status}"),
        status: status.to_owned(),
        task_definition: task_definition.to_owned(),
        rollout_state: Some(state),
        reason: "why".to_owned(),
        running,
        ..Deployment::default()
    }
}

fn service(desired: i32, deployments: Vec<Deployment>) -> Service {
    let running = deployments.iter().map(|deployment| deployment.running).sum();
    Service { desired, running, deployments, ..Service::default() }
}

fn stopped(arn: &str, task_definition: &str, stop_code: StopCode) -> Task {
    Task {
        arn: arn.to_owned(),
        task_definition: task_definition.to_owned(),
        stop_code: Some(stop_code),
        last_status: "STOPPED".to_owned(),
        ..Task::default()
    }
}

fn healthy(task_definition: &str) -> Task {
    Task {
        task_definition: task_definition.to_owned(),
        last_status: "RUNNING".to_owned(),
        health: Some(Health::Healthy),
        ..Task::default()
    }
}

/// Judges a service whose running tasks are all healthy.
fn judged(service: &Service, stopped: &[Task], begun: bool) -> Verdict {
    let running = vec![healthy(NEW); usize::try_from(service.running).unwrap()];
    let baseline = Baseline::default();
    evaluate(Snapshot { wanted: NEW, baseline: &baseline, begun, service, running: &running, stopped })
}

fn is_not_yet(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::NotYet(_))
}

fn rolling() -> Service {
    let new = deployment(NEW, "PRIMARY", RolloutState::InProgress, 0);
    service(1, vec![new, deployment(OLD, "ACTIVE", RolloutState::Completed, 1)])
}

#[test]
fn live_is_primary_complete_and_fully_running() {
    let complete = |running| deployment(NEW, "PRIMARY", RolloutState::Completed, running);
    assert_eq!(judged(&service(2, vec![complete(2)]), &[], true), Verdict::Live);
    assert!(is_not_yet(&judged(&service(2, vec![complete(1)]), &[], true)));
    let running = deployment(NEW, "PRIMARY", RolloutState::InProgress, 2);
    assert!(is_not_yet(&judged(&service(2, vec![running]), &[], true)));
}

#[test]
fn complete_rollout_waits_for_healthy_tasks() {
    let service = service(2, vec![deployment(NEW, "PRIMARY", RolloutState::Completed, 2)]);
    let look = |running: &[Task]| {
        let baseline = Baseline::default();
        evaluate(Snapshot { wanted: NEW, baseline: &baseline, begun: true, service: &service, running, stopped: &[] })
    };
    let starting = Task { health: Some(Health::UnknownValue), ..healthy(NEW) };
    let not_yet = Verdict::NotYet("2 of 2 running, 1 healthy".to_owned());
    assert_eq!(look(&[healthy(NEW), starting]), not_yet);
    assert_eq!(look(&[healthy(NEW), healthy(OLD)]), not_yet);
    assert_eq!(look(&[healthy(NEW), healthy(NEW)]), Verdict::Live);
}

#[test]
fn service_scaled_to_zero_is_live_without_tasks() {
    let empty = deployment(NEW, "PRIMARY", RolloutState::Completed, 0);
    assert_eq!(judged(&service(0, vec![empty.clone()]), &[], true), Verdict::Live);
    let draining = service(0, vec![empty, deployment(OLD, "ACTIVE", RolloutState::Completed, 1)]);
    assert!(is_not_yet(&judged(&draining, &[], true)));
}

#[test]
fn steady_old_version_is_not_success() {
    let old = service(1, vec![deployment(OLD, "PRIMARY", RolloutState::Completed, 1)]);
    assert!(is_not_yet(&judged(&old, &[], false)));
    assert_eq!(judged(&old, &[], true), Verdict::Failed(FailureReason::Replaced(OLD.to_owned())));
}

#[test]
fn deployment_marked_failed_has_failed() {
    for status in ["PRIMARY", "ACTIVE"] {
        let failed = service(1, vec![deployment(NEW, status, RolloutState::Failed, 0)]);
        assert_eq!(judged(&failed, &[], true), Verdict::Failed(FailureReason::FailedByEcs("why".to_owned())));
    }
}

#[test]
fn earlier_failed_deployment_is_ignored() {
    let failed = service(1, vec![deployment(NEW, "PRIMARY", RolloutState::Failed, 0)]);
    let baseline = Baseline::new(&failed, &[], &[]);
    let seen = Snapshot { wanted: NEW, baseline: &baseline, begun: true, service: &failed, running: &[], stopped: &[] };
    let verdict = evaluate(seen);
    assert!(is_not_yet(&verdict));
}

#[test]
fn service_without_deployments_is_new_or_deleted() {
    assert!(is_not_yet(&judged(&service(1, Vec::new()), &[], false)));
    assert_eq!(judged(&service(1, Vec::new()), &[], true), Verdict::Failed(FailureReason::ServiceDeleted));
}

fn failed_start(arn: &str, created_at: u64, reason: &str) -> Task {
    Task {
        created_at: Some(created_at),
        stopped_reason: reason.to_owned(),
        ..stopped(arn, NEW, StopCode::TaskFailedToStart)
    }
}

#[test]
fn first_crash_fails_the_rollout() {
    let first = Task { created_at: Some(10), ..stopped("first", NEW, StopCode::EssentialContainerExited) };
    let second = Task { created_at: Some(20), ..stopped("second", NEW, StopCode::EssentialContainerExited) };
    let verdict = judged(&rolling(), &[second, first.clone()], true);
    assert_eq!(verdict, Verdict::Failed(FailureReason::Crashed(Box::new(first))));
}

#[test]
fn third_failed_start_fails_the_rollout() {
    for reason in [
        "Capacity is unavailable at this time. Please try again later or in a different availability zone",
        "Timeout waiting for EphemeralStorage provisioning to complete.",
        "InternalError: the network interface was not attached in time",
        "ResourceInitializationError: failed to configure ENI: context deadline exceeded",
        "CannotPullContainerError: failed to copy: httpReadSeeker: failed open: EOF",
        "ResourceInitializationError: unable to retrieve secrets from ssm: AccessDeniedException",
        "a sentence that AWS has not written yet",
    ] {
        let starts = [("c", 30), ("a", 10), ("b", 20)].map(|(arn, at)| failed_start(arn, at, reason));
        let Verdict::NotYet(status) = judged(&rolling(), &starts[..2], true) else { panic!("{reason}") };
        assert!(status.ends_with(", 2 failed to start, ECS tries again"), "{status}");
        let newest = Box::new(starts[0].clone());
        assert_eq!(judged(&rolling(), &starts, true), Verdict::Failed(FailureReason::Crashed(newest)), "{reason}");
    }
}

#[test]
fn start_that_cannot_succeed_fails_the_rollout() {
    let missing =
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref x: not found";
    let mut on_container = failed_start("a", 10, "Task failed to start");
    on_container.containers.push(Container { reason: missing.to_owned(), ..Container::default() });
    for task in [failed_start("a", 10, missing), failed_start("a", 10, "exec format error"), on_container] {
        let verdict = judged(&rolling(), std::slice::from_ref(&task), true);
        assert_eq!(verdict, Verdict::Failed(FailureReason::Crashed(Box::new(task))));
    }
}

#[test]
fn crash_of_another_version_is_ignored() {
    let old = stopped("old", OLD, StopCode::EssentialContainerExited);
    assert!(is_not_yet(&judged(&rolling(), &[old], true)));
}

#[test]
fn crash_before_this_deploy_is_ignored() {
    let earlier = stopped("earlier", NEW, StopCode::EssentialContainerExited);
    let baseline = Baseline::new(&rolling(), &[], std::slice::from_ref(&earlier));
    let look = |stopped: &[Task]| {
        evaluate(Snapshot { wanted: NEW, baseline: &baseline, begun: true, service: &rolling(), running: &[], stopped })
    };
    assert!(is_not_yet(&look(std::slice::from_ref(&earlier))));
    let now = stopped("now", NEW, StopCode::EssentialContainerExited);
    assert_eq!(look(&[earlier, now.clone()]), Verdict::Failed(FailureReason::Crashed(Box::new(now))));
}

#[test]
fn stopped_task_has_not_crashed() {
    for code in [
        StopCode::ServiceSchedulerInitiated,
        StopCode::SpotInterruption,
        StopCode::TerminationNotice,
        StopCode::UserInitiated,
        StopCode::InfrastructureHealth,
    ] {
        assert!(is_not_yet(&judged(&rolling(), &[stopped("replaced", NEW, code)], true)));
    }
}

#[test]
fn unhealthy_task_has_crashed() {
    let scaled = stopped("a", NEW, StopCode::ServiceSchedulerInitiated);
    let unhealthy = Task { health: Some(Health::Unhealthy), ..scaled.clone() };
    let by_reason = Task { stopped_reason: "Task failed container health checks".to_owned(), ..scaled };
    for task in [unhealthy, by_reason] {
        let verdict = judged(&rolling(), std::slice::from_ref(&task), true);
        assert_eq!(verdict, Verdict::Failed(FailureReason::Crashed(Box::new(task))));
    }
}

#[test]
fn live_rollout_outweighs_an_earlier_crash() {
    let live = service(1, vec![deployment(NEW, "PRIMARY", RolloutState::Completed, 1)]);
    let crashed = stopped("a", NEW, StopCode::EssentialContainerExited);
    assert_eq!(judged(&live, &[crashed], true), Verdict::Live);
}

#[test]
fn status_counts_running_and_healthy_tasks() {
    let baseline = Baseline::default();
    let service = rolling();
    let seen =
        Snapshot { wanted: NEW, baseline: &baseline, begun: true, service: &service, running: &[], stopped: &[] };
    assert_eq!(evaluate(seen), Verdict::NotYet("0 of 1 running, 0 healthy".to_owned()));
    let draining = Snapshot { running: &[healthy(NEW)], ..seen };
    assert_eq!(
        evaluate(draining),
        Verdict::NotYet("0 of 1 running, 1 healthy, waiting for ECS to complete the rollout".to_owned())
    );
}
