//! Picks the service events that ECS wrote since the last look.

use std::collections::BTreeSet;

use super::Baseline;
use crate::aws::ecs::Service;

/// Ids of the events that are known already.
#[derive(Debug)]
pub(super) struct EcsEvents {
    known: BTreeSet<String>,
}

impl EcsEvents {
    /// Knows the events of the baseline.
    pub(super) fn after(baseline: &Baseline) -> Self {
        Self { known: baseline.events.clone() }
    }

    /// Returns the messages of new events, oldest first.
    pub(super) fn new_in(&mut self, service: &Service) -> Vec<String> {
        let new = service.events.iter().rev().filter(|event| self.known.insert(event.id.clone()));
        new.map(|event| format!("ECS: {}", event.message)).collect()
    }
}

/// Returns the newest message since the baseline that names a reason for which ECS could not start a task, such as a
/// quota, a role or missing capacity. Such a failure leaves no task that could be examined:
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html>
pub(super) fn placement_failure<'a>(service: &'a Service, baseline: &Baseline) -> Option<&'a str> {
    let new = service.events.iter().filter(|event| !baseline.events.contains(&event.id));
    new.map(|event| event.message.as_str()).find(|message| is_placement_failure(message))
}

/// Matches `(service a) was unable to …` and `(service a) failed to …`, which earlier began with `service a`.
fn is_placement_failure(message: &str) -> bool {
    let text = match message.strip_prefix('(') {
        Some(rest) => rest.split_once(") ").map(|(_, text)| text),
        None => message.strip_prefix("service ").and_then(|rest| rest.split_once(' ')).map(|(_, text)| text),
    };
    text.is_some_and(|text| text.starts_with("was unable to ") || text.starts_with("failed to "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::ecs::Event;

    #[test]
    fn event_is_returned_once() {
        let event = |id: &str| Event { id: id.to_owned(), at: None, message: format!("m{id}") };
        let with = |ids: &[&str]| Service { events: ids.iter().copied().map(event).collect(), ..Service::default() };
        let mut events = EcsEvents::after(&Baseline::new(&with(&["1"]), &[], &[]));
        assert_eq!(events.new_in(&with(&["3", "2", "1"])), ["ECS: m2", "ECS: m3"]);
        assert_eq!(events.new_in(&with(&["4", "3", "2", "1"])), ["ECS: m4"]);
    }

    #[test]
    fn newest_placement_failure_is_found() {
        let event =
            |(id, message): (usize, &&str)| Event { id: id.to_string(), at: None, message: (*message).to_owned() };
        let with = |messages: &[&str]| Service {
            events: messages.iter().enumerate().map(event).collect(),
            ..Service::default()
        };
        let quota = "(service a) was unable to place a task. Reason: You've reached the limit on the number of vCPUs";
        let role = "(service a) failed to launch a task with (error ECS was unable to assume the role 'r'.).";
        let older_form = "service a was unable to place a task. Reason: Capacity is unavailable at this time.";
        let newest = ["(service a) (deployment ecs-svc/1) deployment failed: tasks failed to start.", quota, role];
        assert_eq!(placement_failure(&with(&newest), &Baseline::default()), Some(quota));
        assert_eq!(placement_failure(&with(&[role, quota]), &Baseline::default()), Some(role));
        assert_eq!(placement_failure(&with(&[older_form]), &Baseline::default()), Some(older_form));
        assert_eq!(placement_failure(&with(&newest), &Baseline::new(&with(&newest), &[], &[])), None);
        let other = ["(service a) has started 1 tasks: (task 1).", "(service a) has reached a steady state."];
        assert_eq!(placement_failure(&with(&other), &Baseline::default()), None);
    }
}
