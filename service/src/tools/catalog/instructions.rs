//! The instructions for models, assembled from the tools that are registered.

use super::Catalog;
use crate::tools::{AddNote, CreateSession, EchoCached, GetNotes, Registry, ResetSession, Tool, list};

/// The number of tools up to which the instructions name those with an idempotency key.
const MAX_NAMED: usize = 8;

impl Catalog {
    /// Returns the instructions, if there are any.
    pub(crate) fn instructions(&self) -> Option<String> {
        let parts = [sessions(&self.registry), keys(&self.registry), cache(&self.registry)];
        let parts: Vec<String> = parts.into_iter().flatten().chain(self.author_instructions.clone()).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

fn has<T: Tool>(registry: &Registry) -> bool {
    registry.get(T::NAME).is_some()
}

fn sessions(registry: &Registry) -> Option<String> {
    if !has::<CreateSession>(registry) {
        return None;
    }
    let notes = has::<AddNote>(registry) && has::<GetNotes>(registry) && has::<ResetSession>(registry);
    let text = if notes {
        "Durable memory for multi-turn work. Call create_session for a session_id, or choose a name, and use it \
         throughout: add_note appends to the session, get_notes reads it back oldest first, reset_session deletes its \
         notes. Notes survive restarts."
    } else {
        "Call create_session for a session_id, or choose a name, and use it throughout."
    };
    Some(text.to_owned())
}

fn keys(registry: &Registry) -> Option<String> {
    let keyed = registry.definitions().filter(|tool| tool.input["properties"]["idempotency_key"].is_object());
    let names: Vec<&str> = keyed.map(|tool| tool.name).collect();
    let calls = match names.len() {
        0 => return None,
        1..=MAX_NAMED => format!("Give every {}", list(names.into_iter(), "and")?),
        _ => "Give every call of a tool with `idempotency_key`".to_owned(),
    };
    Some(format!("{calls} a new UUID as idempotency_key. If you get no response, repeat the call with the same key."))
}

fn cache(registry: &Registry) -> Option<String> {
    has::<EchoCached>(registry).then(|| "echo_cached demonstrates the result cache.".to_owned())
}
