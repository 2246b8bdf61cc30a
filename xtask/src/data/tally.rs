//! Counts sessions and notes by the keys of their items.

use std::{
    collections::HashSet,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

use aws_sdk_dynamodb::types::AttributeValue;

use super::{PK, SK};
use crate::aws::table::Item;

/// The kind of an item, by its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemKind<'a> {
    /// The item of a session itself. Holds the partition.
    Session(&'a str),
    /// A note. Holds the partition, which names the session.
    Note(&'a str),
    /// The record of a call that had an idempotency key.
    Record,
    /// A state, counter or log entry of a tool.
    State,
    /// A tool's cached value. It expires and need not be exported.
    Cache,
    /// An item that the service does not write.
    Other,
}

pub(super) fn item_kind(item: &Item) -> ItemKind<'_> {
    let text = |name: &str| match item.get(name) {
        Some(AttributeValue::S(text)) => text.as_str(),
        _ => "",
    };
    let (pk, sk) = (text(PK), text(SK));
    let own = without_principal(pk);
    let is_session = own.starts_with("SESSION#");
    match is_session || own == "PRINCIPAL" {
        true if is_session && sk == "META" => ItemKind::Session(pk),
        true if is_session && sk.starts_with("NOTE#") => ItemKind::Note(pk),
        true if sk.starts_with("ONCE#") => ItemKind::Record,
        true if sk.starts_with("STATE#") => ItemKind::State,
        // `TOOL#` is the cache of earlier versions.
        false if own.starts_with("CACHE#") || own.starts_with("TOOL#") => ItemKind::Cache,
        _ => ItemKind::Other,
    }
}

/// Strips `USER#<principal>#` from a partition. Shared partitions have no such prefix.
fn without_principal(pk: &str) -> &str {
    let named = pk.strip_prefix("USER#").and_then(|rest| rest.split_once('#'));
    named.map_or(pk, |(_, own)| own)
}

/// The number of sessions and notes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Hashes of the partitions, so that counting takes 16 bytes a session. Counts sessions by their notes as well,
    /// because the service may fail to write a session's own item.
    sessions: HashSet<u64>,
    notes: u64,
    others: u64,
    /// Only a part of the table was counted.
    partial: bool,
    more: bool,
}

impl Tally {
    pub(super) fn add(&mut self, item: &Item) {
        let session = match item_kind(item) {
            ItemKind::Session(session) => session,
            ItemKind::Note(session) => {
                self.notes += 1;
                session
            }
            ItemKind::Cache | ItemKind::Record | ItemKind::State => return,
            ItemKind::Other => {
                self.others += 1;
                return;
            }
        };
        let mut hasher = DefaultHasher::new();
        session.hash(&mut hasher);
        self.sessions.insert(hasher.finish());
    }

    pub(super) fn set_partial(&mut self) {
        self.partial = true;
    }

    pub(crate) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    pub(crate) fn notes(&self) -> u64 {
        self.notes
    }

    /// Returns whether the table holds more than was counted.
    pub(crate) fn is_partial(&self) -> bool {
        self.partial
    }
}

/// Formats the counts as in `more than 3 sessions with 1 note`.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sessions, notes) = (self.sessions.len(), self.notes);
        let plural = |one: bool| if one { "" } else { "s" };
        let more = if self.partial { "more than " } else { "" };
        write!(f, "{more}{sessions} session{} with {notes} note{}", plural(sessions == 1), plural(notes == 1))?;
        match self.others {
            0 => Ok(()),
            others => write!(f, ", and {others} item{} of another kind", plural(others == 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(pk: &str, sk: &str) -> Item {
        [(PK, pk), (SK, sk)].map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned()))).into()
    }

    #[test]
    fn sessions_count_without_their_own_item() {
        let mut tally = Tally::default();
        for (pk, sk) in [
            ("SESSION#a", "META"),
            ("SESSION#a", "NOTE#1755360000"),
            ("SESSION#a", "NOTE#v2#0198"),
            ("SESSION#b", "NOTE#v2#0199"),
            ("SESSION#b", "ONCE#0123456789abcdef"),
            ("USER#0123#SESSION#b", "NOTE#v2#0200"),
            ("USER#0123#TOOL#echo", "KEY#0123456789abcdef"),
            ("TOOL#echo", "KEY#0123456789abcdef"),
            ("CACHE#0123456789abcdef", "CACHE"),
            ("SESSION#c", "STATE#VALUE#cart"),
            ("USER#0123#PRINCIPAL", "STATE#COUNTER#calls"),
            ("PRINCIPAL", "STATE#LOG#jobs#0198"),
            ("PRINCIPAL", "ONCE#0123456789abcdef"),
        ] {
            tally.add(&item(pk, sk));
        }
        assert_eq!(tally.to_string(), "3 sessions with 4 notes");
        tally.add(&item("SOMETHING", "ELSE"));
        tally.set_partial();
        assert_eq!(tally.to_string(), "more than 3 sessions with 4 notes, and 1 item of another kind");
    }

    #[test]
    fn keys_of_other_types_are_other_items() {
        assert_eq!(item_kind(&[(PK.to_owned(), AttributeValue::N("1".to_owned()))].into()), ItemKind::Other);
        assert_eq!(item_kind(&item("SESSION#a", "")), ItemKind::Other);
        assert_eq!(item_kind(&item("TOOLS", "KEY#1")), ItemKind::Other);
        assert_eq!(item_kind(&item("PRINCIPAL", "META")), ItemKind::Other);
        assert_eq!(item_kind(&item("PRINCIPALS", "STATE#VALUE#cart")), ItemKind::Other);
    }

    #[test]
    fn states_are_exported_and_cached_results_are_not() {
        assert_eq!(item_kind(&item("SESSION#a", "STATE#VALUE#cart")), ItemKind::State);
        assert_eq!(item_kind(&item("CACHE#0123", "CACHE")), ItemKind::Cache);
    }
}
