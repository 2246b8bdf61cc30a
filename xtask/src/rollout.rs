//! Follows a rollout. Terraform asks ECS for a new version; this waits for the result and explains a failure.
//!
//! `Baseline::capture` and `wait` only read. `restart_if_failed` and `roll_back` change the service.

pub mod address;
mod baseline;
mod cause;
mod classify;
mod diagnosis;
mod ecs_events;
mod endpoint;
mod evaluate;
mod failure;
mod log_errors;
pub(crate) mod log_line;
mod restart;
mod rollback;
mod stop_reason;
mod wait;

pub use self::{
    address::{Address, address},
    baseline::Baseline,
    diagnosis::Diagnosis,
    endpoint::serving,
    evaluate::{FailureReason, is_crash},
    log_errors::log_errors,
};
pub(crate) use self::{
    failure::explain,
    restart::restart_if_failed,
    rollback::roll_back,
    wait::{Rollout, wait},
};

/// Returns `family:revision` of a task definition's ARN.
pub fn task_definition_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_definition_is_named_by_family_and_revision() {
        let arn = "arn:aws:ecs:us-east-1:123456789012:task-definition/roll-a-task:3";
        assert_eq!(task_definition_name(arn), "roll-a-task:3");
    }
}
