//! The order of resets and of the values that they clear.
//!
//! Every state and counter has a mark in `since`: a UUIDv7 of the value's creation, or of its last reset if it has no
//! value. A reset takes a mark above all that it has seen, and its write applies only to lower ones. So a reset whose
//! request arrives late or twice cannot clear a value that was created after it.

use uuid::Uuid;

use crate::store::keys::new_uuid_v7;

/// A point in the order of resets. As good as the hosts' clocks where two replicas have not seen each other's marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Mark(u128);

impl Mark {
    pub(in crate::store) fn now() -> Self {
        Self(new_uuid_v7().as_u128())
    }

    /// Returns the present mark, or the next one after `seen` if another host's clock is ahead.
    pub(in crate::store) fn after(seen: Option<Self>) -> Self {
        let next = seen.map(|seen| Self(seen.0.saturating_add(1)));
        next.into_iter().fold(Self::now(), Ord::max)
    }

    pub(in crate::store) fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(|uuid| Self(uuid.as_u128()))
    }

    /// Formats the mark so that the order of texts is the order of marks.
    pub(in crate::store) fn to_text(self) -> String {
        Uuid::from_u128(self.0).as_hyphenated().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mark_exceeds_all_that_was_seen() {
        let ahead = Mark(Mark::now().0 + (1 << 100));
        let after = Mark::after(Some(ahead));
        assert!(after > ahead && after.to_text() > ahead.to_text());
        assert_eq!(Mark::parse(&after.to_text()), Some(after));
        assert!(Mark::after(None) > Mark::after(None).min(Mark(0)));
    }
}
