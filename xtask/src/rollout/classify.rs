//! Classifies the end of a task from what ECS and the log report.
//!
//! A cause only selects the hint. That the task failed is decided in `evaluate`.

use super::{cause::Cause, evaluate::failed_health_check, log_line, stop_reason};
use crate::aws::ecs::{StopCode, Task};

/// Exit code of the service for invalid settings.
const INVALID_SETTINGS: i32 = 2;
/// Exit code of a container that SIGKILL ended.
const KILLED: i32 = 137;

/// Classifies a task by its state and the end of its log.
pub(super) fn classify(task: &Task, container: &str, log: &[String]) -> Cause {
    let service = task.container(container);
    let exit_code = service.and_then(|service| service.exit_code);
    let reasons = [task.stopped_reason.as_str(), service.map_or("", |service| service.reason.as_str())];
    if let Some(cause) = reasons.into_iter().find_map(stop_reason::cause) {
        return cause;
    }
    // The runtime logs this instead of a program that the CPU cannot run, so the log has no other line.
    if log.iter().any(|line| line.contains("exec format error")) {
        return Cause::Architecture;
    }
    if let Some(message) = permission_in(log) {
        return Cause::Permission(message);
    }
    if failed_health_check(task) {
        return Cause::HealthCheck;
    }
    match exit_code {
        // ECS kills containers that ignore SIGTERM. If the task ended by itself, the kernel killed it for its
        // memory.
        Some(KILLED) if task.stop_code == Some(StopCode::EssentialContainerExited) => Cause::Memory,
        Some(INVALID_SETTINGS) => Cause::Configuration,
        None if task.stop_code == Some(StopCode::TaskFailedToStart) => Cause::Start,
        // The task has not ended, but the rollout has taken too long.
        None if task.stop_code.is_none() && task.is_running() => Cause::HealthCheck,
        None if task.stop_code.is_none() => Cause::Start,
        exit_code => Cause::Crash(exit_code),
    }
}

/// Returns AWS's message of the newest line that logs a denied call.
pub(crate) fn permission_in(log: &[String]) -> Option<String> {
    log.iter().rev().find_map(|text| log_line::denied(text))
}

#[cfg(test)]
mod tests;
