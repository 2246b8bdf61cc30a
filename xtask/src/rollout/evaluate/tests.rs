//! Rollouts as ECS shows them.

use super::*;
use crate::aws::ecs::Deployment;

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

/// What is judged of a service whose tasks all pass their health check.
fn judged(service: &Service, stopped: &[Task], begun: bool) -> Verdict {
    let running = vec![healthy(NEW); usize::try_from(service.running).unwrap()];
    let before = Before::default();
    evaluate(Snapshot { wanted: NEW, before: &before, begun, service, running: &running, stopped })
}

fn is_not_yet(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::NotYet(_))
}

fn rolling() -> Service {
    let new = deployment(NEW, "PRIMARY", RolloutState::InProgress, 0);
    service(1, vec![new, deployment(OLD, "ACTIVE", RolloutState::Completed, 1)])
}

#[test]
fn live_is_primary_complete_and_as_many_as_wanted() {
    let complete = |running| deployment(NEW, "PRIMARY", RolloutState::Completed, running);
    assert_eq!(judged(&service(2, vec![complete(2)]), &[], true), Verdict::Live);
    assert!(is_not_yet(&judged(&service(2, vec![complete(1)]), &[], true)));
    let running = deployment(NEW, "PRIMARY", RolloutState::InProgress, 2);
    assert!(is_not_yet(&judged(&service(2, vec![running]), &[], true)));
}

#[test]
fn a_complete_rollout_is_not_live_before_its_tasks_are_healthy() {
    let service = service(2, vec![deployment(NEW, "PRIMARY", RolloutState::Completed, 2)]);
    let look = |running: &[Task]| {
        let before = Before::default();
        evaluate(Snapshot { wanted: NEW, before: &before, begun: true, service: &service, running, stopped: &[] })
    };
    let starting = Task { health: Some(Health::UnknownValue), ..healthy(NEW) };
    let said = Verdict::NotYet("2 of 2 running, 1 healthy".to_owned());
    assert_eq!(look(&[healthy(NEW), starting]), said);
    assert_eq!(look(&[healthy(NEW), healthy(OLD)]), said);
    assert_eq!(look(&[healthy(NEW), healthy(NEW)]), Verdict::Live);
}

#[test]
fn a_service_that_is_to_run_nothing_is_live_when_nothing_runs() {
    let empty = deployment(NEW, "PRIMARY", RolloutState::Completed, 0);
    assert_eq!(judged(&service(0, vec![empty.clone()]), &[], true), Verdict::Live);
    let draining = service(0, vec![empty, deployment(OLD, "ACTIVE", RolloutState::Completed, 1)]);
    assert!(is_not_yet(&judged(&draining, &[], true)));
}

#[test]
fn the_old_version_in_a_steady_state_is_no_success() {
    let old = service(1, vec![deployment(OLD, "PRIMARY", RolloutState::Completed, 1)]);
    assert!(is_not_yet(&judged(&old, &[], false)));
    assert_eq!(judged(&old, &[], true), Verdict::Failed(FailureReason::Replaced(OLD.to_owned())));
}

#[test]
fn a_deployment_that_ecs_gave_up_has_failed_wherever_it_stands() {
    for status in ["PRIMARY", "ACTIVE"] {
        let failed = service(1, vec![deployment(NEW, status, RolloutState::Failed, 0)]);
        assert_eq!(judged(&failed, &[], true), Verdict::Failed(FailureReason::GivenUp("why".to_owned())));
    }
}

#[test]
fn what_ecs_gave_up_before_this_deploy_does_not_count() {
    let failed = service(1, vec![deployment(NEW, "PRIMARY", RolloutState::Failed, 0)]);
    let before = Before::of(&failed, &[], &[]);
    let seen = Snapshot { wanted: NEW, before: &before, begun: true, service: &failed, running: &[], stopped: &[] };
    let verdict = evaluate(seen);
    assert!(is_not_yet(&verdict));
}

#[test]
fn a_service_without_deployments_has_not_begun_or_is_gone() {
    assert!(is_not_yet(&judged(&service(1, Vec::new()), &[], false)));
    assert_eq!(judged(&service(1, Vec::new()), &[], true), Verdict::Failed(FailureReason::Gone));
}

#[test]
fn the_first_crash_is_enough() {
    for code in [StopCode::EssentialContainerExited, StopCode::TaskFailedToStart] {
        let first = Task { created_at: Some(10), ..stopped("first", NEW, code.clone()) };
        let second = Task { created_at: Some(20), ..stopped("second", NEW, code) };
        let verdict = judged(&rolling(), &[second, first.clone()], true);
        assert_eq!(verdict, Verdict::Failed(FailureReason::Crashed(Box::new(first))));
    }
}

#[test]
fn fargates_own_trouble_is_not_the_versions() {
    let told =
        |reason: &str| Task { stopped_reason: reason.to_owned(), ..stopped("new", NEW, StopCode::TaskFailedToStart) };
    for reason in [
        "Capacity is unavailable at this time. Please try again later or in a different availability zone",
        "Timeout waiting for network interface provisioning to complete.",
    ] {
        assert!(is_not_yet(&judged(&rolling(), &[told(reason)], true)), "{reason}");
    }
    let image = told("CannotPullContainerError: not found");
    assert!(matches!(judged(&rolling(), &[image], true), Verdict::Failed(FailureReason::Crashed(_))));
}

#[test]
fn a_crash_of_another_version_is_none_of_ours() {
    let old = stopped("old", OLD, StopCode::EssentialContainerExited);
    assert!(is_not_yet(&judged(&rolling(), &[old], true)));
}

#[test]
fn a_crash_of_an_earlier_deploy_of_the_same_revision_does_not_count() {
    let earlier = stopped("earlier", NEW, StopCode::EssentialContainerExited);
    let before = Before::of(&rolling(), &[], std::slice::from_ref(&earlier));
    let look = |stopped: &[Task]| {
        evaluate(Snapshot { wanted: NEW, before: &before, begun: true, service: &rolling(), running: &[], stopped })
    };
    assert!(is_not_yet(&look(std::slice::from_ref(&earlier))));
    let now = stopped("now", NEW, StopCode::EssentialContainerExited);
    assert_eq!(look(&[earlier, now.clone()]), Verdict::Failed(FailureReason::Crashed(Box::new(now))));
}

#[test]
fn a_task_that_others_stopped_has_not_crashed() {
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
fn a_task_that_ecs_stopped_for_its_health_has_crashed() {
    let scaled = stopped("a", NEW, StopCode::ServiceSchedulerInitiated);
    let unhealthy = Task { health: Some(Health::Unhealthy), ..scaled.clone() };
    let said = Task { stopped_reason: "Task failed container health checks".to_owned(), ..scaled };
    for task in [unhealthy, said] {
        let verdict = judged(&rolling(), std::slice::from_ref(&task), true);
        assert_eq!(verdict, Verdict::Failed(FailureReason::Crashed(Box::new(task))));
    }
}

#[test]
fn success_is_success_though_an_earlier_task_of_it_crashed() {
    let live = service(1, vec![deployment(NEW, "PRIMARY", RolloutState::Completed, 1)]);
    let crashed = stopped("a", NEW, StopCode::EssentialContainerExited);
    assert_eq!(judged(&live, &[crashed], true), Verdict::Live);
}

#[test]
fn what_is_told_says_how_far_it_is() {
    let before = Before::default();
    let service = rolling();
    let seen = Snapshot { wanted: NEW, before: &before, begun: true, service: &service, running: &[], stopped: &[] };
    assert_eq!(evaluate(seen), Verdict::NotYet("0 of 1 running, 0 healthy".to_owned()));
    let draining = Snapshot { running: &[healthy(NEW)], ..seen };
    assert_eq!(
        evaluate(draining),
        Verdict::NotYet("0 of 1 running, 1 healthy, and ECS has yet to call it complete".to_owned())
    );
}
