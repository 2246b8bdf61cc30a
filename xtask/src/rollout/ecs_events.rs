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
}
