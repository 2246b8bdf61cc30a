//! What is told while the wait goes on: each event and each change once.

use std::collections::BTreeSet;

use super::Before;
use crate::{aws::ecs::Service, ui::Step};

/// What has been told already.
#[derive(Debug)]
pub(super) struct Progress {
    told: String,
    events: BTreeSet<String>,
}

impl Progress {
    pub(super) fn after(before: &Before) -> Self {
        Self { told: String::new(), events: before.events.clone() }
    }

    /// Tells what ECS wrote since the last time.
    pub(super) fn events(&mut self, step: &Step, service: &Service) {
        for event in self.new_events(service) {
            step.note(&event);
        }
    }

    /// Tells a status, if it is another than the last one.
    pub(super) fn status(&mut self, step: &Step, status: &str) {
        if self.told != status {
            step.note(status);
            status.clone_into(&mut self.told);
        }
    }

    /// Oldest first.
    fn new_events(&mut self, service: &Service) -> Vec<String> {
        let new = service.events.iter().rev().filter(|event| self.events.insert(event.id.clone()));
        new.map(|event| format!("ECS: {}", event.message)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::ecs::Event;

    #[test]
    fn an_event_is_told_once_and_old_ones_are_not() {
        let event = |id: &str| Event { id: id.to_owned(), at: None, message: format!("m{id}") };
        let with = |ids: &[&str]| Service { events: ids.iter().copied().map(event).collect(), ..Service::default() };
        let mut progress = Progress::after(&Before::of(&with(&["1"]), &[], &[]));
        assert_eq!(progress.new_events(&with(&["3", "2", "1"])), ["ECS: m2", "ECS: m3"]);
        assert_eq!(progress.new_events(&with(&["4", "3", "2", "1"])), ["ECS: m4"]);
    }
}
